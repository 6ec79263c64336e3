import { computed } from 'vue';
import type { AgentStateName, CallFigures, Share, SiteItem } from '../../api/live/messages.ts';
import { queueWord, words } from '../language/words.ts';
import { dayOf, nowMs, spell, timeOf } from '../live/clock.ts';
import { figures, itemsOf, liveStatus, queues, staleSinceMs } from '../live/live.ts';

export interface Counted {
  readonly label: string;
  readonly value: string;
}

/** A figure of the wall, and how it came about. */
export interface Figure {
  readonly id: string;
  readonly label: string;
  readonly shown: string;
  readonly note: string;
  readonly tone: '' | 'good' | 'warn' | 'bad';
  readonly formula: string;
  readonly numerator: Counted;
  /** What the numerator is made of. */
  readonly parts: readonly Counted[];
  readonly denominator?: Counted;
  readonly leftOut?: string;
  readonly period: string;
  /** Ids of the domain guide. */
  readonly source: string;
}

const IN_TIME_MS = 15_000;
const QUARTER_MS = 900_000;
export const STATES = [
  'ready',
  'ringing',
  'talking',
  'held',
  'wrapUp',
  'notReady',
  'offline',
] as const satisfies readonly AgentStateName[];

export const sites = itemsOf('floor', 'site');
export const mode = itemsOf('floor', 'mode');
const calls = itemsOf('board', 'calls');
const quarters = itemsOf('board', 'quarter');
const forecasts = itemsOf('board', 'forecast');

/** What the wall counts by: it stands still while the socket is lost. */
export const wallMs = computed(() => staleSinceMs.value ?? nowMs.value);
export const stale = computed(() => liveStatus.value !== 'open');

const plain = (n: number): string => String(n);
const percent = (value: number | null): string => {
  if (value === null) return words.value.wall.none;
  return value === 100 ? '100%' : `${value.toFixed(2)}%`;
};
const count = (label: string, n: number): Counted => ({ label, value: plain(n) });

const now = (): string => words.value.wall.opened.now(timeOf(wallMs.value));
const lastDay = (): string => {
  const fromMs = figures.value?.day?.fromMs;
  return fromMs === undefined ? '' : words.value.wall.opened.since(`${dayOf(fromMs)} ${timeOf(fromMs)}`);
};

const NOTHING: Share = { numerator: 0, denominator: 0, value: null };

/** By the city's own limits, which the figures carry. */
function toneOf({ value }: Share): Figure['tone'] {
  const { alarmPercent, targetPercent } = figures.value?.day ?? {};
  if (value === null || alarmPercent === undefined || targetPercent === undefined) return '';
  if (value >= targetPercent) return 'good';
  return value >= alarmPercent ? 'warn' : 'bad';
}

function toneNote(tone: Figure['tone']): string {
  const { notes } = words.value.wall;
  return tone === '' ? '' : notes[tone];
}

export const waitingFigure = computed<Figure>(() => {
  const text = words.value.wall.figures.waiting;
  const waiting = figures.value?.waiting ?? 0;
  return {
    ...{ id: 'waiting', ...text, tone: '', period: now(), source: 'S4-005' },
    shown: figures.value === undefined ? words.value.wall.none : plain(waiting),
    note: '',
    numerator: count(text.numerator, waiting),
    parts: queues.value.map((item) => count(queueWord(item.queue), item.waiting)),
  };
});

export const longestFigure = computed<Figure>(() => {
  const { notes, figures: texts, none } = words.value.wall;
  const since = figures.value?.longestSinceMs;
  const waitedMs = since === undefined ? 0 : Math.max(0, wallMs.value - since);
  const late = waitedMs > IN_TIME_MS;
  return {
    ...{ id: 'longest', ...texts.longest, tone: late ? 'warn' : '', period: now(), source: 'S4-005, L19' },
    shown: figures.value === undefined ? none : spell(waitedMs),
    note: since === undefined ? notes.nobody : late ? notes.overdue : '',
    numerator: { label: texts.longest.numerator, value: spell(waitedMs) },
    parts: since === undefined ? [] : [{ label: texts.longest.label, value: timeOf(since) }],
    denominator: count(texts.longest.denominator, figures.value?.waiting ?? 0),
  };
});

function shareFigure(
  id: string,
  label: string,
  text: {
    readonly formula: string;
    readonly numerator: string;
    readonly denominator: string;
    readonly leftOut?: string;
  },
  share: Share,
  source: string,
): Figure {
  return {
    ...{ id, label, formula: text.formula, source, tone: '', note: '', period: lastDay(), parts: [] },
    shown: percent(share.value),
    numerator: count(text.numerator, share.numerator),
    denominator: count(text.denominator, share.denominator),
    ...(text.leftOut === undefined ? {} : { leftOut: text.leftOut }),
  };
}

export const within15Figure = computed<Figure>(() => {
  const text = words.value.wall.figures.within15;
  return shareFigure('within15', text.label, text, figures.value?.day?.answeredWithin15Rate ?? NOTHING, '§3.7, L19');
});

export const connectFigure = computed<Figure>(() => {
  const { figures: texts, notes } = words.value.wall;
  const day = figures.value?.day;
  const share = day?.connectRate ?? NOTHING;
  const tone = toneOf(share);
  const goals = day === undefined ? '' : notes.target(day.targetPercent, day.alarmPercent);
  const figure = shareFigure('connect', texts.connect.label, texts.connect, share, '§3.7, S0-008, S0-012');
  return { ...figure, tone, note: [toneNote(tone), goals].filter((each) => each !== '').join(' · ') };
});

/** Over all sites. */
const byState = computed(() => {
  const sum = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<AgentStateName, number>;
  for (const { agents } of sites.value) for (const state of STATES) sum[state] += agents[state];
  return sum;
});
const allAgents = computed(() => STATES.reduce((sum, state) => sum + byState.value[state], 0));

