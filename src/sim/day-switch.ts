import type { SwitchCommand } from '../core/command.ts';
import type { Device, SwitchEvent } from '../core/event.ts';
import { type CommandKey, type LegId, legId, type NodeId } from '../core/ids.ts';
import { Renewal } from '../lib/renewal.ts';
import { type Clock, NEVER } from './clock.ts';
import { type Caller, keyAt, NOT_ANSWERED, type Phones, type Pickup, TALK_MS_MIN } from './people.ts';
import type { Stamped } from './stamped.ts';

export interface DaySwitchOptions {
  readonly node: NodeId;
  readonly clock: Clock;
  /** Hears everything, at once and in order; must not give a command before it returns. */
  readonly tell: (event: Stamped<SwitchEvent>) => void;
  /** One of each seat, there all day. */
  readonly devices: readonly Device[];
  readonly phones: Phones;
}

interface DayLeg {
  readonly id: LegId;
  /** Null: an agent's phone. */
  readonly caller: Caller | null;
  answered: boolean;
  ended: boolean;
  /** The question that waits for a key. */
  question: CommandKey | null;
  questions: number;
  bridgedTo: DayLeg | null;
  /** For an agent, with music. */
  waits: boolean;
  /** Slots of the clock: what happens next if nothing comes between, and the end of the caller's patience. */
  next: number;
  patience: number;
}

/** What happened on a leg, and what belongs to it. */
interface OfLeg {
  readonly type: 'legAnswered' | 'legEnded' | 'playEnded' | 'digitsCollected' | 'bridged';
  readonly key?: CommandKey;
  readonly outcome?: 'done';
  readonly digits?: string;
  readonly other?: LegId;
  readonly cause?: string;
}

type CommandTo<Do extends SwitchCommand['do']> = Extract<SwitchCommand, { do: Do }>;

/** Calls. */
const RENEWED_AFTER = 1_024;

/**
 * What a switch does in a day on which nothing goes wrong, and the people on its legs with it: half a million commands, as fast as they come.
 * Prompts take no time; there is no trunk out, and nobody records or listens in. Of what the core passes over anyway (ringing, keys, bridges
 * that end with a leg) nothing is told. What a bad day brings is `rough/switch.ts`.
 */
export class DaySwitch {
  #legs = new Map<LegId, DayLeg>();
  readonly #renewal = new Renewal(RENEWED_AFTER);
  readonly #node: NodeId;
  readonly #clock: Clock;
  readonly #tell: DaySwitchOptions['tell'];
  readonly #devices: readonly Device[];
  readonly #phones: Phones;
  #calls = 0;

  constructor({ node, clock, tell, devices, phones }: DaySwitchOptions) {
    this.#node = node;
    this.#clock = clock;
    this.#tell = tell;
    this.#devices = devices;
    this.#phones = phones;
  }

  /** As it is before the first call. */
  survey(): Stamped<SwitchEvent> {
    const survey = { bootId: 'boot-1', legs: [], devices: this.#devices, ended: [] };
    return { type: 'surveyed', node: this.#node, survey, atMs: this.#clock.nowMs };
  }

  callerOf(id: LegId): Caller | null {
    return this.#legs.get(id)?.caller ?? null;
  }

  arrive(caller: Caller): void {
    if (this.#renewal.isDue(this.#legs.size)) this.#legs = new Map(this.#legs);
    const leg = this.#open(legId(`call-${++this.#calls}`), caller);
    this.#loses(leg, caller.menuPatienceMs);
    const { from, dialled, diversion, known } = caller;
    const arrived = {
      type: 'callArrived',
      node: this.#node,
      leg: leg.id,
      from,
      dialled,
      atMs: this.#clock.nowMs,
    } as const;
    if (known === undefined && diversion === undefined) return this.#tell(arrived);
    const more = { ...(diversion === undefined ? {} : { diversion }), ...(known === undefined ? {} : { known }) };
    this.#tell({ ...arrived, ...more });
  }

  carryOut(command: SwitchCommand): void {
    switch (command.do) {
      case 'ring':
        return this.#ring(command);
      case 'dial':
        return this.#tellEnd(command.leg, 'NO_ROUTE_DESTINATION');
      default: {
        const leg = this.#legs.get(command.leg);
        if (leg !== undefined) this.#carryOutOn(leg, command);
        else if (command.do !== 'hangUp') this.#refuse(command, 'no such leg');
      }
    }
  }

  #carryOutOn(leg: DayLeg, command: Exclude<SwitchCommand, { do: 'ring' | 'dial' }>): void {
    switch (command.do) {
      case 'answer':
        return this.#answered(leg);
      case 'play':
        return this.#play(leg, command);
      case 'collect':
        return this.#collect(leg, command);
      case 'music':
        return this.#music(leg);
      case 'bridge':
        return this.#bridge(leg, command);
      case 'hangUp':
        return this.#end(leg, command.cause);
      default:
        return this.#refuse(command, 'not on such a day');
    }
  }

  #open(id: LegId, caller: Caller | null): DayLeg {
    const leg: DayLeg = {
      id,
      caller,
      answered: false,
      ended: false,
      question: null,
      questions: 0,
      bridgedTo: null,
      waits: false,
      next: NEVER,
      patience: NEVER,
    };
    this.#legs.set(id, leg);
    return leg;
  }

  /** One of the phones that the survey told of: the core knows no others. */
  #ring(command: CommandTo<'ring'>): void {
    const leg = this.#open(command.leg, null);
    const pickup = this.#phones(command);
    if (pickup.does === 'nothing' || pickup.afterMs >= command.timeoutMs) {
      this.#rings(leg, command.timeoutMs, 'nothing');
    } else if (pickup.afterMs === 0) this.#rung(leg, pickup.does);
    else this.#rings(leg, pickup.afterMs, pickup.does);
  }

