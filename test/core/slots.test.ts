import { describe, expect, test } from 'vitest';
import { agentId, type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import { agentView } from '../../src/core/view.ts';
import { factsOf, held, hotlineOf, MEDIUM, NODE, SLOTS, stageOf } from './digital-day.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const LEVEL = { personal: 1 };
const NOBODY = '' as ContactId;

/** From a number with an emergency order open. */
function callInEmergency(hotline: Hotline): ContactId {
  const known = { order: { no: 'G1', urgency: 'emergency' as const } };
  const leg = legId('emergency');
  hotline.hear({ type: 'callArrived', node: NODE, leg, from: '1', dialled: 'personal', known });
  const { contact } = hotline.state.legs.get(leg)!;
  hotline.hear({ type: 'legAnswered', node: NODE, leg });
  return contact;
}

describe('room', () => {
  test('[W2][W6] a third chat waits until one of two slots is free, and an agent without a phone may have them', () => {
    const hotline = hotlineOf(['ana']);
    hotline.hear({ type: 'nodeLost', node: 'switch' as never });
    hotline.ready('ana');
    const [first, second] = [held(hotline), held(hotline)];
    const third = hotline.open('chat', 'personal')!;
    expect([first, second].map((each) => hotline.holder(each))).toEqual(['ana', 'ana']);
    expect(hotline.ringing(third)).toBeUndefined();
    hotline.end(first, 'agent');
    expect(hotline.ringing(third)).toBe('ana');
    expect(agentView(hotline.state, agentId('ana'))).toMatchObject({ state: 'ready', slots: { chat: 2, mail: 3 } });
  });

  test('[Q12] a mail that is looked at in the very moment in which one more may serve it is offered then', () => {
    const may = { skill: 'personal', level: 1 };
    const plans = {
      plan: [
        { needs: may, untilMs: 10_000 },
        { needs: may, headStartMs: 5_000, skipIf: 'noneLoggedIn' as const, untilMs: 30_000 },
        { needs: may, untilMs: null },
      ],
    };
    const oneMail = { slots: { chat: 0, mail: 1 } };
    const late = { ...oneMail, profile: [{ queue: 'personal', rank: 1, delayMs: 25_000 }] };
    const staff = [agent('ana', LEVEL), agent('ben', LEVEL), agent('cai', LEVEL, late), agent('eva', LEVEL, oneMail)];
    const media = { chat: MEDIUM, mail: { ...MEDIUM, boundMs: 86_400_000, offerMs: 10_000 } };
    const slots = { each: { chat: 0, mail: 0 }, beside: { voice: { mail: 1 } }, media };
    const hotline = new Hotline(rules([queue('personal', { plan: 'plan' })], staff, { plans, slots }));
    hotline.ready('ana', 'ben', 'cai');
    for (let n = 0; n < 3; n += 1) hotline.call('personal');
    hotline.pass(500);
    hotline.ready('eva');
    const mail = hotline.open('mail', 'personal')!;
    // Eva lets the mail pass, then her phone ring out, and is set aside; in that moment the mail is 25 s old with its head start.
    hotline.pass(20_000);
    expect(hotline.ringing(mail)).toBe('cai');
  });

  test('[W2][W3] a call comes to an agent who has two chats; during it and its wrap-up nothing digital is offered', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const [chat, mail] = [held(hotline), held(hotline, 'mail')];
    const call = hotline.call('personal');
    expect(hotline.ringing(call)).toBe('ana');
    hotline.answer(call);
    const later = hotline.open('chat', 'personal')!;
    expect(stageOf(hotline, call)?.in).toBe('talk');
    expect(hotline.ringing(later)).toBeUndefined();
    hotline.hangUp(call);
    expect(agentView(hotline.state, agentId('ana'))?.state).toBe('wrapUp');
    expect(hotline.ringing(later)).toBeUndefined();
    hotline.pass(30_000);
    expect(hotline.ringing(later)).toBe('ana');
    expect([chat, mail].map((each) => hotline.holder(each))).toEqual(['ana', 'ana']);
  });

  test('[W3] the city may keep calls from who has chats, and leave room for one chat beside a call', () => {
    const beside = { chat: { voice: 0 }, voice: { chat: 1 } };
    const hotline = hotlineOf(['ana', 'ben'], { ...SLOTS, beside });
    hotline.ready('ana');
    const chat = held(hotline);
    const call = hotline.call('personal');
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.ready('ben');
    hotline.answer(call);
    hotline.end(chat, 'agent');
    hotline.ask('ana', 'notReady');
    const [one, two] = [held(hotline), hotline.open('chat', 'personal')!];
    expect(hotline.holder(one)).toBe('ben');
    expect(hotline.ringing(two)).toBeUndefined();
  });

  test('[W2] seats have slots of their own, and one without any is offered no chat', () => {
    const staff = [agent('ana', LEVEL, { slots: {} }), agent('ben', LEVEL, { slots: { chat: 1 } })];
    const hotline = new Hotline(rules([queue('personal')], staff, { slots: SLOTS }));
    hotline.ready('ana');
    const chat = hotline.open('chat', 'personal')!;
    expect(hotline.ringing(chat)).toBeUndefined();
    hotline.ready('ben');
    expect(hotline.ringing(chat)).toBe('ben');
    hotline.reply(chat);
    expect(hotline.ringing(hotline.open('chat', 'personal')!)).toBeUndefined();
    expect(hotline.ringing(hotline.open('mail', 'personal')!)).toBeUndefined();
  });

  test('[W2][Q11] a step for people who have no slot for it counts them as not there', () => {
    const plans = { p: [until(60_000, { skill: 'law', level: 1 }, { skipIf: 'noneLoggedIn' }), always({ all: [] })] };
    const staff = [agent('leo', { law: 1 }, { slots: {} }), agent('ana', LEVEL)];
    const hotline = new Hotline(rules([queue('personal', { plan: 'p' })], staff, { plans, slots: SLOTS }));
    hotline.ready('leo', 'ana');
    expect(hotline.ringing(hotline.open('chat', 'personal')!)).toBe('ana');
    expect(hotline.ringing(hotline.call('personal'))).toBe('leo');
  });
});