function siteParts(of: (site: SiteItem) => number): Counted[] {
  return sites.value.filter((site) => of(site) > 0).map((site) => count(site.name, of(site)));
}

export const agentFigures = computed<readonly Figure[]>(() => {
  const { agents, onDuty } = words.value.wall.figures;
  const common = { note: '', tone: '', period: now(), source: 'S0-006, S4-005' } as const;
  const ofState = STATES.map((state): Figure => {
    const n = byState.value[state];
    return {
      ...{
        ...common,
        id: `agents-${state}`,
        label: words.value.state[state],
        formula: agents.formula,
        shown: plain(n),
      },
      numerator: count(agents.numerator, n),
      denominator: count(agents.denominator, allAgents.value),
      parts: siteParts((site) => site.agents[state]),
    };
  });
  const here = allAgents.value - byState.value.offline;
  return [
    {
      ...{ ...common, id: 'agents-on-duty', label: onDuty.label, formula: onDuty.formula, shown: plain(here) },
      numerator: count(onDuty.numerator, here),
      denominator: count(onDuty.denominator, allAgents.value),
      parts: siteParts(onDutyAt),
    },
    ...ofState,
  ];
});

function onDutyAt({ agents }: SiteItem): number {
  return STATES.reduce((sum, state) => sum + (state === 'offline' ? 0 : agents[state]), 0);
}

/** One site: what it answered, and who is there. */
export interface SiteFigures {
  readonly site: string;
  readonly name: string;
  readonly status: string;
  readonly connect: Figure;
  readonly agents: Figure;
  readonly calls: CallFigures | undefined;
}

export const siteFigures = computed<readonly SiteFigures[]>(() => {
  const { figures: texts, notes, connectOf, readyOf } = words.value.wall;
  const ofSite = new Map(calls.value.filter(({ by }) => by === 'site').map((item) => [item.of, item]));
  return sites.value.map((item): SiteFigures => {
    const found = ofSite.get(item.site);
    const share = found?.connectRate ?? NOTHING;
    const tone = toneOf(share);
    const here = onDutyAt(item);
    return {
      ...{
        site: item.site,
        name: item.name,
        status: item.status === 'open' ? '' : notes.status[item.status],
        calls: found,
      },
      connect: {
        ...shareFigure(`site-${item.site}`, `${item.name} ${connectOf}`, texts.site, share, '§3.7, S0-008'),
        ...{ tone, note: toneNote(tone) },
      },
      agents: {
        ...{ id: `site-agents-${item.site}`, label: `${item.name} ${readyOf}`, formula: texts.siteAgents.formula },
        ...{ note: '', tone: '', period: now(), source: 'S0-006' },
        shown: `${item.agents.ready}/${here}`,
        numerator: count(texts.siteAgents.numerator, item.agents.ready),
        denominator: count(texts.siteAgents.denominator, here),
        parts: STATES.map((state) => count(words.value.state[state], item.agents[state])),
      },
    };
  });
});

export interface LineFigures {
  readonly line: string;
  readonly connect: Figure;
  readonly calls: CallFigures;
}

/** The busiest first. */
export const lineFigures = computed<readonly LineFigures[]>(() => {
  const { figures: texts, connectOf } = words.value.wall;
  return calls.value
    .filter(({ by }) => by === 'line')
    .sort((a, b) => b.inbound - a.inbound || a.of.localeCompare(b.of))
    .map((item) => {
      const tone = toneOf(item.connectRate);
      const figure = shareFigure(
        `line-${item.of}`,
        `${item.of} ${connectOf}`,
        texts.line,
        item.connectRate,
        '§3.7, S0-005, S0-008',
      );
      return { line: item.of, calls: item, connect: { ...figure, tone, note: toneNote(tone) } };
    });
});

/** Today by quarter of an hour, beside what was foreseen. */
export const curve = computed(() => {
  const dayMs = new Date(`${dayOf(wallMs.value)}T00:00:00+08:00`).getTime();
  // After midnight yesterday's stands there until today's is read.
  const forecast = forecasts.value.find((each) => each.dayMs === dayMs);
  const at = (wallMs.value - dayMs) / QUARTER_MS;
  const arrived = new Map(quarters.value.map(({ fromMs, inbound }) => [(fromMs - dayMs) / QUARTER_MS, inbound]));
  const actual = Array.from({ length: Math.max(0, Math.min(96, Math.floor(at) + 1)) }, (_, n) => arrived.get(n) ?? 0);
  return { dayMs, actual, forecast: forecast?.inbound ?? [], days: forecast?.days ?? [], at };
});

/** The calls foreseen until now: full quarters, and of the one under way its part. */
function foreseenByNow(inbound: readonly number[], at: number): number {
  return inbound.reduce((sum, each, n) => sum + each * Math.max(0, Math.min(1, at - n)), 0);
}

export const todayFigure = computed<Figure>(() => {
  const { figures: texts, notes, opened, none } = words.value.wall;
  const { actual, forecast, days, at, dayMs } = curve.value;
  const arrived = actual.reduce((sum, each) => sum + each, 0);
  const foreseen = foreseenByNow(forecast, at).toFixed(1);
  return {
    ...{ id: 'today', ...texts.today, tone: '', source: 'S4-005', period: opened.today(dayOf(dayMs)) },
    shown: plain(arrived),
    note: days.length === 0 ? notes.noForecast : notes.foreseen(foreseen, days.length),
    numerator: count(texts.today.numerator, arrived),
    denominator: { label: texts.today.denominator, value: days.length === 0 ? none : foreseen },
    parts: days.map((day) => ({ label: day, value: '' })),
  };
});
