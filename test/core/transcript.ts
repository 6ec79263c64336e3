import type { Command, SupervisionMode } from '../../src/core/command.ts';
import type { Event, EventBody } from '../../src/core/event.ts';
import { type AgentId, agentId } from '../../src/core/ids.ts';
import type { QueueSetting, Settings } from '../../src/core/settings.ts';
import { initialState, type State } from '../../src/core/state.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { nextDeadlineMs, step } from '../../src/core/step.ts';
import { agentViews, knownLegs } from '../../src/core/view.ts';
import { AGENTS, dayRules, LegSwitch, NODE } from './random-day.ts';

const LINES_MAX = 64;
const FROM_MS = 1_000_000;
const MINUTE_MS = 60_000;

const PERSONAL: Readonly<Record<string, Partial<QueueSetting>>> = {
  full: { waitingMax: 1 },
  brief: { returnMs: 5_000 },
};

/** Open from the scene's beginning for ten minutes, closed for twenty, then open. */
function moreRules(name: string): Settings {
  const rules = dayRules();
  const open = Math.floor(FROM_MS / MINUTE_MS);
  const shifts = [
    { fromMinute: open, toMinute: open + 10 },
    { fromMinute: open + 30, toMinute: 1_440 },
  ];
  const { personal, ...queues } = rules.queues;
  return {
    ...rules,
    version: name,
    hours: { day: { offsets: [{ fromMs: 0, offsetMinutes: 0 }], week: Array(7).fill(shifts) } },
    missedCalls: { calendar: 'day', withinMs: 5 * MINUTE_MS, afterOpeningMs: 3 * MINUTE_MS, standingMax: 2 },
    queues: { ...queues, personal: { ...personal!, ...PERSONAL[name] } },
    ...(name === 'dialOut' ? { dialOut: { line: '12345', numbers: ['01088886666'] } } : {}),
    ...(name === 'alerts' ? { alerts: { waitMs: 60_000, holdMs: 30_000, wrapUpMs: 20_000, missedOffers: 2 } } : {}),
    prompts: { ...rules.prompts, 'FUL-02': '/FUL-02' },
  };
}

/**
 * A scenario is a text: `#` its title, `>` what happens (written by hand), `<` what the core answers. Events name legs by their part:
 * the first caller is `caller`, the next `caller2`; phones are `ana`, then `ana2` when that agent is rung again.
 *
 * ```text
 * > +500 arrive 13800138000     a call from there, 500 ms later; a number dialled may follow
 * > ready ana | notReady ana | offline ana
 * > key caller 1 | nokey caller | played caller
 * > press caller 1              a key of somebody who waits
 * > answer ana | end caller NORMAL_CLEARING | hold ana | resume ana | apart caller
 * > plug ben desk | unplug ben  a phone of the seat registers, or is gone; its first one, or the one named
 * > tick                        to the next deadline
 * > wait 20000                  so long, with every deadline on the way
 * > nobridge                    bridges are not carried out from now on
 * > lose | survey | reboot | restart
 * > silence | speech            effects of commands are kept back from now on, or heard again
 * > supervise eva listen        that agent asks to hear the only contact's talk; or whisper, barge, takeOver
 * > agree leo | leave eva | mark leo sensitive
 * > agree leo eva:barge         to what was read, whatever waits by now
 * > unheard eva                 the switch says that the supervisor on this leg hears nothing more
 * > force ben notReady          by leo, in ben's stead
 * > call ana 01088886666        that agent asks for a call: to a number of the catalogue, or
 * > callBack ana 13800138000    to the citizen of a contact that ana had
 * > rules dialOut               01088886666 is in the catalogue
 * > rules alerts                waits, holds, wrap-ups and misses are watched
 * > rules missed | full         those rules are loaded: missed calls are called back; queues of one place as well
 * > rules brief                 a talk is kept for 5 s
 * ```
 */
export function play(text: string): string {
  const scene = new Scene();
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('<') || line.trim() === '') continue;
    lines.push(line);
    if (line.startsWith('>')) lines.push(...scene.hear(line.slice(1).trim()));
  }
  if (lines.length > LINES_MAX) throw new Error(`a scenario of ${lines.length} lines: ${LINES_MAX} at most`);
  return `${lines.join('\n')}\n`;
}

class Scene {
  readonly #fake = new LegSwitch();
  readonly #names = new Map<string, string>();
  #state: State = initialState('0123456789abcdef');
  #atMs = FROM_MS;
  #deaf = false;
  #lost = false;
  #bridges = true;
  #told: string[] = [];

