import type { Command, SwitchCommand } from '../../src/core/command.ts';
import type { EventBody, SurveyedLeg } from '../../src/core/event.ts';
import { agentId, type CommandKey, type LegId, legId, nodeId } from '../../src/core/ids.ts';
import type { Settings } from '../../src/core/settings.ts';

export const NODE = nodeId('switch');
export const AGENTS = ['ana', 'ben', 'eva', 'leo'] as const;

export function dayRules(): Settings {
  const queue = (name: string) => ({
    name,
    skill: name,
    ringMs: 20_000,
    wrapUpMs: 30_000,
    positionFirstMs: 15_000,
    positionEveryMs: 30_000,
    waitingMax: 8,
    ...(name === 'personal'
      ? {
          rating: { prompts: ['RAT-01'], thanks: ['RAT-02'], waitMs: 8_000 },
          callBack: { afterMs: 45_000, ahead: 10, tries: 2, pauseMs: 60_000, ringMs: 30_000 },
        }
      : {}),
  });
  return {
    version: '1',
    lines: { '12345': 'main' },
    flows: {
      main: {
        start: 'greet',
        steps: {
          // biome-ignore lint/suspicious/noThenProperty: a flow's own word for what comes next.
          greet: { kind: 'say', prompts: ['GRT-01'], then: 'menu' },
          menu: {
            kind: 'ask',
            opening: [],
            prompts: ['MNU-01'],
            choose: { '1': 'personal', '2': 'enterprise' },
            waitMs: 3_000,
            none: 'personal',
            wrongPrompts: ['MNU-05'],
            wrongMax: 1,
            wrong: 'personal',
          },
          personal: { kind: 'queue', queue: 'personal', prompts: [] },
          enterprise: { kind: 'queue', queue: 'enterprise', prompts: ['ENT-01'] },
        },
      },
    },
    queues: { personal: queue('personal'), enterprise: queue('enterprise') },
    agents: AGENTS.map((name, index) => ({
      id: agentId(name),
      number: `${1001 + index}`,
      sipUser: `${8001 + index}`,
      skills: index === 0 ? { personal: 3, enterprise: 3 } : index % 2 ? { personal: 3 } : { enterprise: 3 },
    })),
    prompts: Object.fromEntries(
      [
        ...['GRT-01', 'MNU-01', 'MNU-05', 'ENT-01', 'QUE-02', 'QUE-03a', 'QUE-03b', 'FUL-01', 'TONE-FAULT'],
        ...['NUM-1', 'NUM-2L', 'NUM-3', 'RAT-01', 'RAT-02', 'CBK-01', 'CBK-02', 'CBK-03', 'CBK-04'],
      ].map((id) => [id, `/${id}`]),
    ),
    recordingFolder: '/rec',
    dialsOut: true,
  };
}

interface FakeLeg {
  readonly id: LegId;
  readonly direction: 'inbound' | 'outbound';
  state: 'ringing' | 'answered';
  key: CommandKey | undefined;
  doing: SurveyedLeg['doing'];
  bridgedTo: LegId | undefined;
  recording: string | undefined;
  /** Taken by the question with `key`. */
  digits: string | undefined;
}

/** A switch of plain legs: takes commands at once, tells of their effects when asked for the next event. */
export class LegSwitch {
  readonly legs = new Map<LegId, FakeLeg>();
  readonly told: EventBody[] = [];
  bootId = 'boot-0';
  #calls = 0;

  arrive(from: string, dialled = '12345'): void {
    // A switch's own ids stand on either side of ours in any order.
    const id = legId(`${++this.#calls % 2 === 0 ? '!' : ''}call-${this.#calls}`);
    this.legs.set(id, leg(id, 'inbound'));
    this.told.push({ type: 'callArrived', node: NODE, leg: id, from, dialled });
  }

  end(id: LegId, cause: string): void {
    const gone = this.legs.get(id);
    if (gone === undefined) return;
    this.legs.delete(id);
    if (gone.recording !== undefined) this.#recorded(gone, gone.recording);
    const other = gone.bridgedTo === undefined ? undefined : this.legs.get(gone.bridgedTo);
    if (other !== undefined) other.bridgedTo = undefined;
    this.told.push({ type: 'legEnded', node: NODE, leg: id, cause });
  }

