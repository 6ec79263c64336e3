import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { timeLine } from '../../src/cli/explain.ts';
import type { EventBody } from '../../src/core/event.ts';
import { agentId, contactId } from '../../src/core/ids.ts';
import { knownLegs } from '../../src/core/view.ts';
import { type Explanation, explainContact } from '../../src/runtime/explain.ts';
import { type Loop, openLoop } from '../../src/runtime/loop.ts';
import { dayRules, LegSwitch, NODE } from '../core/random-day.ts';

let folder: string;
let loop: Loop;
let fake: LegSwitch;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-explain-'));
  fake = new LegSwitch();
  loop = await open();
  await loop.submit({ type: 'settingsLoaded', settings: dayRules() });
  await loop.submit(fake.survey(knownLegs(loop.state, NODE), Date.now()));
});
afterEach(async () => {
  await loop.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = () =>
  openLoop({ folder, release: (command) => fake.execute(command), segmentBytes: 65_536, snapshotEvery: 50 });

async function hearAll(): Promise<void> {
  for (let told = fake.told.shift(); told !== undefined; told = fake.told.shift()) await loop.submit(told);
}

const ready = (name: string): EventBody => ({ type: 'agentStateAsked', agent: agentId(name), state: 'ready' });

/** One call from arrival to its last record. @returns its contact. */
async function serveOne(from: string) {
  fake.arrive(from);
  await hearAll();
  const contact = [...loop.state.contacts.values()].at(-1)!;
  fake.finish(contact.leg, '');
  await hearAll();
  fake.finish(contact.leg, '1');
  await hearAll();
  const phone = [...fake.legs.values()].find(({ direction }) => direction === 'outbound')!;
  fake.answer(phone.id);
  await hearAll();
  fake.end(contact.leg, 'NORMAL_CLEARING');
  await hearAll();
  return contact.id;
}

const rulesOf = (told: Explanation | undefined) =>
  told?.entries.flatMap(({ decisions }) => decisions.map(({ rule }) => rule)) ?? [];

test('[A1][Q1][O1][T1][R1] the whole life of a contact is told in order, with the rule behind each decision', async () => {
  await loop.submit(ready('ana'));
  await loop.submit(ready('ben'));
  const id = await serveOne('13800138000');
  const told = await explainContact(folder, id, loop.durableSeq);
  expect(told?.entries[0]?.event.type).toBe('callArrived');
  expect(told?.entries.at(-1)?.decisions.at(-1)).toMatchObject({ rule: 'R1', en: 'The contact is closed: answered.' });
  for (const rule of ['A1', 'F1', 'F2', 'Q1', 'O1', 'O2', 'T1', 'T2', 'R2', 'R3', 'L1'])
    expect(rulesOf(told)).toContain(rule);
  expect(told?.entries.some(({ otherwiseToday }) => otherwiseToday)).toBe(false);
});

test('[Q3] an offer names who else was idle and why each was not chosen', async () => {
  await loop.submit(ready('ana'));
  await loop.submit(ready('ben'));
  const told = await explainContact(folder, await serveOne('13800138000'), loop.durableSeq);
  const offers = told?.entries.flatMap((entry) => entry.offers);
  expect(offers).toHaveLength(1);
  expect(offers?.[0]).toMatchObject({ chosen: 'ana', others: [{ agent: 'ben', rule: 'Q3' }] });
});

test('[Q3][Q13] an offer tells the step of the plan, and of everybody who was free the parts of the key', async () => {
  const rules = dayRules();
  const [ana, ben] = [agentId('ana'), agentId('ben')];
  const personal = { ...rules.queues['personal']!, plan: 'topic' };
  const anyOf = { skill: 'personal', level: 1 } as const;
  await loop.submit({
    type: 'settingsLoaded',
    settings: {
      ...rules,
      version: 'by topic',
      queues: { ...rules.queues, personal },
      plans: {
        topic: [
          { untilMs: 60_000, needs: { skill: 'tax', level: 1 }, skipIf: 'noneLoggedIn' },
          { untilMs: null, needs: anyOf, prefer: [{ skill: 'personal', weight: 2 }] },
        ],
      },
      agents: rules.agents.map((agent) => (agent.id === ben ? { ...agent, skills: { personal: 4 } } : agent)),
    },
  });
  await loop.submit(ready('ana'));
  await loop.submit(ready('ben'));
  const idle = (agent: typeof ana) => loop.state.agents.get(agent)!.idleSinceMs;
  const since = { ana: idle(ana), ben: idle(ben) };
  const told = await explainContact(folder, await serveOne('13800138000'), loop.durableSeq);
  expect(told?.entries.flatMap((entry) => entry.offers)).toMatchObject([
    {
      ...{ chosen: 'ben', step: 2, key: { score: 8, has: 0, idleSinceMs: since.ben } },
      others: [{ agent: 'ana', rule: 'Q13', score: 6, has: 0, idleSinceMs: since.ana }],
    },
  ]);
  const [offer] = timeLine(told!).match(/选中 chosen[\s\S]*?未选 not.*/) ?? [];
  expect(offer).toMatch(/ben \(2 人空闲 idle，第 2 步 step 2\) \[匹配 score 8，在办 has 0，空闲 idle \d+\.\ds\]/);
  expect(offer).toMatch(/未选 not ana: .* \[匹配 score 6，在办 has 0，空闲 idle \d+\.\ds\]$/);
});

test('[G2][G5] why a caller was warned, or came to no menu, is told by its rule before what was heard; a stranger is told nothing of', async () => {
  const rules = dayRules();
  const known = {
    direct: { step: 'personal', callers: ['elder', 'repeat'] as const },
    warned: 'greet',
    limited: 'menu',
  };
  const main = { ...rules.flows['main']!, known };
  await loop.submit({ type: 'settingsLoaded', settings: { ...rules, version: 'known', flows: { main } } });
  await loop.submit(ready('ana'));
  await serveOne('13800138004');
  const toldOf = async (from: string, more: object = {}) => {
    fake.arrive(from);
    await loop.submit({ ...fake.told.shift()!, ...more });
    await hearAll();
    const { id } = [...loop.state.contacts.values()].at(-1)!;
    const told = (await explainContact(folder, id, loop.durableSeq))!;
    const decisions = told.entries.flatMap((entry) => entry.decisions);
    const at = decisions.findIndex(({ rule }) => rule === 'G2' || rule === 'G5');
    if (at < 0) return undefined;
    const { rule, topic, zh, en } = decisions[at]!;
    expect(decisions.slice(0, at).map(({ topic: before }) => before)).not.toContain('menu');
    expect(timeLine(told)).toContain(`${rule.padStart(12)}  ${zh}  ${en}\n`);
    return [rule, topic, zh, en];
  };
  expect(await toldOf('13800138000', { known: { stage: 'limited', elder: true } })).toEqual([
    'G5',
    'menu',
    '来电人处于限制阶段：流程从“语音菜单”开始。',
    'The caller is limited: the flow begins at menu.',
  ]);
  expect((await toldOf('13800138001', { known: { stage: 'warned' } }))?.slice(0, 3)).toEqual([
    'G5',
    'menu',
    '来电人处于警告阶段：流程从“greet”开始。',
  ]);
  expect((await toldOf('13800138002', { known: { elder: true } }))?.[2]).toBe(
    '来电人登记为老年人：流程从“personal”开始。',
  );
  expect(await toldOf('13800138003', { known: { grade: 'expert' } })).toBeUndefined();
  expect(await toldOf('13800138004')).toEqual([
    'G2',
    'menu',
    '来电人 24 小时内再次来电：流程从“personal”开始。',
    'The caller calls again within a day: the flow begins at personal.',
  ]);
});

test('[W19] a conversation that goes on from one that was closed names it', async () => {
  const media = { chat: { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 0, waitingMax: 5, reopenMs: 600_000 } };
  const slots = { each: { chat: 1 }, beside: {}, media };
  await loop.submit({ type: 'settingsLoaded', settings: { ...dayRules(), version: 'with chats', slots } });
  const open = async () => {
    const name = { medium: 'chat', queue: 'personal', from: 'openid', reference: 'wx-1' } as const;
    await loop.submit({ type: 'conversationOpened', ...name });
    return [...loop.state.contacts.keys()].at(-1)!;
  };
  const before = await open();
  await loop.submit({ type: 'conversationEnded', contact: before, by: 'citizen', who: '' });
  const told = await explainContact(folder, await open(), loop.durableSeq);
  const [opened] = told!.entries[0]!.decisions;
  expect((await explainContact(folder, before, loop.durableSeq))!.entries[0]!.decisions[0]!.rule).toBe('W1');
  expect(opened).toMatchObject({
    rule: 'W19',
    en: expect.stringContaining(before),
    zh: expect.stringContaining(before),
  });
});

test('a chat is told as one: nobody calls, answers or hangs up', async () => {
  const media = { chat: { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 0, waitingMax: 5, reopenMs: 600_000 } };
  const slots = { each: { chat: 1 }, beside: {}, media };
  await loop.submit({ type: 'settingsLoaded', settings: { ...dayRules(), version: 'with chats', slots } });
  await loop.submit(ready('ana'));
  const name = { medium: 'chat', queue: 'personal', from: 'openid', reference: 'wx-1' } as const;
  await loop.submit({ type: 'conversationOpened', ...name });
  const { id, stage } = [...loop.state.contacts.values()].at(-1)!;
  const { agent, token } = (stage as Extract<typeof stage, { in: 'queue' }>).offer!;
  await loop.submit({ type: 'offerAnswered', agent, contact: id, token, take: true });
  await loop.submit({ type: 'conversationEnded', contact: id, by: 'citizen', who: '' });
  const told = (await explainContact(folder, id, loop.durableSeq))!;
  const lines = told.entries.flatMap(({ event, decisions, offers }) => [
    event,
    ...decisions,
    ...offers.map(({ why }) => why),
  ]);
  const zh = lines.map((line) => line.zh);
  for (const wanted of ['市民进入队列“个人服务”。', '派给 ana 的会话：已接受。', 'ana 处理的会话结束（市民离开）。'])
    expect(zh).toContain(wanted);
  expect(zh.join()).not.toMatch(/来电|通话结束|挂机|接听|话务/);
  expect(lines.map((line) => line.en).join()).not.toMatch(/caller|talk/i);
});

test('calling numbers are masked everywhere in an explanation', async () => {
  await loop.submit(ready('ana'));
  const told = await explainContact(folder, await serveOne('13800138000'), loop.durableSeq);
  expect(told?.from).toBe('138****8000');
  expect(JSON.stringify(told)).not.toContain('13800138000');
});

test('a contact that came after a snapshot is told without deciding what came before it', async () => {
  for (let n = 0; n < 12; n++) {
    await loop.submit(ready('ana'));
    await serveOne(`1390000${1000 + n}`);
    await loop.submit(ready('ana'));
  }
  const last = await serveOne('13800138000');
  const told = await explainContact(folder, last, loop.durableSeq);
  expect(told?.entries[0]?.event.type).toBe('callArrived');
  expect(rulesOf(told).at(-1)).toBe('R1');
  expect(rulesOf(told)).not.toContain('-');
});

test('what is still there of a contact whose beginning is removed is told, with its number', async () => {
  await loop.submit(ready('ana'));
  fake.arrive('13800138000');
  await hearAll();
  const { id, leg } = [...loop.state.contacts.values()].at(-1)!;
  await loop.close();
  for (const name of readdirSync(folder)) if (name.endsWith('.seg')) rmSync(join(folder, name));
  loop = await open();
  await loop.submit(fake.survey(knownLegs(loop.state, NODE), Date.now()));
  fake.end(leg, 'NORMAL_CLEARING');
  await hearAll();
  const told = await explainContact(folder, id, loop.durableSeq);
  expect(told?.from).toBe('138****8000');
  expect(told?.entries.map(({ event }) => event.type)).toEqual(['legEnded']);
});

test('of an agent who has declined a contact nothing is told that comes later and is not about it', async () => {
  await loop.submit(ready('ana'));
  fake.arrive('13800138000');
  await hearAll();
  const { id, leg } = [...loop.state.contacts.values()].at(-1)!;
  fake.finish(leg, '');
  await hearAll();
  fake.finish(leg, '1');
  await hearAll();
  const phone = [...fake.legs.values()].find(({ direction }) => direction === 'outbound')!;
  fake.end(phone.id, 'CALL_REJECTED');
  await hearAll();
  await loop.submit({ type: 'agentStateAsked', agent: agentId('ana'), state: 'offline' });
  const told = await explainContact(folder, id, loop.durableSeq);
  expect(told?.entries.map(({ event }) => event.type)).not.toContain('agentStateAsked');
  expect(told?.entries.at(-1)?.event.type).toBe('legEnded');
});

test('what is not in the journal, or is no id at all, is unknown', async () => {
  for (const id of ['C0000000001-abcdef', 'C9999999999-abcdef', '', '../x', "'; drop", `C${'9'.repeat(40)}-abcdef`])
    expect(await explainContact(folder, contactId(id), loop.durableSeq)).toBeUndefined();
});

test('offers are counted within the contact, however many others were offered something before', async () => {
  await loop.submit(ready('ana'));
  await serveOne('13900139001');
  await loop.submit(ready('ana'));
  const told = await explainContact(folder, await serveOne('13800138000'), loop.durableSeq);
  const made = told!.entries.flatMap(({ decisions }) => decisions.filter(({ topic }) => topic === 'offer'));
  expect(made.map(({ zh }) => zh)).toEqual(['派给 ana（第 1 次派话）。', '派给 ana 的话务：已接听。']);
  expect(made[0]?.en).toBe('Offered to ana (offer 1).');
});

test('[B3][B5] the call-back of a missed call that a lead has marked handled is told as withdrawn: no line broke', async () => {
  const missedCalls = { calendar: 'always', withinMs: 7_200_000, afterOpeningMs: 5_400_000, standingMax: 5 };
  await loop.submit({ type: 'settingsLoaded', settings: { ...dayRules(), version: 'calls back', missedCalls } });
  fake.arrive('13800138000');
  await hearAll();
  const [call] = [...loop.state.contacts.values()];
  for (const digit of ['', '1']) {
    fake.finish(call!.leg, digit);
    await hearAll();
  }
  fake.end(call!.leg, 'NORMAL_CLEARING');
  await hearAll();
  const [ours] = [...loop.state.contacts.values()];
  expect(ours).toMatchObject({ medium: 'callback', stage: { in: 'queue' } });
  await loop.submit({ type: 'missedCallHandled', number: '13800138000', by: 'lead' });
  const told = await explainContact(folder, ours!.id, loop.durableSeq);
  const ends = told!.entries.flatMap(({ decisions }) => decisions).filter(({ zh }) => zh.includes('等候结束'));
  expect(ends).toMatchObject([
    {
      rule: 'B3',
      zh: '队列“个人服务”的等候结束：回拨已撤回。',
      en: 'The wait in personal is over: the call-back was withdrawn.',
    },
  ]);
});
