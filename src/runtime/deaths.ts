import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventBody } from '../core/event.ts';

export const DEATHS_MAX = 3;
const REMEMBERED_MAX = 64;

/** Counts the starts that one event has killed. Written at once and in step: the process is about to die. */
export interface Deaths {
  /** @returns true when this was the last one it may kill: set it aside. */
  count(name: string): boolean;
  setAside(name: string, event: unknown, error: unknown): string;
  /** Entry numbers that a replay leaves out. */
  readonly leftOut: ReadonlySet<number>;
  leaveOut(seq: number): void;
  /** A clean end: whatever was counted did no lasting harm. */
  forget(): void;
}

interface Kept {
  counts: Record<string, number>;
  leftOut: number[];
}

export function openDeaths(folder: string): Deaths {
  const path = join(folder, 'deaths.json');
  const kept = read(path);
  const leftOut = new Set(kept.leftOut);
  const write = (): void => {
    writeFileSync(`${path}.tmp`, JSON.stringify({ ...kept, leftOut: [...leftOut] }), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  };
  return {
    leftOut,
    count(name) {
      if (!Object.hasOwn(kept.counts, name) && Object.keys(kept.counts).length >= REMEMBERED_MAX) kept.counts = {};
      kept.counts[name] = (kept.counts[name] ?? 0) + 1;
      write();
      return kept.counts[name] >= DEATHS_MAX;
    },
    setAside(name, event, error) {
      const aside = join(folder, 'set-aside');
      mkdirSync(aside, { recursive: true, mode: 0o700 });
      const file = join(aside, `${name.replace(/[^A-Za-z0-9-]+/g, '_').slice(0, 100)}.json`);
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      writeFileSync(file, `${JSON.stringify({ name, error: text, event }, null, 2)}\n`, { mode: 0o600 });
      return file;
    },
    leaveOut(seq) {
      leftOut.add(seq);
      write();
    },
    forget() {
      kept.counts = {};
      if (leftOut.size === 0) rmSync(path, { force: true });
      else write();
    },
  };
}

/** The same trouble comes back under the same name, though times and ports in it differ. */
export function nameOf(event: EventBody): string {
  const of = event as { node?: string; leg?: string; agent?: string };
  return [event.type, of.node, of.leg, of.agent].filter((part) => part !== undefined).join(' ');
}

function read(path: string): Kept {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Kept;
  } catch {
    return { counts: {}, leftOut: [] }; // Absent, or torn by a death in the middle of writing it: counting starts anew.
  }
}
