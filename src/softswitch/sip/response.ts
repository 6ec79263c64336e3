import { splitOutside } from './characters.ts';
import { isReliable } from './flow.ts';
import { type Header, header, headersOf, type RequestIn, reasonOf, type SipResponse } from './message.ts';
import type { Flow } from './user-agent.ts';

export interface ReplyParts {
  readonly status: number;
  /** Put on To when the request had none there. */
  readonly toTag: string;
  readonly headers?: readonly Header[];
  readonly body?: string;
  readonly reason?: string;
}

/** RFC 3261 §8.2.6.2: Via, From, To, Call-ID and CSeq as they came. */
export function replyTo(request: { readonly headers: readonly Header[] }, flow: Flow, parts: ReplyParts): SipResponse {
  const [firstVia, ...otherVias] = headersOf(request, 'Via');
  const to = headersOf(request, 'To')[0] ?? '';
  const tagged = parts.toTag === '' || /;\s*tag\s*=/i.test(to.slice(to.lastIndexOf('>') + 1));
  return {
    kind: 'response',
    status: parts.status,
    reason: parts.reason ?? reasonOf(parts.status),
    headers: [
      header('Via', markVia(firstVia ?? '', flow)),
      ...otherVias.map((value) => header('Via', value)),
      ...copy(request, 'From'),
      header('To', tagged ? to : `${to};tag=${parts.toTag}`),
      ...copy(request, 'Call-ID'),
      ...copy(request, 'CSeq'),
      ...(parts.status === 100 ? copy(request, 'Timestamp') : []),
      ...(parts.headers ?? []),
    ],
    body: parts.body ?? '',
  };
}

function copy(request: { readonly headers: readonly Header[] }, name: string): Header[] {
  return headersOf(request, name)
    .slice(0, 1)
    .map((value) => header(name, value));
}

/** `received` and `rport` on the topmost Via: RFC 3261 §18.2.1, RFC 3581 §4. */
function markVia(line: string, flow: Flow): string {
  const [first, ...others] = splitOutside(line, ',') ?? [line];
  const asked = /;\s*rport\s*(?=;|$)/i.test(first!);
  const ported = first!.replace(/;\s*rport\s*(?=;|$)/i, `;rport=${flow.remotePort}`);
  const sentBy = /^SIP\s*\/\s*2\.0\s*\/\s*\S+\s+(\[[^\]]*\]|[^\s:;]+)/i.exec(first!)?.[1] ?? '';
  const differs = sentBy.replace(/^\[|\]$/g, '') !== flow.remoteIp;
  const received = (asked || differs) && !/;\s*received\s*=/i.test(first!) ? `;received=${flow.remoteIp}` : '';
  return [`${ported}${received}`, ...others].join(', ');
}

/** Where the reply goes: RFC 3261 §18.2.2, RFC 3581 §4. `maddr` is not followed: it would let a stranger choose whom we send to. */
export function replyFlow(request: RequestIn, flow: Flow): Flow {
  if (isReliable(flow) || request.via.parameters.has('rport')) return flow;
  return { ...flow, remotePort: request.via.port ?? 5060 };
}
