import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isMap } from 'yaml';
import type { CityProblem } from '../city/city.ts';
import { NAME, readDurationMs, readEntries, readFields, readList, readText } from '../city/fields.ts';
import { complain, type Field, openYaml, scalarOf } from '../city/yaml-file.ts';
import type { Account } from './account.ts';
import type { Channel, SettingFault, Settings } from './channel.ts';
import { detailOf } from './load.ts';

/** A leaders' message board alone has 2,352 boxes. */
const ACCOUNTS_MAX = 5_000;
const SECRET_BYTES_MAX = 65_536;
const GAP_MS_MIN = 60_000;
const GAP_MS_MAX = 86_400_000;
const RECEIPT_CHARS_MAX = 500;
const NAMED_CHARS_MAX = 64;
const USUAL_QUEUES = { personal: 'personal', enterprise: 'enterprise' };
const USUAL_RECEIPT = '您的诉求已收到，受理编号 {contact}。';
export const USUAL_REMINDER = '请问您还有其他问题吗？如暂无回复，本次咨询将自动结束。';
export const USUAL_CLOSING_WORDS =
  '因长时间未收到您的回复，本次咨询（受理编号 {contact}）已结束。如需继续，请直接留言。';

const ANY_TEXT = { pattern: /^[^\0]{1,4096}$/, looks: ['一段文字', 'a text'] } as const;
const CHANNEL_NAME = {
  pattern: /^[a-z][a-z0-9-]{0,31}$/,
  looks: ['channels 目录中的渠道名', 'a channel of the folder channels'],
} as const;
const INSTANT = {
  pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/,
  looks: ['带时区的时刻，例如 2026-12-01T00:00+08:00', 'an instant with its zone, such as 2026-12-01T00:00+08:00'],
} as const;

export interface AccountsWanted {
  /** The YAML file; need not be there. */
  readonly file: string;
  /** @throws Error that says what is wrong with the channel. */
  readonly load: (channel: string) => Promise<Channel>;
  readonly queues: ReadonlySet<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hears of what is no mistake and had better be otherwise. */
  readonly warn?: (warning: AccountWarning) => void;
}

export interface AccountWarning {
  readonly line: number;
  readonly message: string;
}

/** A mistake, and of which account as far as that is written; of none: the whole file could not be read. */
export interface AccountProblem extends CityProblem {
  readonly channel?: string;
  readonly account?: string;
}

export interface AccountsRead {
  readonly accounts: readonly Account[];
  readonly problems: readonly AccountProblem[];
}

/** Reads every account; one with a mistake is left out, and the mistake told. Never throws. */
export async function readAccounts(given: AccountsWanted): Promise<AccountsRead> {
  const wanted = { ...given, load: onceEach(given.load) };
  const problems: AccountProblem[] = [];
  if (!existsSync(wanted.file)) return { accounts: [], problems };
  const top = openYaml(dirname(wanted.file), basename(wanted.file), problems);
  const accounts: Account[] = [];
  const names = new Set<string>();
  for (const field of top === undefined || top.node === null ? [] : readList(top, ACCOUNTS_MAX)) {
    const before = problems.length;
    const account = await readAccount(field, wanted);
    if (account !== undefined && isFirst(account, names, field)) accounts.push(account);
    for (let at = before; at < problems.length; at += 1) problems[at] = { ...problems[at]!, ...namedIn(field) };
  }
  return { accounts, problems };
}

/** Thousands of accounts may be of one channel. */
function onceEach(load: AccountsWanted['load']): AccountsWanted['load'] {
  const loaded = new Map<string, ReturnType<typeof load>>();
  return (name) => {
    const found = loaded.get(name) ?? load(name);
    loaded.set(name, found);
    return found;
  };
}

function isFirst({ channel, name }: Account, names: Set<string>, field: Field): boolean {
  const key = `${channel.name}/${name}`;
  const isNew = !names.has(key);
  names.add(key);
  if (!isNew)
    complain(
      field,
      [`“${key}”出现了两次。`, `"${key}" stands there twice.`],
      ['请改名或删去一个。', 'Rename or remove one.'],
    );
  return isNew;
}

