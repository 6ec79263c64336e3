import { randomInt, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { answerOffer, makeOffer, type RemoteMedia, readAnswer } from '../../softswitch/sip/sdp.ts';
import type { SipHappening } from '../../softswitch/sip/user-agent.ts';
import type { DrivenUserAgent } from '../../softswitch/sip-port.ts';
import type { PhoneNews, PhoneOptions } from './phone.ts';
import type { Sound } from './sound.ts';

/** One call of the phone, as long as it lasts. */
export interface PhoneCall {
  readonly id: string;
  /** Whom it is with: the number dialled, or the caller's. */
  readonly peer: string;
  /** Two-channel WAV, left what the far end says; begins at the answer. */
  readonly file: string;
  readonly startedMs: number;
  answeredMs: number | undefined;
  endedMs: number | undefined;
}

export interface PhoneCalls {
  /** @throws Error when no RTP port is free. */
  dial(number: string, from: string): Promise<PhoneCall>;
  accept(call: PhoneCall): void;
  /** RFC 4733. */
  press(call: PhoneCall, keys: string): void;
  hangUp(call: PhoneCall): void;
  /** Those that have not ended. */
  calls(): readonly PhoneCall[];
  happened(happening: SipHappening): void;
  endAll(): Promise<void>;
}

interface Line {
  readonly call: PhoneCall;
  port: number;
  /** Our last description. */
  sdp: string | undefined;
  /** Theirs, not answered yet. */
  offer: string | undefined;
}

interface Parts extends PhoneOptions {
  readonly sip: DrivenUserAgent;
  readonly sound: Sound;
  readonly folder: string;
  readonly tell: (news: PhoneNews) => void;
}

const TONE_MS = 3_600_000;
const NOT_ACCEPTABLE = 488;

export function startCalls(parts: Parts): PhoneCalls {
  const lines = new Map<string, Line>();
  const on = (id: string, act: (line: Line) => void): void => {
    const line = lines.get(id);
    if (line !== undefined) act(line);
  };
  return {
    async dial(number, from) {
      const line = await openLine(parts, lines, randomUUID(), number);
      line.sdp = makeOffer(localMedia(parts, line));
      const { server, transport, sip } = parts;
      sip.invite({
        call: line.call.id,
        target: `sip:${number}@${server.host}:${server.port}${transport === 'tcp' ? ';transport=tcp' : ''}`,
        flow: undefined,
        fromUser: from,
        fromName: '',
        sdp: line.sdp,
        headers: [],
      });
      return line.call;
    },
    accept: (call) => on(call.id, (line) => accept(parts, line)),
    press: (call, digits) => parts.sound.apply({ wish: 'sendDigits', leg: call.id, digits }),
    hangUp: (call) => parts.sip.end(call.id, undefined),
    calls: () => [...lines.values()].map(({ call }) => call),
    happened: (happening) => happened(parts, lines, happening),
    async endAll() {
      for (const id of lines.keys()) parts.sip.end(id, undefined);
      // BYE goes out at once; its answer is not waited for.
      await Promise.all([...lines.keys()].map((id) => parts.sound.closeLeg(id)));
    },
  };
}

async function openLine(parts: Parts, lines: Map<string, Line>, id: string, peer: string): Promise<Line> {
  const file = join(parts.folder, `${id}.wav`);
  const call: PhoneCall = {
    id,
    peer,
    file,
    startedMs: performance.now(),
    answeredMs: undefined,
    endedMs: undefined,
  };
  const line: Line = { call, port: 0, sdp: undefined, offer: undefined };
  lines.set(id, line);
  try {
    line.port = await parts.sound.open(id);
  } catch (error) {
    lines.delete(id);
    throw error;
  }
  return line;
}

function happened(parts: Parts, lines: Map<string, Line>, happening: SipHappening): void {
  if (happening.kind === 'incoming') return void ring(parts, lines, happening);
  if (!('call' in happening)) return;
  const line = lines.get(happening.call);
  if (line === undefined) return;
  const { call } = line;
  switch (happening.kind) {
    case 'ringing':
      return parts.tell({ news: 'ringing', call, status: happening.status });
    case 'answered':
      return happening.again ? undefined : talk(parts, line, readTheirs(parts, happening.sdp));
    case 'confirmed':
      // Only the answer to our late offer is news here.
      return happening.sdp === undefined ? undefined : talk(parts, line, readTheirs(parts, happening.sdp));
    case 'offer':
      return renegotiate(parts, line, happening.sdp);
    case 'ended':
      return void end(parts, lines, line, happening);
    case 'digit':
    case 'pinged':
      return;
  }
}

async function ring(
  parts: Parts,
  lines: Map<string, Line>,
  { call, from, sdp }: SipHappening & { kind: 'incoming' },
): Promise<void> {
  try {
    const line = await openLine(parts, lines, call, from);
    line.offer = sdp;
    parts.sip.ring(call, undefined);
    parts.tell({ news: 'incoming', call: line.call, from });
  } catch {
    parts.sip.reject(call, 503, 'No media');
  }
}

function accept(parts: Parts, line: Line): void {
  const { sip } = parts;
  const { id } = line.call;
  if (line.offer === undefined) {
    line.sdp = makeOffer(localMedia(parts, line));
    return sip.accept(id, line.sdp);
  }
  const agreed = answerOffer(line.offer, localMedia(parts, line), parts.server.host);
  if (agreed === undefined) return sip.reject(id, NOT_ACCEPTABLE, 'Not Acceptable Here');
  line.sdp = agreed.answer;
  sip.accept(id, agreed.answer);
  talk(parts, line, agreed.remote);
}

/** The first time the far end is known: the sound begins, and with it the file. */
function talk(parts: Parts, line: Line, remote: RemoteMedia | undefined): void {
  const { sound, sip, tell } = parts;
  const { call } = line;
  if (remote === undefined) return sip.end(call.id, undefined);
  sound.apply({ wish: 'connect', leg: call.id, remote });
  if (call.answeredMs !== undefined) return;
  call.answeredMs = performance.now();
  sound.apply({ wish: 'record', leg: call.id, file: call.file });
  sound.apply({ wish: 'play', leg: call.id, id: call.id, sources: [`tone:${parts.speaksHz}:${TONE_MS}`] });
  tell({ news: 'answered', call });
}

function renegotiate(parts: Parts, line: Line, sdp: string | undefined): void {
  const { sip, sound } = parts;
  const { id } = line.call;
  if (sdp === undefined) {
    line.sdp = makeOffer(localMedia(parts, line));
    return sip.acceptOffer(id, line.sdp);
  }
  const agreed = answerOffer(sdp, localMedia(parts, line), parts.server.host);
  if (agreed === undefined) return sip.rejectOffer(id, NOT_ACCEPTABLE);
  line.sdp = agreed.answer;
  sip.acceptOffer(id, agreed.answer);
  sound.apply({ wish: 'connect', leg: id, remote: agreed.remote });
}

async function end(
  parts: Parts,
  lines: Map<string, Line>,
  { call }: Line,
  { by, status }: SipHappening & { kind: 'ended' },
): Promise<void> {
  call.endedMs = performance.now();
  await parts.sound.closeLeg(call.id);
  lines.delete(call.id);
  parts.tell({ news: 'ended', call, by, status });
}

function readTheirs(parts: Parts, sdp: string | undefined): RemoteMedia | undefined {
  return sdp === undefined ? undefined : readAnswer(sdp, parts.server.host);
}

function localMedia({ sip, server, transport }: Parts, line: Line) {
  const { ip } = sip.localAddress({ transport, remoteIp: server.host, remotePort: server.port });
  return { ip, port: line.port, sessionId: randomInt(2 ** 47), previous: line.sdp };
}
