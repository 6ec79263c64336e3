import type { Command, RecordFact, SwitchWish } from '../core/command.ts';

/** What a decision is about, for whoever reads only a part of a life. `step`: a wish to the switch, of which a record follows. */
export type Topic =
  | 'contact'
  | 'menu'
  | 'wait'
  | 'offer'
  | 'talk'
  | 'hold'
  | 'recording'
  | 'rating'
  | 'supervision'
  | 'agent'
  | 'leg'
  | 'step';

const OF_FACT: Readonly<Record<RecordFact['fact'], Topic>> = {
  contactOpened: 'contact',
  contactClosed: 'contact',
  messageTaken: 'contact',
  citizenReminded: 'talk',
  graded: 'contact',
  disposition: 'contact',
  callMissed: 'contact',
  missedCallClosed: 'contact',
  contactMarked: 'contact',
  unmarkAsked: 'contact',
  digits: 'menu',
  hoursAsked: 'menu',
  takenFor: 'menu',
  waitStarted: 'wait',
  waitEnded: 'wait',
  callBackPromised: 'wait',
  callBackFailed: 'wait',
  offerMade: 'offer',
  offerEnded: 'offer',
  talkStarted: 'talk',
  talkEnded: 'talk',
  gapStarted: 'talk',
  gapEnded: 'talk',
  holdStarted: 'hold',
  holdEnded: 'hold',
  recordingStarted: 'recording',
  recordingEnded: 'recording',
  rated: 'rating',
  supervisionAsked: 'supervision',
  supervisionApproved: 'supervision',
  supervisionStarted: 'supervision',
  supervisionChanged: 'supervision',
  supervisionWanted: 'supervision',
  supervisionEnded: 'supervision',
  alertRaised: 'supervision',
  alertEnded: 'supervision',
  alertSeen: 'supervision',
  stateForced: 'agent',
  agentState: 'agent',
  modeProposed: 'agent',
  modeProposalWithdrawn: 'agent',
  modeChanged: 'agent',
  siteStatus: 'agent',
  legOpened: 'leg',
  legAnswered: 'leg',
  legClosed: 'leg',
};

/** What a caller hears is the menu's, whoever plays it. */
const OF_WISH: Partial<Readonly<Record<SwitchWish['do'], Topic>>> = { play: 'menu', collect: 'menu' };

export function topicOf(command: Command): Topic {
  return command.do === 'record-fact' ? OF_FACT[command.fact] : (OF_WISH[command.do] ?? 'step');
}
