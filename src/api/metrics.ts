import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AlertName } from '../core/command.ts';
import { isDigital } from '../core/medium.ts';
import type { AgentView, MissedView, QueueView } from '../core/view.ts';
import { HOME_SITE } from '../lib/home-site.ts';
import { IN_TIME_MS } from '../lib/measure-counts.ts';
import type { Alarm } from '../store/alarms.ts';
import type { DayFigures } from '../store/day-figures.ts';
import { recordingDiffers } from '../store/fold.ts';
import type { AppliedFact } from '../store/projection.ts';
import { addAlertMetrics, type OpenAlert } from './alert-metrics.ts';
import { AnswerWaits } from './answer-waits.ts';
import { addDayGauges } from './day-gauges.ts';

/** What `/metrics` tells, and where the parts report to. `src/api/README.md` lists every name. */
export interface Metrics {
  readonly registry: Registry;
  /** For the projector's `onApplied`. */
  countFact(applied: AppliedFact): void;
  /** For the supervision's `onAlarm`. */
  countAlarm(alarm: Pick<Alarm, 'scope'>): void;
  /** One that the core raises. */
  countAlert(alert: AlertName): void;
  /** From an event's arrival to its commands' release. */
  observeAppend(durationMs: number): void;
  /** One fdatasync of the journal. */
  observeFlush(durationMs: number): void;
}

/** Asked at every scrape. */
export interface MetricSources {
  agents(): readonly AgentView[];
  queues(): readonly QueueView[];
  missed(): MissedView;
  /** What lasts too long now; absent: nothing is watched. */
  alerts?(): Iterable<OpenAlert>;
  /** Journal entries that the database does not hold yet. */
  projectorLag(): number;
  /** Years whose holidays are needed and not known; absent: not known either. */
  missingYears?(): readonly number[];
  /** The last 24 hours as the records have them; when it rejects, a scrape goes without. */
  day?(): Promise<DayFigures>;
}

const LATENCY_BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const ANSWER_BUCKETS_S = [2, 5, 10, IN_TIME_MS / 1_000, 20, 30, 60, 120, 300, 600];

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  addQueueGauges(registry, sources);
  addGauges(registry, sources);
  addConversationGauges(registry, sources);
  if (sources.day !== undefined) addDayGauges(registry, sources.day);
  const alarms = counter(registry, 'minhu_connect_alarms_total', 'Quarters with too low a connect rate', ['scope']);
  for (const scope of ['site', 'number'] as const) alarms.inc({ scope }, 0);
  const append = latency(registry, 'minhu_append_seconds', 'Event heard to commands released');
  const flush = latency(registry, 'minhu_flush_seconds', 'One flush of the journal');
  return {
    registry,
    countFact: factCounter(registry, sources),
    countAlarm: ({ scope }) => alarms.inc({ scope }),
    countAlert: addAlertMetrics(registry, () => sources.alerts?.() ?? []),
    observeAppend: (durationMs) => append.observe(durationMs / 1_000),
    observeFlush: (durationMs) => flush.observe(durationMs / 1_000),
  };
}

function factCounter(registry: Registry, { queues }: MetricSources): Metrics['countFact'] {
  const opened = counter(registry, 'minhu_contacts_opened_total', 'Contacts that arrived');
  const closed = counter(registry, 'minhu_contacts_closed_total', 'Contacts that ended, by outcome', ['outcome']);
  const offers = counter(registry, 'minhu_offers_total', 'Offers that ended, by result', ['result']);
  const help = 'Recordings whose length is not as it should be';
  const differing = counter(registry, 'minhu_recording_differences_total', help);
  const refused = counter(registry, 'minhu_projector_refused_total', 'Facts that the database refused');
  const answers = new Histogram({
    name: 'minhu_answer_wait_seconds',
    help: 'From entering the queue to the agent, of calls that were answered',
    buckets: ANSWER_BUCKETS_S,
    registers: [registry],
  });
  const waits = new AnswerWaits(queues().flatMap(({ waiting }) => waiting));
  return ({ fact, place, refused: why }) => {
    if (why !== undefined) return refused.inc();
    const waitedMs = waits.take(fact, place.atMs);
    if (waitedMs !== undefined) answers.observe(waitedMs / 1_000);
    if (fact.fact === 'contactOpened') opened.inc();
    else if (fact.fact === 'contactClosed') closed.inc({ outcome: fact.outcome });
    else if (fact.fact === 'offerEnded') offers.inc({ result: fact.result });
    else if (fact.fact === 'recordingEnded' && recordingDiffers(fact)) differing.inc();
  };
}

