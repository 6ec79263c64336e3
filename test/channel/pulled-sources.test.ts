import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import letterbox from '../../channels/letterbox.ts';
import { ChannelError, defineChannel, type Inbound, type Pulled } from '../../src/channel/channel.ts';
import { Provider } from '../../src/channel/provider.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, chatRules, eventually, type House, openHouse } from './house.ts';

// Sources that are asked, and behave as none should.

let database: TestDatabase;
let house: House | undefined;
/** Box → its cursors, each time that it was asked. */
const asked = new Map<string, (string | undefined)[]>();
const logged: { readonly level: number; readonly msg: string; readonly boxes?: number }[] = [];
const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
/** What a box answers for the nth time. */
let answer: (box: string, times: number) => Pulled = () => ({ inbound: [], cursor: 'c' });

const boxes = defineChannel({
  ...letterbox,
  name: 'boxes',
  async pull(cursor, { settings }) {
    const box = settings['token'] ?? '';
    const before = asked.get(box) ?? [];
    asked.set(box, [...before, cursor]);
    return answer(box, before.length + 1);
  },
});

beforeAll(async () => {
  database = await startDatabase();
});
afterEach(async () => {
  await house?.close();
  house = undefined;
  asked.clear();
  logged.length = 0;
});
afterAll(async () => database?.remove());

const letter = (id: string): Inbound => ({
  remoteId: id,
  conversation: id,
  from: { id },
  sentAtMs: 1,
  text: '路灯不亮',
});

async function open(names: readonly string[], at = 'https://boxes.example/'): Promise<void> {
  const accounts = names.map((name) => accountOf(boxes, name, { settings: { url: at, token: name } }));
  // No room for contacts: what is looked at is how boxes are asked.
  house = await openHouse({ store: database.store, accounts, settings: chatRules(1), logger });
}

const troubleOf = (box: string) => house!.host.health().find(({ account }) => account === box)?.trouble;
const countOf = (box: string) => asked.get(box)?.length ?? 0;
const named = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

test('a source that says there is more and stays where it is, is not asked again at once, and said to be in trouble', async () => {
  answer = (box, times) =>
    box === 'stuck' ? { inbound: [], cursor: 'c', more: true } : { inbound: [letter(`${box}${times}`)], cursor: 'c' };
  await open(['stuck', 'beside']);
  await eventually(() => expect(troubleOf('stuck')?.reason).toMatch(/there is more, and does not go on/));
  // The second time it stays where it is; then a second later, then two.
  await eventually(() => expect(countOf('stuck')).toBe(4));
  expect(countOf('beside')).toBe(1);
  expect(troubleOf('beside')).toBeUndefined();
});

test.each([
  ['with nothing in it', () => []],
  ['with the same letters', () => [letter('the-same')]],
] as const)(
  'a source that goes round in a circle %s is bounded, holds up no other, and is well again when it has something new',
  async (_, inbound) => {
    let isMended = false;
    answer = (box, times) => {
      if (box !== 'circle') return { inbound: [], cursor: 'c' };
      const isNew = isMended ? [letter(`new-${times}`)] : inbound();
      return { inbound: isNew, cursor: `c${times % 2}`, more: !isMended };
    };
    await open(['circle', ...named('beside', 40)]);
    await eventually(() => expect(troubleOf('circle')?.reason).toMatch(/nothing new/));
    const bound = countOf('circle');
    expect(bound).toBeLessThanOrEqual(202);
    expect(named('beside', 40).map(countOf)).toEqual(Array(40).fill(1));
    // Slowly from now on: a second later, then two.
    await eventually(() => expect(countOf('circle')).toBe(bound + 2));
    isMended = true;
    await eventually(() => expect(troubleOf('circle')).toBeUndefined());
  },
);

test('a long way back, of which every page has something new, is gone to its end', async () => {
  answer = (_box, times) => ({ inbound: [letter(`L${times}`)], cursor: `c${times}`, more: times < 450 });
  await open(['long']);
  await eventually(() => expect(countOf('long')).toBe(450));
  expect(troubleOf('long')).toBeUndefined();
});

test('a provider that is away is so with all its boxes at once, by one alarm; one of them is asked at a time, and all are back together', async () => {
  let isAway = true;
  answer = () => {
    if (isAway) throw new TypeError('fetch failed');
    return { inbound: [], cursor: 'c' };
  };
  const all = named('box', 600);
  await open(all);
  const unwell = () => house!.host.health().filter(({ trouble }) => trouble !== undefined);
  await eventually(() => expect(unwell()).toHaveLength(600));
  expect(new Set(unwell().map(({ trouble }) => trouble!.reason)).size).toBe(1);
  expect(troubleOf('box-599')?.reason).toBe('https://boxes.example, 600 boxes: fetch failed');
  const alarms = logged.filter(({ level }) => level >= 50);
  expect(alarms).toMatchObject([{ msg: 'a provider of boxes does not answer', boxes: 600 }]);
  // A few at once before it was known, and one at a time from then on.
  const probed = asked.size;
  expect(probed).toBeLessThan(40);
  await eventually(() => expect(asked.size).toBeGreaterThan(probed));
  expect(asked.size - probed).toBeLessThanOrEqual(2);
  isAway = false;
  await eventually(() => expect(unwell()).toHaveLength(0));
  await eventually(() => expect(asked.size).toBe(600));
  expect(logged.filter(({ level }) => level >= 40 && level < 50).length).toBeLessThan(40);
  expect(logged.filter(({ msg }) => msg.includes('answers again'))).toHaveLength(1);
});

test('a provider that says when to come again is asked then, and one that says nothing every two seconds', () => {
  const provider = new Provider('boxes', logger, () => undefined);
  const fail = (times: number, afterMs?: number) => {
    for (let n = 0; n < times; n += 1) provider.failed(true, 'the box answered 503', afterMs);
  };
  fail(4, 120_000);
  expect(provider.trouble).toBeUndefined();
  provider.answered();
  fail(5);
  expect(provider.trouble).toBeDefined();
  expect(provider.probeInMs).toBeLessThanOrEqual(2_000);
  provider.failed(false, 'the box answered 503', 120_000);
  expect(provider.probeInMs).toBeGreaterThan(60_000);
  provider.answered();
  expect(provider.trouble).toBeUndefined();
});

test('boxes that are wrong are their own trouble, however many they are, while others of their provider answer', async () => {
  answer = (box) => {
    if (box.startsWith('lost')) throw new ChannelError('broken', 'the box answered 401');
    if (box.startsWith('bad')) throw new ChannelError('retry', 'the box answered 500');
    return { inbound: [], cursor: 'c' };
  };
  const [lost, bad, well] = [named('lost', 12), named('bad', 4), named('well', 3)];
  await open([...bad, ...lost, ...well]);
  // Those that fail go on failing, with nobody who answers between.
  await eventually(() => expect(Math.min(...[...bad, ...lost].map(countOf))).toBeGreaterThanOrEqual(3));
  expect(well.map(troubleOf)).toEqual([undefined, undefined, undefined]);
  expect([...lost, ...bad].map((box) => troubleOf(box)?.reason.slice(-3))).toEqual([
    ...lost.map(() => '401'),
    ...bad.map(() => '500'),
  ]);
  expect(logged.filter(({ level }) => level >= 50)).toEqual([]);
});