function namedIn({ node }: Field): Pick<AccountProblem, 'channel' | 'account'> {
  const textOf = (name: string): string => (isMap(node) ? String(node.get(name) ?? '').slice(0, NAMED_CHARS_MAX) : '');
  return { channel: textOf('channel'), account: textOf('account') };
}

async function readAccount(field: Field, wanted: AccountsWanted): Promise<Account | undefined> {
  const parts = readFields(
    field,
    ['channel', 'account'],
    ['settings', 'previous', 'previousUntil', 'queues', 'receipt', 'reminder', 'closingWords', 'gap'],
  );
  const channelName = parts && readText(parts.channel, CHANNEL_NAME);
  const name = parts && readText(parts.account, NAME);
  if (parts === undefined || channelName === undefined || name === undefined) return undefined;
  const channel = await wanted
    .load(channelName)
    .catch((error: unknown) => String(error instanceof Error ? error.message : error));
  if (typeof channel === 'string') {
    const fix = ['请修正该文件，或删去此账号。', 'Mend that file, or remove the account.'] as const;
    return complain(parts.channel, [`渠道无法载入：${channel}。`, `The channel cannot be loaded: ${channel}.`], fix);
  }
  const settings = readSettings(field, parts.settings, channel, wanted);
  const queues = readQueues(parts.queues, wanted.queues);
  const previous = readPrevious(parts.previous, parts.previousUntil, settings, channel, wanted);
  if (settings === undefined || queues === undefined || previous === 'wrong') return undefined;
  const sets = previous === undefined ? [settings] : [settings, previous.settings];
  for (const set of sets) if (isFaulty(channel, set, parts.settings ?? field)) return undefined;
  const words = (of: Field | undefined, usual: string): string | undefined => {
    const text = of === undefined ? usual : (scalarOf(of) ?? '').slice(0, RECEIPT_CHARS_MAX);
    return text === '' || channel.send === undefined ? undefined : text;
  };
  return {
    channel,
    name,
    settings,
    previous,
    queues,
    receipt: words(parts.receipt, USUAL_RECEIPT),
    reminder: words(parts.reminder, USUAL_REMINDER),
    closingWords: words(parts.closingWords, USUAL_CLOSING_WORDS),
    gapMs: parts.gap === undefined ? undefined : readDurationMs(parts.gap, GAP_MS_MIN, GAP_MS_MAX),
  };
}

/** The channel's own word on the values. */
function isFaulty(channel: Channel, settings: Settings, field: Field): boolean {
  const fault = faultIn(channel, settings);
  if (fault === undefined) return false;
  const { setting, zh, en } = fault;
  complain(
    field,
    [`${channel.name} 的“${setting}”不正确：${zh}。`, `"${setting}" of ${channel.name} is wrong: ${en}.`],
    ['请对照平台控制台改正。', "Correct it by the platform's console."],
  );
  return true;
}

function faultIn(channel: Channel, settings: Settings): SettingFault | undefined {
  try {
    return channel.check?.(settings);
  } catch (error) {
    const text = String(error instanceof Error ? error.message : error);
    return { setting: 'settings', zh: text, en: text };
  }
}

function readSettings(
  at: Field,
  field: Field | undefined,
  channel: Channel,
  wanted: AccountsWanted,
): Settings | undefined {
  const values: Record<string, string | undefined> = {};
  const given = field === undefined || !isMap(field.node) ? [] : readEntries(field, NAME, 100);
  let wrong = false;
  for (const { key, keyField, value } of given) {
    if (!Object.hasOwn(channel.settings, key)) {
      const known = Object.keys(channel.settings).join(', ');
      complain(
        keyField,
        [`${channel.name} 没有“${key}”这一项。`, `${channel.name} has no "${key}".`],
        [`可用：${known}。`, `Use: ${known}.`],
      );
      wrong = true;
      continue;
    }
    values[key] = readValue(value, wanted);
    wrong ||= values[key] === undefined;
    warnOfPlainSecret(channel, key, value, wanted);
  }
  for (const [key, shape] of Object.entries(channel.settings)) {
    const { about, optional, default: usual } = detailOf(shape);
    values[key] ??= usual;
    if (values[key] !== undefined || optional || wrong) continue;
    complain(
      field ?? at,
      [`缺少“${key}”：${about}。`, `"${key}" is missing: ${about}.`],
      [`请在 settings 中补上 ${key}。`, `Add ${key} to settings.`],
    );
    wrong = true;
  }
  return wrong ? undefined : (values as Settings);
}

