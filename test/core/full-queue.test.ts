import { beforeEach, expect, test } from 'vitest';
import type { Event, EventBody } from '../../src/core/event.ts';
import { type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import { step } from '../../src/core/step.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const NODE = nodeId('switch');
const PROMPTS = ['CBK-01', 'CBK-02', 'CBK-03', 'CBK-04', 'FUL-01', 'FUL-02'];
const callBack = { afterMs: 15_000, ahead: 10, tries: 3, pauseMs: 60_000, ringMs: 30_000 };
const city = rules([queue('personal', { waitingMax: 2, callBack })], [agent('ana', { personal: 1 })], {
  dialsOut: true,
  prompts: Object.fromEntries(PROMPTS.map((id) => [id, `/${id}`])),
});

let hotline: Hotline;
let calls = 0;
beforeEach(() => {
  hotline = new Hotline(city);
});

function call(from?: string): ContactId {
  calls += 1;
  return hotline.call('personal', from ?? `138001${String(calls).padStart(5, '0')}`);
}

function at(contact: ContactId): string {
  return hotline.state.contacts.get(contact)?.stage.in ?? 'over';
}

function press(contact: ContactId, digit: string): void {
  hotline.hear({
    type: 'digitPressed',
    node: NODE,
    leg: hotline.state.contacts.get(contact)!.leg,
    digit,
    durationMs: 100,
  });
}

/** What is being said is over. */
function said(contact: ContactId): void {
  const { leg } = hotline.state.contacts.get(contact)!;
  const last = hotline.commands.findLast((command) => 'leg' in command && command.leg === leg && command.do === 'play');
  if (last?.do === 'play') hotline.hear({ type: 'playEnded', node: NODE, leg, key: last.key, outcome: 'done' });
}

/** K1–K4: has waited, hears the offer, takes it, and is let go. */
function keepPlaceOf(contact: ContactId): void {
  press(contact, '1');
  press(contact, '1');
  expect(hotline.state.contacts.get(contact)?.callBack?.step).toBe('promised');
  said(contact);
}

test('[Q7][K4] places kept for call-backs take no room from callers on the line', () => {
  const kept = [call(), call()];
  hotline.pass(15_000);
  for (const contact of kept) keepPlaceOf(contact);
  const [first, second, third] = [call(), call(), call()];
  expect([first, second].map(at)).toEqual(['queue', 'queue']);
  expect(at(third)).toBe('goodbye');
  hotline.ready('ana');
  expect(hotline.ringing(kept[0]!)).toBe('ana');
});

test('[Q7] a restart counts the same', () => {
  const kept = call();
  hotline.pass(15_000);
  keepPlaceOf(kept);
  call();
  hotline.restart();
  expect([call(), call()].map(at)).toEqual(['queue', 'deflecting']);
});

test('[K1][K8] no more places are kept for call-backs than callers may wait on the line', () => {
  const early = [call(), call()];
  hotline.pass(15_000);
  for (const contact of early) keepPlaceOf(contact);
  const late = [call(), call()];
  hotline.pass(15_000);
  for (const contact of late) expect(hotline.state.contacts.get(contact)?.callBack).toBeUndefined();
  expect(at(call())).toBe('goodbye');
});

test('[K8] of several who are asked for the last place the first to press has it, and the others hear that there is none', () => {
  const [kept] = [call(), call()];
  hotline.pass(15_000);
  keepPlaceOf(kept!);
  call();
  const asked = [call(), call()];
  expect(asked.map(at)).toEqual(['deflecting', 'deflecting']);
  for (const contact of asked) {
    const { leg, stage } = hotline.state.contacts.get(contact)!;
    if (stage.in !== 'deflecting') throw new Error(stage.in);
    hotline.hear({ type: 'digitsCollected', node: NODE, leg, key: stage.key, digits: '1' });
  }
  expect(asked.map(at)).toEqual(['queue', 'goodbye']);
});

test('[K5][Q7] a citizen who was called back and waits on the line again takes room there', () => {
  const kept = call();
  hotline.pass(15_000);
  keepPlaceOf(kept);
  hotline.ready('ana');
  hotline.answer(kept);
  expect(at(kept)).toBe('dialling');
  hotline.hear({ type: 'legAnswered', node: NODE, leg: hotline.state.contacts.get(kept)!.leg });
  const stage = hotline.state.contacts.get(kept)!.stage;
  if (stage.in !== 'talk') throw new Error(stage.in);
  hotline.hear({ type: 'legEnded', node: NODE, leg: stage.agentLeg, cause: 'MEDIA_TIMEOUT' });
  hotline.pass(30_000);
  expect(at(kept)).toBe('queue');
  expect([call(), call()].map(at)).toEqual(['queue', 'deflecting']);
});

test('[K4][Q7] a caller who is still there when an agent answers takes room on the line again', () => {
  const promised = call();
  hotline.pass(15_000);
  press(promised, '1');
  press(promised, '1');
  call();
  hotline.ready('ana');
  expect(hotline.ringing(promised)).toBe('ana');
  const { stage } = hotline.state.contacts.get(promised)!;
  if (stage.in !== 'queue') throw new Error(stage.in);
  // From here on nothing is carried out: the bridge is asked for, and not made.
  const decide = (body: EventBody) =>
    step(hotline.state, { ...body, atMs: hotline.state.nowMs } as Event, hotline.state.seq + 1);
  decide({ type: 'legAnswered', node: NODE, leg: stage.offer!.legs[0]! });
  expect(at(promised)).toBe('connecting');
  const leg = legId('third');
  decide({ type: 'callArrived', node: NODE, leg, from: '', dialled: 'personal' });
  decide({ type: 'legAnswered', node: NODE, leg });
  expect(at(hotline.state.legs.get(leg)!.contact)).toBe('goodbye');
});

test('[K7][Q7] whoever calls again while there is no room on the line hears that the place is kept, and keeps it', () => {
  const kept = call('13800138000');
  hotline.pass(15_000);
  keepPlaceOf(kept);
  const others = [call(), call()];
  hotline.commands.length = 0;
  const again = call('13800138000');
  expect([kept, again].map(at)).toEqual(['queue', 'goodbye']);
  expect(hotline.commands.findLast(({ do: what }) => what === 'play')).toMatchObject({ files: ['/CBK-04'] });
  said(again);
  expect(hotline.commands).toContainEqual(
    expect.objectContaining({ fact: 'waitEnded', contact: again, result: 'full' }),
  );
  hotline.ready('ana');
  expect(hotline.ringing(kept)).toBe('ana');
  expect(others.map(at)).toEqual(['queue', 'queue']);
});
