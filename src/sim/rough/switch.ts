import type { SwitchCommand } from '../../core/command.ts';
import type { Device, EndedLeg, Survey, SwitchEvent } from '../../core/event.ts';
import { type LegId, legId, type NodeId } from '../../core/ids.ts';
import type { Clock } from '../clock.ts';
import {
  type Caller,
  type Dial,
  keyAt,
  type Mishap,
  NOT_ANSWERED,
  type Outside,
  type Phones,
  type Pickup,
  type Ring,
  TALK_MS_MIN,
} from '../people.ts';
import type { Stamped } from '../stamped.ts';
import { newLeg, surveyedLeg, type VirtualLeg } from './leg.ts';

export interface SwitchOptions {
  readonly node: NodeId;
  readonly clock: Clock;
  /** Hears everything, at once and in order; must not give a command before it returns. */
  readonly tell: (event: Stamped<SwitchEvent>) => void;
  readonly phones: Phones;
  /** Absent: no trunk, and no keys while music plays. */
  readonly outside?: Outside;
  /** Length of a prompt's file. */
  readonly promptMs: (file: string) => number;
}

/** A device, by its URI; the first of a seat is the one that its person picks up. */
interface Phone {
  readonly device: Device;
  readonly isFirst: boolean;
}

const HOLD_MS = 2_000;
const KEY_MS = 200;
/** A page that is back answers the call it had by itself, after this. */
const RESUME_MS = 200;
/** A page that is away for ever is opened again when its agent is back at work. */
const AWAY_MS_MAX = 60_000;

/** What a switch does with commands under a virtual clock, and what the people on its legs do. As fast as asked: `Wire` makes it rough. */
export class VirtualSwitch {
  readonly #legs = new Map<LegId, VirtualLeg>();
  readonly #options: SwitchOptions;
  readonly #phones = new Map<string, Phone>();
  /** Seat → the phone that its person picks up. */
  readonly #firstOf = new Map<string, string>();
  readonly #log = new Map<LegId, EndedLeg>();
  /** Phones that died in a talk, until they ring for another one. */
  readonly #dead = new Set<string>();
  #boots = 1;
  #pages = 0;
  #calls = 0;

  constructor(options: SwitchOptions) {
    this.#options = options;
  }

  get legs(): ReadonlyMap<LegId, VirtualLeg> {
    return this.#legs;
  }

