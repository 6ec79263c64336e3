import { existsSync } from 'node:fs';
import { type City, loadCity } from '../../city/load.ts';
import { type Config, loadConfig, parseEndpoint } from '../../config.ts';
import { changesAtMs, isOpen, missingYears } from '../../core/calendar.ts';
import { meets } from '../../core/need.ts';
import { holderOf } from '../../lib/folder-lock.ts';
import { HOME_SITE } from '../../lib/home-site.ts';
import { isAliveAs } from '../../lib/process-life.ts';
import { type Folders, foldersOf } from '../../main/folders.ts';
import { type RunFile, readRunFile } from '../../main/run-file.ts';
import { tlsProblem } from '../../main/tls-files.ts';
import { databasePlace, databaseProblem } from '../../store/reach.ts';
import { checkChannels } from './channels.ts';
import { checkEmbeddedPassword, checkNode as checkEslNode } from './event-socket.ts';
import { bad, type Finding, good, warning } from './finding.ts';
import { checkClock, checkDataFolder, checkNode } from './machine.ts';
import { checkPageScheme, checkPageSocket, checkSeats, checkSeatsUrl, noPageSocket } from './page-telephones.ts';
import { checkHttp, checkRtp, checkSip, checkWs } from './ports.ts';

type CityRead = ReturnType<typeof loadCity>;
type Env = Readonly<Record<string, string | undefined>>;

/** Everything that can keep the hotline from starting or running, all of it in one go. Changes nothing; safe beside a running hotline. */
export async function examine(env: Env): Promise<readonly Finding[]> {
  const { config, findings, broken } = readSettings(env);
  const city = loadCity(config.cityFolder, config.channelsFile);
  const folders = foldersOf(config);
  const run = readRunFile(folders);
  const holder = holderOf(folders.data);
  // Its ports are taken already, and nothing tells yet by whom.
  const starting = holder !== undefined && run?.pids?.supervisor !== holder;
  const embedded = (env['MINHU_ESL'] ?? '').trim() === '';
  const all: Finding[] = [
    checkNode(process.versions.node),
    checkClock(Date.now(), folders),
    ...findings,
    ...checkTls(config),
    ...checkCity(config.cityFolder, city),
    ...(await checkAccounts(config, city, env)),
    checkDataFolder(config.dataFolder),
    checkRunFile(folders, run, holder),
  ];
  if (!starting && !broken.has('MINHU_HTTP')) all.push(await checkHttp(config.http, run));
  if (!starting && embedded && !broken.has('MINHU_SIP')) all.push(...(await checkSip(config.sip, run)));
  if (!starting && embedded && !broken.has('MINHU_WS')) all.push(await checkWs(config.ws, run));
  if (embedded && !broken.has('MINHU_SIP') && !broken.has('MINHU_RTP')) all.push(await checkRtp(config, run));
  if (embedded) all.push(checkEmbeddedPassword(folders));
  if (!embedded) all.push(...(await checkFreeSwitch(env, config, broken)));
  if (config.databaseUrl !== undefined) all.push(await checkDatabase(config.databaseUrl));
  return all;
}

interface Settings {
  readonly config: Config;
  readonly findings: readonly Finding[];
  /** Settings that cannot be used; `config` holds their defaults. */
  readonly broken: ReadonlySet<string>;
}

/** One wrong setting must not hide what else is wrong: the others are used as they are. */
function readSettings(env: Env): Settings {
  const first = loadConfig(env);
  if (first.ok)
    return { config: first.config, findings: [good('settings', '设置无误', 'settings')], broken: new Set() };
  const broken = new Set(first.problems.flatMap(({ setting }) => setting.split(', ')));
  const findings = first.problems.map(({ setting, message, fix }) =>
    bad('settings', `设置 ${setting} 有误`, message, fix),
  );
  // The password is judged only with nodes, so it goes with them.
  const left = Object.entries(env).filter(([name]) => !broken.has(name) && name !== 'MINHU_ESL');
  const second = loadConfig(Object.fromEntries(left));
  if (!second.ok) throw new Error(`the defaults do not stand: ${second.problems.map(({ setting }) => setting).join()}`);
  return { config: second.config, findings, broken };
}

