import { describe, expect, test } from 'vitest';
import type { CallerKnown } from '../../src/core/event.ts';
import { legId } from '../../src/core/ids.ts';
import { agent } from './routing-day.ts';
import { call, heard, NODE, open, putInMode } from './shipped-hotline.ts';

/** Who has no skill of any queue serves only those whom anybody may serve. */
const helper = agent('hal', { cooking: 1 });
const LIMITED = { stage: 'limited' } as const;

describe.each(['normal', 'emergency'] as const)('known callers of 12345, mode %s', (mode) => {
  const openInMode: typeof open = (...staff) => {
    const hotline = open(...staff);
    putInMode(hotline, mode);
    return hotline;
  };

  test.each<[string, CallerKnown]>([
    ['an elder', { elder: true }],
    ['who has an urgent order open', { order: { no: 'G1', urgency: 'urgent' } }],
    ['who has an emergency order open', { order: { no: 'G1', urgency: 'emergency' } }],
    ['whose grade is emergency', { grade: 'emergency' }],
  ])('[G2] %s hears the greeting and no menu', (_who, known) => {
    const hotline = openInMode();
    const contact = call(hotline, '', { known });
    expect(hotline.state.contacts.get(contact)!.stage).toMatchObject({ in: 'queue', wait: { queue: 'personal' } });
    const said = heard(hotline.commands);
    expect(said.slice(0, 2)).toEqual(['GRT-01', 'REC-01']);
    expect(said.filter((id) => id.startsWith('MNU') || id.startsWith('EMR') || id.startsWith('BLK'))).toEqual([]);
  });

  test('[G2] an elder is answered by whoever is free', () => {
    const hotline = openInMode(helper);
    hotline.ready('hal');
    expect(hotline.ringing(call(hotline, '', { known: { elder: true } }))).toBe('hal');
  });

  test.each<[string, CallerKnown]>([
    ['an order that is neither', { order: { no: 'G1', urgency: 'normal' } }],
    ['another grade', { grade: 'expert' }],
  ])('[G2] the menu is for everybody else, with %s as well', (_what, known) => {
    const hotline = openInMode();
    call(hotline, '2', { known });
    expect(heard(hotline.commands)).toContain(mode === 'normal' ? 'MNU-02' : 'EMR-02');
  });

  test('[G5] a warned caller hears the notice, then the menu', () => {
    const hotline = openInMode();
    call(hotline, '2', { known: { stage: 'warned' } });
    const said = heard(hotline.commands);
    expect(said.slice(0, 2)).toEqual(['BLK-01', 'GRT-01']);
    expect(said).toContain('ENT-01');
  });

  test('[G5] a warned caller is heard while the notice is played: 0 leads to whoever is free', () => {
    const hotline = openInMode(helper);
    hotline.ready('hal');
    const warned = call(hotline, '0', { known: { stage: 'warned' } });
    const asked = hotline.commands.flatMap((command) => (command.do === 'collect' ? [command.files] : []));
    expect(asked[0]?.[0]).toContain('BLK-01');
    expect(hotline.ringing(warned)).toBe('hal');
  });

  test('[G5] a limited caller with an emergency presses 0 and is before those who come later', () => {
    const hotline = openInMode(helper);
    const limited = call(hotline, '0', { known: LIMITED });
    hotline.pass(1_000);
    const later = call(hotline, '0');
    expect(heard(hotline.commands).slice(0, 3)).toEqual(['BLK-01', 'REC-01', 'BLK-02']);
    hotline.ready('hal');
    expect([limited, later].map((each) => hotline.ringing(each))).toEqual(['hal', undefined]);
  });

  test.each(['', '7'])(
    '[G5] with the key %j one is after those who come within ten minutes, and before all others',
    (key) => {
      for (const [laterMs, first] of [
        [599_999, 1],
        [600_001, 0],
      ] as const) {
        const hotline = openInMode(helper);
        const limited = call(hotline, key, { known: LIMITED });
        hotline.pass(laterMs);
        const later = call(hotline, '0');
        hotline.ready('hal');
        expect([limited, later].map((each) => hotline.ringing(each) === 'hal')).toEqual([first === 0, first === 1]);
      }
    },
  );

  test('[G5] but where nobody else waits, one is answered at once', () => {
    const hotline = openInMode(helper);
    hotline.ready('hal');
    expect(hotline.ringing(call(hotline, '', { known: LIMITED }))).toBe('hal');
  });
});