  answer(id: LegId): void {
    const ringing = this.legs.get(id);
    if (ringing === undefined || ringing.state === 'answered') return;
    ringing.state = 'answered';
    this.told.push({ type: 'legAnswered', node: NODE, leg: id });
  }

  execute(command: Command): void {
    if (command.do === 'record-fact') return;
    const target = this.legs.get(command.leg);
    if (command.do === 'ring' || command.do === 'dial') this.legs.set(command.leg, leg(command.leg, 'outbound'));
    else if (target !== undefined) this.#carryOut(command, target);
  }

  /** The prompt or question on a leg comes to its end. */
  finish(id: LegId, digits: string): void {
    const busy = this.legs.get(id);
    if (busy?.key === undefined) return;
    const { key, doing } = busy;
    if (doing === 'playing') this.told.push({ type: 'playEnded', node: NODE, leg: id, key, outcome: 'done' });
    else if (doing === 'collecting') this.told.push({ type: 'digitsCollected', node: NODE, leg: id, key, digits });
    else return;
    busy.doing = 'nothing';
    if (doing === 'collecting') busy.digits = digits;
  }

  survey(known: readonly LegId[], nowMs: number): EventBody {
    this.told.length = 0; // What was on its way is covered by the survey.
    const legs = [...this.legs.values()].map(({ id, direction, state, key, doing, bridgedTo, recording, digits }) => ({
      leg: id,
      direction,
      state,
      from: '139',
      dialled: '12345',
      doing,
      ...(key === undefined ? {} : { key }),
      ...(bridgedTo === undefined ? {} : { bridgedTo }),
      ...(recording === undefined ? {} : { recording }),
      ...(digits === undefined ? {} : { digits }),
    }));
    const ended = known
      .filter((id) => !this.legs.has(id))
      .map((id) => ({ leg: id, cause: 'NORMAL_CLEARING', endedAtMs: nowMs, approximate: true }));
    const devices = AGENTS.map((_, index) => ({
      sipUser: `${8001 + index}`,
      uri: `sip:${8001 + index}`,
      expiresAtMs: 1e13,
    }));
    return { type: 'surveyed', node: NODE, survey: { bootId: this.bootId, legs, devices, ended } };
  }

  reboot(): void {
    this.legs.clear();
    this.bootId = `boot-${Number(this.bootId.slice(5)) + 1}`;
  }

  #carryOut(command: SwitchCommand, target: FakeLeg): void {
    switch (command.do) {
      case 'answer':
        return this.answer(target.id);
      case 'hangUp':
        return this.end(target.id, command.cause);
      case 'bridge': {
        const other = this.legs.get(command.other);
        if (other === undefined)
          return void this.told.push({
            type: 'commandFailed',
            node: NODE,
            key: command.key,
            leg: command.leg,
            reason: 'gone',
          });
        for (const { bridgedTo } of [target, other]) {
          const left = bridgedTo === undefined ? undefined : this.legs.get(bridgedTo);
          if (left !== undefined) left.bridgedTo = undefined;
        }
        target.bridgedTo = other.id;
        other.bridgedTo = target.id;
        target.doing = 'nothing';
        return void this.told.push({ type: 'bridged', node: NODE, leg: target.id, other: other.id });
      }
      case 'supervise':
        target.key = command.key;
        target.doing = 'supervising';
        return;
      case 'record':
        target.recording = command.file;
        return;
      case 'stopRecord':
        return this.#recorded(target, command.file);
      case 'play':
      case 'collect':
      case 'music':
        target.key = command.key;
        target.digits = undefined;
        target.doing = command.do === 'play' ? 'playing' : command.do === 'collect' ? 'collecting' : 'music';
    }
  }

  #recorded(of: FakeLeg, file: string): void {
    if (of.recording !== file) return;
    of.recording = undefined;
    this.told.push({ type: 'recordingEnded', node: NODE, leg: of.id, file, durationMs: 1 });
  }
}

function leg(id: LegId, direction: FakeLeg['direction']): FakeLeg {
  return {
    id,
    direction,
    state: 'ringing',
    key: undefined,
    doing: 'nothing',
    bridgedTo: undefined,
    recording: undefined,
    digits: undefined,
  };
}