/** Whoever may read the city folder, or its history, has it. */
function warnOfPlainSecret(channel: Channel, key: string, field: Field, { warn }: AccountsWanted): void {
  if (warn === undefined || isMap(field.node) || !detailOf(channel.settings[key]!).secret) return;
  const offset = field.node?.range?.[0] ?? 0;
  warn({
    line: field.file.lines.linePos(offset).line,
    message:
      `${channel.name} 的“${key}”是密钥，却以明文写在文件中；请改为 {file: 路径} 或 {env: 变量名}。` +
      ` "${key}" of ${channel.name} is a secret and stands in the file in plain text: write {file: PATH} or {env: NAME} instead.`,
  });
}

/** A text, `{file: PATH}` or `{env: NAME}`. */
function readValue(field: Field, { env, file }: AccountsWanted): string | undefined {
  if (!isMap(field.node)) return readText(field, ANY_TEXT);
  const parts = readFields(field, [], ['file', 'env']);
  if (parts?.env !== undefined) {
    const name = readText(parts.env, ANY_TEXT) ?? '';
    const value = env[name];
    return (
      value ||
      complain(field, [`环境变量 ${name} 没有设置。`, `The environment has no ${name}.`], ['请设置它。', 'Set it.'])
    );
  }
  const path = parts?.file === undefined ? undefined : readText(parts.file, ANY_TEXT);
  if (path === undefined)
    return complain(
      field,
      ['应为文字、{file: 路径} 或 {env: 变量名}。', 'A text, {file: PATH} or {env: NAME} is expected.'],
      ['请改正。', 'Correct it.'],
    );
  try {
    const whole = resolve(dirname(file), path);
    if (statSync(whole).size > SECRET_BYTES_MAX) throw new Error('too large');
    const value = readFileSync(whole, 'utf8').replace(/\r?\n$/, '');
    // What is signed with an empty key, anybody signs.
    if (value.trim() === '') throw Object.assign(new Error('empty'), { code: 'empty' });
    return value;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'too large';
    return complain(
      field,
      [`无法读取该文件（${why}）。`, `The file cannot be read (${why}).`],
      ['请检查路径与权限。', 'Check its path and rights.'],
    );
  }
}

function readPrevious(
  field: Field | undefined,
  until: Field | undefined,
  settings: Settings | undefined,
  channel: Channel,
  wanted: AccountsWanted,
): Account['previous'] | 'wrong' {
  if (field === undefined || settings === undefined) return undefined;
  const text = until === undefined ? undefined : readText(until, INSTANT);
  if (text === undefined) {
    if (until === undefined)
      complain(
        field,
        ['旧密钥要写明有效到何时。', 'Say until when the previous keys hold.'],
        ['请补上 previousUntil。', 'Add previousUntil.'],
      );
    return 'wrong';
  }
  const old: Record<string, string> = {};
  for (const { key, value } of readEntries(field, NAME, 100)) {
    const found = Object.hasOwn(channel.settings, key) ? readValue(value, wanted) : undefined;
    if (found === undefined) return 'wrong';
    warnOfPlainSecret(channel, key, value, wanted);
    old[key] = found;
  }
  return { settings: { ...settings, ...old }, untilMs: Date.parse(text) };
}

function readQueues(field: Field | undefined, known: ReadonlySet<string>): Account['queues'] | undefined {
  if (field === undefined) return USUAL_QUEUES;
  const parts = readFields(field, ['personal'], ['enterprise']);
  const personal = parts && readQueue(parts.personal, known);
  const enterprise = parts?.enterprise === undefined ? personal : readQueue(parts.enterprise, known);
  return personal === undefined || enterprise === undefined ? undefined : { personal, enterprise };
}

function readQueue(field: Field, known: ReadonlySet<string>): string | undefined {
  const name = readText(field, NAME);
  if (name === undefined || known.size === 0 || known.has(name)) return name;
  return complain(
    field,
    [`没有队列“${name}”。`, `There is no queue "${name}".`],
    [`可用：${[...known].join('、')}。`, `Use: ${[...known].join(', ')}.`],
  );
}
