import { SteadyClock } from '../lib/steady-clock.ts';
import type { SipPort } from './board.ts';
import type { Flow, Registration, SipHappening, UserAgent } from './sip/user-agent.ts';
import type { SipSockets } from './sip-sockets.ts';

const TIMER_MS_MAX = 60_000;

export interface DrivenUserAgent extends SipPort {
  received(flow: Flow, data: Uint8Array): void;
  connectionClosed(connection: number): void;
  connectionQuiet(connection: number, quiet: boolean): void;
  unreachable(flow: Flow): void;
  callCount(): number;
  /** The bindings of users for whom this is false end. */
  keepOnly(stays: (user: string) => boolean): void;
  /** For a phone, which registers elsewhere; the switch never does. */
  register(id: string, registration: Parameters<UserAgent['register']>[1]): void;
  /** From now on no timer fires; what is still asked for is sent. */
  stop(): void;
}

/**
 * Gives the user agent what it has not: sockets, a clock and one timer. Every call ends by carrying out what it wants. Its transactions, dialogs
 * and bindings last for as long as they should, however the machine's clock is set; others are told their ends by that clock.
 */
export function driveUserAgent(
  agent: UserAgent,
  sockets: () => SipSockets | undefined,
  localAddress: SipPort['localAddress'],
  happened: (happening: SipHappening) => void,
): DrivenUserAgent {
  const clock = steadyClock();
  let draining = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  function drain(): void {
    if (draining) return;
    draining = true;
    for (let outputs = agent.takeOutputs(); outputs.length > 0; outputs = agent.takeOutputs()) {
      for (const output of outputs) {
        if (output.kind === 'send') sockets()?.send(output.flow, output.data);
        else if (output.kind === 'close') sockets()?.closeFlow(output.flow);
        else happened(toldOnWall(output, clock));
      }
    }
    draining = false;
    schedule();
  }

  function schedule(): void {
    clearTimeout(timer);
    const deadlineMs = agent.nextDeadlineMs();
    if (stopped || deadlineMs === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(advance, Math.min(TIMER_MS_MAX, clock.until(deadlineMs)));
  }

  function advance(): void {
    agent.advance(clock.now());
    drain();
  }

  const then =
    <Arguments extends unknown[]>(work: (...given: Arguments) => void) =>
    (...given: Arguments): void => {
      work(...given);
      drain();
    };
  return {
    ring: then((call: string, sdp: string | undefined) => agent.ring(call, sdp, true, clock.now())),
    accept: then((call: string, sdp: string) => agent.accept(call, sdp, clock.now())),
    reject: then((call: string, status: number, reason: string) => agent.reject(call, status, reason, clock.now())),
    invite: then((invite) => agent.invite(invite, clock.now())),
    acceptOffer: then((call: string, sdp: string) => agent.acceptOffer(call, sdp, clock.now())),
    rejectOffer: then((call: string, status: number) => agent.rejectOffer(call, status, clock.now())),
    offer: then((call: string, sdp: string) => agent.offer(call, sdp, clock.now())),
    end: then((call: string, reason: string | undefined) => agent.end(call, reason, clock.now())),
    ping: then((call: string) => agent.ping(call, clock.now())),
    ...bindingsOf(agent, clock),
    localAddress,
    received: then((flow: Flow, data: Uint8Array) => agent.receive(flow, data, clock.now())),
    connectionQuiet: then((connection: number, quiet: boolean) => agent.connectionQuiet(connection, quiet)),
    connectionClosed: then((connection: number) => agent.connectionClosed(connection, clock.now())),
    unreachable: then((flow: Flow) => agent.unreachable(flow, clock.now())),
    callCount: () => agent.callCount(),
    keepOnly: then((stays: (user: string) => boolean) => agent.keepOnly(stays)),
    register: then((id: string, registration) => agent.register(id, registration, clock.now())),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function steadyClock(): SteadyClock {
  return new SteadyClock(
    () => Date.now(),
    () => performance.now(),
  );
}

function bindingsOf(
  agent: UserAgent,
  clock: SteadyClock,
): Pick<SipPort, 'registrations' | 'registrationsOf' | 'registrationAt'> {
  return {
    registrations: () => agent.registrations().map((each) => onWall(each, clock)),
    registrationsOf: (user) => agent.registrationsOf(user).map((each) => onWall(each, clock)),
    registrationAt: (uri) => {
      const registration = agent.registrationAt(uri);
      return registration && onWall(registration, clock);
    },
  };
}

function onWall(registration: Registration, clock: SteadyClock): Registration {
  return { ...registration, expiresAtMs: clock.onWall(registration.expiresAtMs) };
}

function toldOnWall(happening: SipHappening, clock: SteadyClock): SipHappening {
  if (happening.kind !== 'registered' && happening.kind !== 'unregistered') return happening;
  return { ...happening, registration: onWall(happening.registration, clock) };
}