describe('who gets it', () => {
  test('[W4] who has least comes first, for chats and for calls, however long the others have been idle', () => {
    const hotline = hotlineOf(['ana', 'ben', 'cai']);
    hotline.ready('ana');
    hotline.pass(1_000);
    hotline.ready('ben');
    hotline.pass(1_000);
    hotline.ready('cai');
    const chats = Array.from({ length: 6 }, () => held(hotline));
    expect(chats.map((chat) => hotline.holder(chat))).toEqual(['ana', 'ben', 'cai', 'ana', 'ben', 'cai']);
    hotline.end(chats[1]!, 'agent');
    expect(hotline.ringing(hotline.call('personal'))).toBe('ben');
  });

  test('[W4] a call counts, too: a chat goes to who has none, although idle for a shorter time', () => {
    const hotline = hotlineOf(['ana', 'ben'], { ...SLOTS, beside: { voice: { chat: 1 } } });
    hotline.ready('ana');
    hotline.answer(hotline.call('personal'));
    hotline.pass(1_000);
    hotline.ready('ben');
    expect(hotline.ringing(hotline.open('chat', 'personal')!)).toBe('ben');
    expect(hotline.ringing(hotline.open('chat', 'personal')!)).toBe('ana');
  });

  test('[W4] who has just ended a chat comes after who has been idle all the while', () => {
    const hotline = hotlineOf(['ana', 'ben']);
    hotline.ready('ana');
    hotline.pass(1_000);
    hotline.ready('ben');
    const chat = held(hotline);
    expect(hotline.holder(chat)).toBe('ana');
    hotline.pass(1_000);
    hotline.end(chat, 'agent');
    expect(hotline.ringing(hotline.open('chat', 'personal')!)).toBe('ben');
  });

  test('[W5] calls before chats before mails, each kind by rank and age', () => {
    const hotline = hotlineOf(['ana']);
    const mail = hotline.open('mail', 'personal')!;
    hotline.pass(1_000);
    const chatOther = hotline.open('chat', 'other')!;
    const chat = hotline.open('chat', 'personal')!;
    hotline.pass(1_000);
    const call = hotline.call('personal');
    hotline.ready('ana');
    expect([call, chat, mail].map((each) => hotline.ringing(each))).toEqual(['ana', undefined, undefined]);
    hotline.decline(call);
    hotline.pass(1);
    hotline.hangUp(call);
    hotline.pass(5_000);
    expect(hotline.ringing(chat)).toBe('ana');
    hotline.reply(chat);
    expect(hotline.ringing(chatOther)).toBe('ana');
    hotline.reply(chatOther);
    expect(hotline.ringing(mail)).toBe('ana');
  });

  test('[W6][O6] without a word they are offered again after ten minutes, and each one more that is missed keeps them away as long', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const chat = hotline.open('chat', 'personal')!;
    for (let miss = 0; miss < 2; miss++) hotline.pass(40_000);
    hotline.pass(30_000);
    hotline.pass(599_999);
    expect(hotline.ringing(chat)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(chat)).toBe('ana');
    hotline.pass(30_000);
    hotline.pass(599_999);
    expect(hotline.ringing(chat)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(chat)).toBe('ana');
    hotline.reply(chat);
    expect(hotline.state.agents.get(agentId('ana'))?.misses).toBe(0);
  });

  test('[O6] a call that is missed after them sets the agent aside', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const chat = hotline.open('chat', 'personal')!;
    for (let miss = 0; miss < 3; miss++) hotline.pass(40_000);
    hotline.decline(hotline.call('personal'));
    expect(agentView(hotline.state, agentId('ana'))).toMatchObject({ state: 'notReady', reason: 'missedOffers' });
    expect(hotline.ringing(chat)).toBeUndefined();
  });

  test('[W7][G3] for an emergency nobody else is free for, a chat that has waited for its bound is taken back as well', () => {
    const grades = { emergency: { headStartMs: 600_000 } };
    const hotline = new Hotline(rules([queue('personal')], [agent('ana', LEVEL)], { slots: SLOTS, grades }));
    hotline.ready('ana');
    const held = hotline.call('personal');
    hotline.answer(held);
    const chat = hotline.open('chat', 'personal')!;
    hotline.pass(600_000);
    hotline.hangUp(held);
    hotline.ready('ana');
    expect(hotline.ringing(chat)).toBe('ana');
    const ordinary = hotline.call('personal');
    expect(hotline.ringing(ordinary)).toBeUndefined();
    const emergency = callInEmergency(hotline);
    expect([hotline.ringing(emergency), hotline.ringing(chat)]).toEqual(['ana', undefined]);
    expect(hotline.state.agents.get(agentId('ana'))?.misses).toBe(0);
  });

  test('[W5][Q16][G3] an emergency that waits already goes before a chat that has waited for its bound, whatever head start its grade has', () => {
    const grades = { emergency: { headStartMs: 5_000 } };
    const hotline = new Hotline(rules([queue('personal')], [agent('ana', LEVEL)], { slots: SLOTS, grades }));
    const chat = hotline.open('chat', 'personal')!;
    hotline.pass(600_000);
    const emergency = callInEmergency(hotline);
    hotline.ready('ana');
    expect([hotline.ringing(emergency), hotline.ringing(chat)]).toEqual(['ana', undefined]);
  });

  test('[Q16][G3] an emergency goes before a caller of a better rank', () => {
    const grades = { emergency: { headStartMs: 5_000 } };
    const profile = [
      { queue: 'law', rank: 1, delayMs: 0 },
      { queue: 'personal', rank: 2, delayMs: 0 },
    ];
    const staff = [agent('ana', { personal: 1, law: 1 }, { profile })];
    const hotline = new Hotline(rules([queue('personal'), queue('law')], staff, { grades }));
    const other = hotline.call('law');
    hotline.pass(60_000);
    const emergency = callInEmergency(hotline);
    hotline.ready('ana');
    // Both are before every rank or neither is: an older caller of another queue that has not waited for its bound comes after.
    expect([hotline.ringing(emergency), hotline.ringing(other)]).toEqual(['ana', undefined]);
  });

  test('[W5][W7][Q16] a mail that has waited for its bound goes before calls, and its offer is not taken back for one', () => {
    const hotline = hotlineOf(['ana']);
    const mail = hotline.open('mail', 'personal')!;
    hotline.pass(86_400_000);
    const call = hotline.call('personal');
    hotline.ready('ana');
    expect([hotline.ringing(mail), hotline.ringing(call)]).toEqual(['ana', undefined]);
    hotline.reply(mail);
    expect(hotline.ringing(call)).toBe('ana');
  });

  test('[Q11][Q17][C1][Q18] plans, head starts and the last agent are the same for a chat as for a call', () => {
    const plans = {
      citizen: [
        until(10_000, { all: [] }, { lastAgent: true }),
        until(20_000, { skill: 'tax', level: 3 }),
        always({ all: [] }, { headStartMs: 30_000 }),
      ],
    };
    const staff = [agent('ana', LEVEL), agent('ben', LEVEL)];
    const hotline = new Hotline(rules([queue('personal', { plan: 'citizen' })], staff, { plans, slots: SLOTS }));
    hotline.ready('ben');
    const first = hotline.open('chat', 'personal', 'openid-7')!;
    hotline.pass(20_000);
    expect(hotline.ringing(first)).toBe('ben');
    hotline.reply(first);
    hotline.end(first, 'agent');
    hotline.pass(1_000);
    hotline.ready('ana');
    const again = hotline.open('chat', 'personal', 'openid-7')!;
    expect(hotline.ringing(again)).toBe('ben');
    hotline.reply(again, false);
    hotline.pass(20_000);
    expect(hotline.ringing(again)).toBe('ana');
    expect(stageOf(hotline, again)).toMatchObject({ wait: { headStartMs: 30_000, step: 2 } });
  });
});

