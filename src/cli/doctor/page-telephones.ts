import { readFileSync } from 'node:fs';
import { sameSecret } from '../../channel/channel.ts';
import { type Endpoint, isLoopback } from '../../config.ts';
import { SECRET_LENGTH_MIN } from '../../main/directory-secret.ts';
import { isListening } from './event-socket-client.ts';
import { bad, type Finding, good, warning } from './finding.ts';

/** What FreeSWITCH shows where it asks for seats, where that is, and by what pages' sockets are opened. */
export const SEAT_VARIABLES = {
  secret: 'minhu_directory_secret',
  url: 'minhu_directory_url',
  scheme: 'minhu_ws_scheme',
} as const;
/** `''` for what is not set. */
export type SeatValues = Readonly<Record<keyof typeof SEAT_VARIABLES, string>>;

/** Seats register at FreeSWITCH only while it shows our secret at our address. Neither secret is ever part of a finding. */
export function checkSeats(name: string, { secret, url }: SeatValues, secretFile: string): Finding {
  // Of our configuration one of the two is always set.
  if (secret === '' && url === '') return unknown(name);
  if (secret === '') {
    return refused(
      `FreeSWITCH ${name} 的 ${SEAT_VARIABLES.secret} 为空`,
      'its secret for the seats is empty',
      secretFile,
    );
  }
  const ours = readSecret(secretFile);
  if (ours === 'unreadable') {
    return warning(
      'esl-seats',
      `${secretFile} 无法读取，未核对 FreeSWITCH ${name} 的座席密钥`,
      `it cannot be read: FreeSWITCH's secret for the seats was not compared`,
      '以民呼所用的账号运行本命令 / run this command as the account that runs Minhu',
    );
  }
  if (ours === undefined) return refused(`还没有 ${secretFile}`, 'is not there yet', secretFile);
  if (ours.length < SECRET_LENGTH_MIN) {
    return bad(
      'esl-seats',
      `${secretFile} 中的密钥太短`,
      `the secret in it is shorter than ${SECRET_LENGTH_MIN} characters: Minhu does not start`,
      '删除该文件，重新启动时会随机生成 / delete the file: the next start draws one',
    );
  }
  if (sameSecret(secret, ours)) {
    return good(
      'esl-seats',
      `FreeSWITCH ${name} 的座席密钥与民呼一致`,
      'shows the secret that the seats are given for',
    );
  }
  return refused(
    `FreeSWITCH ${name} 的 ${SEAT_VARIABLES.secret} 与 ${secretFile} 不一致`,
    'its secret for the seats is not ours',
    secretFile,
  );
}

function refused(zh: string, en: string, secretFile: string): Finding {
  return bad(
    'esl-seats',
    `${zh}：所有话机都无法登记`,
    `${en}: no telephone can register`,
    `把 ${secretFile} 的内容（没有该文件时先启动一次民呼）写入 settings.xml 的 ${SEAT_VARIABLES.secret}，再执行 fs_cli -x "reload mod_xml_curl"（只 reloadxml 不生效） / put the content of that file (not there: start Minhu once) into ${SEAT_VARIABLES.secret} in settings.xml, then fs_cli -x "reload mod_xml_curl" (reloadxml alone changes nothing)`,
  );
}

function unknown(name: string): Finding {
  return warning(
    'esl-seats',
    `FreeSWITCH ${name} 没有变量 ${SEAT_VARIABLES.secret}，未核对座席密钥`,
    `has no variable ${SEAT_VARIABLES.secret}: whether seats can register was not checked`,
    '核对 xml_curl.conf.xml：gateway-url 指向民呼，gateway-credentials 含 MINHU_DATA/switch/directory-secret 的内容 / see xml_curl.conf.xml: gateway-url leads to Minhu, gateway-credentials holds the content of MINHU_DATA/switch/directory-secret',
  );
}

/** Undefined when there is no such file. */
function readSecret(file: string): string | 'unreadable' | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : 'unreadable';
  }
}

