import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkFlow, type FlowProblemKind, type Known, LEAD_IN_MS_MAX, targetsOf } from '../../src/city/check.ts';
import type { Flow, FlowStep } from '../../src/core/settings.ts';

const KNOWN: Known = {
  queues: new Set(['personal', 'enterprise']),
  hours: new Set(['office']),
  plans: new Set(['citizen']),
  messages: new Set(['citizen']),
  prompts: new Map([['P', 100]]),
};
const KEYS = ['0', '1', '2', '9', '*', '#'];

type Steps = Record<string, FlowStep>;
const nameOf = (index: number): string => `s${index}`;

/** A sound flow: every arrow leads to a later step, the last one is a queue, and every step is led to by the one before. */
const soundFlow: fc.Arbitrary<Flow> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('say', 'ask', 'hours' as const),
      skips: fc.array(fc.nat(6), { maxLength: 4 }),
      keys: fc.subarray(KEYS, { minLength: 1 }),
    }),
    { maxLength: 25 },
  )
  .map((drawn) => {
    const last = drawn.length;
    const steps: Steps = { [nameOf(last)]: { kind: 'queue', queue: 'personal', prompts: [] } };
    drawn.forEach(({ kind, skips, keys }, index) => {
      const next = nameOf(index + 1);
      const later = (nth: number): string => nameOf(Math.min(last, index + 1 + (skips[nth] ?? 0)));
      steps[nameOf(index)] =
        kind === 'say'
          ? say(['P'], next)
          : kind === 'hours'
            ? when(later(0), next)
            : {
                kind: 'ask',
                opening: [],
                prompts: ['P'],
                choose: Object.fromEntries(keys.map((key, nth) => [key, later(nth)])),
                waitMs: 3_000,
                none: next,
                wrongPrompts: ['P'],
                wrongMax: 1,
                wrong: later(0),
              };
    });
    return { start: nameOf(0), steps };
  });

const kinds = (flow: Flow, known: Known = KNOWN): readonly FlowProblemKind[] =>
  checkFlow(flow, known).map((problem) => problem.kind);

/** A sound flow and one of its steps that a caller can leave by an arrow. */
const withArrow = fc
  .tuple(soundFlow, fc.nat())
  .map(([flow, pick]) => {
    const from = Object.keys(flow.steps).filter((name) => targetsOf(flow.steps[name]!).length > 0);
    return { flow, from: from[pick % Math.max(1, from.length)] };
  })
  .filter((drawn): drawn is { flow: Flow; from: string } => drawn.from !== undefined);

