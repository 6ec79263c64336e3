import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { CityProblem } from '../../src/city/city.ts';
import { loadCity } from '../../src/city/load.ts';

export const SHIPPED = new URL('../../dialplans/', import.meta.url).pathname;

/** A copy of the shipped city for each test of a file, in which mistakes are planted. */
export class ShippedCopy {
  folder = '';

  constructor() {
    beforeEach(() => {
      this.folder = mkdtempSync(join(tmpdir(), 'minhu-city-'));
      cpSync(SHIPPED, this.folder, { recursive: true, dereference: true });
    });
    afterEach(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  problems(): readonly CityProblem[] {
    const result = loadCity(this.folder);
    return result.ok ? [] : result.problems;
  }

  /** Changes the first place; the answer is its line. */
  plant(file: string, find: string, put: string): number {
    const text = readFileSync(this.path(file), 'utf8');
    const at = text.indexOf(find);
    if (at < 0) throw new Error(`${file} lacks ${find}`);
    writeFileSync(this.path(file), text.replace(find, put));
    return text.slice(0, at).split('\n').length;
  }

  lineOf(file: string, part: string): number {
    const text = readFileSync(this.path(file), 'utf8');
    return text.slice(0, text.indexOf(part)).split('\n').length;
  }
}