  get #nowMs(): number {
    return this.#options.clock.nowMs;
  }

  arrive(caller: Caller): LegId {
    const { clock, node } = this.#options;
    const leg = newLeg(legId(`call-${++this.#calls}`), 'inbound', caller, caller.from, caller.dialled);
    this.#legs.set(leg.id, leg);
    if (caller.menuPatienceMs !== Infinity) {
      clock.after(caller.menuPatienceMs, () => {
        if (leg.waitingFromMs === null && leg.talkedWith === null) this.end(leg, 'NORMAL_CLEARING');
      });
    }
    this.#options.tell({
      type: 'callArrived',
      node,
      leg: leg.id,
      from: caller.from,
      dialled: caller.dialled,
      ...(caller.known === undefined ? {} : { known: caller.known }),
      atMs: this.#nowMs,
    });
    return leg.id;
  }

  register(device: Device): void {
    const first = this.#firstOf.get(device.sipUser);
    const isFirst = first === undefined || first === device.uri || !this.#phones.has(first);
    this.#phones.set(device.uri, { device, isFirst });
    if (isFirst) this.#firstOf.set(device.sipUser, device.uri);
    this.#options.tell({ type: 'deviceRegistered', node: this.#options.node, device, atMs: this.#nowMs });
  }

  unregister(uri: string): void {
    const device = this.#phones.get(uri)?.device;
    if (device === undefined) return;
    this.#phones.delete(uri);
    this.#options.tell({
      type: 'deviceGone',
      node: this.#options.node,
      sipUser: device.sipUser,
      device: uri,
      atMs: this.#nowMs,
    });
  }

  /** Everything it holds now, and the ends of those among `known` that it does not. */
  survey(known: readonly LegId[]): Stamped<SwitchEvent> {
    const { node, clock } = this.#options;
    const ended = known.flatMap((leg) => {
      if (this.#legs.has(leg)) return [];
      const approximate = { leg, cause: 'NORMAL_CLEARING', endedAtMs: clock.nowMs, approximate: true };
      return [this.#log.get(leg) ?? approximate];
    });
    const legs = [...this.#legs.values()].map(surveyedLeg);
    const devices = [...this.#phones.values()].map(({ device }) => device);
    const survey: Survey = { bootId: `boot-${this.#boots}`, legs, devices, ended };
    return { type: 'surveyed', node, survey, atMs: clock.nowMs };
  }

  /** The process died: every leg with it, unheard. Registrations are kept. */
  reboot(): void {
    for (const leg of this.#legs.values()) {
      leg.ended = true;
      leg.turn += 1;
    }
    this.#legs.clear();
    this.#boots += 1;
  }

  carryOut(command: SwitchCommand): void {
    switch (command.do) {
      case 'ring':
        return this.#ring(command);
      case 'dial':
        return this.#dial(command);
      default:
        return this.#carryOutOn(command);
    }
  }

  #carryOutOn(command: Exclude<SwitchCommand, { do: 'ring' | 'dial' }>): void {
    const leg = this.#legs.get(command.leg);
    if (leg === undefined) return command.do === 'hangUp' ? undefined : this.#refuse(command);
    switch (command.do) {
      case 'answer':
        return this.#answered(leg);
      case 'play':
        return this.#play(leg, command);
      case 'collect':
        return this.#collect(leg, command);
      case 'music':
        return this.#music(leg, command);
      case 'bridge':
        return this.#bridge(leg, command);
      case 'supervise':
        return this.#supervise(leg, command);
      case 'record':
        return this.#record(leg, command.file);
      case 'stopRecord':
        return this.#stopRecord(leg, command.file);
      case 'hangUp':
        return this.end(leg, command.cause);
    }
  }

  /** By a command, by the person on it, by a cable. */
  end(leg: VirtualLeg, cause: string): void {
    if (leg.ended) return;
    const { node, clock, tell } = this.#options;
    // FreeSWITCH reports the application as over before the leg.
    this.#cut(leg);
    leg.ended = true;
    leg.turn += 1;
    this.#legs.delete(leg.id);
    this.#log.set(leg.id, { leg: leg.id, cause, endedAtMs: clock.nowMs, approximate: false });
    const other = leg.bridgedTo;
    if (other !== null) this.#part(leg, other);
    if (leg.overheardBy?.overhears === leg) this.#stopOverhearing(leg.overheardBy);
    if (leg.recording !== null) this.#stopRecord(leg, leg.recording);
    tell({ type: 'legEnded', node, leg: leg.id, cause, atMs: this.#nowMs });
  }

  #refuse({ key, leg, node }: SwitchCommand, reason = 'no such leg'): void {
    this.#options.tell({ type: 'commandFailed', node, key, leg, reason, atMs: this.#nowMs });
  }

  #ring(command: Extract<SwitchCommand, { do: 'ring' }>): void {
    const { node, tell, phones } = this.#options;
    const phone = this.#phones.get(command.device);
    if (phone === undefined) {
      return tell({ type: 'legEnded', node, leg: command.leg, cause: 'USER_NOT_REGISTERED', atMs: this.#nowMs });
    }
    const leg = newLeg(command.leg, 'outbound', null, command.callerNumber, command.sipUser);
    leg.contact = command.contact;
    this.#legs.set(leg.id, leg);
    tell({ type: 'legRinging', node, leg: leg.id, atMs: this.#nowMs });
    this.#rings(leg, phone.isFirst ? this.#pickUp(command, phones) : { does: 'nothing' }, command.timeoutMs);
  }

  #rings(leg: VirtualLeg, pickup: Pickup, timeoutMs: number): void {
    const { clock } = this.#options;
    if (pickup.does === 'nothing' || pickup.afterMs >= timeoutMs) {
      clock.after(timeoutMs, () => this.#rung(leg, 'nothing'));
    } else if (pickup.afterMs === 0) this.#rung(leg, pickup.does);
    else clock.after(pickup.afterMs, () => this.#rung(leg, pickup.does));
  }

  /** It has rung for as long as it was to ring. */
  #rung(leg: VirtualLeg, does: Pickup['does']): void {
    if (leg.ended || leg.state !== 'ringing') return;
    if (does === 'answers') this.#answered(leg);
    else this.end(leg, NOT_ANSWERED[does]);
  }

  #pickUp(ring: Ring, phones: Phones): Pickup {
    if (ring.resume !== true) {
      if (this.#dead.size > 0) this.#dead.delete(ring.device);
      return phones(ring);
    }
    return this.#dead.has(ring.device) ? { does: 'nothing' } : { does: 'answers', afterMs: RESUME_MS };
  }

  #dial(command: Extract<SwitchCommand, { do: 'dial' }> & Dial): void {
    const { node, tell, outside } = this.#options;
    const citizen = outside?.citizen(command);
    if (citizen === undefined) {
      return tell({ type: 'legEnded', node, leg: command.leg, cause: 'NO_ROUTE_DESTINATION', atMs: this.#nowMs });
    }
    const leg = newLeg(command.leg, 'outbound', citizen.caller, command.callerNumber, command.number);
    this.#legs.set(leg.id, leg);
    tell({ type: 'legRinging', node, leg: leg.id, atMs: this.#nowMs });
    this.#rings(leg, citizen.pickup, command.timeoutMs);
  }

  /** Who hears the supervisor is not looked at: nobody here hears anything. */
  #supervise(leg: VirtualLeg, command: Extract<SwitchCommand, { do: 'supervise' }>): void {
    const of = this.#legs.get(command.of);
    if (of === undefined || leg.state !== 'answered') return this.#refuse(command);
    this.#begin(leg, 'supervising', command);
    leg.overhears = of;
    of.overheardBy = leg;
  }

  #stopOverhearing(leg: VirtualLeg): void {
    this.#cut(leg);
    this.#options.tell({ type: 'superviseEnded', node: this.#options.node, leg: leg.id, atMs: this.#nowMs });
  }

  #answered(leg: VirtualLeg): void {
    if (leg.state === 'answered') return;
    leg.state = 'answered';
    this.#options.tell({ type: 'legAnswered', node: this.#options.node, leg: leg.id, atMs: this.#nowMs });
  }

  #play(leg: VirtualLeg, command: Extract<SwitchCommand, { do: 'play' }>): void {
    const { node, tell } = this.#options;
    const { key } = command;
    this.#begin(leg, 'playing', command);
    this.#inTurn(leg, this.#lengthMs(command.files), () => {
      leg.doing = 'nothing';
      tell({ type: 'playEnded', node, leg: leg.id, key, outcome: 'done', atMs: this.#nowMs });
    });
  }

  #collect(leg: VirtualLeg, command: Extract<SwitchCommand, { do: 'collect' }>): void {
    const { node, tell } = this.#options;
    this.#begin(leg, 'collecting', command);
    const digit = keyAt(leg.caller, leg.questions++);
    const wholeMs = this.#lengthMs(command.files) + command.waitMs;
    const pressedMs = digit === '' ? wholeMs : Math.min(leg.caller?.keyAfterMs ?? 0, wholeMs);
    this.#inTurn(leg, pressedMs, () => {
      leg.doing = 'nothing';
      leg.digits = digit;
      if (digit !== '') tell({ type: 'digitPressed', node, leg: leg.id, digit, durationMs: 100, atMs: this.#nowMs });
      tell({ type: 'digitsCollected', node, leg: leg.id, key: command.key, digits: digit, atMs: this.#nowMs });
    });
  }

  #music(leg: VirtualLeg, command: Extract<SwitchCommand, { do: 'music' }>): void {
    this.#begin(leg, 'music', command);
    this.#pressInTurn(leg, command.files);
    if (leg.waitingFromMs !== null || leg.caller === null) return;
    const fromMs = this.#options.clock.nowMs;
    leg.waitingFromMs = fromMs;
    if (leg.caller.patienceMs === Infinity) return;
    this.#options.clock.after(leg.caller.patienceMs, () => {
      if (leg.waitingFromMs === fromMs) this.end(leg, 'NORMAL_CLEARING');
    });
  }

  #pressInTurn(leg: VirtualLeg, files: readonly string[]): void {
    const { node, tell, outside } = this.#options;
    if (leg.caller === null || outside === undefined) return;
    const keys = outside.keys(leg.caller, files);
    for (const [nth, digit] of [...keys].entries()) {
      this.#inTurn(leg, (leg.caller?.keyAfterMs ?? 0) + nth * KEY_MS, () =>
        tell({ type: 'digitPressed', node, leg: leg.id, digit, durationMs: 100, atMs: this.#nowMs }),
      );
    }
  }

  #bridge(leg: VirtualLeg, command: Extract<SwitchCommand, { do: 'bridge' }>): void {
    const { node, clock, tell } = this.#options;
    const other = this.#legs.get(command.other);
    if (other === undefined || leg.state !== 'answered' || other.state !== 'answered') return this.#refuse(command);
    if (leg.bridgedTo === other) return;
    if (leg.bridgedTo !== null) this.#part(leg, leg.bridgedTo);
    if (other.bridgedTo !== null) this.#part(other, other.bridgedTo);
    this.#cut(leg);
    this.#cut(other);
    if (leg.caller?.mishap?.kind === 'noBridge' && !leg.mishapOver) {
      leg.mishapOver = true;
      return; // Neither hears anything, and nothing is told.
    }
    leg.bridgedTo = other;
    other.bridgedTo = leg;
    leg.waitingFromMs = null;
    const again = leg.talkedWith === other.id;
    if (!again) leg.talkUntilMs = clock.nowMs + (leg.caller?.talkMs ?? Infinity);
    leg.talkedWith = other.id;
    tell({ type: 'bridged', node, leg: leg.id, other: other.id, atMs: this.#nowMs });
    if (leg.caller === null) return;
    const { talkEndedBy, mishap } = leg.caller;
    const leftMs = Math.max(leg.talkUntilMs - clock.nowMs, TALK_MS_MIN);
    this.#inTurn(leg, leftMs, () => this.end(talkEndedBy === 'citizen' ? leg : other, 'NORMAL_CLEARING'));
    if (mishap !== undefined && !leg.mishapOver) this.#arrange(leg, other, mishap);
  }

  #arrange(leg: VirtualLeg, phone: VirtualLeg, mishap: Mishap): void {
    const { node, clock, tell } = this.#options;
    const together = (act: () => void) => () => {
      if (leg.bridgedTo === phone) act();
    };
    const hold = (held: boolean): void => {
      phone.held = held;
      tell({ type: held ? 'legHeld' : 'legResumed', node, leg: phone.id, atMs: this.#nowMs });
    };
    leg.mishapOver = true;
    clock.after(
      mishap.afterMs,
      together(() => {
        if (mishap.kind === 'phoneDies') return this.#phoneDies(phone);
        if (mishap.kind === 'pageLost') return this.#pageLost(phone, mishap.backAfterMs ?? 0);
        if (mishap.kind === 'comesApart') return this.#part(leg, phone);
        hold(true);
        clock.after(
          HOLD_MS,
          together(() => hold(false)),
        );
      }),
    );
  }

  #phoneDies(phone: VirtualLeg): void {
    const device = this.#firstOf.get(phone.dialled);
    if (device !== undefined) this.#dead.add(device);
    this.end(phone, 'MEDIA_TIMEOUT');
  }

  #pageLost(phone: VirtualLeg, backAfterMs: number): void {
    const uri = this.#firstOf.get(phone.dialled);
    const device = uri === undefined ? undefined : this.#phones.get(uri)?.device;
    if (device !== undefined) {
      this.unregister(device.uri);
      const anew = { ...device, uri: `${device.uri.replace(/~.*/, '')}~${++this.#pages}` };
      this.#options.clock.after(Math.min(backAfterMs, AWAY_MS_MAX), () => this.register(anew));
    }
    this.end(phone, 'MEDIA_TIMEOUT');
  }

  #part(leg: VirtualLeg, other: VirtualLeg): void {
    const { node, tell } = this.#options;
    leg.bridgedTo = null;
    other.bridgedTo = null;
    leg.turn += 1;
    other.turn += 1;
    const first = leg.caller === null ? other : leg;
    const second = first === leg ? other : leg;
    tell({ type: 'unbridged', node, leg: first.id, other: second.id, atMs: this.#nowMs });
  }

  #record(leg: VirtualLeg, file: string): void {
    if (leg.recording === file) return;
    leg.recording = file;
    leg.recordingFromMs = this.#options.clock.nowMs;
    this.#options.tell({ type: 'recordingStarted', node: this.#options.node, leg: leg.id, file, atMs: this.#nowMs });
  }

  #stopRecord(leg: VirtualLeg, file: string): void {
    if (leg.recording !== file) return;
    const { node, clock, tell } = this.#options;
    leg.recording = null;
    const durationMs = clock.nowMs - leg.recordingFromMs;
    tell({ type: 'recordingEnded', node, leg: leg.id, file, durationMs, atMs: this.#nowMs });
  }

  #begin(leg: VirtualLeg, doing: VirtualLeg['doing'], { key }: SwitchCommand): void {
    this.#cut(leg);
    leg.doing = doing;
    leg.key = key;
    leg.digits = null;
  }

  /** Whatever plays is over, and says so. */
  #cut(leg: VirtualLeg): void {
    const { node, tell } = this.#options;
    const { doing, key } = leg;
    leg.turn += 1;
    leg.doing = 'nothing';
    leg.overhears = null;
    if (key === null) return;
    if (doing === 'playing') tell({ type: 'playEnded', node, leg: leg.id, key, outcome: 'broken', atMs: this.#nowMs });
    if (doing === 'collecting')
      tell({ type: 'digitsCollected', node, leg: leg.id, key, digits: '', atMs: this.#nowMs });
  }

  #inTurn(leg: VirtualLeg, delayMs: number, act: () => void): void {
    const { turn } = leg;
    if (delayMs === 0) return act();
    this.#options.clock.after(delayMs, () => {
      if (leg.turn === turn) act();
    });
  }

  #lengthMs(files: readonly string[]): number {
    let lengthMs = 0;
    for (const file of files) lengthMs += this.#options.promptMs(file);
    return lengthMs;
  }
}