describe('without a clear choice', () => {
  test.each([
    ['no key', ''],
    ['0', '0'],
    ['a key that means nothing, twice', '7'],
  ])('[Q11] %s leads to whoever is free', (_what, key) => {
    const hotline = open(helper);
    hotline.ready('hal');
    expect(hotline.ringing(call(hotline, key))).toBe('hal');
  });

  test('who presses no key is told that a person comes', () => {
    const hotline = open();
    call(hotline, '');
    expect(heard(hotline.commands)).toContain('MNU-04');
  });
});

test('[G2] in an emergency who calls again within the day hears the menu with the latest', () => {
  const hotline = open(agent('ana', { personal: 3 }));
  hotline.ready('ana');
  const from = '13800138000';
  const first = call(hotline, '1', { from });
  hotline.answer(first);
  hotline.hangUp(first);
  putInMode(hotline, 'emergency');
  call(hotline, '0', { from });
  expect(heard(hotline.commands)).toContain('EMR-02');
});

test('[G2] else such a caller goes to the queue of last time without it, elsewhere than to personal as well', () => {
  const hotline = open(agent('eva', { enterprise: 3 }));
  hotline.ready('eva');
  const from = '13800138000';
  const first = call(hotline, '2', { from });
  hotline.answer(first);
  hotline.hangUp(first);
  const before = hotline.commands.length;
  const again = call(hotline, '', { from });
  expect(hotline.state.contacts.get(again)!.stage).toMatchObject({ in: 'queue', wait: { queue: 'enterprise' } });
  expect(heard(hotline.commands.slice(before))).not.toContain('MNU-02');
});

test('[G2] who is in the menu while another call of the same number ends goes where the key says', () => {
  const hotline = open(agent('ana', { personal: 1 }), agent('eva', { enterprise: 3 }));
  hotline.ready('ana', 'eva');
  const from = '02886543210';
  const leg = legId('menu');
  hotline.hear({ type: 'callArrived', node: NODE, leg, from, dialled: '12345' });
  const beside = call(hotline, '1', { from });
  hotline.answer(beside);
  hotline.hangUp(beside);
  const contact = hotline.state.legs.get(leg)!.contact;
  for (let { stage } = hotline.state.contacts.get(contact)!; stage.in === 'menu'; ) {
    const asks = stage.flow.steps[stage.step]?.kind === 'ask';
    if (asks) hotline.hear({ type: 'digitsCollected', node: NODE, leg, key: stage.key, digits: '2' });
    else hotline.hear({ type: 'playEnded', node: NODE, leg, key: stage.key, outcome: 'done' });
    ({ stage } = hotline.state.contacts.get(contact)!);
  }
  expect(hotline.ringing(contact)).toBe('eva');
});

