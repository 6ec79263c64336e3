import type { Command } from '../core/command.ts';
import type { Event } from '../core/event.ts';
import { nodeId } from '../core/ids.ts';
import type { Settings } from '../core/settings.ts';
import { initialState } from '../core/state.ts';
import { nextDeadlineMs, stepCounting, stepLending } from '../core/step.ts';
import { Clock } from './clock.ts';
import { DaySwitch, type DaySwitchOptions } from './day-switch.ts';
import { Desks, type Shift } from './desks.ts';
import { FigureFold, type Figures } from './figures.ts';
import { Inbox } from './inbox.ts';
import { askAsLeads, type SetByLeads } from './leads.ts';
import type { Caller, Callers, Phones } from './people.ts';
import { LEFT_MS, Standstill } from './standstill.ts';

/** A day to be played: under which rules, who calls, who works, and how phones are picked up. */
export interface Day extends SetByLeads {
  readonly settings: Settings;
  readonly callers: Callers;
  readonly shifts: readonly Shift[];
  readonly phones: Phones;
}

export interface Played {
  readonly figures: Figures;
  /** Entries decided. */
  readonly steps: number;
  /** When the last call was over, or nobody was served or left any more. */
  readonly endMs: number;
}

const NODE = nodeId('virtual');
/** Of no journal: there is one day at a time, whose ids are the shorter for it. */
const JOURNAL = '';
const EXPIRES_MS = 8_640_000_000_000_000;
const PROGRESS_EVERY = 1_000;

/** Who wants to follow the day as it is played. */
export interface Watch {
  /** So many calls have come. */
  readonly calls?: (count: number) => void;
  /** Every decision. */
  readonly entry?: (event: Event, commands: readonly Command[]) => void;
}

/** What carries the calls of a day. */
export type Telephony = Pick<DaySwitch, 'survey' | 'callerOf' | 'arrive' | 'carryOut'>;
export type Connect = (options: DaySwitchOptions) => Telephony;

const goodDay: Connect = (options) => new DaySwitch(options);

/**
 * Plays the whole day with the hotline's own core, until the last call is over or nobody is served any more. Prompts take no time, so that a caller stands in the queue in
 * the moment of the call (or of the key); everything else is what the callers and agents draw. The same day gives the same figures.
 */
export function playDay(day: Day, watch: Watch = {}, connect: Connect = goodDay): Played {
  const startMs = Math.min(day.callers.at(0)?.atMs ?? Infinity, ...day.shifts.map(({ fromMs }) => fromMs));
  const clock = new Clock(startMs === Infinity ? 0 : startMs);
  const state = initialState(JOURNAL);
  const fold = new FigureFold();
  const inbox = new Inbox<Event>();
  const tell = (event: Event): void => inbox.push(event);
  const devices = day.settings.agents.map(({ sipUser }) => {
    return { sipUser, uri: `sip:${sipUser}@virtual`, expiresAtMs: EXPIRES_MS };
  });
  const telephony = connect({ node: NODE, clock, tell, devices, phones: day.phones });
  const desks = new Desks(clock, tell, (leg) => telephony.callerOf(leg));
  const step = watch.entry === undefined ? stepCounting : stepLending;
  let steps = 0;
  const hear = (event: Event): void => {
    const commands = step(state, event, ++steps);
    watch.entry?.(event, commands.slice());
    for (const command of commands) {
      if (command.do !== 'record-fact') telephony.carryOut(command);
      else {
        fold.take(state.nowMs, command);
        desks.see(command);
      }
    }
  };

  hear({ type: 'started', atMs: clock.nowMs });
  hear({ type: 'settingsLoaded', settings: day.settings, atMs: clock.nowMs });
  hear(telephony.survey());
  desks.begin(day.shifts);
  askAsLeads(day, clock, tell);
  const standstill = new Standstill(day, state, fold);
  callIn(day.callers, clock, watch.calls, (caller) => {
    standstill.see(caller);
    telephony.arrive(caller);
  });
  let lookMs = clock.nowMs + LEFT_MS;
  /** @returns false when the day is over. */
  const goOn = (): boolean => {
    for (let event = inbox.shift(); event !== undefined; event = inbox.shift()) hear(event);
    if (clock.nowMs >= lookMs) {
      const nextLookMs = standstill.nextLookMs(clock.nowMs);
      if (nextLookMs === undefined) return false;
      lookMs = nextLookMs;
    }
    const dueMs = nextDeadlineMs(state) ?? Infinity;
    const nextMs = clock.nextMs();
    if (nextMs <= dueMs && nextMs < Infinity) clock.next();
    else if (nextMs < Infinity || (state.contacts.size > 0 && dueMs - clock.nowMs < LEFT_MS)) {
      clock.nowMs = dueMs;
      hear({ type: 'tick', atMs: dueMs });
    } else return false;
    return true;
  };
  while (goOn());
  return { figures: fold.figures(clock.nowMs), steps, endMs: clock.nowMs };
}

/** One call after the other, so that only the next one waits in the clock. */
function callIn(
  callers: Callers,
  clock: Clock,
  progress: ((calls: number) => void) | undefined,
  call: (caller: Caller) => void,
): void {
  let count = 0;
  let next = callers.at(count);
  const arrive = (): void => {
    const caller = next!;
    next = callers.at(++count);
    if (next !== undefined) clock.at(next.atMs, arrive);
    call(caller);
    if (progress !== undefined && count % PROGRESS_EVERY === 0) progress(count);
  };
  if (next !== undefined) clock.at(next.atMs, arrive);
}
