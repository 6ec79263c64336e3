import type { Device } from '../../core/event.ts';
import { type Headers, uriOf, userOfRegistration } from './headers.ts';

/** Which phones registered under which Call-ID: of a phone whose WebSocket ended FreeSWITCH tells nothing else. */
export type Registrations = Map<string, readonly PhoneName[]>;

interface PhoneName {
  readonly sipUser: string;
  readonly device: string;
}

/** More than seats have phones; of one that is forgotten the end of its registration tells. */
export const REGISTRATIONS_MAX = 20_000;
const DEVICES_OF_ONE_MAX = 8;

export function noteRegistered(registrations: Registrations, callId: string, { sipUser, uri }: Device): void {
  if (callId === '') return;
  const others = without(registrations.get(callId) ?? [], uri);
  registrations.delete(callId);
  registrations.set(callId, [...others, { sipUser, device: uri }].slice(-DEVICES_OF_ONE_MAX));
  if (registrations.size <= REGISTRATIONS_MAX) return;
  for (const oldest of registrations.keys()) {
    registrations.delete(oldest);
    return;
  }
}

/**
 * The phone that a `sofia::unregister` or `sofia::expire` is about. Without a contact a connection has ended (`reason`
 * `socket-disconnection`): a page that is back has registered under the same Call-ID by another one, so the oldest is meant.
 */
export function takeUnregistered(registrations: Registrations, headers: Headers): PhoneName | undefined {
  const callId = headers.get('call-id') ?? '';
  const phones = registrations.get(callId) ?? [];
  const sipUser = userOfRegistration(headers);
  const device = uriOf(headers.get('contact') ?? '');
  const gone = device !== '' && sipUser !== undefined ? { sipUser, device } : phones[0];
  if (gone === undefined) return undefined;
  const left = without(phones, gone.device);
  if (left.length === 0) registrations.delete(callId);
  else registrations.set(callId, left);
  return gone;
}

function without(phones: readonly PhoneName[], device: string): readonly PhoneName[] {
  return phones.filter((phone) => phone.device !== device);
}