  constructor() {
    this.#submit({ type: 'started' });
    this.#submit({ type: 'settingsLoaded', settings: dayRules() });
    this.#submit(this.#survey());
  }

  /** @returns the core's answers, those to what its commands bring about included. */
  hear(line: string): string[] {
    this.#told = [];
    const [, plus, verb = '', a = '', b = ''] = /^(?:\+(\d+) )?(\S+)(?: (\S+))?(?: (\S+))?$/.exec(line) ?? [];
    this.#atMs += Number(plus ?? 0);
    this.#act(verb, a, b);
    this.#settle();
    return this.#told;
  }

  #act(verb: string, a: string, b: string): void {
    const fake = this.#fake;
    switch (verb) {
      case 'arrive':
        return fake.arrive(a, b || undefined);
      case 'key':
        return fake.finish(this.#leg(a), b);
      case 'nokey':
      case 'played':
        return fake.finish(this.#leg(a), '');
      case 'answer':
        return fake.answer(this.#leg(a));
      case 'end':
        return fake.end(this.#leg(a), b);
      case 'press':
        return this.#submit({ type: 'digitPressed', node: NODE, leg: this.#leg(a), digit: b, durationMs: 100 });
      case 'hold':
        return this.#submit({ type: 'legHeld', node: NODE, leg: this.#leg(a) });
      case 'resume':
        return this.#submit({ type: 'legResumed', node: NODE, leg: this.#leg(a) });
      case 'apart':
        return this.#apart(a);
      case 'ready':
      case 'notReady':
      case 'offline':
        return this.#submit({
          type: 'agentStateAsked',
          agent: AGENTS.find((name) => name === a)! as never,
          state: verb,
        });
      case 'see':
        return this.#submit({ type: 'alertSeen', alert: a as never, of: b as never, by: 'leo' });
      case 'force':
        return this.#submit({
          type: 'agentStateAsked',
          agent: a as never,
          state: b as never,
          reason: 'shift',
          by: 'leo',
        });
      default:
        return this.#supervise(verb, a, b);
    }
  }

  /** Of the only contact. */
  #supervise(verb: string, a: string, b: string): void {
    const [contact] = this.#state.contacts.keys();
    if (contact === undefined) return this.#pass(verb, a, b);
    const by = a as never;
    switch (verb) {
      case 'supervise':
        return this.#submit({ type: 'supervisionAsked', contact, by, mode: b as never, reason: 'training' });
      case 'go-over':
        return this.#submit({ type: 'supervisionAsked', contact, by, mode: b as never, reason: '' });
      case 'agree':
        return this.#submit({ type: 'supervisionApproved', contact, by, ...agreedTo(b) });
      case 'leave':
        return this.#submit({ type: 'supervisionLeft', contact, by });
      case 'mark':
        return this.#submit({ type: 'contactMarked', contact, sensitive: b === 'sensitive', by });
      case 'unheard':
        return this.#submit({ type: 'superviseEnded', node: NODE, leg: this.#leg(a) });
      default:
        return this.#pass(verb, a, b);
    }
  }

  #pass(verb: string, a: string, b: string): void {
    switch (verb) {
      case 'tick':
        return this.#until(nextDeadlineMs(this.#state) ?? this.#atMs);
      case 'wait':
        return this.#until(this.#atMs + Number(a));
      case 'plug':
      case 'unplug':
        return this.#plug(verb, a, b);
      case 'silence':
      case 'speech':
        this.#deaf = verb === 'silence';
        return;
      case 'nobridge':
        this.#bridges = false;
        return;
      case 'lose':
        this.#lost = true;
        return this.#submit({ type: 'nodeLost', node: NODE });
      case 'reboot':
        this.#fake.reboot();
        return this.#submit(this.#survey());
      case 'survey':
        return this.#submit(this.#survey());
      case 'call':
        return this.#submit({ type: 'callOutAsked', agent: a as never, number: b });
      case 'callBack':
        return this.#submit({ type: 'callOutAsked', agent: a as never, number: b, of: 'C1' as never });
      case 'rules':
        return this.#submit({ type: 'settingsLoaded', settings: moreRules(a) });
      case 'restart':
        this.#state = decodeState(encodeState(this.#state));
        return this.#submit({ type: 'started' });
      default:
        throw new Error(`no such happening: ${verb}`);
    }
  }

  #until(untilMs: number): void {
    for (let dueMs = nextDeadlineMs(this.#state); dueMs !== undefined && dueMs <= untilMs; ) {
      this.#atMs = Math.max(this.#atMs, dueMs);
      this.#submit({ type: 'tick' });
      this.#settle();
      dueMs = nextDeadlineMs(this.#state);
    }
    this.#atMs = untilMs;
  }

  #plug(verb: 'plug' | 'unplug', agent: string, phone: string): void {
    const sipUser = `${8001 + AGENTS.indexOf(agent as (typeof AGENTS)[number])}`;
    const uri = `sip:${sipUser}${phone === '' ? '' : `-${phone}`}`;
    if (verb === 'unplug') return this.#submit({ type: 'deviceGone', node: NODE, sipUser, device: uri });
    this.#submit({ type: 'deviceRegistered', node: NODE, device: { sipUser, uri, expiresAtMs: 1e13 } });
  }

  #apart(name: string): void {
    const leg = this.#fake.legs.get(this.#leg(name))!;
    const other = leg.bridgedTo!;
    leg.bridgedTo = undefined;
    this.#fake.legs.get(other)!.bridgedTo = undefined;
    this.#submit({ type: 'unbridged', node: NODE, leg: leg.id, other });
  }

  #survey(): EventBody {
    this.#deaf = false;
    this.#lost = false;
    return this.#fake.survey(knownLegs(this.#state, NODE), this.#atMs);
  }

  #settle(): void {
    while (!this.#deaf && this.#fake.told.length > 0) this.#submit(this.#fake.told.shift()!);
  }

  #submit(body: EventBody): void {
    const seq = this.#state.seq + 1;
    const commands = step(this.#state, { ...body, atMs: this.#atMs } as Event, seq);
    for (const command of commands) {
      this.#told.push(`< ${this.#tell(command)}`);
      if (!this.#lost && (this.#bridges || command.do !== 'bridge')) this.#fake.execute(command);
    }
  }

  #leg(name: string): LegSwitch['legs'] extends Map<infer Id, unknown> ? Id : never {
    for (const [id, known] of this.#names) if (known === name) return id as never;
    throw new Error(`no leg is named ${name}`);
  }

  #name(id: string, wanted: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const taken = new Set(this.#names.values());
    let name = wanted;
    for (let nth = 2; taken.has(name); nth++) name = `${wanted}${nth}`;
    this.#names.set(id, name);
    return name;
  }

  #tell(command: Command): string {
    const at = (atMs: number) => `@${atMs - FROM_MS}`;
    if (command.do !== 'record-fact') {
      const { key, node, leg, do: wish, ...rest } = command;
      const agent = agentViews(this.#state).find(({ sipUser }) => 'sipUser' in rest && sipUser === rest.sipUser)?.agent;
      const words = Object.entries(rest).flatMap(([name, value]) =>
        ['number', 'timeoutMs', 'waitMs', 'cause', 'files', 'other', 'mode', 'of'].includes(name)
          ? [this.#word(value)]
          : name === 'resume'
            ? ['resume']
            : [],
      );
      return [wish, this.#name(leg, agent ?? 'caller'), ...words].join(' ').trimEnd();
    }
    const { do: _, fact, ...rest } = command;
    if (fact === 'legOpened') this.#name(command.leg, command.agent ?? 'caller');
    const words = Object.entries(rest).flatMap(([name, value]) => {
      if (value === undefined) return [];
      if (name === 'contact' || name === 'node' || name === 'address' || name === 'file' || name === 'medium')
        return [];
      if (name === 'sensitive') return [value === true ? 'sensitive' : 'plain'];
      return [
        name.endsWith('AtMs') || name.endsWith('UntilMs') || name === 'sinceMs' ? at(Number(value)) : this.#word(value),
      ];
    });
    return [`${at(this.#atMs)} ${fact}`, ...words].join(' ').trimEnd();
  }

  #word(value: unknown): string {
    if (Array.isArray(value)) return value.map((file) => String(file).slice(1)).join('+') || '-';
    if (value === true) return 'approximate';
    return this.#names.get(String(value)) ?? (value === '' ? '-' : String(value));
  }
}

/** `SUPERVISOR:MODE`; nothing: an older approval, which names neither. */
function agreedTo(what: string): { supervisor?: AgentId; mode?: SupervisionMode } {
  const [supervisor = '', mode] = what.split(':');
  return mode === undefined ? {} : { supervisor: agentId(supervisor), mode: mode as SupervisionMode };
}
