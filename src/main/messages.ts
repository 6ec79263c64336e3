import type { Endpoint } from '../config.ts';

/** Core → supervisor. */
export type FromCore =
  /** HTTP answers, the journal is open and a switch was surveyed. Said once per start. `sip`: where FreeSWITCH says that phones find it, `host:port`. */
  | { readonly kind: 'ready'; readonly http: Endpoint; readonly sip: readonly string[] }
  /** Every `BEAT_MS` once the journal is open: the core still turns its hand to something. */
  | { readonly kind: 'alive' }
  /** Starting again would not help: a wrong setting, a taken port. `message` is for the operator's eyes. */
  | { readonly kind: 'fatal'; readonly message: string };

/** Supervisor → core. The channel's end means that the supervisor died. */
export type ToCore = { readonly kind: 'stop' };

/** Between two signs of life. */
export const BEAT_MS = 2_000;

/** What the core process is handed in its environment, besides the operator's settings. */
export const CORE_ENV = {
  /** `host:port` of the embedded switch's event socket; absent with FreeSWITCH. */
  esl: 'MINHU_CORE_ESL',
  /** `1` with the embedded PostgreSQL, which is to be stopped when the supervisor is gone. */
  ownsPostgres: 'MINHU_CORE_OWNS_POSTGRES',
} as const;
