import { existsSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { Channel, SettingShape } from './channel.ts';
import { type CompileOptions, compileChannel } from './compile.ts';

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const BODY_BYTES_MAX = 1_048_576;

/** Names of all channels that a folder holds: those of its `.ts` files. */
export function channelNames(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  return files.map((name) => basename(name, '.ts')).sort();
}

/** @throws Error that says what is wrong with the file. */
export async function loadChannel(file: string, options: CompileOptions): Promise<Channel> {
  const address = await compileChannel(file, options);
  const { default: channel } = (await import(address)) as { default?: unknown };
  const wrong = faultsOf(channel, basename(file, extname(file)));
  if (wrong.length > 0) throw new Error(`${file}: ${wrong.join('; ')}`);
  return channel as Channel;
}

/** @throws Error that says what is wrong, or which channels there are. */
export async function loadNamed(folder: string, name: string, options: CompileOptions): Promise<Channel> {
  const known = channelNames(folder);
  if (!known.includes(name)) throw new Error(`no ${name}.ts among ${known.join(', ')}`);
  return await loadChannel(channelFile(folder, name), options);
}

export function channelFile(folder: string, name: string): string {
  return join(folder, `${name}.ts`);
}

/** What keeps a module's default export from being the channel of that name; empty: nothing. */
export function faultsOf(value: unknown, fileName: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return ['it has no default export made by defineChannel'];
  const channel = value as Channel;
  const { limits = {}, settings } = channel;
  const faults: string[] = [];
  if (!NAME.test(String(channel.name))) faults.push('its name is not of a-z, 0-9 and -, at most 32');
  else if (channel.name !== fileName) faults.push(`it is named “${channel.name}”, its file “${fileName}”`);
  if (typeof channel.title?.zh !== 'string' || typeof channel.title.en !== 'string')
    faults.push('it has no title in zh and en');
  if (typeof settings !== 'object' || settings === null) faults.push('it describes no settings');
  if (channel.receive === undefined && channel.pull === undefined && channel.watch === undefined)
    faults.push('nothing ever comes from it: it has neither receive, pull nor watch');
  if ((channel.receive === undefined) !== (channel.verify === undefined)) faults.push('verify and receive go together');
  const { bodyBytes } = limits;
  if (bodyBytes !== undefined && !(bodyBytes >= 1 && bodyBytes <= BODY_BYTES_MAX))
    faults.push(`limits.bodyBytes is not 1..${BODY_BYTES_MAX}`);
  for (const [name, value] of Object.entries(limits)) if (!(value > 0)) faults.push(`limits.${name} is not above 0`);
  return faults;
}

export interface SettingDetail {
  readonly about: string;
  readonly secret: boolean;
  readonly optional: boolean;
  readonly default: string | undefined;
}

export function detailOf(shape: SettingShape): SettingDetail {
  if (typeof shape === 'string') return { about: shape, secret: false, optional: false, default: undefined };
  const { about, secret = false, optional = false, default: usual } = shape;
  return { about, secret, optional, default: usual };
}
