/** SIPp scenarios of a citizen's call, as data: what is pressed, how long it lasts, where it breaks off. */
export interface CallerPlan {
  readonly number: string;
  readonly from: string;
  /** Keys, each with the time since the one before (or the answer). */
  readonly press?: ReadonlyArray<{ readonly key: string; readonly afterMs: number }>;
  /** The citizen hangs up so long after the last key, unless the hotline does first. */
  readonly talkMs: number;
  /** The citizen's phone never acknowledges the answer. */
  readonly loseAck?: true;
  /** An SDP offer that the hotline cannot take. */
  readonly codec?: 'G729';
  /** Further headers of the INVITE, such as a History-Info. */
  readonly headers?: readonly string[];
  /** The final answer that is expected instead of 200. */
  readonly refused?: number;
}

export function callerScenario(plan: CallerPlan): string {
  const press = (plan.press ?? []).map(
    ({ key, afterMs }) => `<pause milliseconds="${afterMs}"/>
  <nop><action><exec play_dtmf="${key}"/></action></nop>`,
  );
  const ack = plan.loseAck ? '' : ACK;
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
  ${inviteOf(plan)}
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  ${plan.refused === undefined ? answered(ack, press, plan) : refused(plan.refused)}
</scenario>
`
    .replaceAll('{number}', plan.number)
    .replaceAll('{from}', plan.from);
}

/** A citizen who gives up before the hotline answered, or right after: CANCEL `afterMs` after the INVITE. */
export function cancelScenario(plan: { readonly number: string; readonly from: string }): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="canceller">
  ${inviteOf(plan)}
  <recv response="100"/>
  ${CANCEL}
  <recv response="180" optional="true"/>
  <recv response="200"/>
  <recv response="487"/>
  ${ACK_487}
</scenario>
`
    .replaceAll('{number}', plan.number)
    .replaceAll('{from}', plan.from);
}

function answered(ack: string, press: readonly string[], plan: CallerPlan): string {
  return `<recv response="200" rrs="true" timeout="20000"/>
  ${ack}
  ${press.join('\n  ')}
  <recv request="BYE" timeout="${plan.talkMs}" ontimeout="hangup"/>
  ${OK}
  <label id="hangup"/>
  ${BYE}
  <recv response="200"/>
  <label id="end"/>`;
}

function refused(status: number): string {
  return `<recv response="${status}"/>
  ${ACK_487}`;
}

function inviteOf(plan: Pick<CallerPlan, 'number' | 'codec' | 'headers'>): string {
  const headers = (plan.headers ?? []).map((header) => `${header}\n      `).join('');
  const invite = INVITE.replace('Max-Forwards: 70', `${headers}Max-Forwards: 70`);
  return plan.codec === undefined
    ? invite
    : invite.replace('RTP/AVP 8 0 96', 'RTP/AVP 18').replace(/a=rtpmap:.*\n\s*/g, '');
}

/** The INVITE, its CANCEL and the ACK of a refusal are one transaction (RFC 3261 §9.1, §17.1.1.3). */
const INVITE_BRANCH = 'z9hG4bK-[pid]-[call_number]';

export const INVITE = `<send retrans="500">
    <![CDATA[
      INVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${INVITE_BRANCH}
      From: "市民张三" <sip:{from}@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
      To: <sip:{number}@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: <sip:{from}@[local_ip]:[local_port];transport=[transport]>
      Max-Forwards: 70
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=caller 53655765 2353687637 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8 0 96
      a=rtpmap:8 PCMA/8000
      a=rtpmap:0 PCMU/8000
      a=rtpmap:96 telephone-event/8000
      a=fmtp:96 0-15
      a=sendrecv
    ]]>
  </send>`;

export const ACK = `<send>
    <![CDATA[
      ACK [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: "市民张三" <sip:{from}@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
      To: <sip:{number}@[remote_ip]:[remote_port]>[peer_tag_param]
      [routes]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Max-Forwards: 70
      Content-Length: 0

    ]]>
  </send>`;

export const ACK_487 = ACK.replace('ACK [next_url]', 'ACK sip:{number}@[remote_ip]:[remote_port]').replace(
  '[branch]',
  INVITE_BRANCH,
);

export const CANCEL = `<send retrans="500">
    <![CDATA[
      CANCEL sip:{number}@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${INVITE_BRANCH}
      From: "市民张三" <sip:{from}@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
      To: <sip:{number}@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 CANCEL
      Max-Forwards: 70
      Content-Length: 0

    ]]>
  </send>`;

export const OK = `<send next="end">
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

    ]]>
  </send>`;

export const BYE = `<send retrans="500">
    <![CDATA[
      BYE [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: "市民张三" <sip:{from}@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
      To: <sip:{number}@[remote_ip]:[remote_port]>[peer_tag_param]
      [routes]
      Call-ID: [call_id]
      CSeq: 2 BYE
      Max-Forwards: 70
      Content-Length: 0

    ]]>
  </send>`;
