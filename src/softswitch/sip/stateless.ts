import { fakeHa1 } from './digest.ts';
import { isReliable, trunkOf } from './flow.ts';
import type { RequestIn } from './message.ts';
import { type ReplyParts, replyFlow, replyTo } from './response.ts';
import { serialize } from './serialize-message.ts';
import { emit, type State } from './state.ts';
import type { Flow } from './user-agent.ts';

/** A stranger over UDP gets at most this many times what came: the source address may be forged. */
const AMPLIFICATION_MAX = 1.5;

/** Answers and remembers nothing: the same request gets the same To tag again. RFC 3261 §8.2.7. */
export function refuse(state: State, request: RequestIn, flow: Flow, parts: Omit<ReplyParts, 'toTag'>): void {
  const toTag = fakeHa1(state.options.secret, `${request.callId} ${request.via.branch} ${request.fromTag}`).slice(
    0,
    12,
  );
  const data = serialize(replyTo(request, flow, { ...parts, toTag }));
  const trusted = isReliable(flow) || trunkOf(state, flow) !== undefined;
  if (!trusted && data.length > request.size * AMPLIFICATION_MAX) return;
  emit(state, { kind: 'send', flow: replyFlow(request, flow), data });
}
