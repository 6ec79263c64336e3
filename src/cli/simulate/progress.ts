/** Tells how far long work is: in place on a terminal, line by line in a pipe; nothing when it is quick. */
export class Progress {
  readonly #what: string;
  readonly #beganMs = performance.now();
  #toldMs = performance.now();

  constructor(what: string) {
    this.#what = what;
  }

  at(done: number): void {
    const nowMs = performance.now();
    const onTerminal = process.stderr.isTTY === true;
    if (nowMs - this.#toldMs < (onTerminal ? 100 : 2_000)) return;
    this.#toldMs = nowMs;
    const text = `${done} ${this.#what} (${((nowMs - this.#beganMs) / 1_000).toFixed(0)} s)`;
    process.stderr.write(onTerminal ? `\r${text}\x1b[K` : `${text}\n`);
  }

  end(): void {
    if (process.stderr.isTTY === true) process.stderr.write('\r\x1b[K');
  }
}
