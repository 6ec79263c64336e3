import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

export interface CityFolder {
  readonly path: string;
  remove(): void;
}

/** The project's own city with other times in its queues, such as `{ ring: '5s' }`. */
export function cityWith(times: Readonly<Record<string, string>>): CityFolder {
  const path = mkdtempSync(join(tmpdir(), 'minhu-city-'));
  cpSync(join(import.meta.dirname, '../../dialplans'), path, { recursive: true });
  const file = join(path, 'queues.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  for (const queue of Object.keys((document.toJS() as { queues: object }).queues)) {
    for (const [name, time] of Object.entries(times)) {
      if (!document.hasIn(['queues', queue, name])) throw new Error(`no ${name} in ${file}`);
      document.setIn(['queues', queue, name], time);
    }
  }
  writeFileSync(file, document.toString());
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