function counter<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[] = []) {
  return new Counter<Label>({ name, help, labelNames, registers: [registry] });
}

function latency(registry: Registry, name: string, help: string): Histogram {
  return new Histogram({ name, help, buckets: LATENCY_BUCKETS_S, registers: [registry] });
}

function addQueueGauges(registry: Registry, { queues }: MetricSources): void {
  const registers = [registry];
  new Gauge({
    name: 'minhu_waiting',
    help: 'Calls that wait, by queue',
    labelNames: ['queue'],
    registers,
    collect() {
      this.reset();
      for (const { queue, waiting } of queues()) this.set({ queue }, waiting.filter(isCaller).length);
    },
  });
  new Gauge({
    name: 'minhu_waits_foreseen',
    help: 'Waits over for which an interval was foreseen, by queue: all, and those that ended inside it',
    labelNames: ['queue', 'which'],
    registers,
    collect() {
      this.reset();
      for (const { queue, foreseen } of queues()) {
        this.set({ queue, which: 'ended' }, foreseen.ended);
        this.set({ queue, which: 'inside' }, foreseen.inside);
      }
    },
  });
  new Gauge({
    name: 'minhu_longest_wait_seconds',
    help: 'How long the call waits that has waited longest, by queue; 0 when nobody waits',
    labelNames: ['queue'],
    registers,
    collect() {
      this.reset();
      const nowMs = Date.now();
      for (const { queue, waiting } of queues()) {
        const sinceMs = waiting
          .filter(isCaller)
          .reduce((least, { enqueuedAtMs }) => Math.min(least, enqueuedAtMs), nowMs);
        this.set({ queue }, (nowMs - sinceMs) / 1_000);
      }
    },
  });
}

function isCaller({ medium, nobody }: QueueView['waiting'][number]): boolean {
  return !isDigital(medium) && nobody === undefined;
}

/** Chats and mails: those that wait, and those that agents have. */
function addConversationGauges(registry: Registry, { agents, queues }: MetricSources): void {
  const registers = [registry];
  new Gauge({
    name: 'minhu_conversations_waiting',
    help: 'Digital contacts that wait, by queue and medium',
    labelNames: ['queue', 'medium'],
    registers,
    collect() {
      this.reset();
      for (const { queue, waiting } of queues()) {
        for (const { medium } of waiting) if (isDigital(medium)) this.inc({ queue, medium });
      }
    },
  });
  new Gauge({
    name: 'minhu_conversations',
    help: 'Digital contacts that agents have or are offered, by medium and state',
    labelNames: ['medium', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { conversations = [] } of agents()) {
        for (const { medium, state } of conversations) this.inc({ medium, state });
      }
    },
  });
}

function addGauges(registry: Registry, { agents, missed, projectorLag, missingYears }: MetricSources): void {
  const registers = [registry];
  new Gauge({
    name: 'minhu_missed_calls',
    help: 'Missed calls that nobody has made good yet, and those of them that are past their time',
    labelNames: ['which'],
    registers,
    collect() {
      const { open, overdue } = missed();
      this.set({ which: 'open' }, open);
      this.set({ which: 'overdue' }, overdue);
    },
  });
  new Gauge({
    name: 'minhu_agents',
    help: 'Agents, by state and site',
    labelNames: ['state', 'site'],
    registers,
    collect() {
      this.reset();
      for (const { state, site = HOME_SITE } of agents()) this.inc({ state, site });
    },
  });
  new Gauge({
    name: 'minhu_workday_years_missing',
    help: 'Years without a table of holidays: this one and, from 1 December, the next',
    registers,
    collect() {
      this.set(missingYears?.().length ?? 0);
    },
  });
  new Gauge({
    name: 'minhu_projector_lag_entries',
    help: 'Journal entries that the database does not hold yet',
    registers,
    collect() {
      this.set(projectorLag());
    },
  });
}
