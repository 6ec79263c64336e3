import { describe, expect, test } from 'vitest';
import { agentId, type ContactId, nodeId } from '../../src/core/ids.ts';
import type { SlotRules } from '../../src/core/settings.ts';
import { agentView, queueViews } from '../../src/core/view.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const MEDIUM = { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 60_000, waitingMax: 5 };
const SLOTS: SlotRules = {
  each: { chat: 2, mail: 3 },
  beside: {},
  media: { chat: MEDIUM, mail: { ...MEDIUM, boundMs: 86_400_000, wrapUpMs: 0 } },
};
const LEVEL = { personal: 1 };
const NODE = nodeId('switch');

function hotlineOf(names: readonly string[], slots: SlotRules = SLOTS): Hotline {
  return new Hotline(
    rules(
      [queue('personal'), queue('other')],
      names.map((name) => agent(name, { personal: 1, other: 1 }, { profile: BOTH })),
      { slots },
    ),
  );
}

const BOTH = [
  { queue: 'personal', rank: 1, delayMs: 0 },
  { queue: 'other', rank: 2, delayMs: 0 },
];

/** Opened and taken. */
function held(hotline: Hotline, medium: 'chat' | 'mail' = 'chat', from = ''): ContactId {
  const contact = hotline.open(medium, 'personal', from)!;
  hotline.reply(contact);
  return contact;
}

const stageOf = (hotline: Hotline, contact: ContactId) => hotline.state.contacts.get(contact)?.stage;
const factsOf = (hotline: Hotline, contact: ContactId) =>
  hotline.commands.flatMap((one) =>
    one.do === 'record-fact' && 'contact' in one && one.contact === contact ? [one] : [],
  );
const closedAs = (hotline: Hotline, contact: ContactId) =>
  factsOf(hotline, contact).flatMap((one) => (one.fact === 'contactClosed' ? [one.outcome] : []));

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

  test('[W6][O3][O6] three that nobody answered set the agent aside, who keeps what was taken and comes back by asking', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const kept = held(hotline);
    const chat = hotline.open('chat', 'personal')!;
    for (let miss = 0; miss < 3; miss++) hotline.pass(40_000);
    expect(agentView(hotline.state, agentId('ana'))).toMatchObject({ state: 'notReady', reason: 'missedOffers' });
    expect(hotline.holder(kept)).toBe('ana');
    hotline.ready('ana');
    hotline.reply(chat);
    expect(hotline.holder(chat)).toBe('ana');
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
  const missing = (names: readonly string[]) =>
    new Hotline(
      rules(
        [queue('personal')],
        names.map((name) => agent(name, LEVEL)),
        {
          slots: SLOTS,
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
    const hotline = missing(['ana']);
    hotline.ready('ana');
    held(hotline);
    const chat = hotline.open('chat', 'personal')!;
    const callBack = missed(hotline);
    expect(hotline.ringing(callBack)).toBeUndefined();
    hotline.reply(chat);
    expect(hotline.ringing(callBack)).toBe('ana');
  });

  test('[B3][T10] a citizen who was reached and lost by the phone of the agent waits like a caller, not behind all of them', () => {
    const hotline = missing(['ana', 'ben']);
    const callBack = missed(hotline);
    hotline.ready('ana');
    hotline.answer(callBack);
    hotline.hear({ type: 'legAnswered', node: NODE, leg: hotline.state.contacts.get(callBack)!.leg });
    const talk = stageOf(hotline, callBack);
    if (talk?.in !== 'talk') throw new Error(`is in ${talk?.in}`);
    hotline.hear({ type: 'legEnded', node: NODE, leg: talk.agentLeg, cause: 'MEDIA_TIMEOUT' });
    hotline.ask('ana', 'offline');
    hotline.pass(1_000);
    const later = hotline.call('personal', '13900139000');
    hotline.ready('ben');
    expect([hotline.ringing(callBack), hotline.ringing(later)]).toEqual(['ben', undefined]);
  });
});