/** Its nodes, and whether desk phones and pages can register at them. */
async function checkFreeSwitch(env: Env, config: Config, broken: ReadonlySet<string>): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const hosts: string[] = [];
  const httpKnown = !['MINHU_HTTP', 'MINHU_TLS_CERT', 'MINHU_TLS_KEY'].some((setting) => broken.has(setting));
  const hasPages = (env['MINHU_WS'] ?? '').trim() !== '';
  for (const node of eslNodes(env)) {
    const name = `${node.host}:${node.port}`;
    const { findings: ofNode, answers, seatValues } = await checkEslNode(node, env['MINHU_ESL_PASSWORD']?.trim());
    findings.push(...ofNode);
    if (answers) hosts.push(node.host);
    if (seatValues === undefined) continue;
    findings.push(checkSeats(name, seatValues, foldersOf(config).directorySecretFile));
    const http = { ...config.http, secure: config.tls !== undefined };
    if (httpKnown) findings.push(...(await checkSeatsUrl(name, node, seatValues.url, http)));
    if (hasPages) findings.push(...checkPageScheme(name, seatValues.scheme, http.secure));
  }
  if (!hasPages) return [...findings, noPageSocket()];
  if (hosts.length === 0 || broken.has('MINHU_WS')) return findings;
  return [...findings, await checkPageSocket(config.ws, [config.http.host, ...hosts])];
}

function eslNodes(env: Env) {
  return (env['MINHU_ESL'] ?? '').split(',').flatMap((address) => parseEndpoint(address) ?? []);
}

function checkTls(config: Config): readonly Finding[] {
  if (config.tls === undefined) return [];
  const problem = tlsProblem(config, Date.now());
  if (problem === undefined) return [good('tls', 'TLS 证书与私钥可用', 'certificate and key can be used')];
  const fix =
    '把 MINHU_TLS_CERT、MINHU_TLS_KEY 设为一对可读、相配、在有效期内的 PEM 文件 / set both to a readable, matching, valid pair of PEM files';
  return [bad('tls', problem.zh, problem.en, fix)];
}

/** They name queues of the city: with a city that cannot be read, nothing can be said of them. */
async function checkAccounts({ channelsFile }: Config, city: CityRead, env: Env): Promise<readonly Finding[]> {
  if ((env['MINHU_CHANNELS'] ?? '') !== '' && !existsSync(channelsFile)) {
    const fix = '把 MINHU_CHANNELS 设为已有的文件，或不设 / set MINHU_CHANNELS to a file that is there, or not at all';
    return [bad('channels', `没有 ${channelsFile}：所有渠道都不接入`, 'is not there: no channel is in service', fix)];
  }
  return city.ok ? checkChannels(channelsFile, new Set(Object.keys(city.city.settings.queues)), env) : [];
}

function checkCity(folder: string, city: CityRead): readonly Finding[] {
  if (city.ok) {
    const { seats, settings, hotlines } = city.city;
    const merged = hotlines.filter(({ active }) => active).length;
    const flows = Object.keys(settings.flows).length - merged;
    return [
      ...checkWorkdays(city.city, Date.now()),
      ...checkPlans(city.city),
      ...checkSites(city.city),
      ...checkCallBacks(city.city, Date.now()),
      good(
        'city',
        `城市目录 ${folder}：${flows} 个流程，${merged} 条并入的热线，${seats.length} 个座席`,
        `${flows} flows, ${merged} merged hotlines, ${seats.length} seats`,
      ),
    ];
  }
  return city.problems.map(({ file, line, message, fix }) => bad('city', `${file}:${line}`, message, fix));
}

/** Whoever waits to the end of a plan must find somebody: a skill with a slip in its name is nobody's. */
export function checkPlans({ settings, seats }: City): readonly Finding[] {
  return Object.entries(settings.plans ?? {}).flatMap(([name, steps]) => {
    const last = steps.at(-1);
    const { needs, sites } = last ?? { needs: { all: [] } };
    const somebody = seats.some(
      ({ skills, site = HOME_SITE }) => meets(needs, skills) && (sites === undefined || sites.includes(site)),
    );
    if (somebody || seats.length === 0) return [];
    return warning(
      'plans',
      `方案“${name}”的最后一步，seats.yaml 里没有一个座席能接`,
      `no seat of seats.yaml may serve the last step of the plan "${name}"`,
      '核对 plans.yaml 里的技能、等级和站点，或改为 anybody / check its skills, levels and sites in plans.yaml, or write anybody',
    );
  });
}

