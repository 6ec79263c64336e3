import type { Grade } from './event.ts';
import type { AgentId, CommandKey, ContactId, LegId, NodeId, OfferToken } from './ids.ts';
import type { Medium } from './medium.ts';
import type { ModeName } from './settings.ts';

/** What the core decides. Written to the journal with its event, then released: commands to the switch, records to the projector. */
export type Command = SwitchCommand | RecordCommand;

/** Carried out by one switch node. Each may be released twice after a crash; `key` tells a repeat from a new wish. */
export type SwitchCommand = { readonly key: CommandKey; readonly node: NodeId; readonly leg: LegId } & SwitchWish;

export type SwitchWish =
  | { readonly do: 'answer' }
  /** Plays files (absolute paths) one after another; ends with `playEnded`. */
  | { readonly do: 'play'; readonly files: readonly string[] }
  /** Plays files and takes one key, barge-in allowed; `waitMs` runs from the end of the files. Ends with `digitsCollected`. */
  | { readonly do: 'collect'; readonly files: readonly string[]; readonly waitMs: number }
  /** Whatever plays is cut; the files play once, then music without end, until a bridge, another command or the leg's end. */
  | { readonly do: 'music'; readonly files: readonly string[] }
  /** Rings one device; `leg` is the new leg's id. No answer in `timeoutMs`, or any refusal: `legEnded`. */
  | {
      readonly do: 'ring';
      readonly sipUser: string;
      readonly device: string;
      readonly timeoutMs: number;
      readonly callerNumber: string;
      readonly callerName: string;
      /** The contact this is about; sent to the phone as a header, so that a screen can pop. */
      readonly contact: ContactId;
      /** The seat was talking with this caller and lost its phone, or asked for this call: it is to answer by itself. */
      readonly resume?: true | undefined;
    }
  /** Calls somebody through the trunk; `leg` is the new leg's id. `number`: digits alone, allowed by K3 or Y1. Ends like `ring`. */
  | {
      readonly do: 'dial';
      readonly number: string;
      readonly timeoutMs: number;
      readonly callerNumber: string;
      readonly contact: ContactId;
    }
  /** Joins two answered legs; whatever plays is cut. When one ends, the other stays, parked, until told. */
  | { readonly do: 'bridge'; readonly other: LegId }
  /**
   * Lets this leg, answered, hear another leg and whoever that is bridged with; the talk goes on as it was, whatever becomes of this leg.
   * Asked again it changes who hears it, without a gap. Ends with either leg, with a bridge of this one, or untimely: `superviseEnded`.
   */
  | {
      readonly do: 'supervise';
      /** The agent's leg. */
      readonly of: LegId;
      readonly mode: ListeningMode;
    }
  /** Two channels: left what this leg says, right what it hears. Goes on through holds. */
  | { readonly do: 'record'; readonly file: string }
  | { readonly do: 'stopRecord'; readonly file: string }
  /** Ends the leg, ringing or answered. A leg that is gone is no failure. */
  | { readonly do: 'hangUp'; readonly cause: string };

/** Who hears a supervisor who hears both: nobody, the agent, both. */
export type ListeningMode = 'listen' | 'whisper' | 'barge';

/** `takeOver`: the citizen and the supervisor talk, the agent does no longer. */
export type SupervisionMode = ListeningMode | 'takeOver';

/** Facts for the records; the projector folds them into SQL. Each stands at its entry's `atMs`. What is undefined is absent in the journal. */
export type RecordCommand = { readonly do: 'record-fact' } & RecordFact;