describe('taken', () => {
  test('[W8] it stays with its agent through a call, a restart of the core and the loss of the switch', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const chats = [held(hotline), held(hotline)];
    const waiting = hotline.open('chat', 'personal')!;
    hotline.restart();
    hotline.hear({ type: 'started' });
    hotline.hear({ type: 'nodeLost', node: 'switch' as never });
    expect(chats.map((chat) => hotline.holder(chat))).toEqual(['ana', 'ana']);
    hotline.end(chats[0]!, 'agent');
    expect(hotline.ringing(waiting)).toBe('ana');
  });

  test('[W9] the citizen leaves: time for notes, then it is over; the agent may end it before', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const [slow, quick] = [held(hotline), held(hotline)];
    const third = hotline.open('chat', 'personal')!;
    hotline.end(slow, 'citizen');
    hotline.end(quick, 'citizen');
    expect(hotline.ringing(third)).toBeUndefined();
    hotline.end(quick, 'agent');
    expect(hotline.ringing(third)).toBe('ana');
    hotline.pass(60_000);
    expect([slow, quick].map((each) => stageOf(hotline, each))).toEqual([undefined, undefined]);
    expect([slow, quick].map((each) => closedAs(hotline, each))).toEqual([['answered'], ['answered']]);
    const ends = [slow, quick].flatMap((each) => factsOf(hotline, each));
    expect(ends.flatMap((one) => (one.fact === 'talkEnded' ? [one.endedBy] : []))).toEqual(['citizen', 'citizen']);
  });

  test('[W1][W9] a citizen who is back while the notes are written goes on with the same agent', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const chat = hotline.open('chat', 'personal', '', { reference: 'wx-1' })!;
    hotline.reply(chat);
    hotline.end(chat, 'citizen');
    expect(hotline.open('chat', 'personal', '', { reference: 'wx-1' })).toBe(chat);
    hotline.pass(600_000);
    expect(hotline.holder(chat)).toBe('ana');
  });

  test('[W9] who leaves while waiting has given up; what a lead closes while it waits has ended', () => {
    const hotline = hotlineOf(['ana']);
    hotline.ready('ana');
    const [left, spam] = [hotline.open('chat', 'personal')!, hotline.open('chat', 'personal')!];
    hotline.end(left, 'citizen');
    hotline.end(spam, 'agent');
    expect([left, spam].map((each) => closedAs(hotline, each))).toEqual([['abandonedInQueue'], ['ended']]);
    expect(hotline.state.contacts.size).toBe(0);
    expect(agentView(hotline.state, agentId('ana'))?.conversations).toBeUndefined();
  });

  test('[W10] given to a queue it keeps its age and comes last to who gave it', () => {
    const hotline = hotlineOf(['ana', 'ben']);
    hotline.ready('ana');
    const chat = held(hotline);
    hotline.pass(5_000);
    const later = hotline.open('chat', 'other')!;
    hotline.reply(later, false);
    hotline.ask('ana', 'notReady');
    hotline.give(chat, 'other');
    hotline.ready('ben');
    expect([hotline.ringing(chat), hotline.ringing(later)]).toEqual(['ben', undefined]);
    const waits = factsOf(hotline, chat).flatMap((one) => (one.fact === 'waitStarted' ? [one] : []));
    expect(waits.map(({ queue: name }) => name)).toEqual(['personal', 'other']);
    expect(waits[1]!.enqueuedAtMs).toBe(waits[0]!.enqueuedAtMs);
    hotline.give(chat, 'nowhere');
    expect(hotline.ringing(chat)).toBe('ben');
  });

  test('[W10] a lead moves what still waits; the wait that it had is over', () => {
    const hotline = hotlineOf(['ana']);
    const chat = hotline.open('chat', 'personal')!;
    hotline.give(chat, 'other');
    const ends = factsOf(hotline, chat).flatMap((one) => (one.fact === 'waitEnded' ? [one.result] : []));
    expect(ends).toEqual(['moved']);
    hotline.ready('ana');
    expect(hotline.ringing(chat)).toBe('ana');
  });

  test.each(['offline', 'seat', 'site'] as const)(
    '[W11] an agent who is gone (%s) leaves everything at the head of its queue',
    (how) => {
      const sites = [{ id: 'main', name: 'main', kind: 'main' as const }];
      const staff = [agent('ana', LEVEL), agent('ben', LEVEL, { site: 'east' })];
      const city = rules([queue('personal')], staff, {
        slots: SLOTS,
        sites: [...sites, { id: 'east', name: 'east', kind: 'subPlatform' }],
      });
      const hotline = new Hotline(city);
      hotline.ready('ben');
      const [first, second] = [held(hotline), held(hotline)];
      hotline.end(second, 'citizen');
      const sinceMs = hotline.state.nowMs;
      hotline.pass(9_000);
      const later = hotline.open('chat', 'personal')!;
      if (how === 'offline') hotline.ask('ben', 'offline');
      else if (how === 'site') hotline.hear({ type: 'siteAsked', site: 'east', status: 'down', by: 'lead' });
      else hotline.hear({ type: 'settingsLoaded', settings: { ...city, version: '2', agents: staff.slice(0, 1) } });
      expect([first, second, later].map((each) => stageOf(hotline, each)?.in)).toEqual(['queue', undefined, 'queue']);
      hotline.ready('ana');
      expect(hotline.ringing(first)).toBe('ana');
      expect(stageOf(hotline, first)).toMatchObject({ wait: { enqueuedAtMs: sinceMs } });
    },
  );

  test('[W11][Q14] a site that is draining keeps what it has and is offered nothing more', () => {
    const staff = [agent('ben', LEVEL, { site: 'east' })];
    const sites = [{ id: 'east', name: 'east', kind: 'subPlatform' as const }];
    const hotline = new Hotline(rules([queue('personal')], staff, { slots: SLOTS, sites }));
    hotline.ready('ben');
    const chat = held(hotline);
    hotline.hear({ type: 'siteAsked', site: 'east', status: 'draining', by: 'lead' });
    expect(hotline.holder(chat)).toBe('ben');
    expect(hotline.ringing(hotline.open('chat', 'personal')!)).toBeUndefined();
  });
});

