import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOpen } from '../../src/core/calendar.ts';
import type { Command, RecordFact } from '../../src/core/command.ts';
import { type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import type { State } from '../../src/core/state.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const RUNS = Number(process.env['MISSED_RUNS'] ?? 60);
const NUMBERS = ['13800000001', '13800000002', '13800000003', '02164310001', 'withheld'];
const STANDING_MAX = 2;
const HOURS = {
  offsets: [{ fromMs: 0, offsetMinutes: 480 }],
  week: Array(7).fill([{ fromMinute: 480, toMinute: 1_290 }]),
};
const SETTINGS = rules(
  [
    queue('personal', {
      waitingMax: 2,
      callBack: { afterMs: 45_000, ahead: 10, tries: 2, pauseMs: 60_000, ringMs: 30_000 },
    }),
  ],
  [agent('ana', { personal: 1 }), agent('ben', { personal: 1 })],
  {
    hours: { day: HOURS },
    missedCalls: { calendar: 'day', withinMs: 7_200_000, afterOpeningMs: 5_400_000, standingMax: STANDING_MAX },
    dialsOut: true,
    prompts: Object.fromEntries(['FUL-01', 'FUL-02', 'CBK-04'].map((id) => [id, `/${id}`])),
  },
);

type Happening =
  | { readonly do: 'call' | 'hangUp' | 'ready' | 'notReady' | 'answer' | 'reach' | 'fail'; readonly at: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'serve' }
  | { readonly do: 'restart' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('call' as const, 'call', 'hangUp', 'hangUp', 'ready', 'notReady', 'answer', 'reach', 'fail'),
      at: fc.nat(20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1_000, 30_000, 600_000, 20_000_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'serve') }) },
);

/** What the records say of each number, held against the core after every entry. */
class Books {
  readonly open = new Map<string, ContactId>();
  closed = 0;
  readonly #numberOf = new Map<ContactId, string>();

  watch(state: State, decided: readonly Command[]): void {
    for (const command of decided) {
      if (command.do === 'record-fact') this.#take(command);
      if (command.do === 'dial')
        expect(isOpen(HOURS, {}, state.nowMs), 'citizens are dialled in their hours').toBe(true);
    }
    expect(new Map([...state.missed].map(([number, { contact }]) => [number, contact]))).toEqual(this.open);
    const callBacks = [...state.contacts.values()].filter(({ medium }) => medium === 'callback');
    const standing = callBacks.filter(({ stage }) => stage.in !== 'talk' && stage.in !== 'closing');
    expect(standing.length).toBeLessThanOrEqual(STANDING_MAX);
    expect(new Set(callBacks.map(({ from }) => from)).size, 'one call-back a number').toBe(callBacks.length);
    for (const { by } of state.missed.values()) if (by !== null) expect(state.contacts.has(by)).toBe(true);
  }

  #take(fact: RecordFact): void {
    if (fact.fact === 'callMissed') {
      const before = this.open.get(fact.number);
      if (before !== undefined) expect(fact.contact, 'one record a number').toBe(before);
      this.open.set(fact.number, fact.contact);
      this.#numberOf.set(fact.contact, fact.number);
    } else if (fact.fact === 'missedCallClosed') {
      const number = this.#numberOf.get(fact.contact)!;
      expect(this.open.get(number)).toBe(fact.contact);
      this.open.delete(number);
      this.closed += 1;
    }
  }
}

function happen(hotline: Hotline, what: Happening): void {
  const contacts = [...hotline.state.contacts.values()];
  const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(list.length, 1)];
  switch (what.do) {
    case 'call': {
      const leg = legId(`number-${hotline.state.seq}`);
      const node = nodeId('switch');
      const from = pick(NUMBERS, what.at)!;
      return void hotline.hear({ type: 'callArrived', node, leg, from, dialled: 'personal' });
    }
    case 'hangUp': {
      const contact = pick(contacts, what.at);
      return contact === undefined ? undefined : hotline.hangUp(contact.id);
    }
    case 'ready':
    case 'notReady':
      return hotline.ask(what.at % 2 === 0 ? 'ana' : 'ben', what.do);
    case 'answer': {
      const ringing = pick(
        contacts.filter(({ id }) => hotline.ringing(id) !== undefined),
        what.at,
      );
      return ringing === undefined ? undefined : hotline.answer(ringing.id);
    }
    case 'reach':
    case 'fail': {
      const dialled = pick(
        contacts.filter(({ stage }) => stage.in === 'dialling'),
        what.at,
      );
      if (dialled === undefined) return;
      const { leg, node } = dialled;
      if (what.do === 'reach') hotline.hear({ type: 'legAnswered', node, leg });
      else hotline.hear({ type: 'legEnded', node, leg, cause: 'USER_BUSY' });
      return;
    }
    case 'pass':
      return hotline.pass(what.ms);
    case 'serve':
      return serve(hotline, 60_000);
    case 'restart':
      return hotline.restart();
  }
}

test('[B1] [B3] [B4] over random days every number that was missed has one record until it is made good, and one call-back at most', () => {
  let closed = 0;
  fc.assert(
    fc.property(fc.array(happening, { minLength: 20, maxLength: 80 }), (day) => {
      const books = new Books();
      const hotline = new Hotline(SETTINGS, (state, decided) => books.watch(state, decided));
      for (const what of day) happen(hotline, what);
      closed += books.closed;
    }),
    { numRuns: RUNS, seed: 12_345 },
  );
  expect(closed, 'days in which nothing is made good prove nothing').toBeGreaterThan(RUNS / 4);
});

test('[B3] with an agent there all day, every call of the day and the night before is made good in time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(86_400_000), { minLength: 1, maxLength: 30 }), (atMs) => {
      const late: string[] = [];
      const dues = new Map<ContactId, number>();
      const hotline = new Hotline(SETTINGS, (state, decided) => {
        for (const command of decided) {
          if (command.do !== 'record-fact') continue;
          if (command.fact === 'callMissed') dues.set(command.contact, command.dueAtMs);
          if (command.fact === 'missedCallClosed' && state.nowMs > dues.get(command.contact)!)
            late.push(command.contact);
        }
      });
      let nowMs = 0;
      for (const [nth, callMs] of [...atMs].sort((a, b) => a - b).entries()) {
        serve(hotline, callMs - nowMs);
        nowMs = callMs;
        hotline.hangUp(hotline.call('personal', `138000${10_000 + nth}`));
      }
      serve(hotline, 50_000_000);
      expect(late).toEqual([]);
      expect(hotline.state.missed.size).toBe(0);
    }),
    { numRuns: 20, seed: 12_345 },
  );
});

/** An agent comes once an hour and takes whatever rings; every citizen answers. */
function serve(hotline: Hotline, ms: number): void {
  for (let leftMs = ms; leftMs > 0; leftMs -= 3_600_000) {
    hotline.pass(Math.min(leftMs, 3_600_000));
    hotline.ask('ana', 'ready');
    for (let ringing = anyRinging(hotline); ringing !== undefined; ringing = anyRinging(hotline)) {
      hotline.answer(ringing);
      const { leg, node } = hotline.state.contacts.get(ringing)!;
      hotline.hear({ type: 'legAnswered', node, leg });
      hotline.hangUp(ringing);
      hotline.pass(30_000);
    }
    hotline.ask('ana', 'notReady');
  }
}

function anyRinging(hotline: Hotline): ContactId | undefined {
  return [...hotline.state.contacts.keys()].find((id) => hotline.ringing(id) !== undefined);
}
