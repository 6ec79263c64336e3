import { ACK, ACK_487, BYE, CANCEL, INVITE, OK } from '../../e2e/scenarios.ts';

/**
 * SIPp scenarios of a caller and of a seat's phone that do the next thing when a test says so: the test sends a datagram with the call's
 * Call-ID and a method that no SIP has (`PRESS`, `HANGUP`, `ANSWER`, `HOLD`, `RESUME`). So no peer waits by the clock.
 */
export function caller(plan: { readonly number: string; readonly from: string; readonly key?: string }): string {
  return scenario(`${INVITE}
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="480" optional="true" next="refused"/>
  <recv response="200" optional="true" rrs="true" next="answered"/>
  <recv request="HANGUP"/>
  ${CANCEL}
  <recv response="200"/>
  <recv response="487"/>
  <label id="refused"/>
  ${ACK_487.replace('<send>', '<send next="end">')}
  <label id="answered"/>
  ${ACK}
  <label id="talking"/>
  <recv request="PRESS" optional="true" next="press"/>
  <recv request="HANGUP" optional="true" next="hangUp"/>
  <recv request="BYE"/>
  ${OK}
  <label id="press"/>
  <nop next="talking"><action><exec play_dtmf="${plan.key ?? '2'}"/></action></nop>
  <label id="hangUp"/>
  ${BYE}
  <recv response="200"/>
  <label id="end"/>`)
    .replaceAll('{number}', plan.number)
    .replaceAll('{from}', plan.from);
}

export function phone(): string {
  return scenario(`${RECEIVE_INVITE}
  ${reply('180 Ringing')}
  <recv request="CANCEL" optional="true" next="cancelled"/>
  <recv request="ANSWER"/>
  ${reply('200 OK', sdp('sendrecv'), ' retrans="500"')}
  <recv request="ACK"/>
  <label id="talking"/>
  <recv request="HOLD" optional="true" next="hold"/>
  <recv request="RESUME" optional="true" next="resume"/>
  <recv request="HANGUP" optional="true" next="hangUp"/>
  <recv request="BYE"/>
  ${OK}
  <label id="hold"/>
  ${reInvite(2, 'sendonly')}
  <label id="resume"/>
  ${reInvite(3, 'sendrecv')}
  <label id="hangUp"/>
  ${request('BYE', 4, '', ' retrans="500"')}
  <recv response="200" next="end"/>
  <label id="cancelled"/>
  ${OK.replace(' next="end"', '')}
  ${reply('487 Request Terminated', '', ' retrans="500"')}
  <recv request="ACK"/>
  <label id="end"/>`);
}

/** A phone that refuses at once: `486 Busy Here`. */
export function refusing(status: string): string {
  return scenario(`${RECEIVE_INVITE}
  ${reply(status, '', ' retrans="500"')}
  <recv request="ACK"/>`);
}

/** A phone that registers, or takes its registration back (`expires` 0). */
export function registering(user: string, password: string, expiresS: number, device: string): string {
  const send = (sequence: number, authentication: string): string => `<send retrans="500"><![CDATA[

      REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:${user}@minhu>;tag=[pid]r[call_number]
      To: <sip:${user}@minhu>
      Call-ID: [call_id]
      CSeq: ${sequence} REGISTER
      Contact: <${device}>
      Max-Forwards: 70
      Expires: ${expiresS}
      ${authentication}
      Content-Length: 0

  ]]></send>`;
  const first = expiresS === 0 ? 3 : 1;
  return scenario(`${send(first, 'User-Agent: contract')}
  <recv response="100" optional="true"/>
  <recv response="401" auth="true"/>
  ${send(first + 1, `[authentication username=${user} password=${password}]`)}
  <recv response="100" optional="true"/>
  <recv response="200"/>`);
}

function scenario(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="contract">\n  ${body}\n</scenario>\n`;
}

const KEPT = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => [name, name.replace('-', '')] as const);

/** What later replies and requests need of the INVITE, as the newest message is then a test's word. */
const RECEIVE_INVITE = `<recv request="INVITE"><action>
    ${KEPT.map(([name, kept]) => `<ereg regexp="[^ ].*" search_in="hdr" header="${name}:" assign_to="${kept}"/>`).join('\n    ')}
    <ereg regexp="sips?:[^&gt;]*" search_in="hdr" header="Contact:" assign_to="Target"/>
  </action></recv>
  <Reference variables="Target,${KEPT.map(([, kept]) => kept).join(',')}"/>`;

const OWN_TAG = '[pid]phone[call_number]';

function reply(status: string, body = '', attributes = ''): string {
  const headers = KEPT.map(([name, kept]) => `${name}: [$${kept}]${name === 'To' ? `;tag=${OWN_TAG}` : ''}`);
  return message(`SIP/2.0 ${status}`, headers, body, attributes);
}

function request(method: string, sequence: number, body = '', attributes = ''): string {
  const headers = [
    'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]',
    `From: [$To];tag=${OWN_TAG}`,
    'To: [$From]',
    'Call-ID: [$CallID]',
    `CSeq: ${sequence} ${method}`,
    'Max-Forwards: 70',
  ];
  return message(`${method} [$Target] SIP/2.0`, headers, body, attributes);
}

function reInvite(sequence: number, direction: string): string {
  return `${request('INVITE', sequence, sdp(direction, sequence), ' retrans="500"')}
  <recv response="100" optional="true"/>
  <recv response="200"/>
  ${request('ACK', sequence, '', ' next="talking"')}`;
}

function message(start: string, headers: readonly string[], body: string, attributes: string): string {
  const more =
    body === '' ? ['Content-Length: 0', ''] : ['Content-Type: application/sdp', 'Content-Length: [len]', '', body];
  const contact = 'Contact: <sip:phone@[local_ip]:[local_port]>';
  return `<send${attributes}><![CDATA[\n\n${[start, ...headers, contact, ...more].join('\n')}\n]]></send>`;
}

function sdp(direction: string, version = 1): string {
  return `v=0
o=phone 1 ${version} IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 96
a=rtpmap:8 PCMA/8000
a=rtpmap:96 telephone-event/8000
a=${direction}`;
}
