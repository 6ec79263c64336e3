import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Endpoint, isLoopback } from '../../config.ts';
import { createUserAgent } from '../../softswitch/sip/create-user-agent.ts';
import type { Flow } from '../../softswitch/sip/user-agent.ts';
import { type DrivenUserAgent, driveUserAgent } from '../../softswitch/sip-port.ts';
import { localIpFor, openSipSockets, type SipSockets } from '../../softswitch/sip-sockets.ts';
import { type PhoneCall, type PhoneCalls, startCalls } from './phone-calls.ts';
import { openSound } from './sound.ts';

/** What the person at the phone notices. Times are `performance.now()`. */
export type PhoneNews =
  | { readonly news: 'incoming'; readonly call: PhoneCall; readonly from: string }
  | { readonly news: 'ringing'; readonly call: PhoneCall; readonly status: number }
  | { readonly news: 'answered'; readonly call: PhoneCall }
  /** The last of a call; its sound file is whole. `status` is that of an INVITE that failed. */
  | {
      readonly news: 'ended';
      readonly call: PhoneCall;
      readonly by: 'peer' | 'us' | 'timeout';
      readonly status: number | undefined;
    }
  | { readonly news: 'registered'; readonly status: number; readonly expiresMs: number }
  | { readonly news: 'connectionLost' };

export interface PhoneOptions {
  /** An IPv4 address. */
  readonly server: Endpoint;
  readonly transport: Flow['transport'];
  /** What this phone says all the time. */
  readonly speaksHz: number;
}

/** A telephone with its own sockets and sound: SIP and RTP as any softphone speaks them. */
export interface Phone extends Pick<PhoneCalls, 'dial' | 'accept' | 'press' | 'hangUp' | 'calls'> {
  /** `registered` follows; kept up until `unregister`. */
  register(account: { readonly sipUser: string; readonly sipPassword: string }): void;
  /** `registered` follows with `expiresMs` 0. */
  unregister(): void;
  /** Ends what still runs and removes the sound files. */
  close(): Promise<void>;
}

const REALM = 'minhu';
const REGISTERED_MS = 120_000;
const SERVER = 'server';

/** @throws the system's own error when no socket can be had. */
export async function openPhone(options: PhoneOptions, tell: (news: PhoneNews) => void): Promise<Phone> {
  const { server, transport } = options;
  const bound = isLoopback(server.host) ? '127.0.0.1' : '0.0.0.0';
  const folder = mkdtempSync(join(tmpdir(), 'minhu-phone-'));
  const sound = openSound(folder, bound);
  let sockets: SipSockets | undefined;
  let closed = false;
  const localAddress = (flow: Flow) => ({
    ip: localIpFor(flow.remoteIp, bound, undefined),
    port: sockets?.port ?? 0,
  });
  const agent = createUserAgent({
    realm: REALM,
    secret: randomBytes(32),
    random: (bytes) => randomBytes(bytes),
    localAddress,
    trunkOf: (ip) => (ip === server.host ? SERVER : undefined),
    mayDial: () => true,
    credentialOf: () => undefined,
    callsMax: CALLS_MAX,
  });
  const sip: DrivenUserAgent = driveUserAgent(
    agent,
    () => sockets,
    localAddress,
    (happening) => {
      if (happening.kind === 'registerResult') {
        tell({ news: 'registered', status: happening.status, expiresMs: happening.expiresMs });
      } else calls.happened(happening);
    },
  );
  const calls = startCalls({ ...options, sip, sound, folder, tell });
  sockets = await openSipSockets(
    { host: bound, port: 0 },
    {
      received: sip.received,
      connectionClosed(connection) {
        if (closed) return;
        sip.connectionClosed(connection);
        tell({ news: 'connectionLost' });
      },
      unreachable: sip.unreachable,
    },
    pino({ level: 'silent' }),
  );
  const flow: Flow = { transport, remoteIp: server.host, remotePort: server.port };
  const registrar = `sip:${server.host}:${server.port}${transport === 'tcp' ? ';transport=tcp' : ''}`;
  let account = { sipUser: '', sipPassword: '' };
  const register = (expiresMs: number) =>
    sip.register(SERVER, { registrar, user: account.sipUser, password: account.sipPassword, flow, expiresMs });
  return {
    ...calls,
    register(given) {
      account = given;
      register(REGISTERED_MS);
    },
    unregister: () => register(0),
    async close() {
      await calls.endAll();
      await sound.close();
      closed = true;
      sip.stop();
      sockets?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const CALLS_MAX = 4;
