import { describe, expect, test } from 'vitest';
import type { Calendar } from '../../src/core/calendar.ts';
import type { Command } from '../../src/core/command.ts';
import { nodeId } from '../../src/core/ids.ts';
import type { Flow, FlowStep } from '../../src/core/settings.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

/** The first instant of a `Hotline` is 1970-01-01 02:46:40 UTC, a Thursday: 10:46:40 in China. */
const NODE = nodeId('switch');
const MINUTE_MS = 60_000;
const OFFICE: Calendar = {
  offsets: [{ fromMs: 0, offsetMinutes: 480 }],
  week: Array(7).fill([
    { fromMinute: 540, toMinute: 720 },
    { fromMinute: 780, toMinute: 1_020 },
  ]),
  holiday: [],
};
const SHUT: Calendar = { ...OFFICE, week: Array(7).fill([]) };
const PROMPTS = { 'CLS-01': '/p/closed.wav', 'ENT-01': '/p/enterprise.wav', 'BYE-01': '/p/bye.wav' };
const STAFF = [agent('ana', { enterprise: 1 }), agent('ben', { personal: 1 })];

const FLOW: Flow = {
  start: 'when',
  steps: {
    when: { kind: 'hours', hours: 'office', open: 'expert', closed: 'sayClosed' },
    expert: { kind: 'queue', queue: 'enterprise', prompts: ['ENT-01'] },
    sayClosed: say(['CLS-01'], 'duty'),
    duty: { kind: 'queue', queue: 'personal', prompts: [] },
  },
};

function hotline(calendar: Calendar | undefined, workdays = {}): Hotline {
  const hours = calendar === undefined ? {} : { office: calendar };
  const more = { hours, workdays, prompts: PROMPTS };
  const settings = rules([queue('personal'), queue('enterprise')], STAFF, more);
  const lines = { ...settings.lines, '12366': 'tax' };
  return new Hotline({ ...settings, lines, flows: { ...settings.flows, tax: FLOW } });
}

function say(prompts: readonly string[], then: string): FlowStep {
  return { kind: 'say', prompts, then };
}

/** What the caller hears and where the call waits in the end. */
function path(hotline: Hotline): { readonly heard: readonly string[]; readonly queue: string | undefined } {
  const before = hotline.commands.length;
  const contact = hotline.call('12366', '13800138000');
  for (const command of hotline.commands.slice(before)) {
    if (command.do === 'play')
      hotline.hear({ type: 'playEnded', node: NODE, leg: command.leg, key: command.key, outcome: 'done' });
  }
  const stage = hotline.state.contacts.get(contact)?.stage;
  return {
    heard: hotline.commands.slice(before).flatMap(filesOf),
    queue: stage?.in === 'queue' ? stage.wait.queue : undefined,
  };
}

function filesOf(command: Command): readonly string[] {
  return command.do === 'play' || command.do === 'music' ? command.files : [];
}

function asked(commands: readonly Command[]): readonly boolean[] {
  return commands.flatMap((command) =>
    command.do === 'record-fact' && command.fact === 'hoursAsked' ? [command.open] : [],
  );
}

describe('[H2] a flow that asks for the hours', () => {
  test('goes on by the calendar at the moment of each call: shift, break, shift, evening, next morning', () => {
    const line = hotline(OFFICE);
    const queues = [0, 80, 60, 240, 960].map((minutes) => {
      line.pass(minutes * MINUTE_MS);
      return path(line).queue;
    });
    expect(queues).toEqual(['enterprise', 'personal', 'enterprise', 'personal', 'enterprise']);
    expect(asked(line.commands)).toEqual([true, false, true, false, true]);
  });

  test('says that it is closed, and leads to a person all the same', () => {
    const { heard, queue } = path(hotline(SHUT));
    expect(heard).toContain('/p/closed.wav');
    expect(heard).not.toContain('/p/enterprise.wav');
    expect(queue).toBe('personal');
  });

  test('is closed on a statutory day off', () => {
    expect(path(hotline(OFFICE, { '1970': { '1970-01-01': 'off' } })).queue).toBe('personal');
  });

  test('whose calendar is gone from the rules is open', () => {
    expect(path(hotline(undefined)).queue).toBe('enterprise');
  });
});

describe('[H3] a queue with hours', () => {
  const hours = { calendar: 'office', closedQueue: 'personal', closedPrompts: ['CLS-01'] };
  const line = (calendar: Calendar): Hotline => {
    const more = { hours: { office: calendar }, prompts: PROMPTS };
    return new Hotline(rules([queue('personal'), queue('enterprise', { hours })], STAFF, more));
  };

  test('takes contacts while it is open', () => {
    const open = line(OFFICE);
    open.ready('ana', 'ben');
    expect(open.ringing(open.call('enterprise'))).toBe('ana');
  });

  test('is closed at other times: the caller hears so and is served by the queue that stands in', () => {
    const closed = line(SHUT);
    closed.ready('ana', 'ben');
    const contact = closed.call('enterprise');
    expect(closed.ringing(contact)).toBe('ben');
    expect(closed.commands.flatMap(filesOf)).toContain('/p/closed.wav');
    expect(asked(closed.commands)).toEqual([false]);
  });

  test.each([
    [-600_000, 'after'],
    [30_000, 'before'],
  ])(
    'a head start of %i ms counts in the queue that stands in as well: the caller goes %s others',
    (headStartMs, where) => {
      const settings = rules([queue('personal'), queue('enterprise', { hours })], STAFF, { hours: { office: SHUT } });
      const entry = { kind: 'queue' as const, queue: 'enterprise', prompts: [], headStartMs };
      const flows = { ...settings.flows, enterprise: { start: 'in', steps: { in: entry } } };
      const closed = new Hotline({ ...settings, flows });
      const [first, second] =
        where === 'after' ? (['enterprise', 'personal'] as const) : (['personal', 'enterprise'] as const);
      const early = closed.call(first);
      closed.pass(1_000);
      const late = closed.call(second);
      closed.ready('ben');
      expect([early, late].map((call) => closed.ringing(call))).toEqual([undefined, 'ben']);
    },
  );

  test('keeps who waits in it when it closes', () => {
    const evening = line(OFFICE);
    const contact = evening.call('enterprise');
    evening.pass(12 * 60 * MINUTE_MS);
    evening.ready('ana');
    expect(evening.ringing(contact)).toBe('ana');
  });
});