describe('[G3] graded callers', () => {
  /** Which of two who wait is offered first to who becomes free then. */
  function firstOf(laterMs: number, known: CallerKnown, waitMs = 0): 'earlier' | 'graded' {
    const hotline = open(agent('exp', { personal: 5, enterprise: 5 }));
    const earlier = call(hotline, '0');
    hotline.pass(laterMs);
    const graded = call(hotline, '0', { known });
    hotline.pass(waitMs);
    hotline.ready('exp');
    const rung = [earlier, graded].map((each) => hotline.ringing(each));
    expect(rung.filter((name) => name === 'exp')).toHaveLength(1);
    return rung[0] === 'exp' ? 'earlier' : 'graded';
  }

  test.each<[string, number, CallerKnown]>([
    ['an emergency order', 600_000, { order: { no: 'G1', urgency: 'emergency' } }],
    ['the grade emergency', 600_000, { grade: 'emergency' }],
    ['an urgent order', 60_000, { order: { no: 'G1', urgency: 'urgent' } }],
    ['the grade business', 60_000, { grade: 'business' }],
    ['the grade expert', 60_000, { grade: 'expert' }],
  ])('%s counts as so much time already waited: %d ms, and no more', (_what, headStartMs, known) => {
    expect(firstOf(headStartMs - 1, known)).toBe('graded');
    expect(firstOf(headStartMs + 1, known)).toBe('earlier');
  });

  test('with no expert signed in, who should have one goes to the next best at once', () => {
    const hotline = open(agent('mid', { personal: 3 }));
    hotline.ready('mid');
    expect(hotline.ringing(call(hotline, '1', { known: { grade: 'expert' } }))).toBe('mid');
  });

  test('an emergency is answered by whoever is free', () => {
    const hotline = open(helper);
    hotline.ready('hal');
    expect(hotline.ringing(call(hotline, '2', { known: { grade: 'emergency' } }))).toBe('hal');
  });

  /** Signed in and away: whoever should have an expert waits for one. */
  const expert = agent('exp', { personal: 5, enterprise: 5 });

  /** How long the caller waits for an agent with these skills, who is free. */
  function offeredAfter(skills: Record<string, number>, known: CallerKnown): number {
    const hotline = open(agent('ana', skills), expert);
    hotline.ready('ana');
    hotline.ask('exp', 'notReady');
    const contact = call(hotline, '1', { known });
    let waitedMs = 0;
    for (; hotline.ringing(contact) === undefined; waitedMs += 1_000) {
      if (waitedMs > 300_000) return Number.POSITIVE_INFINITY;
      hotline.pass(1_000);
    }
    return waitedMs;
  }

  test.each<[CallerKnown['grade'] & string, Record<string, number>, number]>([
    ['business', { personal: 3 }, 0],
    ['business', { enterprise: 3 }, 0],
    ['business', { personal: 2, enterprise: 2 }, 30_000],
    ['business', { cooking: 1 }, 30_000],
    ['expert', { personal: 5 }, 0],
    ['expert', { enterprise: 5 }, 0],
    ['expert', { personal: 4, enterprise: 4 }, 60_000],
    ['expert', { personal: 3 }, 60_000],
    ['expert', { enterprise: 3 }, 60_000],
    ['expert', { personal: 2, enterprise: 2 }, 120_000],
    ['expert', { cooking: 1 }, 120_000],
  ])('of the grade %s are offered to who has %j after %d ms', (grade, skills, afterMs) => {
    expect(offeredAfter(skills, { grade })).toBe(afterMs);
  });

  test.each([
    ['business', 0],
    ['expert', 60_000],
  ] as const)(
    'of the grade %s are offered to the higher level of those who may take them after %d ms',
    (grade, afterMs) => {
      const hotline = open(agent('low', { personal: 3 }), agent('mid', { personal: 4 }), expert);
      hotline.ready('low', 'mid');
      hotline.ask('exp', 'notReady');
      const contact = call(hotline, '1', { known: { grade } });
      hotline.pass(afterMs);
      expect(hotline.ringing(contact)).toBe('mid');
    },
  );
});

describe('[Q11] the plans of the two lines', () => {
  test.each([
    ['1', 'personal'],
    ['2', 'enterprise'],
  ])('after key %s whoever waited a minute counts as if it had come 30 s earlier', (key) => {
    for (const [laterMs, first] of [
      [29_999, 'later'],
      [30_001, 'earlier'],
    ] as const) {
      const hotline = open(helper);
      const earlier = call(hotline, '0');
      hotline.pass(laterMs);
      const later = call(hotline, key);
      hotline.pass(60_000);
      hotline.ready('hal');
      const rung = { earlier: hotline.ringing(earlier), later: hotline.ringing(later) };
      expect(rung).toEqual({ earlier: undefined, later: undefined, [first]: 'hal' });
    }
  });

  test.each([
    ['1', 'personal'],
    ['2', 'enterprise'],
  ])('after key %s the agent of last time is asked first if free, and else not waited for', (key, skill) => {
    const hotline = open(agent('ana', { [skill]: 3 }), agent('eva', { [skill]: 5 }));
    const from = '13800138000';
    hotline.ready('ana');
    const first = call(hotline, key, { from });
    hotline.answer(first);
    hotline.hangUp(first);
    hotline.ready('eva', 'ana');
    const second = call(hotline, key, { from });
    expect(hotline.ringing(second)).toBe('ana');
    hotline.hangUp(second);
    hotline.ask('ana', 'notReady');
    expect(hotline.ringing(call(hotline, key, { from }))).toBe('eva');
  });

  test.each([
    ['1', 'personal'],
    ['2', 'enterprise'],
  ])('after key %s the best of those who have level three is asked first', (key, skill) => {
    const hotline = open(agent('mid', { [skill]: 3 }), agent('top', { [skill]: 5 }));
    hotline.ready('mid', 'top');
    expect(hotline.ringing(call(hotline, key))).toBe('top');
  });
});
