import { expect, test } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import type { Event, EventBody } from '../../src/core/event.ts';
import { agentId, type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import type { QueueSetting, Settings } from '../../src/core/settings.ts';
import { step } from '../../src/core/step.ts';
import { createTicketBook } from '../../src/main/ticket-book.ts';
import { withKnown } from '../../src/main/with-known.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const NODE = nodeId('switch');
const PROMPTS = ['CBK-01', 'CBK-02', 'CBK-03', 'CBK-04'];
const recorded = (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, `/${id}`]));
const callBack = { afterMs: 15_000, ahead: 10, tries: 2, pauseMs: 60_000, ringMs: 30_000 };

const day = { offsets: [], week: Array(7).fill([{ fromMinute: 0, toMinute: 1_440 }]) };
const missedCalls = { calendar: 'day', withinMs: 60_000, afterOpeningMs: 60_000, standingMax: 1 };

function hotlineOf(more: Partial<QueueSetting> = {}, city: Partial<Settings> = {}): Hotline {
  const settings = rules([queue('personal', { callBack, ...more })], [agent('ana', { personal: 1 })], {
    ...{ dialsOut: true, prompts: recorded(PROMPTS) },
    ...city,
  });
  return new Hotline(settings);
}

/** Whether the caller has heard the offer with the place. */
function offered(hotline: Hotline, ms = 15_000): boolean {
  const call = hotline.call('personal', '13800138000');
  hotline.pass(ms);
  return hotline.state.contacts.get(call)!.callBack?.step === 'offered';
}

test('[K1] a call-back is offered with the place to who has waited long enough, or has so many before', () => {
  expect(offered(hotlineOf())).toBe(true);
  expect(offered(hotlineOf({ positionFirstMs: 14_999 }))).toBe(false);
  expect(offered(hotlineOf({ positionFirstMs: 14_999, callBack: { ...callBack, ahead: 0 } }))).toBe(true);
});

test.each<[string, Partial<QueueSetting>, Partial<Settings>]>([
  ['the queue has none', {}, { queues: { personal: queue('personal') } }],
  ['the city cannot dial out', {}, { dialsOut: false }],
  ...PROMPTS.map((id): [string, Partial<QueueSetting>, Partial<Settings>] => [
    `${id} is not recorded`,
    {},
    { prompts: recorded(PROMPTS.filter((other) => other !== id)) },
  ]),
])('[K1] no call-back is offered where %s', (_, more, city) => {
  expect(offered(hotlineOf(more, city))).toBe(false);
});

test('[K1] nor is one to a caller whose talk broke off', () => {
  const hotline = hotlineOf();
  hotline.ready('ana');
  const call = hotline.call('personal', '13800138000');
  hotline.answer(call);
  const { stage } = hotline.state.contacts.get(call)!;
  if (stage.in !== 'talk') throw new Error(stage.in);
  hotline.hear({ type: 'legEnded', node: NODE, leg: stage.agentLeg, cause: 'MEDIA_TIMEOUT' });
  hotline.pass(120_000);
  const { callBack: offer, stage: now } = hotline.state.contacts.get(call)!;
  expect([now.in, offer]).toEqual(['queue', undefined]);
});

test('[K3] a wrong number is asked for once more; after a second one the offer stands as before', () => {
  const hotline = hotlineOf();
  const call = hotline.call('personal', '13800138000');
  hotline.pass(15_000);
  const { leg } = hotline.state.contacts.get(call)!;
  const type = (digits: string) => {
    for (const digit of digits) hotline.hear({ type: 'digitPressed', node: NODE, leg, digit, durationMs: 100 });
    return hotline.state.contacts.get(call)!.callBack!.step;
  };
  expect(type('12')).toBe('number');
  expect(type('110#')).toBe('number');
  expect(type('120#')).toBe('offered');
  expect(type('12110#')).toBe('number');
  expect(type('13900139000#')).toBe('promised');
});

test('[C1][K3][K7] a mobile that is typed with the 0 of long distance is the citizen who calls without it, and takes the place', () => {
  const hotline = hotlineOf();
  const call = hotline.call('personal', '13800138000');
  hotline.pass(15_000);
  const { leg } = hotline.state.contacts.get(call)!;
  for (const digit of '12013900139000#')
    hotline.hear({ type: 'digitPressed', node: NODE, leg, digit, durationMs: 100 });
  expect(hotline.state.contacts.get(call)!.callBack).toMatchObject({ step: 'promised', number: '13900139000' });
  hotline.hangUp(call);
  hotline.call('personal', '13900139000');
  expect(hotline.state.contacts.has(call)).toBe(false);
});

