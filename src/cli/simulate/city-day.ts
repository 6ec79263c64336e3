import type { City } from '../../city/city.ts';
import { agentId } from '../../core/ids.ts';
import type { AgentSetting, Settings } from '../../core/settings.ts';
import { drawCallers, drawPhones } from '../../sim/draw.ts';
import type { Day } from '../../sim/simulate.ts';
import type { DayFile, SeatRow } from './day-file.ts';

/** Longer than any day: nothing is announced. */
const NEVER_MS = 8_640_000_000;
const SEATS_MAX = 20_000;
const DAY_MS = 86_400_000;

/** The day under the city's rules. What changes no figure is left out: prompts, announcements, recordings, alerts, room for chats and mails. */
export function cityDay(rules: City['settings'], file: DayFile, seed: number): Day {
  const agents = file.seats.flatMap(({ count }, row) => Array.from({ length: count }, (_, nth) => ({ row, nth })));
  const seated = agents.slice(0, SEATS_MAX).map(({ row, nth }, index) => seat(file.seats[row]!, row, nth, index));
  const startMs = file.demand.startMs;
  const main = mainNumber(rules);
  const choices = file.demand.choices.map((choice) => ({ ...choice, dialled: choice.dialled || main }));
  return {
    settings: quiet({ ...rules, version: `day-${seated.length}`, agents: seated.map(({ agent }) => agent) }),
    callers: drawCallers({ ...file.demand, choices }, seed),
    shifts: seated.flatMap(({ agent, row }) =>
      turns(row).map(([fromMs, toMs]) => ({ agent: agent.id, fromMs: startMs + fromMs, toMs: startMs + toMs })),
    ),
    phones: drawPhones(file.pickup, seed),
    modes: file.modes.map(({ fromMs, mode }) => ({ atMs: startMs + fromMs, mode })),
  };
}

/** The first number that is not a merged hotline's: those, too, have lines. */
function mainNumber({ lines, diverted = {} }: City['settings']): string {
  const numbers = Object.keys(lines);
  return numbers.find((number) => !Object.hasOwn(diverted, number)) ?? numbers[0] ?? '';
}

/** The same rules without what takes time to decide and changes no figure. */
export function quiet(settings: Settings): Settings {
  const {
    recordingFolder: _left,
    messages: _said,
    alerts: _raised,
    slots: _digital,
    modeRules: _proposed,
    ...rest
  } = settings;
  const queues = Object.entries(settings.queues).map(([name, queue]) => [
    name,
    { ...queue, positionFirstMs: NEVER_MS, positionEveryMs: NEVER_MS },
  ]);
  return { ...rest, prompts: {}, queues: Object.fromEntries(queues) };
}

/** Over midnight: the morning's part and the evening's part of one simulated day. Who is there at its end stays for the last callers. */
function turns({ fromMs, toMs }: SeatRow): readonly (readonly [number, number])[] {
  if (fromMs < toMs) return [[fromMs, toMs === DAY_MS ? Infinity : toMs]];
  return [...(toMs > 0 ? [[0, toMs] as const] : []), [fromMs, Infinity]];
}

function seat(row: SeatRow, rowNumber: number, nth: number, index: number): { agent: AgentSetting; row: SeatRow } {
  const number = `${10_001 + index}`;
  return {
    row,
    agent: {
      id: agentId(`row${rowNumber + 1}-${(nth + 1).toString().padStart(5, '0')}`),
      number,
      sipUser: number,
      skills: Object.fromEntries(row.skills.map((skill) => [skill, row.level])),
      ...(row.site === undefined ? {} : { site: row.site }),
    },
  };
}
