import pg from 'pg';

/** Why a database cannot hold the records, for the operator's eyes. */
export interface DatabaseProblem {
  /** `unreachable` may mend itself; the others need somebody. */
  readonly kind: 'unreachable' | 'refused' | 'unfit';
  readonly zh: string;
  readonly en: string;
  /** Both languages in one. */
  readonly fix: string;
}

/** PostgreSQL 15. */
const VERSION_MIN = 150_000;
const ANSWER_MAX_MS = 5_000;

interface Facts {
  readonly version: number;
  readonly encoding: string;
  readonly readonly: string;
  readonly may: boolean;
}

const FACTS = `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
  current_setting('transaction_read_only') as readonly,
  coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) as may`;

/** Connects once and looks whether the records can live there. @returns undefined when they can. Never throws. */
export async function databaseProblem(url: string): Promise<DatabaseProblem | undefined> {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: ANSWER_MAX_MS,
      query_timeout: ANSWER_MAX_MS,
      application_name: 'minhu',
    });
    // It may go while we are connected; the query says so.
    client.on('error', () => undefined);
    await client.connect();
    return unfit((await client.query<Facts>(FACTS)).rows[0]);
  } catch (error) {
    return refusal(error as { code?: unknown; message?: unknown });
  } finally {
    void client?.end().catch(() => undefined);
  }
}

/** Without the account and the password. */
export function databasePlace(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}`;
  } catch {
    return 'DATABASE_URL';
  }
}

function unfit(facts: Facts | undefined): DatabaseProblem | undefined {
  if (facts === undefined || facts.version < VERSION_MIN) {
    const version = Math.floor((facts?.version ?? 0) / 10_000);
    return {
      kind: 'unfit',
      zh: `服务器版本 ${version} 太旧，需要 15 或更新`,
      en: `the server is version ${version}, too old: 15 or newer is needed`,
      fix: '升级 PostgreSQL，或不设 DATABASE_URL 而用内置数据库 / upgrade PostgreSQL, or unset DATABASE_URL for the embedded engine',
    };
  }
  if (facts.encoding !== 'UTF8') {
    return {
      kind: 'unfit',
      zh: `数据库编码是 ${facts.encoding}，不是 UTF8`,
      en: `the database is encoded in ${facts.encoding}, not UTF8`,
      fix: "重新建库 / make it anew: createdb --encoding=UTF8 --template=template0 --locale=C --owner='ACCOUNT' DATABASE",
    };
  }
  if (facts.readonly === 'on') {
    return {
      kind: 'unfit',
      zh: '服务器只读（备库？）',
      en: 'the server is read-only (a standby?)',
      fix: '让 DATABASE_URL 指向主库，或解除只读 / point DATABASE_URL at the primary, or lift default_transaction_read_only',
    };
  }
  if (!facts.may) {
    return {
      kind: 'unfit',
      zh: '账号无权建表',
      en: 'the account may not make tables there',
      fix: '以管理员执行 / as its administrator: ALTER DATABASE "DATABASE" OWNER TO "ACCOUNT"',
    };
  }
  return undefined;
}

function refusal({ code, message }: { code?: unknown; message?: unknown }): DatabaseProblem {
  switch (code) {
    case '28P01':
    case '28000':
      return {
        kind: 'refused',
        zh: '账号或密码不对，或服务器不许本机登录',
        en: `the account or the password is wrong, or this machine may not log in (${message})`,
        fix: '改正 DATABASE_URL 中的账号与密码；特殊字符须按 URL 编码；并检查服务器的 pg_hba.conf / correct account and password in DATABASE_URL (special characters percent-encoded) and check the server’s pg_hba.conf',
      };
    case '3D000':
      return {
        kind: 'refused',
        zh: '没有这个数据库',
        en: 'there is no such database',
        fix: "建库 / make it: createdb --encoding=UTF8 --template=template0 --owner='ACCOUNT' DATABASE",
      };
    default:
      return {
        kind: 'unreachable',
        zh: '连接不上',
        en: `cannot be reached (${typeof code === 'string' ? code : String(message)})`,
        fix: '检查 DATABASE_URL 的地址与端口、防火墙以及服务器是否运行；不设则使用内置数据库 / check address and port in DATABASE_URL, the firewall and that the server runs; unset it for the embedded engine',
      };
  }
}
