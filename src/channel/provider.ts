import type { Logger } from 'pino';
import type { Trouble } from './trouble.ts';
import { Turnstile } from './turnstile.ts';

/** So many boxes that were well, one after the other and none that answered between: then it is not the boxes. */
const FAILED_IN_A_ROW = 5;
const PROBE_EVERY_MS = 2_000;
/** Unless it says when to come again. */
const PROBE_AFTER_MS_MAX = 300_000;

/**
 * Who keeps many boxes at one address. When it is away all its boxes are, at once and with one alarm; until it answers, one of them is asked at a
 * time, by turns, and then all are well again.
 */
export class Provider {
  readonly name: string;
  /** One of its boxes at a time, while it is away. */
  readonly probes = new Turnstile(1);
  readonly #logger: Logger;
  readonly #onChange: () => void;
  readonly #boxes = new Set<(awaySinceMs: number) => void>();
  readonly #waiting = new Set<() => void>();
  #row = { boxes: 0, sinceMs: 0 };
  #trouble: Trouble | undefined;
  #nextProbeAtMs = 0;

  /** @param onChange it is away, or back: so are all its boxes. Must not throw. */
  constructor(name: string, logger: Logger, onChange: () => void) {
    this.name = name;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /** Of all its boxes; undefined: it answers. */
  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  /** How long to wait with the next probe, ms. */
  get probeInMs(): number {
    return Math.max(0, this.#nextProbeAtMs - Date.now());
  }

  /** One more box. @param onBack hears each time that the provider is back, and since when it was away. */
  join(onBack: (awaySinceMs: number) => void): void {
    this.#boxes.add(onBack);
  }

  /** @param wake is called once when the provider is back. @returns what ends it. */
  untilBack(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  /** A box had an answer, good or bad. */
  answered(): void {
    this.#row = { boxes: 0, sinceMs: 0 };
    this.#nextProbeAtMs = 0;
    if (this.#trouble === undefined) return;
    const { sinceMs } = this.#trouble;
    this.#trouble = undefined;
    this.#logger.info({ provider: this.name, boxes: this.#boxes.size }, 'a provider of boxes answers again');
    for (const onBack of this.#boxes) onBack(sinceMs);
    for (const wake of [...this.#waiting]) wake();
    this.#onChange();
  }

  /**
   * @param wasWell the box answered at its last turn, or has had none yet: one that never answers says nothing of its provider.
   * @param afterMs when the provider wants to be asked again.
   */
  failed(wasWell: boolean, reason: string, afterMs = 0): void {
    const nowMs = Date.now();
    const probeAtMs = nowMs + Math.max(PROBE_EVERY_MS, Math.min(afterMs, PROBE_AFTER_MS_MAX));
    this.#nextProbeAtMs = Math.max(this.#nextProbeAtMs, probeAtMs);
    if (!wasWell || this.#trouble !== undefined) return;
    this.#row = { boxes: this.#row.boxes + 1, sinceMs: this.#row.boxes === 0 ? nowMs : this.#row.sinceMs };
    if (this.#row.boxes < FAILED_IN_A_ROW) return;
    const boxes = this.#boxes.size;
    this.#trouble = { sinceMs: this.#row.sinceMs, reason: `${this.name}, ${boxes} boxes: ${reason}` };
    this.#logger.error({ provider: this.name, boxes, reason }, 'a provider of boxes does not answer');
    this.#onChange();
  }
}