describe('the static check of a flow', () => {
  test('is content with every flow in which all arrows lead on', () => {
    fc.assert(fc.property(soundFlow, (flow) => kinds(flow).length === 0));
  });

  test('finds every way back, wherever it is planted', () => {
    fc.assert(
      fc.property(withArrow, fc.nat(), fc.constantFrom('none', 'wrong', 'key'), ({ flow, from }, pick, arrow) => {
        // F3: a key that asks the same again does so a few times only.
        const again = flow.steps[from]!.kind === 'ask' && arrow === 'key';
        const earlier = Object.keys(flow.steps).filter(
          (name) => Number(name.slice(1)) <= Number(from.slice(1)) && !(again && name === from),
        );
        fc.pre(earlier.length > 0);
        const steps = { ...flow.steps, [from]: redirect(flow.steps[from]!, earlier[pick % earlier.length]!, arrow) };
        expect(kinds({ ...flow, steps })).toContain('loop');
      }),
    );
  });

  test('agrees with walking every path by brute force', () => {
    const any = fc.integer({ min: 1, max: 7 }).chain((count) =>
      fc.array(
        fc.record({
          kind: fc.constantFrom('say', 'ask', 'hours', 'queue', 'end'),
          to: fc.tuple(fc.nat(count - 1), fc.nat(count - 1), fc.nat(count - 1)),
        }),
        { minLength: count, maxLength: count },
      ),
    );
    fc.assert(
      fc.property(any, (drawn) => {
        const flow = {
          start: 's0',
          steps: Object.fromEntries(drawn.map((step, index) => [nameOf(index), drawnStep(step)])),
        };
        expect(kinds(flow).includes('loop')).toBe(!everyPathEnds(flow, flow.start, drawn.length));
      }),
      { numRuns: 500 },
    );
  });

  test('finds every arrow to nowhere', () => {
    fc.assert(
      fc.property(withArrow, fc.constantFrom('none', 'wrong', 'key'), ({ flow, from }, arrow) => {
        const steps = { ...flow.steps, [from]: redirect(flow.steps[from]!, 'nowhere', arrow) };
        const found = checkFlow({ ...flow, steps }, KNOWN).find((problem) => problem.kind === 'noTarget');
        expect(found?.step).toBe(from);
      }),
    );
  });

  test('finds every step that no caller comes to', () => {
    fc.assert(
      fc.property(soundFlow, (flow) => {
        const steps: Steps = { ...flow.steps, lost: { kind: 'end', prompts: [] } };
        expect(checkFlow({ ...flow, steps }, KNOWN)).toMatchObject([{ kind: 'unreachable', step: 'lost' }]);
      }),
    );
  });

  test('sees to it that known callers begin at a step that is there, and that limited ones cannot be turned away', () => {
    const steps: Steps = {
      menu: say(['P'], 'person'),
      blocked: say(['P'], 'bye'),
      bye: { kind: 'end', prompts: [] },
      person: { kind: 'queue', queue: 'personal', prompts: [] },
    };
    const flow = (known: NonNullable<Flow['known']>): Flow => ({ start: 'menu', known, steps });
    expect(kinds(flow({ limited: 'blocked' }))).toEqual(['turnedAway']);
    expect(kinds(flow({ warned: 'blocked' }))).toEqual(['silentEnd']);
    expect(kinds(flow({ warned: 'blocked', limited: 'nowhere' }))).toEqual(['noTarget']);
    expect(kinds(flow({ warned: 'blocked', direct: { step: 'person', callers: ['elder'] } }))).toEqual(['silentEnd']);
  });

  test('finds where callers without a key, or with a wrong one, are ended while others reach a person', () => {
    const person: FlowStep = { kind: 'queue', queue: 'personal', prompts: [] };
    const bye: FlowStep = { kind: 'end', prompts: ['P'] };
    const menu = (none: string, wrong: string, key: string): Flow => ({
      start: 'hello',
      steps: {
        hello: say(['P'], 'menu'),
        menu: {
          ...{ kind: 'ask', opening: [], prompts: ['P'], choose: { '1': key }, waitMs: 3_000 },
          ...{ none, wrongPrompts: ['P'], wrongMax: 1, wrong },
        },
        ...(key === 'bye' || none !== 'person' || wrong !== 'person' ? { last: say(['P'], 'bye'), bye } : {}),
        person,
      },
    });
    expect(checkFlow(menu('last', 'person', 'person'), KNOWN)).toMatchObject([{ kind: 'silentEnd', step: 'bye' }]);
    expect(kinds(menu('person', 'last', 'person'))).toEqual(['silentEnd']);
    expect(kinds(menu('person', 'person', 'person'))).toEqual([]);
    expect(kinds({ start: 'hello', steps: { hello: say(['P'], 'bye'), bye } })).toEqual([]);
    const chosen = menu('person', 'person', 'bye');
    expect(kinds({ ...chosen, steps: { ...chosen.steps, last: bye, bye } })).toEqual(['unreachable']);
  });

  test('does not follow names that every object has', () => {
    const flow: Flow = { start: 'constructor', steps: Object.fromEntries([['toString', say([], 'hasOwnProperty')]]) };
    expect(kinds(flow)).toEqual(['noTarget', 'noTarget']);
    const inside: Flow = { start: 'hello', steps: { hello: say(['P'], 'constructor') } };
    expect(kinds(inside)).toEqual(['noTarget']);
  });

  test('finds a queue, a prompt and a key that do not exist, and a menu without keys', () => {
    const ask = {
      kind: 'ask',
      opening: [],
      prompts: ['Q'],
      choose: { A: 'end' },
      waitMs: 3_000,
      none: 'end',
      wrongPrompts: [],
      wrongMax: 0,
      wrong: 'empty',
    } as const;
    const steps: Steps = {
      ask,
      empty: { ...ask, prompts: [], choose: {}, wrong: 'end' },
      end: { kind: 'queue', queue: 'vip', prompts: [] },
    };
    expect([...kinds({ start: 'ask', steps })].sort()).toEqual(['badKey', 'noKey', 'noPrompt', 'noQueue']);
  });

  test('finds hours that do not exist, and a closed line from which nobody is reached', () => {
    const bye: FlowStep = { kind: 'end', prompts: ['P'] };
    const queue: FlowStep = { kind: 'queue', queue: 'personal', prompts: [] };
    const flow = (closed: Steps): Flow => ({
      start: 'when',
      steps: { when: when('on', 'shut'), on: queue, ...closed },
    });
    expect(kinds(flow({ shut: bye }))).toEqual(['noPerson']);
    expect(kinds(flow({ shut: say(['P'], 'bye'), bye }))).toEqual(['noPerson']);
    expect(kinds(flow({ shut: say(['P'], 'on') }))).toEqual([]);
    const menu = { kind: 'ask', opening: [], prompts: ['P'], choose: { '1': 'on' }, waitMs: 3_000 } as const;
    const asks = { ...menu, wrongPrompts: [], wrongMax: 0, wrong: 'on' };
    expect(kinds(flow({ shut: { ...asks, none: 'on' } }))).toEqual([]);
    expect(kinds(flow({ shut: { ...asks, none: 'bye' }, bye }))).toEqual(['silentEnd']);
    expect(kinds(flow({ shut: say(['P'], 'on') }), { ...KNOWN, hours: new Set() })).toEqual(['noHours']);
  });

  test('counts what is heard while it is closed as well, until the menu has been read', () => {
    const menu: FlowStep = {
      kind: 'ask',
      opening: [],
      prompts: ['P'],
      choose: { '0': 'on' },
      waitMs: 3_000,
      none: 'on',
      wrongPrompts: [],
      wrongMax: 0,
      wrong: 'on',
    };
    const on: FlowStep = { kind: 'queue', queue: 'personal', prompts: [] };
    const steps = { when: when('on', 'shut'), on, shut: say(['LONG'], 'menu'), menu };
    const prompts = new Map([...KNOWN.prompts, ['LONG', LEAD_IN_MS_MAX]]);
    expect(checkFlow({ start: 'when', steps }, { ...KNOWN, prompts })).toMatchObject([
      { kind: 'tooLong', step: 'menu' },
    ]);
  });

  test('allows twelve seconds until the menu has been read, and not a millisecond more', () => {
    const flow: Flow = {
      start: 'hello',
      steps: {
        hello: say(['A', 'A'], 'menu'),
        menu: {
          kind: 'ask',
          opening: [],
          prompts: ['B'],
          choose: { '1': 'on' },
          waitMs: 3_000,
          none: 'on',
          wrongPrompts: [],
          wrongMax: 0,
          wrong: 'on',
        },
        on: { kind: 'queue', queue: 'personal', prompts: ['A', 'A', 'A'] },
      },
    };
    const lasting = (ms: number): Known => ({
      ...KNOWN,
      prompts: new Map([
        ['A', 4_000],
        ['B', ms],
      ]),
    });
    expect(kinds(flow, lasting(LEAD_IN_MS_MAX - 8_000))).toEqual([]);
    expect(kinds(flow, lasting(LEAD_IN_MS_MAX - 7_999))).toEqual(['tooLong']);
  });
});