/** Seats for which no site is named, those of accounts too, are there: it must be seen, drained and counted like every other. */
export function checkSites({ settings: { sites } }: City): readonly Finding[] {
  if (sites === undefined || sites.some(({ id }) => id === HOME_SITE)) return [];
  return [
    warning(
      'sites',
      `sites.yaml 没有站点 ${HOME_SITE}：没有写明站点的座席都算在那里，却不在站点列表里，也不能停派`,
      `sites.yaml lacks ${HOME_SITE}, where every seat is for which no site is named: it is not listed and cannot be drained`,
      `在 sites.yaml 里加上 ${HOME_SITE} / add ${HOME_SITE} to sites.yaml`,
    ),
  ];
}

/** Missed calls are called back while a calendar is open: one that never opens keeps them for ever. */
export function checkCallBacks(
  { settings: { missedCalls, hours, workdays = {} } }: City,
  nowMs: number,
): readonly Finding[] {
  const calendar = missedCalls === undefined ? undefined : hours?.[missedCalls.calendar];
  if (calendar === undefined || isOpen(calendar, workdays, nowMs)) return [];
  if (changesAtMs(calendar, workdays, nowMs) !== undefined) return [];
  return [
    warning(
      'call-backs',
      `漏接回拨所用的服务时间“${missedCalls!.calendar}”从不开放，漏接来电不会回拨`,
      `the hours "${missedCalls!.calendar}" never open: no missed call is called back`,
      '在 hours.yaml 里为它写上时段 / give it shifts in hours.yaml',
    ),
  ];
}

/** A year that is missing counts its holidays as working days; the notice for the next comes out in November. */
export function checkWorkdays({ settings, office }: City, nowMs: number): readonly Finding[] {
  return missingYears(settings.workdays ?? {}, office.offsets, nowMs).map((year) =>
    warning(
      'workdays',
      `缺少 ${year} 年的放假安排`,
      `the holidays of ${year} are missing`,
      `按国务院办公厅的通知，在 workdays.yaml 里加上 ${year} 年 / add ${year} to workdays.yaml, by the State Council's notice`,
    ),
  );
}

/** What a stop leaves behind does no harm; parts that live on without their supervisor do. */
function checkRunFile(folders: Folders, run: RunFile | undefined, holder: number | undefined): Finding {
  if (holder !== undefined && run?.pids?.supervisor !== holder)
    return good('run', `民呼正在启动（进程 ${holder}），端口未检查`, 'Minhu is starting; its ports are not checked');
  if (!existsSync(folders.runFile)) return good('run', '民呼未在运行', 'Minhu is not running');
  if (run?.pids === undefined) {
    return bad(
      'run',
      `${folders.runFile} 已损坏`,
      'is damaged',
      '删除它；下次启动会重新生成 / delete it; the next start writes it anew',
    );
  }
  const { supervisor, core, switch: softswitch } = run.pids;
  if (holder !== undefined) return good('run', `民呼正在运行（进程 ${holder}）`, 'Minhu is running');
  const orphans = [
    ...(isAliveAs(core, 'main.js') ? [core] : []),
    ...(softswitch !== null && isAliveAs(softswitch, 'softswitch') ? [softswitch] : []),
  ];
  if (orphans.length === 0)
    return good('run', '民呼未在运行（有上次运行的记录）', 'Minhu is not running; run.json is of the last time');
  return bad(
    'run',
    `监护进程 ${supervisor} 已不在，但进程 ${orphans.join('、')} 仍在运行`,
    `the supervisor is gone, its parts (${orphans.join(', ')}) run on`,
    '重新启动民呼：它会接管交换机，通话不断 / start Minhu again: it takes the switch over and calls go on',
  );
}

async function checkDatabase(url: string): Promise<Finding> {
  const place = `PostgreSQL ${databasePlace(url)}`;
  const problem = await databaseProblem(url);
  if (problem === undefined) return good('database', `${place} 可用`, 'can be used');
  return bad('database', `${place} ${problem.zh}`, problem.en, problem.fix);
}
