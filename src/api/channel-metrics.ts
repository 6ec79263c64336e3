import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AccountHealth, ChannelHost } from '../channel/host.ts';
import type { HostOptions } from '../channel/host-options.ts';

const LATENCY_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5];

/** What `/metrics` tells of the channels. */
export type ChannelMetrics = HostOptions['metrics'] & {
  /** So many files were half written when the process before ended; they are removed. */
  countTorn(files: number): void;
  /** From a delivery's last byte to its acknowledgement. */
  observeAcknowledgement(durationMs: number): void;
};

/** `host`: asked at every scrape. */
export function addChannelMetrics(
  registry: Registry,
  host: () => Pick<ChannelHost, 'health' | 'backlog'>,
): ChannelMetrics {
  const registers = [registry];
  const labelNames = ['channel', 'account', 'result'] as const;
  const deliveries = new Counter({
    name: 'minhu_channel_deliveries_total',
    help: 'Deliveries of platforms, and messages pulled, by what came of them',
    labelNames,
    registers,
  });
  const sends = new Counter({
    name: 'minhu_channel_sends_total',
    help: 'Tries to hand a message to a platform, by what came of them',
    labelNames,
    registers,
  });
  const files = new Counter({
    name: 'minhu_channel_files_total',
    help: 'Tries to fetch a file of a message, by what came of them',
    labelNames,
    registers,
  });
  const acknowledged = new Histogram({
    name: 'minhu_channel_ack_seconds',
    help: 'From a delivery to its acknowledgement',
    buckets: LATENCY_BUCKETS_S,
    registers,
  });
  const torn = new Counter({
    name: 'minhu_torn_files_total',
    help: 'Files that a kill left half written, removed at the start',
    registers,
  });
  addGauges(registry, host);
  return {
    countTorn: (count) => torn.inc(count),
    countDelivery: (channel, account, result) => deliveries.inc({ channel, account, result }),
    countSend: (channel, account, result) => sends.inc({ channel, account, result }),
    countFile: (channel, account, result) => files.inc({ channel, account, result }),
    observeAcknowledgement: (durationMs) => acknowledged.observe(durationMs / 1_000),
  };
}

const PER_ACCOUNT: readonly { readonly name: string; readonly help: string; of(health: AccountHealth): number }[] = [
  { name: 'minhu_channel_outbox', help: 'Messages that wait to go out', of: ({ waitingOut }) => waitingOut },
  {
    name: 'minhu_channel_silent_seconds',
    help: 'How long nothing has come although something should; 0 when all is well',
    of: ({ silentSinceMs }) => (silentSinceMs === undefined ? 0 : (Date.now() - silentSinceMs) / 1_000),
  },
  {
    name: 'minhu_channel_broken',
    help: '1 while the platform refuses the account',
    of: ({ broken }) => (broken === undefined ? 0 : 1),
  },
  {
    name: 'minhu_channel_trouble',
    help: '1 while the source that we ask does not answer as it should',
    of: ({ trouble }) => (trouble === undefined ? 0 : 1),
  },
];

function addGauges(registry: Registry, host: () => Pick<ChannelHost, 'health' | 'backlog'>): void {
  const registers = [registry];
  for (const { name, help, of } of PER_ACCOUNT) {
    new Gauge({
      name,
      help,
      labelNames: ['channel', 'account'],
      registers,
      collect() {
        this.reset();
        for (const health of host().health())
          this.set({ channel: health.channel, account: health.account }, of(health));
      },
    });
  }
  new Gauge({
    name: 'minhu_channel_backlog',
    help: 'Messages that wait to be stored, to be decided on, and for room among the contacts',
    labelNames: ['which'],
    registers,
    collect() {
      for (const [which, count] of Object.entries(host().backlog())) this.set({ which }, count);
    },
  });
}
