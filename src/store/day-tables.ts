import { type Counts, noCounts, QUARTER_MS } from '../lib/measure-counts.ts';

/** Where a call counts besides its quarter of an hour. */
export interface CallPlace {
  readonly line: string;
  readonly site: string;
}

type Cells = Map<string, { readonly place: CallPlace; readonly counts: Counts }>;

/** Counts of calls by quarter of an hour, dialled number and site, and their sums: each change costs the same, however much is counted. */
export class DayTables {
  readonly whole = noCounts();
  readonly lines = new Map<string, Counts>();
  readonly sites = new Map<string, Counts>();
  readonly quarters = new Map<number, Counts>();
  readonly #cells = new Map<number, Cells>();

  /** @param atMs any instant of the quarter. */
  add(atMs: number, place: CallPlace, part: Counts, by: 1 | -1): void {
    const quarter = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
    const cells: Cells = this.#cells.get(quarter) ?? new Map();
    this.#cells.set(quarter, cells);
    const key = `${place.site} ${place.line}`;
    const cell = cells.get(key) ?? { place, counts: noCounts() };
    cells.set(key, cell);
    addTo(cell.counts, part, by);
    addTo(entryOf(this.quarters, quarter), part, by);
    this.#addToSums(place, part, by);
  }

  /** Quarters that began before are counted no longer. */
  forgetBefore(fromMs: number): void {
    for (const [quarter, cells] of this.#cells) {
      if (quarter >= fromMs) continue;
      for (const { place, counts } of cells.values()) this.#addToSums(place, counts, -1);
      this.#cells.delete(quarter);
      this.quarters.delete(quarter);
    }
  }

  #addToSums({ line, site }: CallPlace, part: Counts, by: 1 | -1): void {
    addTo(this.whole, part, by);
    addToEntry(this.lines, line, part, by);
    addToEntry(this.sites, site, part, by);
  }
}

/** A line or site without calls is none. */
function addToEntry(table: Map<string, Counts>, key: string, part: Counts, by: 1 | -1): void {
  const counts = entryOf(table, key);
  addTo(counts, part, by);
  if (counts.inbound === 0) table.delete(key);
}

function entryOf<Key>(table: Map<Key, Counts>, key: Key): Counts {
  const counts = table.get(key) ?? noCounts();
  table.set(key, counts);
  return counts;
}

function addTo(counts: Counts, part: Counts, by: 1 | -1): void {
  for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += by * part[name];
}
