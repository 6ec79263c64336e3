import { beforeEach, describe, expect, test } from 'vitest';
import type { RecordCommand } from '../../src/core/command.ts';
import type { CallerKnown, Grade } from '../../src/core/event.ts';
import { agentId, type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import type { Flow, SlotRules } from '../../src/core/settings.ts';
import type { Wait } from '../../src/core/state.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const NODE = nodeId('switch');
const FLOW: Flow = {
  start: 'menu',
  known: {
    direct: { step: 'direct', callers: ['elder', 'urgent', 'repeat'] },
    warned: 'warned',
    limited: 'limited',
  },
  steps: {
    menu: ask('MNU', 'personal'),
    // biome-ignore lint/suspicious/noThenProperty: a flow's own word for what comes next.
    warned: { kind: 'say', prompts: ['BLK'], then: 'menu' },
    limited: ask('EMG', 'after'),
    direct: { kind: 'queue', queue: 'personal', prompts: [] },
    personal: { kind: 'queue', queue: 'personal', prompts: [] },
    enterprise: { kind: 'queue', queue: 'enterprise', prompts: [] },
    after: { kind: 'queue', queue: 'personal', prompts: [], headStartMs: -600_000 },
  },
};
const PLANS = {
  expert: [until(30_000, { skill: 'personal', level: 5 }), always({ all: [] })],
  anybody: [always({ all: [] })],
};
const SETTINGS = {
  ...rules([queue('personal'), queue('enterprise')], [agent('ana', { personal: 1 }), agent('eva', { personal: 5 })], {
    plans: PLANS,
    grades: {
      expert: { plan: 'expert', headStartMs: 60_000 },
      business: { headStartMs: 60_000 },
      emergency: { plan: 'anybody', headStartMs: 600_000 },
    },
    prompts: Object.fromEntries(['MNU', 'BLK', 'EMG', 'FUL-01'].map((id) => [id, `/${id}`])),
  }),
  lines: { '12345': 'main' },
  flows: { main: FLOW },
};

function ask(prompt: string, none: string): Flow['steps'][string] {
  return {
    kind: 'ask',
    opening: [],
    prompts: [prompt],
    choose: { '0': 'direct', '2': 'enterprise' },
    waitMs: 3_000,
    none,
    wrongPrompts: [],
    wrongMax: 0,
    wrong: none,
  };
}

const MEDIUM = { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 60_000, waitingMax: 5 };
const CHATS: SlotRules = { each: { chat: 2, mail: 3 }, beside: {}, media: { chat: MEDIUM, mail: MEDIUM } };

let hotline: Hotline;
let calls = 0;
beforeEach(() => {
  hotline = new Hotline(SETTINGS);
});

function call(known?: CallerKnown, from = '13800138000'): ContactId {
  calls += 1;
  const leg = legId(`known-${calls}`);
  const event = { type: 'callArrived' as const, node: NODE, leg, from, dialled: '12345' };
  hotline.hear(known === undefined ? event : { ...event, known });
  return hotline.state.legs.get(leg)!.contact;
}

function at(contact: ContactId): string {
  const stage = hotline.state.contacts.get(contact)?.stage;
  return stage?.in === 'menu' ? `menu ${stage.step}` : (stage?.in ?? 'over');
}

function press(contact: ContactId, digits: string): void {
  const { leg, stage } = hotline.state.contacts.get(contact)!;
  if (stage.in === 'menu') hotline.hear({ type: 'digitsCollected', node: NODE, leg, key: stage.key, digits });
}

function waitOf(contact: ContactId): Wait {
  const stage = hotline.state.contacts.get(contact)!.stage;
  if (stage.in !== 'queue') throw new Error(`not waiting: ${stage.in}`);
  return stage.wait;
}

test('[G2][G5] as what a caller was taken, and where the flow began for it, stands in the records before anything is played; of others nothing', () => {
  const told = (known?: CallerKnown, from?: string) => {
    const before = hotline.commands.length;
    call(known, from);
    const decided = hotline.commands.slice(before);
    const at = decided.findIndex((one) => one.do === 'record-fact' && one.fact === 'takenFor');
    if (at < 0) return undefined;
    expect(decided.slice(0, at).every(({ do: what }) => what === 'record-fact' || what === 'answer')).toBe(true);
    const { do: _, fact, contact, ...rest } = decided[at] as Extract<RecordCommand, { fact: 'takenFor' }>;
    expect([fact, hotline.state.contacts.has(contact)]).toEqual(['takenFor', true]);
    return rest;
  };
  expect(told({ stage: 'limited', elder: true })).toEqual({ as: 'limited', step: 'limited' });
  expect(told({ stage: 'warned' }, '13800138001')).toEqual({ as: 'warned', step: 'warned' });
  expect(told({ elder: true }, '13800138002')).toEqual({ as: 'elder', step: 'direct' });
  const order = { no: 'T1', urgency: 'urgent' } as const;
  expect(told({ stage: 'limited', order }, '13800138003')).toEqual({ as: 'urgent', step: 'direct' });
  expect(told({ grade: 'emergency' }, '13800138004')).toEqual({ as: 'urgent', step: 'direct' });
  expect(told({ grade: 'expert' }, '13800138005')).toBeUndefined();
  expect(told(undefined, '13800138006')).toBeUndefined();
  const first = call(undefined, '13800138007');
  press(first, '2');
  hotline.pass(1_000);
  hotline.hangUp(first);
  expect(told(undefined, '13800138007')).toEqual({ as: 'repeat', step: 'direct' });
});

test('[F3] a key that chooses the question itself asks it again, without its opening, three times, and is no wrong key', () => {
  const flow = structuredClone(FLOW) as { steps: Record<string, object> };
  const again = { opening: ['BLK'], choose: { '*': 'menu', '2': 'enterprise' }, wrongPrompts: ['EMG'], wrongMax: 1 };
  Object.assign(flow.steps['menu']!, again);
  hotline = new Hotline({ ...SETTINGS, flows: { main: flow as Flow } });
  const contact = call(undefined, '13900139000');
  const { leg } = hotline.state.contacts.get(contact)!;
  const asked: string[][] = [];
  const type = (digits: string) => {
    const { stage } = hotline.state.contacts.get(contact)!;
    if (stage.in !== 'menu') throw new Error('not in the menu');
    for (const command of hotline.hear({ type: 'digitsCollected', node: NODE, leg, key: stage.key, digits }))
      if (command.do === 'collect') asked.push([...command.files]);
  };
  for (const key of '*7**') type(key);
  expect(asked).toEqual([['/MNU'], ['/EMG', '/MNU'], ['/MNU'], ['/MNU']]);
  expect(at(contact)).toBe('menu menu');
  type('*');
  expect(at(contact)).toBe('queue');
});

test('[F3] a wrong key counts as one although the question was heard again before it', () => {
  const flow = structuredClone(FLOW) as { steps: Record<string, object> };
  Object.assign(flow.steps['menu']!, { choose: { '*': 'menu', '2': 'enterprise' }, wrongMax: 1 });
  hotline = new Hotline({ ...SETTINGS, flows: { main: flow as Flow } });
  const contact = call(undefined, '13900139000');
  for (const key of '7*') press(contact, key);
  hotline.restart();
  expect(at(contact)).toBe('menu menu');
  press(contact, '7');
  expect(at(contact)).toBe('queue');
});

describe('[G1][G2] without the menu', () => {
  test.each<[string, CallerKnown]>([
    ['an elder', { elder: true }],
    ['who has an urgent order open', { order: { no: 'G1', urgency: 'urgent' } }],
    [
      'who has an emergency order open, although limited',
      { order: { no: 'G1', urgency: 'emergency' }, stage: 'limited' },
    ],
  ])('%s goes to a person', (_who, known) => {
    expect(at(call(known))).toBe('queue');
  });

  test('[S9] who called while nobody heard the switch, and is found by a survey, goes to a person as well', () => {
    const leg = legId('found');
    const found = {
      leg,
      direction: 'inbound' as const,
      state: 'answered' as const,
      from: '13800138000',
      dialled: '12345',
    };
    const legs = [{ ...found, doing: 'nothing' as const, known: { grade: 'emergency' as const } }];
    hotline.hear({ type: 'surveyed', node: NODE, survey: { bootId: 'boot', legs, devices: [], ended: [] } });
    const contact = hotline.state.legs.get(leg)!.contact;
    expect(at(contact)).toBe('queue');
    expect(hotline.state.contacts.get(contact)!.grade).toBe('emergency');
  });

  test('a stranger, and who has a common order open, hears the menu', () => {
    expect(at(call())).toBe('menu menu');
    expect(at(call({ order: { no: 'G1', urgency: 'normal' } }))).toBe('menu menu');
  });

  test('who calls again goes to the queue of the last call, the next day to the menu', () => {
    const first = call();
    press(first, '2');
    hotline.hangUp(first);
    const second = call();
    expect([at(second), waitOf(second).queue]).toEqual(['queue', 'enterprise']);
    hotline.hangUp(second);
    hotline.pass(86_400_000);
    expect(at(call())).toBe('menu menu');
  });
});

test.each([
  [1_799_999, 'queue'],
  [1_800_000, 'queue'],
  [86_399_999, 'queue'],
  [86_400_000, 'menu menu'],
])('[G2] a wait given up is remembered for a day: after %i ms the caller is at: %s', (afterMs, where) => {
  const first = call();
  press(first, '2');
  hotline.hangUp(first);
  hotline.pass(afterMs);
  const again = call();
  expect(at(again)).toBe(where);
  if (where === 'queue') expect(waitOf(again).queue).toBe('enterprise');
});

test.each([
  [1_799_999, 5_000],
  [1_800_000, 0],
])(
  '[C2] the time of a wait given up counts for half an hour: after %i ms the next begins with %i',
  (afterMs, headStartMs) => {
    const first = call();
    press(first, '2');
    hotline.pass(5_000);
    hotline.hangUp(first);
    hotline.pass(afterMs);
    expect(waitOf(call()).headStartMs).toBe(headStartMs);
  },
);

test('[C2][G2] who found the queue full and had waited for nothing is remembered for no wait', () => {
  const { queues } = SETTINGS;
  hotline = new Hotline({ ...SETTINGS, queues: { ...queues, personal: { ...queues['personal']!, waitingMax: 1 } } });
  call({ elder: true }, '13900139000');
  const turnedAway = call();
  press(turnedAway, '0');
  expect(at(turnedAway)).toBe('goodbye');
  hotline.hangUp(turnedAway);
  expect(at(call())).toBe('menu menu');
});

describe('[G2] the queue of the last wait', () => {
  test.each<[string, CallerKnown, string]>([
    ['who calls again and is nobody else', { order: { no: 'G1', urgency: 'normal' } }, 'enterprise'],
    ['an elder', { elder: true }, 'personal'],
    ['who has an urgent order open', { order: { no: 'G1', urgency: 'urgent' } }, 'personal'],
    ['who has an emergency order open', { order: { no: 'G1', urgency: 'emergency' } }, 'personal'],
    ['whom the records hold for an emergency', { grade: 'emergency' }, 'personal'],
  ])('%s goes to the queue that is meant', (_who, known, queueName) => {
    const first = call();
    press(first, '2');
    hotline.hangUp(first);
    expect(waitOf(call(known)).queue).toBe(queueName);
  });
});

describe('[G2][Q17] with a head start for who calls again', () => {
  beforeEach(() => {
    const direct = { ...FLOW.known!.direct!, repeatHeadStartMs: 30_000 };
    hotline = new Hotline({ ...SETTINGS, flows: { main: { ...FLOW, known: { ...FLOW.known, direct } } } });
  });
  /** Talked, and calls again so long after somebody else began to wait. */
  const again = (afterMs: number) => {
    hotline.ready('ana');
    const before = call();
    press(before, '');
    hotline.answer(before);
    hotline.hangUp(before);
    hotline.ask('ana', 'notReady');
    const other = call(undefined, '13900139000');
    press(other, '');
    hotline.pass(afterMs);
    return [call(), other] as const;
  };

  test.each([
    [29_999, 0],
    [30_001, 1],
  ])('it goes before who has waited for %i ms: %i', (afterMs, nth) => {
    const both = again(afterMs);
    hotline.ready('ana');
    expect(both.map((each) => hotline.ringing(each))).toEqual([0, 1].map((at) => (at === nth ? 'ana' : undefined)));
  });

  test('nobody has it who was asked and pressed a key, is an elder, or has an urgent order', () => {
    const [second] = again(0);
    expect(waitOf(second).headStartMs).toBe(30_000);
    expect(waitOf(call({ elder: true })).headStartMs).toBe(0);
    expect(waitOf(call({ order: { no: 'G1', urgency: 'urgent' } })).headStartMs).toBe(60_000);
  });

  test('[C2] given up and called again it is added to no longer wait than was really waited', () => {
    const [second] = again(0);
    hotline.pass(5_000);
    hotline.hangUp(second);
    expect(waitOf(call()).headStartMs).toBe(35_000);
  });
});

describe('[G2] a city that asks who calls again', () => {
  beforeEach(() => {
    const steps = { ...FLOW.steps, direct: ask('EMG', 'personal'), limited: ask('MNU', 'after') };
    hotline = new Hotline({ ...SETTINGS, flows: { main: { ...FLOW, steps } } });
    const first = call();
    press(first, '');
    hotline.hangUp(first);
  });

  test('does as the key says, and without one goes to the queue of the last call', () => {
    const again = call();
    expect(at(again)).toBe('menu direct');
    press(again, '2');
    expect(waitOf(again).queue).toBe('enterprise');
    hotline.hangUp(again);
    const third = call();
    press(third, '');
    expect(waitOf(third).queue).toBe('enterprise');
  });

  test('knows the queue of the last call after a restart, too', () => {
    const again = call();
    press(again, '2');
    hotline.hangUp(again);
    const third = call();
    hotline.restart();
    press(third, '');
    expect(waitOf(third).queue).toBe('enterprise');
  });
});

describe('[G5] malicious callers', () => {
  test('who was warned hears so with the menu, and goes on like anybody', () => {
    const contact = call({ stage: 'warned' });
    expect(at(contact)).toBe('menu menu');
    expect(hotline.commands.at(-1)).toMatchObject({ do: 'collect', files: ['/BLK', '/MNU'] });
  });

  test('who is limited reaches a person all the same, after those who come within ten minutes', () => {
    const limited = call({ stage: 'limited' }, '13900139000');
    expect(at(limited)).toBe('menu limited');
    press(limited, '');
    hotline.pass(300_000);
    const other = call({ elder: true });
    hotline.ready('ana');
    expect(hotline.ringing(other)).toBe('ana');
    hotline.ready('eva');
    expect(hotline.ringing(limited)).toBe('eva');
  });

  test('who is limited and says that it is an emergency waits like anybody', () => {
    const limited = call({ stage: 'limited' }, '13900139000');
    press(limited, '0');
    hotline.pass(1_000);
    const other = call({ elder: true });
    hotline.ready('ana');
    expect(hotline.ringing(limited)).toBe('ana');
    expect(hotline.ringing(other)).toBeUndefined();
  });
});

describe('[C2] a wait given up', () => {
  test('does not make a limited caller come after others once it says that it is an emergency', () => {
    const limited = call({ stage: 'limited' }, '13900139000');
    press(limited, '');
    expect(waitOf(limited).headStartMs).toBe(-600_000);
    hotline.pass(2_000);
    hotline.hangUp(limited);
    const again = call({ stage: 'limited' }, '13900139000');
    press(again, '0');
    expect(waitOf(again).headStartMs).toBe(2_000);
  });

  test('brings nobody forward by calling and hanging up again and again', () => {
    const known: CallerKnown = { order: { no: 'G1', urgency: 'urgent' } };
    for (let n = 0; n < 5; n++) {
      const contact = call(known);
      hotline.pass(1_000);
      hotline.restart();
      hotline.hangUp(contact);
    }
    expect(waitOf(call(known)).headStartMs).toBe(65_000);
  });

  test('is not lost by a call that found the queue full', () => {
    const { queues } = SETTINGS;
    hotline = new Hotline({ ...SETTINGS, queues: { ...queues, personal: { ...queues['personal']!, waitingMax: 1 } } });
    const first = call({ elder: true });
    hotline.pass(30_000);
    hotline.hangUp(first);
    const other = call({ elder: true }, '13900139000');
    expect(at(call({ elder: true }))).not.toBe('queue');
    hotline.hangUp(other);
    expect(waitOf(call({ elder: true })).headStartMs).toBe(30_000);
  });
});

test('[S8][Q10] who was cut off by a switch that died waits again at the place of that call, once, without a head start', () => {
  const lost = call({ elder: true });
  const { enqueuedAtMs } = waitOf(lost);
  hotline.pass(20_000);
  hotline.hear({ type: 'surveyed', node: NODE, survey: { bootId: 'another', legs: [], devices: [], ended: [] } });
  expect(at(lost)).toBe('over');
  hotline.pass(5_000);
  expect(waitOf(call({ elder: true }))).toMatchObject({ enqueuedAtMs, headStartMs: 0 });
  const after = waitOf(call({ elder: true }));
  expect(after).toMatchObject({ enqueuedAtMs: enqueuedAtMs + 25_000, headStartMs: 0 });
});

test('[G2][S7] who was lost with a switch in a queue goes there again without the menu, at the place of that call', () => {
  const lost = call();
  press(lost, '2');
  const { enqueuedAtMs } = waitOf(lost);
  hotline.hear({ type: 'surveyed', node: NODE, survey: { bootId: 'another', legs: [], devices: [], ended: [] } });
  hotline.pass(5_000);
  expect(waitOf(call())).toMatchObject({ queue: 'enterprise', enqueuedAtMs });
});

describe('[G2][Y4] an agent calls the number', () => {
  beforeEach(() => {
    const dialOut = { line: '12345', numbers: ['13800138000'] };
    hotline = new Hotline({ ...SETTINGS, agents: [agent('eva', { enterprise: 1 })], dialOut, dialsOut: true });
    hotline.ready('eva');
  });
  const talksWith = (end: 'over' | 'lost') => {
    hotline.hear({ type: 'callOutAsked', agent: agentId('eva'), number: '13800138000' });
    for (const role of ['agent', 'citizen']) {
      const leg = [...hotline.state.legs.values()].find((each) => each.contact === calledOut() && each.role === role);
      hotline.hear({ type: 'legAnswered', node: NODE, leg: leg!.id });
    }
    expect(at(calledOut())).toBe('talk');
    const survey = { bootId: 'another', legs: [], devices: [], ended: [] };
    if (end === 'over') hotline.hangUp(calledOut());
    else hotline.hear({ type: 'surveyed', node: NODE, survey });
  };
  const calledOut = () => [...hotline.state.contacts.values()].find(({ calledBy }) => calledBy === 'eva')!.id;

  test.each(['over', 'lost'] as const)('who has never called has the menu afterwards, the talk %s', (end) => {
    talksWith(end);
    expect(at(call())).toBe('menu menu');
  });

  test.each(['over', 'lost'] as const)(
    'who has called goes to the queue of that call, and not of the agent, the talk %s',
    (end) => {
      const first = call();
      press(first, '1');
      hotline.hangUp(first);
      talksWith(end);
      expect(waitOf(call()).queue).toBe('personal');
    },
  );
});

test('[G2][K4][K7] who was promised a call-back and calls again has the place without the menu', () => {
  const prompts = Object.fromEntries(['CBK-01', 'CBK-02', 'CBK-03', 'CBK-04'].map((id) => [id, `/${id}`]));
  const callBack = { afterMs: 45_000, ahead: 10, tries: 3, pauseMs: 120_000, ringMs: 30_000 };
  const { personal, enterprise } = SETTINGS.queues;
  const queues = { personal: personal!, enterprise: { ...enterprise!, callBack } };
  hotline = new Hotline({ ...SETTINGS, queues, dialsOut: true, prompts: { ...SETTINGS.prompts, ...prompts } });
  const first = call();
  press(first, '2');
  const { enqueuedAtMs } = waitOf(first);
  hotline.pass(60_000);
  const { leg } = hotline.state.contacts.get(first)!;
  for (const digit of '11') hotline.hear({ type: 'digitPressed', node: NODE, leg, digit, durationMs: 100 });
  hotline.hangUp(first);
  hotline.pass(60_000);
  expect(hotline.state.contacts.get(first)!.callBack?.step).toBe('promised');
  expect(waitOf(call())).toMatchObject({ queue: 'enterprise', enqueuedAtMs });
});

describe('[G3] [G4] grades', () => {
  test.each<[string, CallerKnown, Grade | undefined]>([
    ['an urgent order', { order: { no: 'G1', urgency: 'urgent' } }, 'business'],
    ['an emergency order', { order: { no: 'G1', urgency: 'emergency' } }, 'emergency'],
    [
      'an emergency before what the records say',
      { grade: 'expert', order: { no: 'G1', urgency: 'emergency' } },
      'emergency',
    ],
    ['what the records say before any order', { grade: 'expert', order: { no: 'G1', urgency: 'urgent' } }, 'expert'],
    ['nothing', { elder: true }, undefined],
  ])('by %s', (_by, known, grade) => {
    const contact = call(known);
    expect(hotline.state.contacts.get(contact)!.grade).toBe(grade);
    const facts = hotline.commands.filter((one) => one.do === 'record-fact' && one.fact === 'graded');
    expect(facts).toHaveLength(grade === undefined ? 0 : 1);
  });

  test('an expert is asked first, then anybody; an emergency goes before all who wait', () => {
    const waiting = call({ elder: true }, '13900139000');
    const expert = call({ grade: 'expert', elder: true });
    hotline.ready('ana');
    expect(hotline.ringing(waiting)).toBe('ana');
    hotline.ready('eva');
    expect(hotline.ringing(expert)).toBe('eva');
    const usual = call({ elder: true }, '13700137000');
    hotline.pass(120_000);
    const emergency = call({ grade: 'emergency' }, '13600136000');
    expect(waitOf(emergency).headStartMs).toBeGreaterThan(hotline.state.nowMs - waitOf(usual).enqueuedAtMs);
  });

  test('a regraded wait keeps its time and is asked of others; through a restart', () => {
    const contact = call({ elder: true });
    const { enqueuedAtMs } = waitOf(contact);
    hotline.pass(5_000);
    hotline.hear({ type: 'contactRegraded', contact, grade: 'expert', by: 'lead' });
    hotline.restart();
    expect(waitOf(contact)).toMatchObject({ enqueuedAtMs, plan: 'expert', headStartMs: 60_000 });
    hotline.ready('ana');
    expect(hotline.ringing(contact)).toBeUndefined();
    hotline.hear({ type: 'contactRegraded', contact, grade: null, by: 'lead' });
    expect(hotline.ringing(contact)).toBe('ana');
    expect(waitOf(contact)).toMatchObject({ enqueuedAtMs, headStartMs: 0 });
  });

  test('a wait that is regraded while a phone rings, or during the talk, goes on by the new grade, and back', () => {
    const contact = call({ elder: true });
    hotline.ready('ana');
    hotline.hear({ type: 'contactRegraded', contact, grade: 'emergency', by: 'lead' });
    expect(hotline.ringing(contact)).toBe('ana');
    hotline.decline(contact);
    expect(waitOf(contact)).toMatchObject({ plan: 'anybody', headStartMs: 600_000 });
    hotline.hear({ type: 'contactRegraded', contact, grade: null, by: 'lead' });
    expect(waitOf(contact)).toMatchObject({ headStartMs: 0 });
  });

  test('[G4] with its grade taken back a wait has the plan and the place that the flow gave it', () => {
    const steps = { ...FLOW.steps, after: { ...FLOW.steps['after'], plan: 'slow' } as Flow['steps'][string] };
    const slow = [until(20_000, { skill: 'personal', level: 5 }), always({ all: [] }, { headStartMs: 30_000 })];
    hotline = new Hotline({ ...SETTINGS, flows: { main: { ...FLOW, steps } }, plans: { ...PLANS, slow } });
    const limited = call({ stage: 'limited' });
    press(limited, '');
    const wait = { plan: 'slow', step: 0, headStartMs: -600_000 };
    expect(waitOf(limited)).toMatchObject(wait);
    const graded = call({ stage: 'limited', grade: 'expert' }, '13900139000');
    press(graded, '');
    const regrade = (grade: Grade | null) => {
      for (const contact of [limited, graded]) hotline.hear({ type: 'contactRegraded', contact, grade, by: 'lead' });
      hotline.restart();
      return [limited, graded].map(waitOf);
    };
    for (const now of regrade('emergency')) expect(now).toMatchObject({ plan: 'anybody', headStartMs: 600_000 });
    for (const now of regrade('business')) expect(now).toMatchObject({ plan: 'slow', headStartMs: 60_000 });
    for (const now of regrade(null)) expect(now).toMatchObject(wait);
    hotline.pass(20_000);
    for (const now of [limited, graded].map(waitOf)) expect(now).toMatchObject({ step: 1, headStartMs: -570_000 });
    for (const now of regrade('emergency')) expect(now).toMatchObject({ plan: 'anybody', headStartMs: 600_000 });
    for (const now of regrade(null)) expect(now).toMatchObject({ plan: 'slow', step: 1, headStartMs: -570_000 });
  });

  test('[G4] [W10] a graded chat that is given to another queue goes first there, and after nobody when the grade is taken back', () => {
    hotline = new Hotline({ ...SETTINGS, slots: CHATS });
    hotline.ready('ana');
    const chat = hotline.open('chat', 'personal', '13800138000')!;
    hotline.reply(chat);
    expect(at(chat)).toBe('conversation');
    hotline.hear({ type: 'contactRegraded', contact: chat, grade: 'emergency', by: 'lead' });
    hotline.give(chat, 'enterprise');
    expect(waitOf(chat)).toMatchObject({ queue: 'enterprise', plan: 'anybody', headStartMs: 600_000 });
    hotline.hear({ type: 'contactRegraded', contact: chat, grade: null, by: 'lead' });
    expect(waitOf(chat)).toMatchObject({ queue: 'enterprise', plan: '', headStartMs: 0 });
  });

  test('[Q7] an emergency finds room in a queue that is full', () => {
    const { queues } = SETTINGS;
    hotline = new Hotline({ ...SETTINGS, queues: { ...queues, personal: { ...queues['personal']!, waitingMax: 1 } } });
    call({ elder: true }, '13900139000');
    expect(at(call({ elder: true }, '13700137000'))).not.toBe('queue');
    expect(at(call({ grade: 'business', elder: true }, '13500135000'))).not.toBe('queue');
    expect(at(call({ grade: 'emergency', stage: 'limited' }))).toBe('queue');
  });
});
