import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

/** Writes one file of the city anew. */
export function cityFileOf(city: CityFolder, name: string, content: string): void {
  writeFileSync(join(city.path, name), content);
}

export interface CityFolder {
  readonly path: string;
  remove(): void;
}

/**
 * The project's own city with other times in its queues, such as `{ ring: '5s', 'callback.after': '10s' }`. Missed calls are called back
 * whatever the time of day.
 */
export function cityWith(times: Readonly<Record<string, string>>): CityFolder {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-city-'));
  cpSync(join(import.meta.dirname, '../../dialplans'), folder, { recursive: true });
  const file = join(folder, 'queues.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  for (const queue of Object.keys((document.toJS() as { queues: object }).queues)) {
    for (const [name, time] of Object.entries(times)) {
      const path = ['queues', queue, ...name.split('.')];
      if (!document.hasIn(path)) throw new Error(`no ${name} in ${file}`);
      document.setIn(path, time);
    }
  }
  writeFileSync(file, document.toString());
  const hours = join(folder, 'hours.yaml');
  writeFileSync(hours, readFileSync(hours, 'utf8').replace('08:00-21:30', '00:00-24:00'));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