  #rings(leg: DayLeg, forMs: number, does: Pickup['does']): void {
    leg.next = this.#clock.after(forMs, () => {
      leg.next = NEVER;
      this.#rung(leg, does);
    });
  }

  #rung(leg: DayLeg, does: Pickup['does']): void {
    if (does === 'answers') this.#answered(leg);
    else this.#end(leg, NOT_ANSWERED[does]);
  }

  #answered(leg: DayLeg): void {
    if (leg.answered) return;
    leg.answered = true;
    this.#tellOf(leg.id, { type: 'legAnswered' });
  }

  #play(leg: DayLeg, { key }: CommandTo<'play'>): void {
    this.#cut(leg);
    this.#tellOf(leg.id, { type: 'playEnded', key, outcome: 'done' });
  }

  #collect(leg: DayLeg, { key, waitMs }: CommandTo<'collect'>): void {
    this.#cut(leg);
    leg.question = key;
    const digit = keyAt(leg.caller, leg.questions++);
    const pressedMs = digit === '' ? waitMs : Math.min(leg.caller?.keyAfterMs ?? 0, waitMs);
    if (pressedMs === 0) this.#collected(leg, key, digit);
    else this.#presses(leg, pressedMs, key, digit);
  }

  #presses(leg: DayLeg, afterMs: number, key: CommandKey, digit: string): void {
    leg.next = this.#clock.after(afterMs, () => {
      leg.next = NEVER;
      this.#collected(leg, key, digit);
    });
  }

  #collected(leg: DayLeg, key: CommandKey, digits: string): void {
    leg.question = null;
    this.#tellOf(leg.id, { type: 'digitsCollected', key, digits });
  }

  #music(leg: DayLeg): void {
    this.#cut(leg);
    if (leg.waits || leg.caller === null) return;
    leg.waits = true;
    this.#clock.drop(leg.patience);
    this.#loses(leg, leg.caller.patienceMs);
  }

  /** Patience: with the flow until there is music, then with the queue. */
  #loses(leg: DayLeg, patienceMs: number): void {
    leg.patience = this.#clock.after(patienceMs, () => {
      leg.patience = NEVER;
      this.#end(leg, 'NORMAL_CLEARING');
    });
  }

  #bridge(leg: DayLeg, command: CommandTo<'bridge'>): void {
    const other = this.#legs.get(command.other);
    if (other === undefined || !leg.answered || !other.answered) return this.#refuse(command, 'no such leg');
    if (leg.bridgedTo === other) return;
    this.#cut(leg);
    this.#cut(other);
    leg.bridgedTo = other;
    other.bridgedTo = leg;
    leg.waits = false;
    this.#clock.drop(leg.patience);
    leg.patience = NEVER;
    this.#tellOf(leg.id, { type: 'bridged', other: other.id });
    if (leg.caller !== null) this.#talks(leg, leg.caller, other);
  }

  #talks(leg: DayLeg, { talkMs, talkEndedBy }: Caller, other: DayLeg): void {
    const ender = talkEndedBy === 'citizen' ? leg : other;
    leg.next = this.#clock.after(Math.max(talkMs, TALK_MS_MIN), () => {
      leg.next = NEVER;
      this.#end(ender, 'NORMAL_CLEARING');
    });
  }

  /** By a command, or by the person on it. */
  #end(leg: DayLeg, cause: string): void {
    if (leg.ended) return;
    leg.ended = true;
    this.#legs.delete(leg.id);
    this.#clock.drop(leg.next);
    this.#clock.drop(leg.patience);
    const other = leg.bridgedTo;
    if (other !== null) {
      leg.bridgedTo = null;
      other.bridgedTo = null;
      this.#clock.drop(other.next);
      other.next = NEVER;
    }
    this.#tellEnd(leg.id, cause);
  }

  /** Whatever is under way on it comes to nothing; a question says so. */
  #cut(leg: DayLeg): void {
    this.#clock.drop(leg.next);
    leg.next = NEVER;
    if (leg.question !== null) this.#collected(leg, leg.question, '');
  }

  #tellEnd(leg: LegId, cause: string): void {
    this.#tellOf(leg, { type: 'legEnded', cause });
  }

  /** All fields at once and in one order, whatever it is: the core reads a quarter of a million of them. */
  #tellOf(leg: LegId, { type, key, outcome, digits, other, cause }: OfLeg): void {
    const { nowMs } = this.#clock;
    const event = { type, node: this.#node, leg, key, outcome, digits, other, cause, atMs: nowMs };
    this.#tell(event as Stamped<SwitchEvent>);
  }

  #refuse({ key, leg, node }: SwitchCommand, reason: string): void {
    this.#tell({ type: 'commandFailed', node, key, leg, reason, atMs: this.#clock.nowMs });
  }
}
