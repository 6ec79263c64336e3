import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Peer, sipp } from '../../e2e/peers.ts';
import * as scenarios from './scenarios.ts';
import { until } from './stage.ts';

export type Cue = 'PRESS' | 'HANGUP' | 'ANSWER' | 'HOLD' | 'RESUME';

/** A SIPp call that does the next thing when told. */
export interface Call extends Peer {
  /** Lets it do the next thing; it must have come to where its scenario waits for this word. */
  cue(word: Cue): Promise<void>;
  /** Waits until a SIP message of this call, sent or received, has such a line. */
  sees(line: RegExp): Promise<true>;
  /** The SIP messages of this call, sent and received. */
  messages(): string;
}

export interface CallPlan {
  readonly server: string;
  readonly number: string;
  readonly from: string;
  readonly key?: string;
}

/** A citizen's call on its way. */
export async function callIn(plan: CallPlan): Promise<Call> {
  return start(scenarios.caller(plan), plan.server).then(({ call }) => call);
}

/** A seat's phone that waits to be rung, or a citizen's behind a trunk. */
export async function startPhone(
  scenario = scenarios.phone(),
  localPort?: number,
): Promise<{ call: Call; device: string }> {
  const { call, port } = await start(scenario, '127.0.0.1:9', localPort);
  await until(
    () => (isBound(port) ? true : undefined),
    () => `no phone at ${port}: ${call.output()}`,
  );
  return { call, device: `sip:1001@127.0.0.1:${port}` };
}

/** A phone that registers from this port and is gone again; its exit status. */
export async function register(server: string, localPort: number, scenario: string): Promise<number | null> {
  const peer = sipp({ scenario, server, localPort, callId: `registration-${localPort}`, timeoutS: 10 });
  const status = await peer.ended;
  await peer.dispose();
  return status;
}

async function start(scenario: string, server: string, chosen?: number): Promise<{ call: Call; port: number }> {
  const localPort = chosen ?? (await freePort());
  const mediaPort = await freeMediaPort();
  const peer = sipp({ scenario, server, localPort, mediaPort });
  return { call: cued(peer, localPort), port: localPort };
}

function cued(peer: Peer, port: number): Call {
  const messages = (): string => {
    const file = join(peer.folder, 'messages.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  let cues = 0;
  return {
    ...peer,
    messages,
    sees: (line) =>
      until(
        () => (line.test(messages()) ? true : undefined),
        () => `no ${line} in\n${messages()}`,
      ),
    async cue(word) {
      const callId = await until(
        () => /^(?:Call-ID|i): *(\S+)/m.exec(messages())?.[1],
        () => `no call yet: ${peer.output()}`,
      );
      cues += 1;
      await sendTo(port, `${word} sip:cue@127.0.0.1 SIP/2.0`, callId, `${cues} ${word}`);
    },
  };
}

function sendTo(port: number, start: string, callId: string, sequence: string): Promise<void> {
  const lines = [
    start,
    `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-cue-${sequence.replace(' ', '-')}`,
    'From: <sip:cue@127.0.0.1>;tag=cue',
    'To: <sip:cue@127.0.0.1>',
    `Call-ID: ${callId}`,
    `CSeq: ${sequence}`,
    'Content-Length: 0',
  ];
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.send(`${lines.join('\r\n')}\r\n\r\n`, port, '127.0.0.1', (error) => {
      socket.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/**
 * Above what the system hands out by itself, and away from where the tests' other programs have their sound (10,000 to 31,000): whoever takes the
 * port before SIPp does is rung in its place.
 */
export function freePort(): Promise<number> {
  return freeAmong(61_000, 2);
}

/** SIPp takes the next ones as well: for RTCP, and two for a picture. So they lie where no call's own port can be. */
function freeMediaPort(): Promise<number> {
  return freeAmong(63_200, 4);
}

async function freeAmong(first: number, apart: number): Promise<number> {
  for (;;) {
    const port = first + apart * Math.floor((Math.random() * 2_200) / apart);
    const socket = createSocket('udp4');
    const free = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '127.0.0.1', () => resolve(true));
    });
    socket.close();
    if (free) return port;
  }
}

/** Whether somebody listens on this UDP port, as the system tells. */
function isBound(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return readFileSync('/proc/net/udp', 'utf8').includes(`:${hex} 00000000:0000`);
}
