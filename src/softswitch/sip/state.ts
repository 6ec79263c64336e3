import type { Deadlines } from '../../lib/deadlines.ts';
import type { Admission } from './admission.ts';
import type { ClientTransaction } from './client-transaction.ts';
import type { Connected } from './connected.ts';
import type { Dialog } from './dialog.ts';
import type { OwnRegistration } from './register-client.ts';
import type { Registrar } from './registrar.ts';
import type { ServerTransaction } from './server-transaction.ts';
import type { StreamBuffer } from './stream.ts';
import type { Flow, Registration, SipOutput, UserAgentOptions } from './user-agent.ts';

/** What a deadline does when it comes. */
export type Fire = (nowMs: number) => void;

/** Everything the SIP layer remembers. */
export interface State {
  readonly options: UserAgentOptions;
  outputs: SipOutput[];
  readonly timers: Deadlines<Fire>;
  readonly clients: Map<string, ClientTransaction>;
  readonly servers: Map<string, ServerTransaction>;
  /** From-tag, Call-ID and CSeq of requests without To-tag → key of their transaction (RFC 3261 §8.2.2.2). */
  readonly merged: Map<string, string>;
  /** Dialogs whose end was not yet told, by call. */
  readonly calls: Map<string, Dialog>;
  /** Every dialog, by Call-ID and tags. */
  readonly dialogs: Map<string, Dialog>;
  readonly registrar: Registrar;
  readonly registrations: Map<string, OwnRegistration>;
  readonly admission: Admission;
  readonly connected: {
    readonly dialogs: Connected<Dialog>;
    readonly clients: Connected<ClientTransaction>;
    readonly registrations: Connected<Registration>;
  };
  readonly streams: Map<number, { readonly flow: Flow; readonly buffer: StreamBuffer }>;
}

/** RFC 3261 §17.1.1.1. */
export const T1_MS = 500;
export const T2_MS = 4_000;
export const T4_MS = 5_000;
export const GIVE_UP_MS = 64 * T1_MS;

export function randomHex(state: State, bytes: number): string {
  return Buffer.from(state.options.random(bytes)).toString('hex');
}

export function emit(state: State, output: SipOutput): void {
  state.outputs.push(output);
}
