import { describe, expect, test } from 'vitest';
import type { Command, RecordFact } from '../../src/core/command.ts';
import { agentId, type ContactId } from '../../src/core/ids.ts';
import { CLOSED_CONVERSATIONS_MAX } from '../../src/core/limits.ts';
import type { MediumSetting } from '../../src/core/settings.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const HOUR_MS = 3_600_000;
const MEDIUM: MediumSetting = {
  offerMs: 30_000,
  boundMs: 600_000,
  wrapUpMs: 0,
  waitingMax: 50,
  reopenMs: 24 * HOUR_MS,
};
const ANY = { all: [] };
const PLAN = [until(60_000, ANY, { lastAgent: true, skipIf: 'noneAvailable' }), always(ANY)];
const NAME = { medium: 'chat', queue: 'personal', from: 'openid', reference: 'wx-1' } as const;

function cityOf(chat: MediumSetting = MEDIUM, staff = ['ana', 'ben']) {
  return rules(
    [queue('personal', { plan: 'citizen' })],
    staff.map((name) => agent(name, { personal: 1 })),
    { plans: { citizen: PLAN }, slots: { each: { chat: 1, mail: 1 }, beside: {}, media: { chat, mail: MEDIUM } } },
  );
}

type Opened = Extract<RecordFact, { fact: 'contactOpened' }>;
const opened = (commands: readonly Command[]): readonly Opened[] =>
  commands.flatMap((one) => (one.do === 'record-fact' && one.fact === 'contactOpened' ? [one] : []));
const facts = (commands: readonly Command[]) => commands.flatMap((one) => (one.do === 'record-fact' ? [one.fact] : []));

/** With a conversation that ben had and that is over; both are free, ana for longer. */
function over(settings = cityOf()) {
  const hotline = new Hotline(settings);
  hotline.ready('ben');
  const before = write(hotline)!;
  hotline.reply(before);
  hotline.end(before, 'agent');
  hotline.ready('ana');
  hotline.pass(1_000);
  hotline.ask('ben', 'notReady');
  hotline.ready('ben');
  return { hotline, before };
}

function write(hotline: Hotline): ContactId | undefined {
  return hotline.open('chat', 'personal', NAME.from, { reference: NAME.reference });
}

function reopen(hotline: Hotline, contact: ContactId, who: string): readonly Command[] {
  return hotline.hear({ type: 'conversationReopened', ...NAME, contact, agent: agentId(who) });
}

describe('a citizen who writes again', () => {
  test('[W19] goes on with what was closed, and is first for the agent who had it', () => {
    const { hotline, before } = over();
    hotline.pass(23 * HOUR_MS);
    const contact = write(hotline)!;
    expect(contact).not.toBe(before);
    expect(opened(hotline.commands).at(-1)).toMatchObject({ contact, continues: before });
    expect(hotline.ringing(contact)).toBe('ben');
  });

  test('[W19] once: what goes on is what was closed last', () => {
    const { hotline, before } = over();
    const second = write(hotline)!;
    hotline.reply(second);
    hotline.end(second, 'agent');
    write(hotline);
    expect(opened(hotline.commands).map(({ continues }) => continues)).toEqual([undefined, before, second]);
  });

  test('[W19] after its time it is a matter of its own, and so where the city names none', () => {
    const late = over();
    late.hotline.pass(24 * HOUR_MS);
    write(late.hotline);
    const { reopenMs: _, ...never } = MEDIUM;
    const other = over(cityOf(never));
    write(other.hotline);
    for (const { hotline } of [late, other]) expect(opened(hotline.commands).at(-1)?.continues).toBeUndefined();
  });

  test('[W19] by the same name in the same medium alone', () => {
    const { hotline } = over();
    hotline.open('mail', 'personal', NAME.from, { reference: NAME.reference });
    hotline.open('chat', 'personal', NAME.from, { reference: 'wx-2' });
    expect(opened(hotline.commands).filter(({ continues }) => continues !== undefined)).toEqual([]);
  });

  test('[W19] whoever left before anybody came goes on as well; a process that dies knows it still', () => {
    const hotline = new Hotline(cityOf());
    const before = write(hotline)!;
    hotline.end(before, 'citizen');
    hotline.restart();
    write(hotline);
    expect(opened(hotline.commands).at(-1)?.continues).toBe(before);
  });

  test('[W19] the name that was closed first gives way', () => {
    const hotline = new Hotline(cityOf());
    for (let nth = 0; nth <= CLOSED_CONVERSATIONS_MAX; nth += 1)
      hotline.end(hotline.open('chat', 'personal', '', { reference: `n-${nth}` })!, 'citizen');
    expect(hotline.state.closed.size).toBe(CLOSED_CONVERSATIONS_MAX);
    hotline.open('chat', 'personal', '', { reference: 'n-0' });
    hotline.open('chat', 'personal', '', { reference: 'n-1' });
    const [first, second] = opened(hotline.commands).slice(-2);
    expect(first?.continues).toBeUndefined();
    expect(second?.continues).toBeDefined();
  });
});

