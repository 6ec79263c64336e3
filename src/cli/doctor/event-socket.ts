import { readFileSync } from 'node:fs';
import { type Endpoint, ESL_PASSWORD_DEFAULT, weakEslPassword } from '../../config.ts';
import type { Folders } from '../../main/folders.ts';
import { type Answer, askNode } from './event-socket-client.ts';
import { bad, type Finding, good } from './finding.ts';
import { SEAT_VARIABLES, type SeatValues } from './page-telephones.ts';

/** Of the files of dialplans/freeswitch first, then of FreeSWITCH's own. */
const PASSWORD_PLACE = {
  zh: 'settings.xml 的 minhu_esl_password（另有配置时为 autoload_configs/event_socket.conf.xml）',
  en: 'minhu_esl_password of settings.xml (with another configuration: autoload_configs/event_socket.conf.xml)',
};
const ACCESS_PLACE = {
  zh: 'acl.conf.xml 的列表 minhu（另有配置时为 autoload_configs/event_socket.conf.xml 的 apply-inbound-acl 所指的列表）',
  en: 'the list minhu of acl.conf.xml (with another configuration: the list that apply-inbound-acl of autoload_configs/event_socket.conf.xml names)',
};

/** The embedded switch's own password, made at the first start. */
export function checkEmbeddedPassword(folders: Folders): Finding {
  let password: string;
  try {
    password = readFileSync(folders.eslPasswordFile, 'utf8').trim();
  } catch {
    return good(
      'esl-password',
      '事件接口密码将在首次启动时随机生成',
      'the event-socket password is drawn at the first start',
    );
  }
  const weak = weakEslPassword(password, [], undefined);
  if (weak === undefined)
    return good('esl-password', '事件接口密码为随机强密码', 'the event-socket password is strong');
  return bad(
    'esl-password',
    `${folders.eslPasswordFile} 中的事件接口密码太弱`,
    `the event-socket password in it ${weak}`,
    '停止民呼，删除该文件后重新启动，密码会重新生成 / stop Minhu, delete that file and start again: a new one is drawn',
  );
}

export interface NodeFound {
  readonly findings: readonly Finding[];
  readonly answers: boolean;
  /** Undefined when it does not take our password. */
  readonly seatValues: SeatValues | undefined;
}

/** A FreeSWITCH node: answers, does not take the default password, takes ours. */
export async function checkNode(node: Endpoint, password: string | undefined): Promise<NodeFound> {
  const name = `${node.host}:${node.port}`;
  const { answer: byDefault } = await askNode(node, ESL_PASSWORD_DEFAULT);
  if (byDefault === 'silent' || byDefault === 'rejected') {
    return { findings: [unreachable(name, byDefault)], answers: false, seatValues: undefined };
  }
  const findings = [good('esl-node', `FreeSWITCH ${name} 有应答`, 'answers'), defaultTaken(name, byDefault)];
  if (password === undefined || password === ESL_PASSWORD_DEFAULT) {
    return { findings, answers: true, seatValues: undefined };
  }
  const { secret, url, scheme } = SEAT_VARIABLES;
  const { answer, values } = await askNode(node, password, [secret, url, scheme]);
  findings.push(ourPassword(name, answer));
  if (answer !== 'accepted') return { findings, answers: true, seatValues: undefined };
  const shown = (variable: string): string => values.get(variable) ?? '';
  const seatValues = { secret: shown(secret), url: shown(url), scheme: shown(scheme) };
  return { findings, answers: true, seatValues };
}

function unreachable(name: string, why: 'silent' | 'rejected'): Finding {
  if (why === 'rejected') {
    return bad(
      'esl-node',
      `FreeSWITCH ${name} 拒绝本机连接`,
      'refuses this machine (its access list)',
      `把本机地址加入 ${ACCESS_PLACE.zh}，再执行 fs_cli -x reloadacl / add this machine's address to ${ACCESS_PLACE.en}, then fs_cli -x reloadacl`,
    );
  }
  return bad(
    'esl-node',
    `FreeSWITCH ${name} 没有应答`,
    'no event socket answers there',
    `启动 FreeSWITCH 并加载 mod_event_socket，或改正 MINHU_ESL（settings.xml 的 minhu_esl_ip、minhu_esl_port） / start FreeSWITCH with mod_event_socket, or correct MINHU_ESL (minhu_esl_ip and minhu_esl_port of settings.xml)`,
  );
}

function defaultTaken(name: string, answer: 'accepted' | 'refused'): Finding {
  if (answer === 'refused') {
    return good('esl-default', `FreeSWITCH ${name} 不接受默认密码`, 'does not take the default password');
  }
  return bad(
    'esl-default',
    `FreeSWITCH ${name} 接受众所周知的默认密码 ${ESL_PASSWORD_DEFAULT}，任何能连上的人都可控制它（CVE-2019-19492）`,
    `takes the well-known password ${ESL_PASSWORD_DEFAULT}: whoever reaches it controls it`,
    `把至少 16 位的随机密码（openssl rand -hex 24）写入 ${PASSWORD_PLACE.zh} 和 MINHU_ESL_PASSWORD，重启 FreeSWITCH / put a random password of at least 16 characters into ${PASSWORD_PLACE.en} and into MINHU_ESL_PASSWORD, and start FreeSWITCH again`,
  );
}

function ourPassword(name: string, answer: Answer): Finding {
  if (answer === 'accepted')
    return good('esl-auth', `FreeSWITCH ${name} 接受 MINHU_ESL_PASSWORD`, 'takes our password');
  return bad(
    'esl-auth',
    `FreeSWITCH ${name} 不接受 MINHU_ESL_PASSWORD`,
    'does not take our password',
    `使 MINHU_ESL_PASSWORD 与 ${PASSWORD_PLACE.zh} 一致 / make MINHU_ESL_PASSWORD the same as ${PASSWORD_PLACE.en}`,
  );
}
