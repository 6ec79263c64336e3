import { isAskedElse } from './asked-else.ts';
import { isExcluded } from './exclusion.ts';
import { gateOpen } from './gate.ts';
import { type AgentId, agentId } from './ids.ts';
import { type Bucket, isDelayed, type Serving, servingOf } from './kind.ts';
import { STANDING } from './standing-key.ts';
import type { Contact, State } from './state.ts';

/** Q3: the agent that an open contact would be offered to now; undefined when none is free who may have it. */
export function bestAgent(state: State, contact: Contact): AgentId | undefined {
  const place = contact[STANDING];
  if (place === undefined || place.bucket === null) return undefined;
  return bestFor(state, contact, place.bucket, place.atMs)?.agent;
}

interface Chance {
  readonly agent: AgentId;
  readonly excluded: boolean;
  readonly score: number;
  readonly idleSinceMs: number;
}

/** Of those who may have it in this step, with this effective age. Q3, O5: who did not take this contact is asked again only when nobody else is free. */
export function bestFor(state: State, contact: Contact, bucket: Bucket, sinceMs: number): Chance | undefined {
  const before = returnedTo(state, contact, bucket);
  if (before !== undefined) return before;
  const waitedMs = state.nowMs - sinceMs;
  if (bucket.only !== null) return chanceOf(state, contact, bucket, bucket.only, waitedMs);
  let best: Chance | undefined;
  for (const serving of bucket.servedBy) {
    if (best !== undefined && !best.excluded && serving.score < best.score) break;
    const idle = serving.kind.idle[bucket.slot]!;
    if (idle.size === 0 || isDelayed(serving.delayMs, waitedMs)) continue;
    if (!gateOpen(state, serving.kind, bucket.queue, bucket.slot)) continue;
    const found = chanceIn(state, contact, serving);
    if (found !== undefined && (best === undefined || better(found, best))) best = found;
  }
  return best;
}

/** T10: the agent with whom the talk broke off, whatever the profile delays. */
function returnedTo(state: State, contact: Contact, bucket: Bucket): Chance | undefined {
  const agent = contact.stage.in === 'queue' ? contact.stage.wait.returnTo : undefined;
  if (agent === undefined || (bucket.only !== null && bucket.only !== agent)) return undefined;
  return isExcluded(state, contact, agent)
    ? undefined
    : chanceOf(state, contact, bucket, agent, Number.POSITIVE_INFINITY);
}

/** Q18, Q12. */
function chanceOf(
  state: State,
  contact: Contact,
  bucket: Bucket,
  agent: AgentId,
  waitedMs: number,
): Chance | undefined {
  const seat = state.standing.seats.get(agent);
  if (seat?.kind === undefined || (seat.slots & (1 << bucket.slot)) === 0) return undefined;
  const serving = servingOf(seat.kind, bucket, state.settings!);
  if (serving === undefined || isDelayed(serving.delayMs, waitedMs)) return undefined;
  if (!gateOpen(state, seat.kind, bucket.queue, bucket.slot)) return undefined;
  if (isAskedElse(state, contact, seat.kind, agent)) return undefined;
  return { agent, excluded: false, score: 0, idleSinceMs: seat.atMs };
}

function chanceIn(state: State, contact: Contact, { kind, bucket, score }: Serving): Chance | undefined {
  const idle = kind.idle[bucket.slot]!;
  if (contact.excluded.length === 0 && contact.medium !== 'callback') {
    const { id, atMs } = idle.first()!;
    return { agent: agentId(id), excluded: false, score, idleSinceMs: atMs };
  }
  let first: Chance | undefined;
  for (const { id, atMs } of idle) {
    const agent = agentId(id);
    if (isAskedElse(state, contact, kind, agent)) continue;
    const excluded = isExcluded(state, contact, agent);
    if (!excluded || first === undefined) first = { agent, excluded, score, idleSinceMs: atMs };
    if (!excluded) break;
  }
  return first;
}

function better(a: Chance, b: Chance): boolean {
  if (a.excluded !== b.excluded) return b.excluded;
  if (a.score !== b.score) return a.score > b.score;
  return a.idleSinceMs < b.idleSinceMs || (a.idleSinceMs === b.idleSinceMs && a.agent < b.agent);
}
