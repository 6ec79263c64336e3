import { existsSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { UserBody } from '../api/account-shapes.ts';
import { loadConfig } from '../config.ts';
import {
  addAccount,
  changePassword,
  listAccounts,
  lockUser,
  rolesConflict,
  setDisabled,
  USER_NAME_PATTERN,
} from '../store/accounts.ts';
import { listAudit, verifyAudit } from '../store/audit.ts';
import { openEngine } from '../store/engine.ts';
import { makePassword, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '../store/passwords.ts';
import { databasePlace, databaseProblem } from '../store/reach.ts';
import { ROLES } from '../store/schema.ts';
import { type Db, openStore } from '../store/store.ts';
import { dropTotp } from '../store/totp.ts';
import type { CliCommand } from './command.ts';
import { audit, changeUser, readChange, readSkills, type UserChange } from './user/change.ts';

/** Deeds listed by `audit`. */
const AUDIT_SHOWN = 50;

export const command: CliCommand = {
  summary:
    '账号：列出、新建、更改、改密、停用、启用、解锁、审计 / accounts: list, add, set, passwd, disable, enable, unlock, audit',
  help: `minhu user list [--json]
minhu user add USER --roles admin,lead,agent [--password-stdin]
               [--number 8001 --skills personal=3,enterprise=1 [--sip-user NAME] [--digest md5|sha256]]
minhu user set USER [--roles …] [--team TEAM|none] [--number 8001] [--skills personal=3]
               [--site SITE|none] [--home QUEUE|none] [--serves personal=1,enterprise=2@25s|none]
               [--may-reveal yes|no] [--may-play yes|no]
minhu user passwd USER [--password-stdin]
minhu user disable USER
minhu user enable USER
minhu user unlock USER
minhu user reset-second-factor USER
minhu user audit [--json]

Roles: ${ROLES.join(', ')}.
A password is never an argument: it is read from standard input with --password-stdin
(${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters), or made and printed once; a seat's phone password is always made.
--may-reveal grants a dispatcher, handling unit or auditor whole numbers, --may-play a dispatcher recordings, each for a reason.
--number and --skills (levels 1 to 5) make a seat. A running hotline heeds a change at once: a new seat may register;
a disabled user is logged out, the phone's registration ends, a call under way does not.
密码不作为参数传入：用 --password-stdin 从标准输入读取，否则自动生成并只显示一次；话机密码总是自动生成。
--may-reveal 准许派单员、承办单位、审计员查看完整号码，--may-play 准许派单员回放录音，每次须说明原因。
--number 与 --skills 同时建立座席。运行中的热线立即生效：新座席可注册；停用的账号被登出、话机注册失效，通话中的不挂断。`,
  async run(args) {
    const [verb = '', ...rest] = args;
    const wish = readWish(verb, rest);
    if (wish === undefined) return complain(this.help, 2);
    return await withDatabase((db) => carryOutAudited(db, wish));
  },
};

type Wish =
  | { readonly verb: 'list'; readonly json: boolean }
  | { readonly verb: 'add'; readonly body: Static<typeof UserBody>; readonly stdin: boolean }
  | { readonly verb: 'passwd'; readonly user: string; readonly stdin: boolean }
  | { readonly verb: 'audit'; readonly json: boolean }
  | { readonly verb: 'set'; readonly user: string; readonly change: UserChange }
  | { readonly verb: 'disable' | 'enable' | 'unlock' | 'reset-second-factor'; readonly user: string };

const OPTIONS = {
  json: { type: 'boolean' },
  roles: { type: 'string' },
  'password-stdin': { type: 'boolean' },
  number: { type: 'string' },
  skills: { type: 'string' },
  'sip-user': { type: 'string' },
  digest: { type: 'string' },
  team: { type: 'string' },
  site: { type: 'string' },
  home: { type: 'string' },
  serves: { type: 'string' },
  'may-reveal': { type: 'string' },
  'may-play': { type: 'string' },
} as const;

const SEAT = ['number', 'skills'] as const;
/** Each verb, and the options that it heeds: another one would be lost unseen, `--team` of a new lead with it. */
const VERBS: Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>> = {
  list: ['json'],
  add: ['roles', 'password-stdin', ...SEAT, 'sip-user', 'digest'],
  set: ['roles', 'team', ...SEAT, 'site', 'home', 'serves', 'may-reveal', 'may-play'],
  passwd: ['password-stdin'],
  disable: [],
  enable: [],
  unlock: [],
  'reset-second-factor': [],
  audit: ['json'],
};

/** Undefined when the words make no sense. */
function readWish(verb: string, rest: readonly string[]): Wish | undefined {
  try {
    const { values, positionals } = parseArgs({ args: [...rest], options: OPTIONS, allowPositionals: true });
    const [user = '', ...more] = positionals;
    const heeded: readonly string[] | undefined = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (heeded === undefined || more.length > 0) return undefined;
    if (!Object.keys(values).every((name) => heeded.includes(name))) return undefined;
    if (verb === 'list' || verb === 'audit') return user === '' ? { verb, json: values.json === true } : undefined;
    if (!new RegExp(USER_NAME_PATTERN).test(user)) return undefined;
    const stdin = values['password-stdin'] === true;
    if (verb === 'passwd') return { verb, user, stdin };
    if (verb === 'set') {
      const change = readChange(values);
      return change === undefined ? undefined : { verb, user, change };
    }
    if (verb !== 'add') return { verb: verb as 'disable' | 'enable' | 'unlock' | 'reset-second-factor', user };
    const body = { user, roles: (values.roles ?? '').split(','), ...seatOf(values) };
    return Value.Check(UserBody, body) && !rolesConflict(body.roles) ? { verb, body, stdin } : undefined;
  } catch {
    return undefined;
  }
}

/** As the API's body has it; what is wrong in it shows there. */
function seatOf(values: { number?: string; skills?: string; 'sip-user'?: string; digest?: string }) {
  const { number, skills, digest } = values;
  if (number === undefined && skills === undefined && values['sip-user'] === undefined && digest === undefined)
    return {};
  return {
    seat: {
      number: number ?? '',
      sipUser: values['sip-user'] ?? number ?? '',
      skills: readSkills(skills ?? ''),
      ...(digest === undefined ? {} : { digest }),
    },
  };
}

/** Everything but looking stands in the audit trail. */
async function carryOutAudited(db: Db, wish: Wish): Promise<number> {
  const status = await carryOut(db, wish);
  if (wish.verb === 'list' || wish.verb === 'audit') return status;
  const user = wish.verb === 'add' ? wish.body.user : wish.user;
  const detail = wish.verb === 'set' ? JSON.stringify(wish.change) : '';
  const who = `cli:${userInfo().username}`;
  await audit(db, { who, source: hostname(), verb: wish.verb, user, done: status === 0, detail });
  return status;
}

async function carryOut(db: Db, wish: Wish): Promise<number> {
  switch (wish.verb) {
    case 'list':
      return list(db, wish.json);
    case 'add':
      return add(db, wish.body, wish.stdin);
    case 'audit':
      return showAudit(db, wish.json);
    case 'passwd':
      return passwd(db, wish.user, wish.stdin);
    case 'set': {
      const problem = await changeUser(db, wish.user, wish.change);
      return problem === undefined ? say(`${wish.user}: changed`) : complain(`${wish.user}: ${problem}`, 1);
    }
    case 'unlock':
      return (await lockUser(db, wish.user, null)) ? say(`${wish.user}: unlocked`) : unknown(wish.user);
    case 'reset-second-factor':
      return (await dropTotp(db, wish.user))
        ? say(`${wish.user}: reset`)
        : complain(`${wish.user}: 没有动态验证码 / has no second factor`, 1);
    case 'disable':
    case 'enable':
      return (await setDisabled(db, wish.user, wish.verb === 'disable'))
        ? say(`${wish.user}: ${wish.verb}d`)
        : unknown(wish.user);
  }
}

function stateOf(disabled: boolean, lockedUntilMs: number | null): string {
  if (disabled) return 'disabled';
  return lockedUntilMs === null ? '' : `locked until ${new Date(lockedUntilMs).toISOString()}`;
}

async function list(db: Db, json: boolean): Promise<number> {
  const accounts = await listAccounts(db);
  if (json) return say(JSON.stringify(accounts));
  for (const { user, roles, disabled, seat, lockedUntilMs } of accounts) {
    say(
      [user.padEnd(20), roles.join(',').padEnd(12), seat?.number ?? '-', stateOf(disabled, lockedUntilMs)]
        .join('  ')
        .trimEnd(),
    );
  }
  return 0;
}

/** The last deeds, and whether the trail is as it was written. */
async function showAudit(db: Db, json: boolean): Promise<number> {
  const verdict = await verifyAudit(db);
  const rows = await listAudit(db, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, rowsMax: AUDIT_SHOWN });
  if (json)
    return say(JSON.stringify({ verdict, deeds: rows.map((row) => ({ ...row, hash: row.hash.toString('hex') })) }));
  for (const { at_ms, who, source, action, target, status, code } of rows)
    say([new Date(at_ms).toISOString(), who || '-', source, action, target || '-', code || status].join('  '));
  return verdict.brokenAt === null
    ? say(`${verdict.rows} 条，完整 / rows, as they were written  ${verdict.head}`)
    : complain(`第 ${verdict.brokenAt} 条被改动或删除 / row ${verdict.brokenAt} was changed or is missing`, 1);
}

async function add(db: Db, { user, roles, seat }: Static<typeof UserBody>, stdin: boolean): Promise<number> {
  const password = await choosePassword(stdin);
  if (password === undefined) return 2;
  const sipPassword = makePassword();
  const account = { user, password: password.text, roles, atMs: Date.now() };
  const added = await addAccount(db, seat ? { ...account, seat: { digest: 'md5', ...seat, sipPassword } } : account);
  if (!added)
    return complain(`${user}: 用户名、工号或话机账号已被使用 / the name, number or phone account is taken`, 1);
  say(password.made ? `${user}  ${password.text}` : `${user}: added`);
  return seat === undefined ? 0 : say(`${seat.sipUser}  ${sipPassword}  (话机 / phone)`);
}

async function passwd(db: Db, user: string, stdin: boolean): Promise<number> {
  const password = await choosePassword(stdin);
  if (password === undefined) return 2;
  if (!(await changePassword(db, user, password.text))) return unknown(user);
  return say(password.made ? `${user}  ${password.text}` : `${user}: changed`);
}

async function choosePassword(stdin: boolean): Promise<{ text: string; made: boolean } | undefined> {
  if (!stdin) return { text: makePassword(), made: true };
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
  const problem = databaseUrl === undefined ? undefined : await databaseProblem(databaseUrl);
  if (databaseUrl !== undefined && problem !== undefined)
    return complain(`PostgreSQL ${databasePlace(databaseUrl)} ${problem.zh} / ${problem.en}\n  → ${problem.fix}`, 1);
  if (databaseUrl === undefined && !existsSync(join(dataFolder, 'postgres', 'cluster')))
    return complain(
      `${dataFolder} 中还没有数据库：先运行 npm start，或设置 MINHU_DATA / no database there yet: run npm start first, or set MINHU_DATA`,
      1,
    );
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
