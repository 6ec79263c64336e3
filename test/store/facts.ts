import type { RecordFact } from '../../src/core/command.ts';
import { agentId, contactId, legId, nodeId } from '../../src/core/ids.ts';
import type { ProjectedEntry } from '../../src/store/projection.ts';

/** A journal written by hand: each `at` appends one entry whose commands are these facts. */
export class JournalByHand {
  readonly entries: ProjectedEntry[] = [];

  at(atMs: number, ...facts: RecordFact[]): ProjectedEntry {
    const commands = facts.map((fact) => ({ do: 'record-fact' as const, ...fact }));
    const entry = { seq: this.entries.length + 1, event: { atMs }, commands };
    this.entries.push(entry);
    return entry;
  }

  readonly read = async (seq: number, entriesMax: number): Promise<readonly ProjectedEntry[]> =>
    this.entries.filter((entry) => entry.seq > seq).slice(0, entriesMax);
}

export interface CallPlan {
  readonly id: string;
  readonly openedAtMs: number;
  /** Enters the queue so long after the opening. */
  readonly queuedAfterMs?: number;
  /** Is answered so long after entering the queue. */
  readonly answeredAfterMs?: number;
  /** Gives up so long after entering the queue. */
  readonly abandonedAfterMs?: number;
  readonly talkMs?: number;
  readonly wrapUpMs?: number;
  readonly agent?: string;
  readonly from?: string;
  readonly dialled?: string;
  /** The merged hotline that it was diverted from. */
  readonly line?: string;
  readonly queue?: string;
  /** Where the agent sits who answers, or whose phone rang in vain. */
  readonly site?: string;
  /** The flow ends the call instead of the caller. */
  readonly selfServed?: boolean;
}

/** Writes one whole call as the core would. */
export function writeCall(journal: JournalByHand, plan: CallPlan): void {
  const contact = contactId(plan.id);
  const citizenLeg = legId(`${plan.id}-a`);
  const node = nodeId('127.0.0.1:8021');
  const from = plan.from ?? '13800008000';
  const opened = plan.openedAtMs;
  const { dialled = '12345', line } = plan;
  journal.at(
    opened,
    {
      fact: 'contactOpened',
      contact,
      medium: 'voice',
      from,
      dialled,
      ...(line === undefined ? {} : { line }),
      flow: 'main',
    },
    { fact: 'legOpened', contact, leg: citizenLeg, node, role: 'citizen', address: from },
    { fact: 'legAnswered', contact, leg: citizenLeg },
  );
  if (plan.queuedAfterMs === undefined) {
    journal.at(
      opened + 3_000,
      { fact: 'legClosed', contact, leg: citizenLeg, cause: 'NORMAL_CLEARING' },
      { fact: 'contactClosed', contact, outcome: plan.selfServed ? 'ended' : 'abandonedInMenu' },
    );
    return;
  }
  const enqueuedAtMs = opened + plan.queuedAfterMs;
  journal.at(
    enqueuedAtMs,
    { fact: 'digits', contact, step: 'menu', digits: '1' },
    { fact: 'waitStarted', contact, queue: plan.queue ?? 'personal', enqueuedAtMs },
  );
  if (plan.answeredAfterMs === undefined) writeAbandon(journal, plan, enqueuedAtMs);
  else writeTalk(journal, plan, enqueuedAtMs + plan.answeredAfterMs);
}

function writeAbandon(journal: JournalByHand, plan: CallPlan, enqueuedAtMs: number): void {
  const contact = contactId(plan.id);
  const queue = plan.queue ?? 'personal';
  if (plan.site !== undefined) {
    const offer = { contact, agent: agentId('seat0'), token: journal.entries.length } as const;
    journal.at(enqueuedAtMs, { fact: 'offerMade', ...offer, leaseUntilMs: enqueuedAtMs, site: plan.site });
    journal.at(enqueuedAtMs, { fact: 'offerEnded', ...offer, result: 'timeout' });
  }
  journal.at(
    enqueuedAtMs + (plan.abandonedAfterMs ?? 20_000),
    { fact: 'waitEnded', contact, queue, result: 'abandoned' },
    { fact: 'legClosed', contact, leg: legId(`${plan.id}-a`), cause: 'ORIGINATOR_CANCEL' },
    { fact: 'contactClosed', contact, outcome: 'abandonedInQueue' },
  );
}

function writeTalk(journal: JournalByHand, plan: CallPlan, answeredAtMs: number): void {
  const contact = contactId(plan.id);
  const agent = agentId(plan.agent ?? 'seat1');
  const [citizenLeg, agentLeg] = [legId(`${plan.id}-a`), legId(`${plan.id}-b`)];
  const talkMs = plan.talkMs ?? 60_000;
  const token = journal.entries.length;
  const file = `/recordings/${plan.id}.wav`;
  journal.at(
    answeredAtMs - 1_000,
    { fact: 'offerMade', contact, agent, token, leaseUntilMs: answeredAtMs + 19_000, ...siteOf(plan) },
    {
      fact: 'legOpened',
      contact,
      leg: agentLeg,
      node: nodeId('127.0.0.1:8021'),
      role: 'agent',
      agent,
      address: 'sip:s1',
    },
  );
  journal.at(
    answeredAtMs,
    { fact: 'legAnswered', contact, leg: agentLeg },
    { fact: 'offerEnded', contact, agent, token, result: 'accepted' },
    { fact: 'waitEnded', contact, queue: plan.queue ?? 'personal', result: 'connected' },
    { fact: 'talkStarted', contact, agent, citizenLeg, agentLeg, ...siteOf(plan) },
    { fact: 'agentState', agent, state: 'talking', contact },
    { fact: 'recordingStarted', contact, leg: citizenLeg, file },
  );
  journal.at(
    answeredAtMs + talkMs,
    { fact: 'talkEnded', contact, agent, endedBy: 'citizen' },
    {
      fact: 'recordingEnded',
      contact,
      leg: citizenLeg,
      file,
      expectedMs: talkMs,
      durationMs: talkMs,
      bytes: talkMs * 32,
    },
    { fact: 'legClosed', contact, leg: citizenLeg, cause: 'NORMAL_CLEARING' },
    { fact: 'legClosed', contact, leg: agentLeg, cause: 'NORMAL_CLEARING', sipStatus: 200 },
    { fact: 'agentState', agent, state: 'wrapUp', contact },
    { fact: 'contactClosed', contact, outcome: 'answered' },
  );
  journal.at(answeredAtMs + talkMs + (plan.wrapUpMs ?? 0), { fact: 'agentState', agent, state: 'ready' });
}

function siteOf({ site }: CallPlan): { readonly site?: string } {
  return site === undefined ? {} : { site };
}
