import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AgentView, QueueView } from '../core/view.ts';
import { recordingDiffers } from '../store/fold.ts';
import type { AppliedFact } from '../store/projection.ts';

/** What `/metrics` tells, and where the parts report to. */
export interface Metrics {
  readonly registry: Registry;
  /** For the projector's `onApplied`. */
  countFact(applied: AppliedFact): void;
  /** From an event's arrival to its commands' release. */
  observeAppend(durationMs: number): void;
  /** One fdatasync of the journal. */
  observeFlush(durationMs: number): void;
}

/** Asked at every scrape. */
export interface MetricSources {
  agents(): readonly AgentView[];
  queues(): readonly QueueView[];
  /** Journal entries that the database does not hold yet. */
  projectorLag(): number;
  /** Years whose holidays are needed and not known; absent: not known either. */
  missingYears?(): readonly number[];
}

const LATENCY_BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  addGauges(registry, sources);
  const closed = counter(registry, 'minhu_contacts_closed_total', 'Contacts that ended, by outcome', ['outcome']);
  const offers = counter(registry, 'minhu_offers_total', 'Offers that ended, by result', ['result']);
  const differing = counter(
    registry,
    'minhu_recording_differences_total',
    'Recordings whose length is not as it should be',
  );
  const refused = counter(registry, 'minhu_projector_refused_total', 'Facts that the database refused');
  const buckets = LATENCY_BUCKETS_S;
  const append = new Histogram({
    name: 'minhu_append_seconds',
    help: 'Event heard to commands released',
    buckets,
    registers,
  });
  const flush = new Histogram({ name: 'minhu_flush_seconds', help: 'One flush of the journal', buckets, registers });
  return {
    registry,
    countFact({ fact, refused: why }) {
      if (why !== undefined) refused.inc();
      else if (fact.fact === 'contactClosed') closed.inc({ outcome: fact.outcome });
      else if (fact.fact === 'offerEnded') offers.inc({ result: fact.result });
      else if (fact.fact === 'recordingEnded' && recordingDiffers(fact)) differing.inc();
    },
    observeAppend: (durationMs) => append.observe(durationMs / 1_000),
    observeFlush: (durationMs) => flush.observe(durationMs / 1_000),
  };
}

function counter<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[] = []) {
  return new Counter<Label>({ name, help, labelNames, registers: [registry] });
}

function addGauges(registry: Registry, sources: MetricSources): void {
  const registers = [registry];
  new Gauge({
    name: 'minhu_waiting',
    help: 'Contacts that wait, by queue',
    labelNames: ['queue'],
    registers,
    collect() {
      this.reset();
      for (const { queue, waiting } of sources.queues()) this.set({ queue }, waiting.length);
    },
  });
  new Gauge({
    name: 'minhu_waits_foreseen',
    help: 'Waits over for which an interval was foreseen, by queue: all, and those that ended inside it',
    labelNames: ['queue', 'which'],
    registers,
    collect() {
      this.reset();
      for (const { queue, foreseen } of sources.queues()) {
        this.set({ queue, which: 'ended' }, foreseen.ended);
        this.set({ queue, which: 'inside' }, foreseen.inside);
      }
    },
  });
  new Gauge({
    name: 'minhu_agents',
    help: 'Agents, by state',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const { state } of sources.agents()) this.inc({ state });
    },
  });
  new Gauge({
    name: 'minhu_workday_years_missing',
    help: 'Years without a table of holidays: this one and, from 1 December, the next',
    registers,
    collect() {
      this.set(sources.missingYears?.().length ?? 0);
    },
  });
  new Gauge({
    name: 'minhu_projector_lag_entries',
    help: 'Journal entries that the database does not hold yet',
    registers,
    collect() {
      this.set(sources.projectorLag());
    },
  });
}
