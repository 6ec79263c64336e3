import type { Config, Endpoint } from '../config.ts';
import type { Folders } from './folders.ts';

/** What a newcomer needs to know the moment the program is ready: where to look, how to call, where the accounts are. */
export function printReady(config: Config, folders: Folders, http: Endpoint, sip: Endpoint | readonly string[]): void {
  const scheme = config.tls === undefined ? 'http' : 'https';
  const lines = [
    '民呼已就绪 / Minhu is ready',
    `  网页与接口 / web and API   ${scheme}://${reachable(http)}`,
    ...('port' in sip
      ? [callLine(reachable(sip))]
      : [`  交换机 / switch            ${nodesOf(config)}`, ...sip.map(callLine)]),
    `  初始账号 / accounts        ${folders.firstRunFile}`,
    `  日志 / logs                ${folders.log}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The start has not come to its end because no FreeSWITCH answers yet. */
export function printWaiting(config: Config): void {
  process.stdout.write(
    `仍在等待交换机 / still waiting for ${nodesOf(config)}\n  → 原因见 npx minhu doctor / npx minhu doctor says why\n`,
  );
}

const callLine = (address: string): string => `  拨打热线 / call the line   sip:12345@${address}`;

function nodesOf({ eslNodes }: Config): string {
  return `FreeSWITCH ${eslNodes.map((node) => `${node.host}:${node.port}`).join(', ')}`;
}

/** An address to type in: “every address” is shown as this machine's own. */
function reachable(endpoint: Endpoint): string {
  const host = endpoint.host === '0.0.0.0' || endpoint.host === '::' ? '127.0.0.1' : endpoint.host;
  return `${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`;
}
