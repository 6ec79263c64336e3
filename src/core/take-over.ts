import { type Decision, note, setStage } from './decision.ts';
import { countTalk, startRecording } from './recording.ts';
import { siteOf } from './seat.ts';
import type { Contact, Pair, Stage } from './state.ts';
import { endTalk } from './talk.ts';

/** V3: the talk of the one ends and that of the other begins, in the same wait. */
export function takenOver(d: Decision, contact: Contact, stage: Extract<Stage, { in: 'talk' }>, pair: Pair): void {
  endTalk(d, contact, stage, 'supervisor', 'V3');
  const citizen = d.state.legs.get(contact.leg);
  if (citizen !== undefined) startRecording(d, contact, citizen);
  const agent = d.state.agents.get(pair.agent);
  note(d, 'V3', {
    do: 'record-fact',
    fact: 'talkStarted',
    contact: contact.id,
    agent: pair.agent,
    citizenLeg: contact.leg,
    agentLeg: pair.agentLeg,
    site: agent && siteOf(d.state, agent),
  });
  countTalk(d, contact);
  const { wait } = stage;
  setStage(d, contact, { in: 'talk', wait, ...pair, held: false, rejoinAtMs: null, rejoins: 0 });
}