test('[B1][C1] a mobile with the 0 of long distance, as another exchange shows it, is the same missed caller', () => {
  const hotline = hotlineOf({}, { queues: { personal: queue('personal') }, hours: { day }, missedCalls });
  const books = { knownOf: () => undefined, tickets: createTicketBook() };
  for (const [nth, from] of ['013800138000', '+8613800138000', '86013800138000'].entries()) {
    const leg = legId(`told-${nth}`);
    const call = { type: 'callArrived' as const, node: NODE, leg, from, dialled: 'personal' };
    hotline.hear(withKnown(books, hotline.state.legs, call));
    hotline.hangUp(hotline.state.legs.get(leg)!.contact);
  }
  const missed = hotline.commands.flatMap((one) =>
    one.do === 'record-fact' && one.fact === 'callMissed' ? [[one.number, one.calls]] : [],
  );
  expect(missed).toEqual([1, 2, 3].map((calls) => ['13800138000', calls]));
});

test('[B3][K6] for a queue without call-backs of its own a missed caller is rung for 30 s, three times, 120 s apart', () => {
  const hotline = hotlineOf({}, { queues: { personal: queue('personal') }, hours: { day }, missedCalls });
  hotline.hangUp(hotline.call('personal', '13800138000'));
  const [ours] = [...hotline.state.contacts.keys()];
  const dials = () => hotline.commands.filter((one) => one.do === 'dial');
  for (let nth = 1; nth <= 3; nth += 1) {
    hotline.ask('ana', 'ready');
    expect(hotline.ringing(ours!)).toBe('ana');
    hotline.answer(ours!);
    expect(dials()).toHaveLength(nth);
    expect(dials().at(-1)).toMatchObject({ timeoutMs: 30_000 });
    hotline.hear({ type: 'legEnded', node: NODE, leg: dials().at(-1)!.leg, cause: 'NO_ANSWER' });
    if (nth === 3) break;
    hotline.pass(119_999);
    expect(hotline.ringing(ours!)).toBeUndefined();
    hotline.pass(1);
  }
  expect(hotline.commands.at(-1)).toMatchObject({ fact: 'contactClosed', outcome: 'unreached' });
});

test('[K4][K5] the end of the call in which the call-back was promised, heard late, says nothing of the one that is dialled', () => {
  const hotline = hotlineOf();
  const call = hotline.call('personal', '13800138000');
  hotline.pass(15_000);
  const { state } = hotline;
  // From here on nothing is carried out.
  const decide = (body: EventBody) => [...step(state, { ...body, atMs: state.nowMs } as Event, state.seq + 1)];
  const legOf = (decided: readonly Command[], wish: 'ring' | 'dial') => {
    const found = decided.find((one) => one.do === wish);
    return found?.do === wish ? found.leg : legId('');
  };
  const { leg: first } = state.contacts.get(call)!;
  const [pressed] = [1, 2].map(() =>
    decide({ type: 'digitPressed', node: NODE, leg: first, digit: '1', durationMs: 1 }),
  );
  expect(pressed).toHaveLength(1);
  const { key } = state.contacts.get(call)!.callBack!;
  const told = decide({ type: 'playEnded', node: NODE, leg: first, key: key!, outcome: 'done' });
  expect(told).toMatchObject([{ do: 'hangUp', leg: first }]);
  const phone = legOf(decide({ type: 'agentStateAsked', agent: agentId('ana'), state: 'ready' }), 'ring');
  const citizen = legOf(decide({ type: 'legAnswered', node: NODE, leg: phone }), 'dial');
  const late = decide({ type: 'legEnded', node: NODE, leg: first, cause: 'NORMAL_CLEARING' });
  expect(late).toMatchObject([{ fact: 'legClosed', leg: first }]);
  expect(state.contacts.get(call)).toMatchObject({ leg: citizen, stage: { in: 'dialling' } });
});

/** Takes the offer for another number. */
function promisedAt(hotline: Hotline, from: string, number: string) {
  const call = hotline.call('personal', from);
  hotline.pass(15_000);
  const { leg } = hotline.state.contacts.get(call)!;
  for (const digit of `12${number}#`) hotline.hear({ type: 'digitPressed', node: NODE, leg, digit, durationMs: 100 });
  return call;
}

const stepOf = (hotline: Hotline, call: ContactId) => hotline.state.contacts.get(call)?.callBack?.step;

test('[K7] of two places kept for a number, that of its owner is taken by who calls from it', () => {
  const hotline = hotlineOf();
  const own = promisedAt(hotline, '13800138000', '13700137000');
  const others = promisedAt(hotline, '13900139000', '13800138000');
  for (const call of [others, own]) hotline.hangUp(call);
  const again = hotline.call('personal', '13800138000');
  expect([others, own].map((call) => hotline.state.contacts.has(call))).toEqual([true, false]);
  expect(hotline.state.contacts.get(again)?.stage.in).toBe('queue');
});