/**
 * Only what is sure: with FreeSWITCH on this machine and an address of this machine, nobody is at that port, or it speaks the other of http and
 * https. Who is at another port may be a proxy that leads to us.
 */
export async function checkSeatsUrl(
  name: string,
  node: Endpoint,
  url: string,
  http: Endpoint & { readonly secure: boolean },
): Promise<readonly Finding[]> {
  const parsed = /^(https?):\/\/(\[[0-9a-f:]+\]|[^/:@\s]+)(?::(\d{1,5}))?(?:\/|$)/i.exec(url);
  const host = parsed?.[2]?.replace(/^\[|\]$/g, '') ?? '';
  if (!isLoopback(node.host) || !isLoopback(host) || http.port === 0) return [];
  const secure = parsed?.[1]?.toLowerCase() === 'https';
  const port = Number(parsed?.[3] ?? (secure ? 443 : 80));
  const scheme = http.secure ? 'https' : 'http';
  const wrong = port === http.port ? secure !== http.secure : !(await isListening({ host, port }));
  if (!wrong) return [];
  return [
    warning(
      'esl-seats',
      `FreeSWITCH ${name} 的 ${SEAT_VARIABLES.url} 不通向民呼：${port === http.port ? `民呼用 ${scheme}` : `端口 ${port} 无人监听`}`,
      port === http.port ? `its address for the seats is not ${scheme}` : `nobody listens where it asks for the seats`,
      `在 settings.xml 中改为 ${scheme}://127.0.0.1:${http.port}/api/v1/freeswitch/directory，再执行 fs_cli -x "reload mod_xml_curl" / write that address there, then fs_cli -x "reload mod_xml_curl"`,
    ),
  ];
}

export function noPageSocket(): Finding {
  return warning(
    'ws',
    '未设置 MINHU_WS：座席页面没有话机，只有桌面话机能接听',
    'MINHU_WS is not set: agents’ pages have no telephone, desk phones alone can answer',
    '把 MINHU_WS 设为 FreeSWITCH 的 WebSocket 地址，即 settings.xml 的 minhu_ws，例如 127.0.0.1:5066；只用桌面话机时不必理会 / set MINHU_WS to minhu_ws of settings.xml, e.g. 127.0.0.1:5066; with desk phones alone leave it',
  );
}

/** A page that comes by https may open secure sockets alone. One that comes by http may be behind a proxy that adds the https. */
export function checkPageScheme(name: string, scheme: string, secure: boolean): readonly Finding[] {
  if (!secure || scheme !== 'ws') return [];
  return [
    bad(
      'ws',
      `FreeSWITCH ${name} 的 ${SEAT_VARIABLES.scheme} 为 ws：以 https 打开的座席页面连不上话机`,
      'its sockets are not secure: pages that come by https cannot open them',
      `在 settings.xml 中把 ${SEAT_VARIABLES.scheme} 改为 wss，证书放入 wss.pem（见 dialplans/freeswitch/README.md），重启 FreeSWITCH / set it to wss in settings.xml, put the certificate into wss.pem (dialplans/freeswitch/README.md), and start FreeSWITCH again`,
    ),
  ];
}

/** Of FreeSWITCH. Pages look for the port on the host that they come from, which may be another than `MINHU_WS` names. */
export async function checkPageSocket({ host, port }: Endpoint, hosts: readonly string[]): Promise<Finding> {
  const places = new Set([host, ...hosts].map((one) => (one === '0.0.0.0' || one === '::' ? '127.0.0.1' : one)));
  const found = await Promise.all([...places].map((one) => isListening({ host: one, port })));
  if (found.includes(true)) return good('ws', `WebSocket 端口 ${port} 有应答`, 'is listened to');
  return bad(
    'ws',
    `MINHU_WS ${host}:${port} 无人监听：座席页面的话机连不上`,
    'nobody listens there: the telephones of agents’ pages cannot connect',
    '把 MINHU_WS 改为 settings.xml 中 minhu_ws 的端口（fs_cli -x "sofia status profile internal" 可查看） / set MINHU_WS to the port of minhu_ws in settings.xml (see: fs_cli -x "sofia status profile internal")',
  );
}
