import { isAskedElse } from './asked-else.ts';
import type { CandidateKey, Decision, NotChosen } from './decision.ts';
import { isExcluded } from './exclusion.ts';
import { isKeptHome, siteOpen } from './gate.ts';
import type { AgentId } from './ids.ts';
import { type Bucket, isDelayed, type Kind, servingOf } from './kind.ts';
import { CANDIDATES_MAX } from './limits.ts';
import { scoreOf } from './need.ts';
import { loadOf } from './room.ts';
import { STANDING } from './standing-key.ts';
import type { Contact, State } from './state.ts';

/** For an explanation: who else was free when a contact was offered, and the rule by which each did not get it. */
export function tellCandidates(d: Decision, contact: Contact, chosen: AgentId): void {
  const place = contact[STANDING];
  if (d.candidates === null || contact.stage.in !== 'queue' || place?.bucket === null || place === undefined) return;
  const { bucket } = place;
  const others: (NotChosen & { readonly couldHave: boolean })[] = [];
  const returned = contact.stage.wait.returnTo === chosen;
  const best = keyOf(d, bucket, chosen);
  const waitedMs = d.state.nowMs - place.atMs;
  for (const [agent, { slots }] of d.state.standing.seats) {
    if (agent === chosen || (slots & (1 << bucket.slot)) === 0) continue;
    const kind = kindOf(d, agent);
    const key = keyOf(d, bucket, agent);
    const least = key.score < best.score ? 'Q13' : key.has > best.has ? 'W4' : 'Q3';
    const reason = whyNot(d.state, contact, bucket, kind, agent, waitedMs);
    others.push({ agent, ...key, because: reason ?? (returned ? 'T10' : least), couldHave: reason === undefined });
  }
  // Those next in line for it first, as Q3 has them.
  others.sort((a, b) => Number(b.couldHave) - Number(a.couldHave) || b.score - a.score || byIdle(a, b));
  const shown = others.slice(0, CANDIDATES_MAX).map(({ couldHave, ...other }) => other);
  const { step } = contact.stage.wait;
  d.candidates.push({ contact: contact.id, chosen, key: best, step, waitedMs, others: shown });
}

/** Q3, W4. */
function byIdle(a: NotChosen, b: NotChosen): number {
  return a.has - b.has || a.idleSinceMs - b.idleSinceMs || (a.agent < b.agent ? -1 : 1);
}

function keyOf(d: Decision, { step }: Bucket, agent: AgentId): CandidateKey {
  const state = d.state.agents.get(agent)!;
  return { idleSinceMs: state.idleSinceMs, score: scoreOf(step, kindOf(d, agent).skills), has: loadOf(state) };
}

/** Of somebody who may be offered something: the rules name them. */
function kindOf(d: Decision, agent: AgentId): Kind {
  return d.state.standing.seats.get(agent)!.kind!;
}

function whyNot(
  state: State,
  contact: Contact,
  bucket: Bucket,
  kind: Kind,
  agent: AgentId,
  waitedMs: number,
): string | undefined {
  if (bucket.only !== null && bucket.only !== agent) return 'Q18';
  const serving = servingOf(kind, bucket, state.settings!);
  if (serving === undefined) return 'Q11';
  if (isDelayed(serving.delayMs, waitedMs)) return 'Q12';
  if (!siteOpen(state, kind, bucket.slot)) return 'Q14';
  if (isKeptHome(state, kind, bucket.queue)) return 'Q15';
  if (isAskedElse(state, contact, kind, agent)) return 'W13';
  return isExcluded(state, contact, agent) ? 'O5' : undefined;
}
