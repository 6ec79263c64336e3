import type { City } from '../city/load.ts';
import { makeSettings } from '../city/settings.ts';
import type { Config } from '../config.ts';
import type { Settings } from '../core/settings.ts';
import type { Loop } from '../runtime/loop.ts';
import { loadAgents } from '../store/accounts.ts';
import { writeDirectory } from '../store/directory.ts';
import { migrate } from '../store/migrate.ts';
import { seedAccounts } from '../store/seed.ts';
import type { Store } from '../store/store.ts';
import type { Folders } from './folders.ts';
import { webCallRules } from './web-calls.ts';

/**
 * The city's files and the seats of the database become the core's rules and the switch's directory. Run at every start and whenever a seat
 * changes; what is already so is left alone.
 *
 * @throws while the database does not answer.
 */
export async function loadRules(parts: {
  /** Undefined while its folder has mistakes: the journal's rules stay then, with the seats as they are now. */
  readonly city: City | undefined;
  readonly store: Store;
  readonly folders: Folders;
  readonly loop: Loop;
  readonly config: Pick<Config, 'trunk' | 'webCall'>;
}): Promise<void> {
  const { city, store, folders, loop, config } = parts;
  await migrate(store.db);
  if (city !== undefined) await seedAccounts(store.db, city.seats, folders.firstRunFile, Date.now());
  await writeDirectory(store.db, folders.directoryFile, webCallRules(config, city, folders));
  const rules = city?.settings ?? withoutSeats(loop.state.base);
  if (rules === undefined) return;
  const files = { settings: { ...rules, recordingFolder: folders.recordings, dialsOut: config.trunk !== undefined } };
  const settings = makeSettings(files, await loadAgents(store.db));
  if (settings.version === loop.state.settings?.version) return;
  await loop.submit({ type: 'settingsLoaded', settings });
}

function withoutSeats(settings: Settings | null): City['settings'] | undefined {
  if (settings === null) return undefined;
  const { agents: _agents, version: _version, ...rules } = settings;
  return rules;
}
