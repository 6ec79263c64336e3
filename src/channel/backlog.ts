import type { Logger } from 'pino';

const PAGE_ROWS = 500;
const AGAIN_MS = 1_000;

/** Rows that an earlier process left in the database, worked off page by page: one work at a time, again until the database answers. */
export class Backlog {
  readonly #logger: Logger;
  #working = Promise.resolve();
  #closed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  untilDone(work: () => Promise<void>): Promise<void> {
    this.#working = this.#working.then(async () => {
      while (!this.#closed) {
        try {
          return await work();
        } catch (error) {
          this.#logger.debug({ err: error }, 'messages left from before cannot be read yet');
          await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        }
      }
    });
    return this.#working;
  }

  async each<Row extends { readonly id: number }>(
    read: (afterId: number, rowsMax: number) => Promise<readonly Row[]>,
    use: (row: Row) => void | Promise<void>,
  ): Promise<void> {
    for (let afterId = 0; !this.#closed; ) {
      const rows = await read(afterId, PAGE_ROWS);
      for (const row of rows) await use(row);
      if (rows.length < PAGE_ROWS) return;
      afterId = rows.at(-1)!.id;
    }
  }

  close(): void {
    this.#closed = true;
  }
}
