import { expect, test } from 'vitest';
import { type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const NODE = nodeId('switch');

/** The phone of the contact's agent dies, and is not back in time. */
function breakOff(hotline: Hotline, contact: ContactId): void {
  const stage = hotline.state.contacts.get(contact)!.stage;
  if (stage.in !== 'talk') throw new Error(stage.in);
  hotline.hear({ type: 'legEnded', node: NODE, leg: stage.agentLeg, cause: 'MEDIA_TIMEOUT' });
  hotline.pass(30_000);
  expect(hotline.state.contacts.get(contact)!.stage.in).toBe('queue');
}

test('[T10] who has a caller back after a broken talk is asked first by the next who declines, however long others have been idle', () => {
  const staff = ['ana', 'ben', 'cai'].map((name) => agent(name, { personal: 1 }));
  const hotline = new Hotline(rules([queue('personal')], staff));
  hotline.ready('ana');
  const call = hotline.call('personal');
  hotline.answer(call);
  breakOff(hotline, call);
  hotline.ready('cai');
  expect(hotline.ringing(call)).toBe('cai');
  hotline.ready('ben');
  hotline.pass(1_000);
  hotline.ready('ana');
  hotline.decline(call);
  expect(hotline.ringing(call)).toBe('ana');
});

test('[T10] an agent who is ready again has the caller whose talk broke off before one of a better rank', () => {
  const profile = [
    { queue: 'enterprise', rank: 1, delayMs: 0 },
    { queue: 'personal', rank: 2, delayMs: 0 },
  ];
  const staff = [agent('ana', { personal: 1, enterprise: 1 }, { profile })];
  const hotline = new Hotline(rules([queue('personal'), queue('enterprise')], staff));
  hotline.ready('ana');
  const call = hotline.call('personal');
  hotline.answer(call);
  const better = hotline.call('enterprise');
  breakOff(hotline, call);
  hotline.ready('ana');
  expect([hotline.ringing(call), hotline.ringing(better)]).toEqual(['ana', undefined]);
  hotline.decline(call);
  hotline.pass(5_000);
  // Who has missed it is asked for it last, like anybody.
  expect([hotline.ringing(call), hotline.ringing(better)]).toEqual([undefined, 'ana']);
});

test('[O4] a phone that is busy, as the last of the seat or before it, is an offer rejected: the pause is the short one', () => {
  for (const causes of [['USER_BUSY'], ['USER_BUSY', 'NO_ANSWER'], ['NO_ANSWER', 'USER_BUSY']]) {
    const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
    if (causes.length > 1) {
      const device = { sipUser: 'ana', uri: 'sip:ana-desk', expiresAtMs: 1e14 };
      hotline.hear({ type: 'deviceRegistered', node: NODE, device });
    }
    hotline.ready('ana');
    const call = hotline.call('personal');
    const stage = hotline.state.contacts.get(call)!.stage;
    const rings = stage.in === 'queue' ? stage.offer!.legs : [];
    expect(rings).toHaveLength(causes.length);
    for (const [nth, leg] of [...rings].entries()) {
      hotline.hear({ type: 'legEnded', node: NODE, leg, cause: causes[nth]! });
    }
    const ends = hotline.commands.filter((one) => one.do === 'record-fact' && one.fact === 'offerEnded');
    expect(ends).toMatchObject([{ agent: 'ana', result: 'rejected' }]);
    hotline.pass(5_000);
    expect(hotline.ringing(call)).toBe('ana');
  }
});

test('[O5][Q1] of several callers whom the agent has missed the oldest is asked again first', () => {
  const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
  hotline.ready('ana');
  const [older, younger] = [hotline.call('personal'), hotline.call('personal')];
  hotline.decline(older!);
  hotline.pass(5_000);
  expect(hotline.ringing(younger!)).toBe('ana');
  hotline.decline(younger!);
  hotline.pass(5_000);
  expect([older, younger].map((call) => hotline.ringing(call!))).toEqual(['ana', undefined]);
  hotline.decline(older!);
  // However often: one of the 64 who are remembered.
  expect(hotline.state.contacts.get(older!)!.excluded.map(({ agent: who }) => who)).toEqual(['ana']);
});

test('[S1] a core that has started offers nobody a caller, and lets no time of theirs run out, before the switch is heard', () => {
  const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
  hotline.ready('ana');
  const [ringing, waiting] = [hotline.call('personal'), hotline.call('personal')];
  hotline.restart();
  hotline.hear({ type: 'started' });
  const decided = hotline.commands.length;
  hotline.pass(60_000);
  expect(hotline.commands.slice(decided)).toEqual([]);
  expect(hotline.ringing(ringing!)).toBe('ana');
  hotline.ask('ana', 'notReady');
  hotline.ready('ana');
  expect([ringing, waiting].map((call) => hotline.ringing(call!))).toEqual([undefined, undefined]);
  const legs = [...hotline.state.legs.values()].map(({ id }) => ({
    ...{ leg: id, direction: 'inbound' as const, state: 'answered' as const, from: '', dialled: 'personal' },
    doing: 'music' as const,
  }));
  const devices = [{ sipUser: 'ana', uri: 'sip:ana', expiresAtMs: 1e14 }];
  hotline.hear({ type: 'surveyed', node: NODE, survey: { bootId: 'boot', legs, devices, ended: [] } });
  expect(hotline.ringing(ringing!)).toBe('ana');
});

test('[T5] two who came apart are not taken for joined because one of them is joined with somebody else', () => {
  const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
  hotline.ready('ana');
  const contact = hotline.call('personal');
  hotline.answer(contact);
  const { leg } = hotline.state.contacts.get(contact)!;
  const rejoinAtMs = () => {
    const { stage } = hotline.state.contacts.get(contact)!;
    return stage.in === 'talk' ? { agentLeg: stage.agentLeg, atMs: stage.rejoinAtMs } : undefined;
  };
  const { agentLeg } = rejoinAtMs()!;
  hotline.hear({ type: 'unbridged', node: NODE, leg, other: agentLeg });
  hotline.hear({ type: 'bridged', node: NODE, leg, other: legId('stranger') });
  expect(rejoinAtMs()).toEqual({ agentLeg, atMs: hotline.state.nowMs + 2_000 });
  hotline.pass(2_000);
  expect(rejoinAtMs()).toEqual({ agentLeg, atMs: null });
});

test.each([
  [59_999, 'younger'],
  [60_000, 'older'],
])('[O5] %i ms after a miss the agent is asked first for the %s caller', (afterMs, first) => {
  const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
  hotline.ready('ana');
  const older = hotline.call('personal');
  hotline.decline(older);
  hotline.ask('ana', 'notReady');
  const younger = hotline.call('personal');
  hotline.pass(afterMs);
  hotline.ready('ana');
  expect({ older: hotline.ringing(older), younger: hotline.ringing(younger) }).toMatchObject({ [first]: 'ana' });
});

test('[T9] eight phones of a seat are rung for a talk that broke off, no more, whatever phones come and go', () => {
  const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
  const plug = (name: string) =>
    hotline.hear({
      ...{ type: 'deviceRegistered', node: NODE },
      device: { sipUser: 'ana', uri: `sip:ana-${name}`, expiresAtMs: 1e14 },
    });
  hotline.ready('ana');
  const call = hotline.call('personal');
  hotline.answer(call);
  for (let nth = 1; nth <= 8; nth += 1) plug(`${nth}`);
  const { stage } = hotline.state.contacts.get(call)!;
  if (stage.in !== 'talk') throw new Error(stage.in);
  hotline.hear({ type: 'legEnded', node: NODE, leg: stage.agentLeg, cause: 'MEDIA_TIMEOUT' });
  plug('late');
  const rings = hotline.commands.filter((one) => one.do === 'ring' && one.resume === true);
  expect(rings).toHaveLength(8);
});

test('[R1][O7] a caller whose talk broke off and who gives up the wait after it counts as answered, and as nobody missed', () => {
  const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
  hotline.ready('ana');
  const call = hotline.call('personal', '13800138000');
  hotline.answer(call);
  breakOff(hotline, call);
  hotline.hangUp(call);
  expect(hotline.commands.at(-1)).toMatchObject({ fact: 'contactClosed', contact: call, outcome: 'answered' });
  // C2 gives nobody a head start for it.
  const again = hotline.state.contacts.get(hotline.call('personal', '13800138000'))!;
  expect(again.stage).toMatchObject({ in: 'queue', wait: { headStartMs: 0 } });
});

test('[P3] after a talk of a queue without a wrap-up the agent is free at once', () => {
  const hotline = new Hotline(rules([queue('personal', { wrapUpMs: 0 })], [agent('ana', { personal: 1 })]));
  hotline.ready('ana');
  const [first, next] = [hotline.call('personal'), hotline.call('personal')];
  hotline.answer(first);
  hotline.hangUp(first);
  expect(hotline.ringing(next)).toBe('ana');
  const told = hotline.commands.flatMap((one) =>
    one.do === 'record-fact' && one.fact === 'agentState' ? one.state : [],
  );
  expect(told).not.toContain('wrapUp');
});