describe('an offer', () => {
  test('[W6][O4][O5] declined it goes to the next best, and the pause keeps nobody from calls', () => {
    const hotline = hotlineOf(['ana', 'ben']);
    hotline.ready('ana');
    const chat = hotline.open('chat', 'personal')!;
    hotline.ready('ben');
    hotline.reply(chat, false);
    expect(hotline.ringing(chat)).toBe('ben');
    hotline.ask('ben', 'notReady');
    expect(hotline.ringing(chat)).toBeUndefined();
    expect(hotline.ringing(hotline.call('personal'))).toBe('ana');
  });

  test('[W6][O3][O6] three that nobody answered keep chats from the agent, and no call; who keeps what was taken and comes back by asking', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const kept = held(hotline);
    const chat = hotline.open('chat', 'personal')!;
    for (let miss = 0; miss < 2; miss++) hotline.pass(40_000);
    hotline.pass(30_000);
    const digitalFromMs = hotline.state.nowMs + 600_000;
    const view = () => agentView(hotline.state, agentId('ana'));
    expect(view()).toMatchObject({ state: 'ready', digitalFromMs });
    expect(hotline.holder(kept)).toBe('ana');
    hotline.pass(60_000);
    expect(hotline.ringing(chat)).toBeUndefined();
    const call = hotline.call('personal');
    expect(hotline.ringing(call)).toBe('ana');
    hotline.answer(call);
    hotline.hangUp(call);
    hotline.pass(60_000);
    // An answered call ends the misses, and not what came of them.
    expect(view()).toMatchObject({ state: 'ready', digitalFromMs });
    expect(hotline.ringing(chat)).toBeUndefined();
    hotline.ready('ana');
    expect(view()).not.toHaveProperty('digitalFromMs');
    hotline.reply(chat);
    expect(hotline.holder(chat)).toBe('ana');
  });

  test('[W6] is recorded with its token, its end and the site, whether taken or not', () => {
    const staff = [agent('ana', LEVEL, { site: 'east' })];
    const sites = [{ id: 'east', name: 'east', kind: 'subPlatform' as const }];
    const hotline = new Hotline(rules([queue('personal')], staff, { slots: SLOTS, sites }));
    hotline.ready('ana');
    const atMs = hotline.state.nowMs;
    const chat = hotline.open('chat', 'personal')!;
    hotline.reply(chat, false);
    hotline.pass(5_000);
    hotline.reply(chat);
    const offers = factsOf(hotline, chat).filter(({ fact }) => fact === 'offerMade' || fact === 'offerEnded');
    expect(offers).toMatchObject([
      { fact: 'offerMade', agent: 'ana', token: 1, leaseUntilMs: atMs + 30_000, site: 'east' },
      { fact: 'offerEnded', agent: 'ana', token: 1, result: 'rejected' },
      { fact: 'offerMade', agent: 'ana', token: 2, leaseUntilMs: atMs + 35_000, site: 'east' },
      { fact: 'offerEnded', agent: 'ana', token: 2, result: 'accepted' },
    ]);
  });

  test('[W6][O9] an answer with an older token, by another agent or to a call changes nothing', () => {
    const hotline = hotlineOf(['ana', 'ben']);
    hotline.ready('ana');
    const chat = hotline.open('chat', 'personal')!;
    const before = JSON.stringify(stageOf(hotline, chat));
    for (const [who, token] of [
      ['ana', 0],
      ['ben', 1],
    ] as const) {
      hotline.hear({ type: 'offerAnswered', agent: agentId(who), contact: chat, token, take: true });
    }
    expect(JSON.stringify(stageOf(hotline, chat))).toBe(before);
    const call = hotline.call('personal');
    const offer = stageOf(hotline, call);
    const token = offer?.in === 'queue' ? offer.offer!.token : 0;
    hotline.hear({ type: 'offerAnswered', agent: agentId('ana'), contact: call, token, take: true });
    expect(stageOf(hotline, call)).toEqual(offer);
  });

  test('[W7] a call takes a chat offer back without blame; the chat keeps its place and is offered elsewhere', () => {
    const hotline = hotlineOf(['ana', 'ben']);
    hotline.ready('ana');
    const chat = hotline.open('chat', 'personal')!;
    const call = hotline.call('personal');
    expect(hotline.ringing(call)).toBe('ana');
    expect(hotline.ringing(chat)).toBeUndefined();
    expect(hotline.state.agents.get(agentId('ana'))?.misses).toBe(0);
    hotline.ready('ben');
    expect(hotline.ringing(chat)).toBe('ben');
    expect(factsOf(hotline, chat).filter(({ fact }) => fact === 'waitStarted')).toHaveLength(1);
  });

  test('[U4][W8] who missed offers and takes one is told of no longer', () => {
    const hotline = new Hotline(
      rules([queue('personal')], [agent('ana', { personal: 1 })], { slots: SLOTS, alerts: { missedOffers: 1 } }),
    );
    hotline.ready('ana');
    const chat = hotline.open('chat', 'personal')!;
    hotline.reply(chat, false);
    expect([...hotline.state.alerts.values()]).toMatchObject([{ alert: 'missedOffers', agent: 'ana' }]);
    hotline.pass(10_000);
    hotline.reply(chat);
    expect(hotline.holder(chat)).toBe('ana');
    expect(hotline.state.alerts.size).toBe(0);
  });

  test('[O8] an agent who asks for a break gives the offer back and keeps what was taken', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const kept = held(hotline);
    const chat = hotline.open('chat', 'personal')!;
    hotline.ask('ana', 'notReady');
    expect([hotline.ringing(chat), hotline.holder(kept)]).toEqual([undefined, 'ana']);
    expect(hotline.state.agents.get(agentId('ana'))?.misses).toBe(0);
  });
});