test('[K3] a number that will be dialled already is no number for another call-back, until that one is over', () => {
  const hotline = hotlineOf();
  const first = promisedAt(hotline, '13900139000', '13800138000');
  const second = promisedAt(hotline, '13900139001', '13800138000');
  expect([first, second].map((call) => stepOf(hotline, call))).toEqual(['promised', 'number']);
  const third = promisedAt(hotline, '13900139002', '13800138001');
  expect(stepOf(hotline, third)).toBe('promised');
  hotline.hangUp(first);
  hotline.hangUp(hotline.call('personal', '13800138000'));
  expect(stepOf(hotline, promisedAt(hotline, '13900139003', '13800138000'))).toBe('promised');
});

function phoneDied(hotline: Hotline, call: ContactId): void {
  const { leg } = hotline.state.contacts.get(call)!;
  hotline.hear({ type: 'legEnded', node: NODE, leg, cause: 'MEDIA_TIMEOUT' });
}

test('[B3][B4] whose phone died, and who waits again before that is known, is called back only when that wait comes to nothing', () => {
  const hotline = hotlineOf({}, { hours: { day }, missedCalls });
  const lost = hotline.call('personal', '13800138000');
  const again = hotline.call('personal', '13800138000');
  phoneDied(hotline, lost);
  expect([...hotline.state.contacts.keys()]).toEqual([again]);
  hotline.hangUp(again);
  const [ours] = [...hotline.state.contacts.values()];
  expect(ours).toMatchObject({ medium: 'callback', from: '13800138000' });
});

test('[B4] nor who has an agent already when the first call is known to be lost', () => {
  const hotline = hotlineOf({}, { hours: { day }, missedCalls });
  const lost = hotline.call('personal', '13800138000');
  const again = hotline.call('personal', '13800138000');
  hotline.hear({ type: 'agentStateAsked', agent: agentId('ana'), state: 'ready' });
  hotline.answer(lost);
  expect(hotline.state.contacts.get(lost)?.spoke).toBe(true);
  phoneDied(hotline, again);
  expect(hotline.state.missed.size).toBe(0);
});

test('[K4][K5] a place that is kept waits, and costs neither a try nor an agent, while the city cannot dial out', () => {
  const hotline = hotlineOf();
  const call = hotline.call('personal', '13800138000');
  hotline.pass(15_000);
  const { leg } = hotline.state.contacts.get(call)!;
  for (let n = 0; n < 2; n++) hotline.hear({ type: 'digitPressed', node: NODE, leg, digit: '1', durationMs: 100 });
  hotline.hangUp(call);
  const { dialsOut: _, ...without } = hotline.state.base!;
  const load = (settings: Settings, version: string) =>
    hotline.hear({ type: 'settingsLoaded', settings: { ...settings, version } });
  load(without, 'no way out');
  hotline.ready('ana');
  hotline.pass(600_000);
  hotline.restart();
  expect(hotline.ringing(call)).toBeUndefined();
  const other = hotline.call('personal', '13900139000');
  expect(hotline.ringing(other)).toBe('ana');
  hotline.hangUp(other);
  load({ ...without, dialsOut: true }, 'a way out');
  hotline.pass(30_000);
  expect(hotline.ringing(call)).toBe('ana');
});

test('[K4][K5][B3] the citizen of a missed call who was reached, waits, and has the place kept again is called back', () => {
  const hotline = hotlineOf({}, { missedCalls, hours: { day } });
  hotline.hangUp(hotline.call('personal', '13800138000'));
  hotline.pass(0);
  const ours = hotline.state.contacts.get(hotline.state.missed.get('13800138000')!.by!)!;
  hotline.ready('ana');
  hotline.answer(ours.id);
  hotline.bridges = false;
  hotline.hear({ type: 'legAnswered', node: NODE, leg: ours.leg });
  hotline.pass(5_000);
  hotline.ask('ana', 'notReady');
  hotline.pass(30_000);
  const { leg } = hotline.state.contacts.get(ours.id)!;
  for (let n = 0; n < 2; n++) hotline.hear({ type: 'digitPressed', node: NODE, leg, digit: '1', durationMs: 100 });
  expect(hotline.state.missed.size).toBe(0);
  hotline.hangUp(ours.id);
  hotline.pass(60_000);
  hotline.restart();
  hotline.hangUp(hotline.call('personal', '13900139000'));
  hotline.pass(60_000);
  expect(hotline.state.contacts.get(ours.id)?.stage.in).toBe('queue');
  hotline.ready('ana');
  expect(hotline.ringing(ours.id)).toBe('ana');
});
