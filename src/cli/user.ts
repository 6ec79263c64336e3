import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { loadConfig } from '../config.ts';
import { addAccount, changePassword, listAccounts, setDisabled, USER_NAME_PATTERN } from '../store/accounts.ts';
import { openEngine } from '../store/engine.ts';
import { makePassword, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '../store/passwords.ts';
import type { Role } from '../store/schema.ts';
import { type Db, openStore } from '../store/store.ts';
import type { CliCommand } from './command.ts';

const ROLES: readonly string[] = ['admin', 'lead', 'agent'];

export const command: CliCommand = {
  summary: '账号：列出、新建、改密、停用 / accounts: list, add, passwd, disable',
  help: `minhu user list [--json]
minhu user add USER --roles admin,lead,agent [--password-stdin]
minhu user passwd USER [--password-stdin]
minhu user disable USER
minhu user enable USER

A password is never an argument: it is read from standard input with --password-stdin
(${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters), or made and printed once.
密码不作为参数传入：用 --password-stdin 从标准输入读取，否则自动生成并只显示一次。`,
  async run(args) {
    const [verb = '', ...rest] = args;
    if (!['list', 'add', 'passwd', 'disable', 'enable'].includes(verb)) return complain(this.help, 2);
    const user = rest.find((arg) => !arg.startsWith('--')) ?? '';
    if (verb !== 'list' && !new RegExp(USER_NAME_PATTERN).test(user)) return complain(this.help, 2);
    return await withDatabase((db) => carryOut(db, verb, user, rest));
  },
};

async function carryOut(db: Db, verb: string, user: string, rest: readonly string[]): Promise<number> {
  switch (verb) {
    case 'list':
      return list(db, rest.includes('--json'));
    case 'add':
      return add(db, user, rest);
    case 'passwd':
      return passwd(db, user, rest);
    default:
      return (await setDisabled(db, user, verb === 'disable')) ? say(`${user}: ${verb}d`) : unknown(user);
  }
}

async function list(db: Db, json: boolean): Promise<number> {
  const accounts = await listAccounts(db);
  if (json) return say(JSON.stringify(accounts));
  for (const { user, roles, disabled, seat } of accounts) {
    say(
      [user.padEnd(20), roles.join(',').padEnd(12), seat?.number ?? '-', disabled ? 'disabled' : '']
        .join('  ')
        .trimEnd(),
    );
  }
  return 0;
}

async function add(db: Db, user: string, rest: readonly string[]): Promise<number> {
  const at = rest.indexOf('--roles');
  const roles = at === -1 ? [] : (rest[at + 1] ?? '').split(',');
  if (roles.length === 0 || !roles.every((role) => ROLES.includes(role))) return complain(command.help, 2);
  const password = await choosePassword(rest);
  if (password === undefined) return 2;
  const added = await addAccount(db, { user, password: password.text, roles: roles as Role[], atMs: Date.now() });
  if (!added) return complain(`${user}: 已存在 / is taken`, 1);
  return say(password.made ? `${user}  ${password.text}` : `${user}: added`);
}

async function passwd(db: Db, user: string, rest: readonly string[]): Promise<number> {
  const password = await choosePassword(rest);
  if (password === undefined) return 2;
  if (!(await changePassword(db, user, password.text))) return unknown(user);
  return say(password.made ? `${user}  ${password.text}` : `${user}: changed`);
}

async function choosePassword(rest: readonly string[]): Promise<{ text: string; made: boolean } | undefined> {
  if (!rest.includes('--password-stdin')) return { text: makePassword(), made: true };
  const given = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (given.length >= PASSWORD_LENGTH_MIN && given.length <= PASSWORD_LENGTH_MAX) return { text: given, made: false };
  complain(`密码长度须为 ${PASSWORD_LENGTH_MIN}–${PASSWORD_LENGTH_MAX} / the password must have so many characters`, 2);
  return undefined;
}

/** Uses the running database, or starts the embedded one for as long as it takes. */
async function withDatabase(work: (db: Db) => Promise<number>): Promise<number> {
  const loaded = loadConfig(process.env);
  if (!loaded.ok)
    return complain(loaded.problems.map(({ setting, message }) => `${setting}: ${message}`).join('\n'), 2);
  const logger = pino({ level: 'silent' });
  const { databaseUrl, dataFolder } = loaded.config;
  const engine = databaseUrl === undefined ? await openEngine({ dataFolder, logger }) : undefined;
  try {
    const store = await openStore(databaseUrl ?? engine?.url ?? '', logger);
    try {
      return await work(store.db);
    } finally {
      await store.close();
    }
  } finally {
    if (engine && !engine.adopted) await engine.stop();
  }
}

function unknown(user: string): number {
  return complain(`${user}: 没有这个账号 / there is no such user`, 1);
}

function say(line: string): number {
  process.stdout.write(`${line}\n`);
  return 0;
}

function complain(line: string, status: number): number {
  process.stderr.write(`${line}\n`);
  return status;
}