export type RecordFact =
  | {
      readonly fact: 'contactOpened';
      readonly contact: ContactId;
      /** `callback`: begun by us. */
      readonly medium: Medium;
      readonly from: string;
      readonly fromName?: string | undefined;
      readonly dialled: string;
      readonly diversion?: string | undefined;
      /** What it counts under: the merged hotline it was diverted from (A6), or the number without its codes (A1); absent: the number dialled. */
      readonly line?: string | undefined;
      /** Empty: none, a digital contact goes to its queue. */
      readonly flow: string;
      /** The missed call that this one makes good (B3), or the contact whose citizen an agent calls back (Y1). */
      readonly of?: ContactId | undefined;
      /** The agent who placed it (Y1). */
      readonly calledBy?: AgentId | undefined;
      /** The conversation beside which it is, under one contact (Y6, W15). */
      readonly partOf?: ContactId | undefined;
      /** Of a digital contact: its name outside. */
      readonly reference?: string | undefined;
      /** The closed one that it goes on from (W19, W20). */
      readonly continues?: ContactId | undefined;
    }
  | {
      readonly fact: 'contactClosed';
      readonly contact: ContactId;
      readonly outcome: ContactOutcome;
      readonly approximate?: true | undefined;
    }
  | {
      readonly fact: 'legOpened';
      readonly contact: ContactId;
      readonly leg: LegId;
      readonly node: NodeId;
      readonly role: 'citizen' | 'agent' | 'supervisor';
      readonly agent?: AgentId | undefined;
      readonly address: string;
    }
  | { readonly fact: 'legAnswered'; readonly contact: ContactId; readonly leg: LegId }
  /** `endedAtMs` only when it differs from the entry's time (found by a survey). */
  | {
      readonly fact: 'legClosed';
      readonly contact: ContactId;
      readonly leg: LegId;
      readonly cause: string;
      readonly sipStatus?: number | undefined;
      readonly endedAtMs?: number | undefined;
      readonly approximate?: true | undefined;
    }
  /** A key taken by a flow's `ask`; empty when none came. */
  | { readonly fact: 'digits'; readonly contact: ContactId; readonly step: string; readonly digits: string }
  /** A flow or a queue went by this calendar. */
  | { readonly fact: 'hoursAsked'; readonly contact: ContactId; readonly hours: string; readonly open: boolean }
  /** `enqueuedAtMs` is kept when a caller is put back, so it may lie before the entry's time. */
  | { readonly fact: 'waitStarted'; readonly contact: ContactId; readonly queue: string; readonly enqueuedAtMs: number }
  | {
      readonly fact: 'waitEnded';
      readonly contact: ContactId;
      readonly queue: string;
      readonly result: WaitResult;
    }
  | {
      readonly fact: 'offerMade';
      readonly contact: ContactId;
      readonly agent: AgentId;
      readonly token: OfferToken;
      readonly leaseUntilMs: number;
      /** Where the agent sits. Absent: `main`. */
      readonly site?: string | undefined;
    }
  | {
      readonly fact: 'offerEnded';
      readonly contact: ContactId;
      readonly agent: AgentId;
      readonly token: OfferToken;
      readonly result: OfferResult;
    }
  /** Citizen and agent hear each other from now on; of a digital contact: the agent has it. */
  | {
      readonly fact: 'talkStarted';
      readonly contact: ContactId;
      readonly agent: AgentId;
      /** Absent of a digital contact, as the other. */
      readonly citizenLeg?: LegId;
      readonly agentLeg?: LegId;
      /** Where the agent sits. Absent: `main`. */
      readonly site?: string | undefined;
    }
  | {
      readonly fact: 'talkEnded';
      readonly contact: ContactId;
      readonly agent: AgentId;
      readonly endedBy: TalkEnd;
    }
  /** A message of the inbox belongs to this contact; `opened`: it is the first. */
  | { readonly fact: 'messageTaken'; readonly contact: ContactId; readonly message: number; readonly opened?: true }
  /** The citizen has not written since this message of the agent's (its number), and is to be reminded. */
  | { readonly fact: 'citizenReminded'; readonly contact: ContactId; readonly message: number }
  /** The caller hangs up and keeps the place; this number will be dialled. */
  | { readonly fact: 'callBackPromised'; readonly contact: ContactId; readonly number: string }
  /** `cause`: as of the leg's end. */
  | {
      readonly fact: 'callBackFailed';
      readonly contact: ContactId;
      readonly tries: number;
      readonly cause: string;
    }
  /** `contact`: the number's first call that was missed; the record of it is one, however often (`calls`) the number tried; `last` is this try. */
  | {
      readonly fact: 'callMissed';
      readonly contact: ContactId;
      readonly last: ContactId;
      readonly number: string;
      readonly queue: string;
      readonly calls: number;
      readonly dueAtMs: number;
    }
  | {
      readonly fact: 'missedCallClosed';
      readonly contact: ContactId;
      readonly result: MissedResult;
      readonly handledBy?: string;
      readonly note?: string;
    }
  /** Who should have the contact: by what is known of the number, or by somebody's word (`by`). */
  | {
      readonly fact: 'graded';
      readonly contact: ContactId;
      readonly grade: Grade | null;
      readonly order?: string;
      readonly by?: string;
    }
  /** Why the flow begins elsewhere for this caller: as what, and at which of its steps. */
  | { readonly fact: 'takenFor'; readonly contact: ContactId; readonly as: TakenFor; readonly step: string }
  /** What the caller gave the agent's service after the talk, 1 (worst) to 5. */
  | { readonly fact: 'rated'; readonly contact: ContactId; readonly agent: AgentId; readonly score: number }
  /** What came of the contact, in the words of who had it. A later one stands in for it. */
  | {
      readonly fact: 'disposition';
      readonly contact: ContactId;
      readonly by: string;
      readonly code: string;
      readonly note?: string;
    }
  | { readonly fact: 'holdStarted'; readonly contact: ContactId; readonly agent: AgentId }
  | { readonly fact: 'holdEnded'; readonly contact: ContactId; readonly agent: AgentId }
  /** In a talk the agent's phone was lost, by this cause of its leg's end; the caller hears music. */
  | { readonly fact: 'gapStarted'; readonly contact: ContactId; readonly agent: AgentId; readonly cause: string }
  /** `joined`: the two hear each other again. Else the talk ends in the same entry. */
  | { readonly fact: 'gapEnded'; readonly contact: ContactId; readonly agent: AgentId; readonly result: GapResult }
  | {
      readonly fact: 'agentState';
      readonly agent: AgentId;
      readonly state: AgentState;
      readonly reason?: string | undefined;
      readonly contact?: ContactId | undefined;
    }
  /** Somebody who leads asks to hear a talk. */
  | {
      readonly fact: 'supervisionAsked';
      readonly contact: ContactId;
      readonly by: AgentId;
      readonly mode: SupervisionMode;
      readonly reason: string;
    }
  /** The second person that a sensitive contact needs. */
  | {
      readonly fact: 'supervisionApproved';
      readonly contact: ContactId;
      readonly by: string;
      readonly supervisor: AgentId;
    }
  | {
      readonly fact: 'supervisionStarted' | 'supervisionChanged' | 'supervisionWanted';
      readonly contact: ContactId;
      readonly by: AgentId;
      readonly mode: SupervisionMode;
    }
  /** `refused`: the supervisor's phones were not answered, or no second person agreed. `rightsLost`: by the accounts. `fault`: the switch could not, or the agent's phone was lost. */
  | {
      readonly fact: 'supervisionEnded';
      readonly contact: ContactId;
      readonly by: AgentId;
      readonly result: 'left' | 'rightsLost' | 'phoneGone' | 'talkOver' | 'refused' | 'fault' | 'takenOver';
    }
  /** The first of the two by whose words the mark goes. */
  | { readonly fact: 'unmarkAsked'; readonly contact: ContactId; readonly by: string }
  | { readonly fact: 'contactMarked'; readonly contact: ContactId; readonly sensitive: boolean; readonly by: string }
  /** A lead set an agent's state. */
  | {
      readonly fact: 'stateForced';
      readonly agent: AgentId;
      readonly state: 'ready' | 'notReady' | 'offline';
      readonly by: string;
      readonly reason: string;
    }
  /** Something lasts longer than the city wants, or an agent takes no offers; once until it ends. */
  | {
      readonly fact: 'alertRaised' | 'alertEnded';
      readonly alert: AlertName;
      readonly contact?: ContactId;
      readonly agent?: AgentId;
      readonly sinceMs: number;
    }
  | {
      readonly fact: 'alertSeen';
      readonly alert: AlertName;
      readonly contact?: ContactId;
      readonly agent?: AgentId;
      readonly by: string;
    }
  | { readonly fact: 'modeProposed'; readonly mode: ModeName }
  | { readonly fact: 'modeProposalWithdrawn'; readonly mode: ModeName }
  | {
      readonly fact: 'modeChanged';
      readonly mode: ModeName;
      readonly from: ModeName;
      readonly by: string;
      readonly reason: string;
      /** A proposal was confirmed. */
      readonly proposed: boolean;
    }
  | {
      readonly fact: 'siteStatus';
      readonly site: string;
      readonly status: 'open' | 'draining' | 'down';
      readonly by: string;
    }
  | { readonly fact: 'recordingStarted'; readonly contact: ContactId; readonly leg: LegId; readonly file: string }
  /** `expectedMs`: the seconds that should be on the file, by the ledger; `durationMs`: those that are. */
  | {
      readonly fact: 'recordingEnded';
      readonly contact: ContactId;
      readonly leg: LegId;
      readonly file: string;
      readonly expectedMs: number;
      readonly durationMs: number | null;
      readonly bytes?: number | undefined;
    };