describe('opening', () => {
  test('[W1] the same reference is the same contact while it is open, and another one afterwards', () => {
    const hotline = hotlineOf(['ana']);
    const once = hotline.open('chat', 'personal', '', { reference: 'wx-1' });
    expect(hotline.open('chat', 'other', '', { reference: 'wx-1' })).toBe(once);
    const mail = hotline.open('mail', 'personal', '', { reference: 'wx-1' });
    expect(mail).not.toBe(once);
    hotline.end(once!, 'citizen');
    hotline.restart();
    expect(hotline.open('mail', 'personal', '', { reference: 'wx-1' })).toBe(mail);
    const again = hotline.open('chat', 'personal', '', { reference: 'wx-1' });
    expect(again).toBeDefined();
    expect(again).not.toBe(once);
  });

  test('[W1] a queue that is full of chats, or unknown, opens nothing; mails and calls still find room', () => {
    const hotline = hotlineOf(['ana']);
    for (let n = 0; n < 5; n++) expect(hotline.open('chat', 'personal')).toBeDefined();
    const size = hotline.state.contacts.size;
    expect(hotline.open('chat', 'personal')).toBeUndefined();
    expect(hotline.open('chat', 'nowhere')).toBeUndefined();
    expect(hotline.state.contacts.size).toBe(size);
    expect(hotline.open('mail', 'personal')).toBeDefined();
    expect(stageOf(hotline, hotline.call('personal'))?.in).toBe('queue');
  });

  test('[W1][H3] a queue that is closed has its chats wait in the one that stands in', () => {
    const never = { offsets: [{ fromMs: 0, offsetMinutes: 0 }], week: [[], [], [], [], [], [], []], holiday: [] };
    const closed = queue('personal', { hours: { calendar: 'never', closedQueue: 'other', closedPrompts: [] } });
    const city = rules([closed, queue('other')], [agent('ana', { other: 1 })], {
      slots: SLOTS,
      hours: { never: never as never },
    });
    const hotline = new Hotline(city);
    const chat = hotline.open('chat', 'personal')!;
    expect(stageOf(hotline, chat)).toMatchObject({ wait: { queue: 'other' } });
  });

  test('[W12] calls alone count for places, floors, foreseen waits, modes and the capacity of a site', () => {
    const sites = [{ id: 'main', name: 'main', kind: 'main' as const, capacity: 1 }];
    const modeRules = [{ mode: 'emergency' as const, waitingOver: 1, forMs: 1_000 }];
    const city = rules([queue('personal', { floor: 0.9 })], [agent('ana', LEVEL)], { slots: SLOTS, sites, modeRules });
    const hotline = new Hotline(city);
    const chats = [1, 2, 3].map(() => hotline.open('chat', 'personal')!);
    const call = hotline.call('personal');
    hotline.pass(60_000);
    expect(hotline.state.mode.proposed).toBeNull();
    const { waiting } = queueViews(hotline.state)[0]!;
    expect(waiting.map(({ contact, place, medium }) => [contact, place, medium])).toEqual([
      [call, 1, 'voice'],
      ...chats.map((chat, index) => [chat, index + 1, 'chat']),
    ]);
    hotline.hangUp(call);
    hotline.ready('ana');
    hotline.reply(chats[0]!);
    expect(hotline.state.levels.get('personal')?.slots).toEqual([[expect.any(Number), 0, 1]]);
    expect(hotline.state.paces.get('personal')?.placeMs ?? []).toEqual([]);
    expect(hotline.ringing(hotline.call('personal'))).toBe('ana');
  });

  test('[U1] calls alone raise the alert of a wait that is too long: a mail has all day', () => {
    const city = rules([queue('personal')], [agent('ana', LEVEL)], { slots: SLOTS, alerts: { waitMs: 60_000 } });
    const hotline = new Hotline(city);
    const [mail, chat] = [hotline.open('mail', 'personal')!, hotline.open('chat', 'personal')!];
    const call = hotline.call('personal');
    hotline.pass(60_000);
    const alerts = (contact: ContactId) =>
      factsOf(hotline, contact).filter(({ fact }) => fact === 'alertRaised').length;
    expect([mail, chat, call].map(alerts)).toEqual([0, 0, 1]);
  });

  test('[U1] a chat and a mail that nobody takes raise the alert by limits of their own, and it ends when somebody does', () => {
    const alerts = { waitMs: 60_000, chatWaitMs: 180_000, mailWaitMs: 86_400_000 };
    const hotline = new Hotline(rules([queue('personal')], [agent('ana', LEVEL)], { slots: SLOTS, alerts }));
    const [mail, chat] = [hotline.open('mail', 'personal')!, hotline.open('chat', 'personal')!];
    const count = (name: string) =>
      [mail, chat].map((contact) => factsOf(hotline, contact).filter(({ fact }) => fact === name).length);
    hotline.pass(179_999);
    expect(count('alertRaised')).toEqual([0, 0]);
    hotline.pass(1);
    expect(count('alertRaised')).toEqual([0, 1]);
    hotline.pass(86_400_000 - 180_000);
    expect(count('alertRaised')).toEqual([1, 1]);
    hotline.ready('ana');
    hotline.reply(chat);
    hotline.reply(mail);
    expect(count('alertEnded')).toEqual([1, 1]);
  });
});