describe('a conversation that was passed on', () => {
  const STAFF = [agent('ana', { personal: 1 }), agent('ben', { enterprise: 1 })];
  const planOf = (name: string) => {
    const who = { skill: name, level: 1 };
    return [until(60_000, who, { lastAgent: true, skipIf: 'noneAvailable' }), always(who)];
  };
  const city = (waitingMax = 50) =>
    rules([queue('personal', { plan: 'personal' }), queue('enterprise', { plan: 'enterprise' })], STAFF, {
      plans: { personal: planOf('personal'), enterprise: planOf('enterprise') },
      slots: { each: { chat: 1, mail: 1 }, beside: {}, media: { chat: { ...MEDIUM, waitingMax }, mail: MEDIUM } },
    });
  const comeBy = (hotline: Hotline, entry: string) =>
    hotline.open('chat', entry, NAME.from, { reference: NAME.reference })!;
  const queueIs = (hotline: Hotline, contact: ContactId) => {
    const stage = hotline.state.contacts.get(contact)?.stage;
    return stage !== undefined && 'wait' in stage ? stage.wait.queue : undefined;
  };

  /** Came by `personal`, was ana's, then ben's in `enterprise`, and is over. */
  function passedOn(settings = city()) {
    const hotline = new Hotline(settings);
    for (const who of ['ana', 'ben']) hotline.ready(who);
    const before = comeBy(hotline, 'personal');
    hotline.reply(before);
    hotline.give(before, 'enterprise');
    hotline.reply(before);
    expect(hotline.holder(before)).toBe('ben');
    hotline.end(before, 'agent');
    return { hotline, before };
  }

  test('[W19] goes on in the queue that it was in last, first with the agent who had it there, as often as it is closed', () => {
    const { hotline } = passedOn();
    for (const _ of ['once', 'and once more']) {
      hotline.restart();
      const contact = comeBy(hotline, 'personal');
      expect([queueIs(hotline, contact), hotline.ringing(contact)]).toEqual(['enterprise', 'ben']);
      hotline.reply(contact);
      hotline.end(contact, 'agent');
    }
  });

  test('[W19] an entry that its citizen has newly chosen wins, and is the one known from then on', () => {
    const { hotline } = passedOn();
    hotline.end(comeBy(hotline, 'enterprise'), 'citizen');
    const contact = comeBy(hotline, 'personal');
    expect([queueIs(hotline, contact), hotline.ringing(contact)]).toEqual(['personal', 'ana']);
  });

  test('[W19, W20] so it does after an agent took it up by hand', () => {
    const { hotline, before } = passedOn();
    const [{ contact }] = opened(
      hotline.hear({
        type: 'conversationReopened',
        ...NAME,
        queue: 'enterprise',
        contact: before,
        agent: agentId('ben'),
      }),
    ) as [Opened];
    hotline.end(contact, 'agent');
    expect(queueIs(hotline, comeBy(hotline, 'personal'))).toBe('enterprise');
  });

  test('[W19] where that queue is full it comes by the entry of its own', () => {
    const { hotline } = passedOn(city(1));
    hotline.ask('ben', 'notReady');
    hotline.open('chat', 'enterprise');
    expect(queueIs(hotline, comeBy(hotline, 'personal'))).toBe('personal');
  });
});

describe('an agent who takes up a closed conversation', () => {
  test('[W20] has it at once, beside a call and while notReady, as a contact that goes on from it', () => {
    const { hotline, before } = over();
    hotline.ask('ana', 'notReady');
    const decided = reopen(hotline, before, 'ana');
    const [{ contact, continues }] = opened(decided) as [Opened];
    expect(continues).toBe(before);
    expect(facts(decided)).toEqual(['contactOpened', 'waitStarted', 'waitEnded', 'talkStarted']);
    expect(hotline.holder(contact)).toBe('ana');
    hotline.restart();
    expect(write(hotline)).toBe(contact);
    hotline.end(contact, 'agent');
    expect(hotline.state.contacts.size).toBe(0);
  });

  test('[W20] not while one of that name is open, nor away, nor without a slot, nor for a queue that is gone', () => {
    const open = over();
    const again = write(open.hotline)!;
    expect(reopen(open.hotline, open.before, 'ana')).toEqual([]);
    expect(open.hotline.state.contacts.get(again)?.continues).toBe(open.before);
    const away = over();
    away.hotline.ask('ana', 'offline');
    expect(reopen(away.hotline, away.before, 'ana')).toEqual([]);
    expect(reopen(away.hotline, away.before, 'nobody')).toEqual([]);
    const full = over(cityOf(MEDIUM, ['ben', 'ana']));
    full.hotline.ask('ben', 'notReady');
    full.hotline.reply(full.hotline.open('chat', 'personal')!);
    expect(reopen(full.hotline, full.before, 'ana')).toEqual([]);
    const gone = { type: 'conversationReopened', ...NAME, contact: away.before, agent: agentId('ben') } as const;
    expect(away.hotline.hear({ ...gone, queue: 'enterprise' })).toEqual([]);
  });
});