export type AlertName = 'longWait' | 'longAnswer' | 'longHold' | 'longWrapUp' | 'missedOffers';

/** Reported agent states, in the words of the interface. */
export type AgentState = 'offline' | 'notReady' | 'ready' | 'ringing' | 'talking' | 'held' | 'wrapUp';

/** G2: `elder`, `urgent` (an order, or the grade `emergency`), `repeat`; G5: `warned`, `limited`. */
export type TakenFor = 'elder' | 'urgent' | 'repeat' | 'warned' | 'limited';

/** What became of a missed call (B4, B5). */
export type MissedResult = 'reached' | 'cameThrough' | 'promised' | 'unreached' | 'handled';

/** `moved`: to another queue. `ended`: closed by an agent before anybody had it. */
export type WaitResult = 'connected' | 'abandoned' | 'lost' | 'full' | 'unreached' | 'moved' | 'ended';

/** `returned`: a digital contact went back to a queue. `supervisor`: took the talk over. `idle`: its citizen wrote no more (W17). */
export type TalkEnd = 'citizen' | 'agent' | 'fault' | 'returned' | 'supervisor' | 'idle';
/** How a gap in a talk ended: by a phone of the seat, after its time or the agent's word, by the caller, by the switch's death. */
export type GapResult = 'joined' | 'givenUp' | 'abandoned' | 'lost';

export type OfferResult = 'accepted' | 'rejected' | 'timeout' | 'cancelled' | 'lost';

export type ContactOutcome =
  /** Spoke with an agent. */
  | 'answered'
  /** Gone before a queue was entered. */
  | 'abandonedInMenu'
  /** Gone while waiting or while a phone rang. */
  | 'abandonedInQueue'
  /** The flow ended the call (closed, full, said goodbye). */
  | 'ended'
  /** Was to be called back, and could not be reached. */
  | 'unreached'
  /** The switch that held it died. */
  | 'lostNode'
  /** Could not be served: unknown number, no rules loaded. */
  | 'refused';
