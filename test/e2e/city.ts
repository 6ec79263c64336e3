import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CityFolder {
  readonly path: string;
  remove(): void;
}

/** The project's own city with other times in its queues, such as `{ ring: '5s' }`. */
export function cityWith(times: Readonly<Record<string, string>>): CityFolder {
  const path = mkdtempSync(join(tmpdir(), 'minhu-city-'));
  cpSync(join(import.meta.dirname, '../../dialplans'), path, { recursive: true });
  const file = join(path, 'queues.yaml');
  let text = readFileSync(file, 'utf8');
  for (const [name, time] of Object.entries(times)) {
    const changed = text.replaceAll(new RegExp(`\\b${name}: \\d+s`, 'g'), `${name}: ${time}`);
    if (changed === text) throw new Error(`no ${name} in ${file}`);
    text = changed;
  }
  writeFileSync(file, text);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
