import type { SurveyedLeg } from '../../core/event.ts';
import type { CommandKey, ContactId, LegId } from '../../core/ids.ts';
import type { Caller } from '../people.ts';

/** One leg as the virtual switch has it. */
export interface VirtualLeg {
  readonly id: LegId;
  readonly direction: SurveyedLeg['direction'];
  /** Null: a ringing or answered phone of a seat. */
  readonly caller: Caller | null;
  /** The contact that a phone rings for. */
  contact: ContactId | null;
  readonly from: string;
  readonly dialled: string;
  state: 'ringing' | 'answered';
  doing: SurveyedLeg['doing'];
  /** Of the last prompt, question or music. */
  key: CommandKey | null;
  /** Taken by the question with `key`. */
  digits: string | null;
  bridgedTo: VirtualLeg | null;
  /** Partner of the talk that `talkUntilMs` belongs to. */
  talkedWith: LegId | null;
  talkUntilMs: number;
  /** The phone whose talk it hears. */
  overhears: VirtualLeg | null;
  /** The last one that did, or does, hear its talk. */
  overheardBy: VirtualLeg | null;
  held: boolean;
  recording: string | null;
  recordingFromMs: number;
  /** Null: not waiting for an agent. */
  waitingFromMs: number | null;
  questions: number;
  /** The caller's mishap has been arranged: it comes once in a call. */
  mishapOver: boolean;
  /** Rises with whatever cuts what went before: what was due for an older turn is void. */
  turn: number;
  ended: boolean;
}

export function newLeg(
  id: LegId,
  direction: VirtualLeg['direction'],
  caller: Caller | null,
  from: string,
  dialled: string,
): VirtualLeg {
  return {
    id,
    direction,
    caller,
    contact: null,
    from,
    dialled,
    state: 'ringing',
    doing: 'nothing',
    key: null,
    digits: null,
    bridgedTo: null,
    talkedWith: null,
    talkUntilMs: 0,
    overhears: null,
    overheardBy: null,
    held: false,
    recording: null,
    recordingFromMs: 0,
    waitingFromMs: null,
    questions: 0,
    mishapOver: false,
    turn: 0,
    ended: false,
  };
}

export function surveyedLeg(leg: VirtualLeg): SurveyedLeg {
  return {
    leg: leg.id,
    direction: leg.direction,
    state: leg.state,
    from: leg.from,
    dialled: leg.dialled,
    doing: leg.doing,
    ...(leg.direction === 'outbound' || leg.caller?.known === undefined ? {} : { known: leg.caller.known }),
    ...(leg.key === null ? {} : { key: leg.key }),
    ...(leg.digits === null ? {} : { digits: leg.digits }),
    ...(leg.bridgedTo === null ? {} : { bridgedTo: leg.bridgedTo.id }),
    ...(leg.held ? { held: true } : {}),
    ...(leg.recording === null ? {} : { recording: leg.recording }),
  };
}
