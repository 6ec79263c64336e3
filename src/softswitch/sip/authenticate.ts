import { countFailure, useNonce } from './admission.ts';
import { decodeText, readNumber } from './characters.ts';
import {
  algorithmOf,
  challengeValue,
  checkNonce,
  fakeHa1,
  hash,
  makeNonce,
  parseDigest,
  responseOf,
  sameHex,
} from './digest.ts';
import { isWebSocket } from './flow.ts';
import { type Header, header, headersOf, type RequestIn } from './message.ts';
import { parseUri } from './parse-uri.ts';
import type { State } from './state.ts';
import type { Credential, Flow } from './user-agent.ts';

export type Verdict =
  | { readonly kind: 'user'; readonly user: string }
  /** No seat: may call this number. */
  | { readonly kind: 'guest'; readonly ticket: string; readonly number: string }
  /** Answer 401 with this header. */
  | { readonly kind: 'challenge'; readonly header: Header };

/**
 * RFC 3261 §22, RFC 8760. `claimed` is the user whose algorithm the challenge names. An unknown user is challenged, computed and
 * refused as a known one is. A right answer to an old nonce, or an nc used before, gets `stale=true` and counts as no failure.
 */
export function authenticate(state: State, request: RequestIn, claimed: string, flow: Flow, nowMs: number): Verdict {
  const fields = ourCredentials(state, request);
  if (fields === undefined) return challenge(state, claimed, flow, false, nowMs);
  const user = decodeText(fields.get('username') ?? '');
  const known = state.options.credentialOf(user);
  const guise = { algorithm: guiseOf(state, user), ha1: fakeHa1(state.options.secret, user) };
  const credential: Credential = known ?? guise;
  const right = isRight(request, fields, credential) && known !== undefined;
  const nonce = fields.get('nonce') ?? '';
  const age = checkNonce(state.options.secret, nonce, flow.remoteIp, nowMs);
  if (!right || age === 'forged') {
    // A nonce of an earlier run of ours is no guess at a password.
    if (!right) countFailure(state, flow.remoteIp, nowMs);
    return challenge(state, claimed, flow, right, nowMs);
  }
  const nc = fields.has('qop') ? Number.parseInt(fields.get('nc') ?? '', 16) : Number.MAX_SAFE_INTEGER;
  if (age === 'stale' || !useNonce(state, nonce, nc, nowMs)) return challenge(state, claimed, flow, true, nowMs);
  if (credential.calls !== undefined) return { kind: 'guest', ticket: user, number: credential.calls };
  return { kind: 'user', user: credential.seat ?? user };
}

function challenge(state: State, claimed: string, flow: Flow, stale: boolean, nowMs: number): Verdict {
  const { options } = state;
  const nonce = makeNonce(options.secret, nowMs, flow.remoteIp, options.random(6));
  // Browsers' telephones compute nothing but MD5; what they register with is good for an hour only.
  const algorithm = isWebSocket(flow) ? 'md5' : (options.credentialOf(claimed)?.algorithm ?? guiseOf(state, claimed));
  const value = challengeValue(options.realm, nonce, algorithm, stale);
  return { kind: 'challenge', header: header('WWW-Authenticate', value) };
}

/** Asked for known users too: both cost the same. */
function guiseOf(state: State, user: string): Credential['algorithm'] {
  return state.options.guiseOf?.(user) ?? 'md5';
}

function ourCredentials(state: State, request: RequestIn): ReadonlyMap<string, string> | undefined {
  for (const value of [...headersOf(request, 'Authorization'), ...headersOf(request, 'Proxy-Authorization')]) {
    const fields = parseDigest(value);
    if (fields?.get('realm') === state.options.realm) return fields;
  }
  return undefined;
}

function isRight(request: RequestIn, fields: ReadonlyMap<string, string>, credential: Credential): boolean {
  const algorithm = algorithmOf(fields.get('algorithm')) ?? 'md5';
  const uri = fields.get('uri') ?? '';
  const nonce = fields.get('nonce') ?? '';
  const nc = fields.get('nc') ?? '';
  const qop = fields.has('qop') ? { nc, cnonce: fields.get('cnonce') ?? '' } : undefined;
  const expected = responseOf({ algorithm, ha1: credential.ha1, method: request.method, uri, nonce, qop });
  const given = (fields.get('response') ?? '').toLowerCase();
  // Both sides hashed once more: equal lengths, whatever was sent.
  const same = sameHex(hash('sha256', given), hash('sha256', expected));
  const formed = qop === undefined || (/^[0-9a-f]{8}$/i.test(nc) && fields.get('qop')?.toLowerCase() === 'auth');
  return same && formed && algorithm === credential.algorithm && namesTarget(uri, request.uri);
}

/** The digest's URI must mean the request's (RFC 7616 §3.4.6); ports and parameters are often written differently. */
function namesTarget(digestUri: string, requestUri: string): boolean {
  if (digestUri === requestUri) return true;
  const a = parseUri(digestUri);
  const b = parseUri(requestUri);
  return a !== undefined && b !== undefined && a.user === b.user && a.host.toLowerCase() === b.host.toLowerCase();
}

/** For Expires and the like: seconds. */
export function seconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : readNumber(text.trim(), 2 ** 32 - 1);
}
