import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SwitchEvent } from '../../../src/core/event.ts';
import { type CommandKey, type NodeId, nodeId } from '../../../src/core/ids.ts';
import { createEslSwitch } from '../../../src/switch/esl/adapter.ts';
import type { Switch } from '../../../src/switch/switch.ts';
import { until } from '../contract/stage.ts';
import { type Call, callIn } from '../contract/telephones.ts';
import { type FreeSwitch, freeSwitchPrefix, startFreeSwitch } from '../free-switch.ts';

/** Two FreeSWITCH processes under one adapter. */
const NORTH = nodeId('north');
const SOUTH = nodeId('south');
const NOTICED_MS_MAX = 3_000;
const root = join(import.meta.dirname, '../../..');
const events: SwitchEvent[] = [];
const calls: Call[] = [];
let nodes: readonly [FreeSwitch, FreeSwitch];
let adapter: Switch;

beforeAll(async () => {
  const settings = { prompts: join(root, 'dialplans/prompts'), music: join(root, 'dialplans/freeswitch/music') };
  nodes = await Promise.all([
    startFreeSwitch(freeSwitchPrefix!, settings),
    startFreeSwitch(freeSwitchPrefix!, settings),
  ]);
  adapter = createEslSwitch({
    nodes: [
      { id: NORTH, ...nodes[0].esl },
      { id: SOUTH, ...nodes[1].esl },
    ],
    logger: pino({ level: 'silent' }),
  });
  adapter.start(
    (event) => events.push(event),
    (node) => {
      const ended = new Set(events.flatMap((event) => (event.type === 'legEnded' ? [event.leg] : [])));
      return arrivals(node).filter((leg) => !ended.has(leg));
    },
  );
});

afterAll(async () => {
  for (const call of calls) await call.dispose();
  await adapter?.close();
  for (const node of nodes ?? []) await node.stop();
});

const arrivals = (node: NodeId) =>
  events.flatMap((event) => (event.type === 'callArrived' && event.node === node ? [event.leg] : []));

/** The first event of this type on this node, from `since` on. */
function hear<Type extends SwitchEvent['type']>(type: Type, node: NodeId, since = 0) {
  return until(
    () =>
      events
        .slice(since)
        .find((event): event is Extract<SwitchEvent, { type: Type }> => event.type === type && event.node === node),
    () => `no ${type} of ${node}`,
  );
}

let keys = 0;
function nextKey(): CommandKey {
  keys += 1;
  return `k.${keys}` as CommandKey;
}

test('each is surveyed, holds its own calls, and one that stands still or dies is noticed within 3 s while the other goes on', async () => {
  for (const node of [NORTH, SOUTH]) expect((await hear('surveyed', node)).survey.legs).toEqual([]);
  for (const { sip } of nodes) calls.push(await callIn({ server: sip, number: '12345', from: '13800138000' }));
  const [north, south] = [await hear('callArrived', NORTH), await hear('callArrived', SOUTH)];
  expect([north.trunk, south.trunk]).toEqual(['local', 'local']);
  for (const { node, leg } of [north, south]) adapter.execute({ key: nextKey(), node, leg, do: 'answer' });
  for (const node of [NORTH, SOUTH]) await hear('legAnswered', node);
  // Two beats show how far apart they are; they go by the switch's own clock.
  const beaten = (await uptimeS()) + 3;
  while ((await uptimeS()) < beaten) await new Promise((resolve) => setTimeout(resolve, 100));

  const stoodStill = await noticed('SIGSTOP');
  expect(stoodStill).toBeLessThan(NOTICED_MS_MAX);
  expect([...adapter.health()]).toEqual([
    [NORTH, false],
    [SOUTH, true],
  ]);
  const played = nextKey();
  const file = join(root, 'dialplans/prompts/NUM-1.wav');
  adapter.execute({ key: played, node: SOUTH, leg: south.leg, do: 'play', files: [file] });
  expect(await hear('playEnded', SOUTH)).toMatchObject({ key: played, outcome: 'done' });

  let since = events.length;
  nodes[0].kill('SIGCONT');
  expect((await hear('surveyed', NORTH, since)).survey.legs).toMatchObject([{ leg: north.leg, state: 'answered' }]);

  since = events.length;
  expect(await noticed('SIGKILL')).toBeLessThan(NOTICED_MS_MAX);
  const killedAtMs = performance.now();
  expect((await hear('surveyed', NORTH, since)).survey).toMatchObject({ legs: [], ended: [{ leg: north.leg }] });
  expect(performance.now() - killedAtMs).toBeLessThan(NOTICED_MS_MAX);

  since = events.length;
  await nodes[0].start();
  expect((await hear('surveyed', NORTH, since)).survey.legs).toEqual([]);
  adapter.execute({ key: nextKey(), node: SOUTH, leg: south.leg, do: 'hangUp', cause: 'NORMAL_CLEARING' });
  expect(await hear('legEnded', SOUTH)).toMatchObject({ leg: south.leg });
}, 60_000);

async function uptimeS(): Promise<number> {
  return Number(await nodes[0].api('uptime s'));
}

/** Sends the signal to the northern node; how long until the adapter says that it is lost. */
async function noticed(signal: NodeJS.Signals): Promise<number> {
  const since = events.length;
  const sentAtMs = performance.now();
  nodes[0].kill(signal);
  await hear('nodeLost', NORTH, since);
  return performance.now() - sentAtMs;
}