function say(prompts: readonly string[], then: string): FlowStep {
  return { kind: 'say', prompts, then };
}

function when(open: string, closed: string): FlowStep {
  return { kind: 'hours', hours: 'office', open, closed };
}

function redirect(step: FlowStep, target: string, arrow: string): FlowStep {
  if (step.kind === 'say') return say(step.prompts, target);
  if (step.kind === 'hours') return { ...step, closed: target };
  if (step.kind !== 'ask') return step;
  if (arrow === 'key') return { ...step, choose: { ...step.choose, '7': target } };
  return { ...step, [arrow]: target };
}

function drawnStep({ kind, to }: { readonly kind: string; readonly to: readonly [number, number, number] }): FlowStep {
  const [a, b, c] = to.map(nameOf) as [string, string, string];
  if (kind === 'say') return say(['P'], a);
  if (kind === 'hours') return when(a, b);
  if (kind === 'ask')
    return {
      kind: 'ask',
      opening: [],
      prompts: ['P'],
      choose: { '1': a },
      waitMs: 3_000,
      none: b,
      wrongPrompts: [],
      wrongMax: 1,
      wrong: c,
    };
  return kind === 'queue' ? { kind: 'queue', queue: 'personal', prompts: [] } : { kind: 'end', prompts: [] };
}

/** True when no path is longer than there are steps. */
function everyPathEnds(flow: Flow, name: string, left: number): boolean {
  if (left === 0) return false;
  const step = flow.steps[name]!;
  const targets =
    step.kind === 'ask'
      ? [...Object.values(step.choose).filter((next) => next !== name), step.none, step.wrong]
      : targetsOf(step);
  return targets.every((target) => everyPathEnds(flow, target, left - 1));
}
