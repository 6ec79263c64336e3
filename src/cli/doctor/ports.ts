import type { Config, Endpoint } from '../../config.ts';
import { isAliveAs } from '../../lib/process-life.ts';
import { probeTcp, probeUdp } from '../../main/probe-port.ts';
import type { RunFile } from '../../main/run-file.ts';
import { bad, type Finding, good } from './finding.ts';

/** Ports tried, spread evenly over the range. */
export const RTP_PROBES_MAX = 1_000;

export async function checkHttp(http: Endpoint, run: RunFile | undefined): Promise<Finding> {
  const ours = isAliveAs(run?.pids.core, 'main.js') && portOf(run?.http) === http.port;
  return told('http', 'MINHU_HTTP', 'HTTP', http, ours, await probeTcp(http), '127.0.0.1:8081');
}

export async function checkSip(sip: Endpoint, run: RunFile | undefined): Promise<readonly Finding[]> {
  const ours = isAliveAs(run?.pids.switch, 'softswitch') && portOf(run?.sip) === sip.port;
  return [
    told('sip-udp', 'MINHU_SIP', 'SIP UDP', sip, ours, await probeUdp(sip), '0.0.0.0:5080'),
    told('sip-tcp', 'MINHU_SIP', 'SIP TCP', sip, ours, await probeTcp(sip), '0.0.0.0:5080'),
  ];
}

export async function checkWs(ws: Endpoint, run: RunFile | undefined): Promise<Finding> {
  const ours = isAliveAs(run?.pids.switch, 'softswitch') && portOf(run?.ws) === ws.port;
  return told('ws', 'MINHU_WS', 'WebSocket', ws, ours, await probeTcp(ws), '127.0.0.1:5067');
}

function told(
  check: string,
  setting: string,
  what: string,
  { host, port }: Endpoint,
  ours: boolean,
  code: string | undefined,
  example: string,
): Finding {
  const place = `${what} ${host}:${port}`;
  if (port === 0 && code === undefined) return good(check, `${place}：任取空闲端口`, 'any free port');
  if (code === undefined) return good(check, `${place} 空闲`, 'is free');
  if (code === 'EADDRINUSE' && ours)
    return good(check, `${place} 由正在运行的民呼占用`, 'is held by the running Minhu');
  const [zh, en, fix] = refusal(code, port, setting, example);
  return bad(check, `${place} ${zh}（${code}）`, `${en} (${code})`, fix);
}

function refusal(code: string, port: number, setting: string, example: string): readonly [string, string, string] {
  switch (code) {
    case 'EADDRINUSE':
      return [
        '已被其他程序占用',
        'is held by another program',
        `查看占用者：ss -lntup 'sport = :${port}'；停止它，或设置 ${setting}（例如 ${example}） / see who: ss -lntup 'sport = :${port}'; stop it, or set ${setting}, e.g. ${example}`,
      ];
    case 'EACCES':
      return [
        '无权使用',
        'may not be used by this account',
        `把 ${setting} 设为 1024 以上的端口（例如 ${example}） / set ${setting} to a port above 1024, e.g. ${example}`,
      ];
    default:
      return [
        '不是本机可用的地址',
        'is not an address of this machine',
        `把 ${setting} 设为本机地址（ip -br address 可查看），例如 ${example} / set ${setting} to an address of this machine (see: ip -br address), e.g. ${example}`,
      ];
  }
}

/** Sound needs two ports a leg. A few that others hold are passed over by the switch; a range in which hardly one is free is wrong. */
export async function checkRtp(config: Pick<Config, 'rtp' | 'sip'>, run: RunFile | undefined): Promise<Finding> {
  const { min, max } = config.rtp;
  const stride = Math.max(1, Math.ceil((max - min + 1) / RTP_PROBES_MAX));
  let tried = 0;
  let taken = 0;
  for (let port = min; port <= max; port += stride) {
    tried += 1;
    if ((await probeUdp({ host: config.sip.host, port })) !== undefined) taken += 1;
  }
  const zh = `RTP 端口 ${min}-${max}：抽查 ${tried} 个，${tried - taken} 个空闲`;
  const en = `of ${tried} RTP ports tried, ${tried - taken} are free`;
  if (taken * 2 <= tried || isAliveAs(run?.pids.switch, 'softswitch')) return good('rtp', zh, en);
  return bad(
    'rtp',
    zh,
    en,
    '设置 MINHU_RTP 为空闲的端口段，例如 30000-39999 / set MINHU_RTP to a range that is free, e.g. 30000-39999',
  );
}

function portOf(address: string | null | undefined): number {
  return Number(address?.split(':').at(-1) ?? -1);
}