describe('call-backs of missed calls', () => {
  const missing = (names: readonly string[], slots = SLOTS) =>
    new Hotline(
      rules(
        [queue('personal')],
        names.map((name) => agent(name, LEVEL)),
        {
          slots,
          missedCalls: { calendar: 'always', withinMs: 7_200_000, afterOpeningMs: 5_400_000, standingMax: 2 },
          dialsOut: true,
        },
      ),
    );

  /** A caller who gave up. @returns the contact by which it will be made good. */
  function missed(hotline: Hotline): ContactId {
    hotline.hangUp(hotline.call('personal', '13800138000'));
    return hotline.state.missed.get('13800138000')!.by!;
  }

  /** Called back by ana, and on the line. */
  function reached() {
    const hotline = missing(['ana', 'ben']);
    const callBack = missed(hotline);
    hotline.ready('ana');
    hotline.answer(callBack);
    hotline.hear({ type: 'legAnswered', node: NODE, leg: hotline.state.contacts.get(callBack)!.leg });
    const talk = stageOf(hotline, callBack);
    if (talk?.in !== 'talk') throw new Error(`is in ${talk?.in}`);
    return { hotline, callBack, talk };
  }

  test('[W13][B3] come after a chat until they are due within ten minutes, then before it', () => {
    const hotline = missing(['ana']);
    const callBack = missed(hotline);
    const chat = hotline.open('chat', 'personal')!;
    hotline.ready('ana');
    expect([hotline.ringing(chat), hotline.ringing(callBack)]).toEqual(['ana', undefined]);
    hotline.ask('ana', 'notReady');
    hotline.pass(7_200_000 - 600_000);
    // The chat has waited for its bound by then; this one has not.
    hotline.end(chat, 'citizen');
    const another = hotline.open('chat', 'personal')!;
    hotline.ready('ana');
    expect([hotline.ringing(another), hotline.ringing(callBack)]).toEqual([undefined, 'ana']);
  });

  test('[W13] take back no offer of a chat, wait for its end, and come before mails', () => {
    const hotline = missing(['ana']);
    const mail = hotline.open('mail', 'personal')!;
    const chat = hotline.open('chat', 'personal')!;
    hotline.ready('ana');
    const callBack = missed(hotline);
    expect([hotline.ringing(chat), hotline.ringing(callBack)]).toEqual(['ana', undefined]);
    hotline.reply(chat);
    expect([hotline.ringing(callBack), hotline.ringing(mail)]).toEqual(['ana', undefined]);
  });

  test('[W13] an agent without room for more is called for the one that waited beside the offer', () => {
    const hotline = missing(['ana'], { ...SLOTS, each: { chat: 2 } });
    hotline.ready('ana');
    held(hotline);
    const chat = hotline.open('chat', 'personal')!;
    const callBack = missed(hotline);
    expect(hotline.ringing(callBack)).toBeUndefined();
    hotline.reply(chat);
    expect(hotline.ringing(callBack)).toBe('ana');
  });

  test('[B3] go out by the switch that had the call, and by another one only while that is down', () => {
    const hotline = missing([]);
    const survey = { bootId: 'other', legs: [], devices: [], ended: [] };
    hotline.hear({ type: 'surveyed', node: nodeId('another'), survey });
    const numbers = ['13800138000', '13900139000', '13700137000'];
    for (const number of numbers) hotline.hangUp(hotline.call('personal', number));
    const nodes = () =>
      numbers.map((number) => hotline.state.contacts.get(hotline.state.missed.get(number)?.by ?? NOBODY)?.node);
    expect(nodes()).toEqual([NODE, NODE, undefined]);
    hotline.hear({ type: 'nodeLost', node: NODE });
    hotline.hear({ type: 'missedCallHandled', number: numbers[0]!, by: 'lead', note: '' });
    expect(nodes()).toEqual([undefined, NODE, 'another']);
  });

  test('[B3] stand no more at once than the rules say; the next one stands as soon as a talk of one is over', () => {
    const hotline = missing(['ana']);
    const numbers = ['13800138000', '13900139000', '13700137000'];
    for (const number of numbers) hotline.hangUp(hotline.call('personal', number));
    const [first, second, third] = numbers.map((number) => hotline.state.missed.get(number)!.by);
    expect([typeof first, typeof second, third]).toEqual(['string', 'string', null]);
    hotline.ready('ana');
    hotline.answer(first!);
    hotline.hear({ type: 'legAnswered', node: NODE, leg: hotline.state.contacts.get(first!)!.leg });
    expect(stageOf(hotline, first!)?.in).toBe('talk');
    expect(hotline.state.missed.get(numbers[2]!)!.by).toBeNull();
    hotline.hangUp(first!);
    expect(hotline.state.missed.get(numbers[2]!)!.by).not.toBeNull();
  });

  test('[B3][T10] a citizen who was reached and lost by the phone of the agent waits like a caller, not behind all of them', () => {
    const { hotline, callBack, talk } = reached();
    hotline.hear({ type: 'legEnded', node: NODE, leg: talk.agentLeg, cause: 'MEDIA_TIMEOUT' });
    hotline.ask('ana', 'offline');
    hotline.pass(1_000);
    const later = hotline.call('personal', '13900139000');
    hotline.ready('ben');
    expect([hotline.ringing(callBack), hotline.ringing(later)]).toEqual(['ben', undefined]);
  });

  test('[W13][W7] a citizen who was reached and lost is on the line, and takes back the offer of a chat like any caller', () => {
    const { hotline, callBack, talk } = reached();
    hotline.ready('ben');
    const chat = hotline.open('chat', 'personal')!;
    expect(hotline.ringing(chat)).toBe('ben');
    hotline.hear({ type: 'legEnded', node: NODE, leg: talk.agentLeg, cause: 'MEDIA_TIMEOUT' });
    hotline.ask('ana', 'offline');
    expect([hotline.ringing(callBack), hotline.ringing(chat)]).toEqual(['ben', undefined]);
  });
});
