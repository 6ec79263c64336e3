import { basename } from 'node:path';
import { loadCity } from '../../src/city/load.ts';
import { makeSettings } from '../../src/city/settings.ts';
import type { Command } from '../../src/core/command.ts';
import type { CallerKnown } from '../../src/core/event.ts';
import { type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import type { AgentSetting, ModeName } from '../../src/core/settings.ts';
import { Hotline } from './routing-day.ts';

export const NODE = nodeId('switch');
const read = loadCity(new URL('../../dialplans/', import.meta.url).pathname);
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { city } = read;

/** The shipped city with this staff. */
export function open(...staff: readonly AgentSetting[]): Hotline {
  return new Hotline(makeSettings(city, staff));
}

/** The same with a trunk: it calls back. */
export function openWithTrunk(...staff: readonly AgentSetting[]): Hotline {
  return new Hotline({ ...makeSettings(city, staff), dialsOut: true });
}

export function putInMode(hotline: Hotline, mode: ModeName): void {
  hotline.hear({ type: 'modeAsked', mode, by: 'lead', reason: '暴雪' });
}

let calls = 0;

/** Who calls, when it is not a stranger. */
export interface Caller {
  readonly from?: string;
  readonly known?: CallerKnown;
}

/** Calls 12345 and presses the key, or none, at every question, once it has been read. */
export function call(hotline: Hotline, key: string, { from, known }: Caller = {}): ContactId {
  calls += 1;
  const leg = legId(`caller-${calls}`);
  const number = from ?? `139${String(calls).padStart(8, '0')}`;
  const event = { type: 'callArrived' as const, node: NODE, leg, from: number, dialled: '12345' };
  hotline.hear(known === undefined ? event : { ...event, known });
  const contact = hotline.state.legs.get(leg)!.contact;
  for (let stage = hotline.state.contacts.get(contact)!.stage; stage.in === 'menu'; ) {
    const asks = stage.flow.steps[stage.step]?.kind === 'ask';
    if (asks) hotline.hear({ type: 'digitsCollected', node: NODE, leg, key: stage.key, digits: key });
    else hotline.hear({ type: 'playEnded', node: NODE, leg, key: stage.key, outcome: 'done' });
    stage = hotline.state.contacts.get(contact)!.stage;
  }
  return contact;
}

/** Prompts by id, as the switch is told to play them. */
export function heard(commands: readonly Command[]): readonly string[] {
  return commands
    .flatMap((command) =>
      command.do === 'play' || command.do === 'music' || command.do === 'collect' ? command.files : [],
    )
    .map((file) => basename(file, '.wav'));
}

/** What is played from now on for so long. */
export function hearsWithin(hotline: Hotline, ms: number): readonly string[] {
  const before = hotline.commands.length;
  hotline.pass(ms);
  return heard(hotline.commands.slice(before));
}
