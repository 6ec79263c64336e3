import { describe, expect, test } from 'vitest';
import { agentId, type ContactId } from '../../src/core/ids.ts';
import { agentView, queueViews } from '../../src/core/view.ts';
import { closedAs, factsOf, held, hotlineOf, SLOTS, stageOf } from './digital-day.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const LEVEL = { personal: 1 };
const NEEDS = { skill: 'personal', level: 1 };

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

  test('[W11][Q11] what the agent of a seat that is gone leaves is in the step that its colleagues, who are there, make it', () => {
    const plans = { own: [until(60_000, NEEDS, { skipIf: 'noneLoggedIn' }), always({ all: [] })] };
    const staff = [agent('ana', LEVEL), agent('ben', LEVEL)];
    const city = rules([queue('personal', { plan: 'own' })], staff, { slots: SLOTS, plans });
    const hotline = new Hotline(city);
    hotline.ready('ana');
    const chat = held(hotline);
    hotline.ready('ben');
    hotline.answer(hotline.call('personal'));
    hotline.answer(hotline.call('personal'));
    hotline.hear({ type: 'settingsLoaded', settings: { ...city, version: '2', agents: staff.slice(1) } });
    expect(stageOf(hotline, chat)).toMatchObject({ in: 'queue', offer: null, wait: { step: 0 } });
  });

  describe.each([['before'], ['after']])('a site that went down %s the new settings of its seat came', (order) => {
    const sites = ['main', 'east'].map((id) => ({ id, name: id, kind: 'subPlatform' as const }));
    const city = (site: string) =>
      rules([queue('personal')], [agent('ana', LEVEL), agent('ben', LEVEL, { site })], { slots: SLOTS, sites });
    const moved = (hotline: Hotline): void => {
      const happens = [
        () => hotline.hear({ type: 'siteAsked', site: 'east', status: 'down', by: 'lead' }),
        () => hotline.hear({ type: 'settingsLoaded', settings: { ...city('east'), version: '2' } }),
      ];
      for (const happen of order === 'before' ? happens : happens.reverse()) happen();
    };

    test('[W11] leaves its agent nothing: what is held and what is offered waits at its old place, at once', () => {
      const hotline = new Hotline(city('main'));
      hotline.ready('ben');
      const chat = held(hotline);
      const sinceMs = hotline.state.nowMs;
      hotline.pass(9_000);
      const offered = hotline.open('chat', 'personal')!;
      expect(hotline.ringing(offered)).toBe('ben');
      moved(hotline);
      hotline.restart();
      expect([chat, offered].map((each) => stageOf(hotline, each))).toMatchObject([
        { in: 'queue', offer: null, wait: { enqueuedAtMs: sinceMs } },
        { in: 'queue', offer: null },
      ]);
      expect(agentView(hotline.state, agentId('ben'))?.conversations).toBeUndefined();
      hotline.ready('ana');
      expect(hotline.ringing(chat)).toBe('ana');
    });

    test('[Q14] what rings there is offered elsewhere, no miss; a talk there goes on', () => {
      const hotline = new Hotline(city('main'));
      hotline.ready('ben');
      const call = hotline.call('personal');
      hotline.ready('ana');
      const other = hotline.call('personal');
      hotline.answer(other);
      expect([hotline.ringing(call), stageOf(hotline, other)]).toMatchObject(['ben', { in: 'talk', agent: 'ana' }]);
      moved(hotline);
      expect(stageOf(hotline, call)).toMatchObject({ in: 'queue', offer: null });
      expect(hotline.state.agents.get(agentId('ben'))).toMatchObject({ work: null, misses: 0 });
      expect(stageOf(hotline, other)).toMatchObject({ in: 'talk', agent: 'ana' });
    });
  });

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
