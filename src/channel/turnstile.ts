export interface Visitor {
  /** Those of one name share what a name may have. Default: all are of one. */
  readonly of?: string;
  /** Goes after the others of that name: it took too long the last time. */
  readonly isSlow?: boolean;
}

interface Line {
  readonly usual: Set<() => void>;
  readonly slow: Set<() => void>;
  inside: number;
}

/**
 * So many at once. A name gets another place while it has no more than are free, so that one is left for the next name; whoever waits goes in the
 * order of coming, and names take turns.
 */
export class Turnstile {
  /** Of each name that has somebody here, whose turn is next first. */
  readonly #lines = new Map<string, Line>();
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  /** @returns what the work returns. @throws what it throws; when the signal ends the wait, its reason. */
  async pass<Result>(
    signal: AbortSignal,
    work: () => Promise<Result>,
    { of = '', isSlow = false }: Visitor = {},
  ): Promise<Result> {
    signal.throwIfAborted();
    const line = this.#lineOf(of);
    await this.#turn(signal, isSlow ? line.slow : line.usual);
    try {
      return await work();
    } finally {
      this.#free += 1;
      line.inside -= 1;
      this.#letIn();
    }
  }

  #lineOf(name: string): Line {
    const line = this.#lines.get(name) ?? { usual: new Set(), slow: new Set(), inside: 0 };
    this.#lines.set(name, line);
    return line;
  }

  #turn(signal: AbortSignal, waiting: Set<() => void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        waiting.delete(go);
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.delete(go);
        reject(signal.reason);
      };
      waiting.add(go);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#letIn();
    });
  }

  /** Lines that may have no further place are at most as many as places, and so are those in which nobody waits. */
  #letIn(): void {
    for (const [name, line] of this.#lines) {
      if (this.#free === 0) return;
      const [next] = line.usual.size > 0 ? line.usual : line.slow;
      if (next === undefined && line.inside === 0) this.#lines.delete(name);
      if (next === undefined || line.inside > this.#free) continue;
      this.#free -= 1;
      line.inside += 1;
      // Looked at again within this very loop, after all others.
      this.#lines.delete(name);
      this.#lines.set(name, line);
      next();
    }
  }
}
