import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { SwitchEvent } from '../../../src/core/event.ts';
import { type CommandKey, nodeId } from '../../../src/core/ids.ts';
import { createEslSwitch } from '../../../src/switch/esl/adapter.ts';
import { until } from './stage.ts';
import { startEmbedded } from './switches.ts';
import { callIn } from './telephones.ts';

test('two nodes at once: each call stays on its own, and one that dies takes nothing of the other with it', async () => {
  const places = await Promise.all([startEmbedded({}), startEmbedded({})]);
  const ids = [nodeId('north'), nodeId('south')] as const;
  const events: SwitchEvent[] = [];
  const adapter = createEslSwitch({
    nodes: places.map(({ esl }, n) => ({ id: ids[n]!, ...esl })),
    logger: pino({ level: 'silent' }),
  });
  const hear = <Type extends SwitchEvent['type']>(type: Type, node: string) =>
    until(
      () =>
        events.find(
          (event): event is Extract<SwitchEvent, { type: Type }> => event.type === type && event.node === node,
        ),
      () => `no ${type} of ${node}`,
    );
  adapter.start(
    (event) => events.push(event),
    // The core that never heard of an end.
    (node) => events.flatMap((event) => (event.type === 'callArrived' && event.node === node ? [event.leg] : [])),
  );
  for (const id of ids) await hear('surveyed', id);
  // One after another: two phones that look for a free port at once may find the same.
  const calls: Awaited<ReturnType<typeof callIn>>[] = [];
  for (const { sip } of places) calls.push(await callIn({ server: sip, number: '12345', from: '13800138000' }));
  const [north, south] = [await hear('callArrived', ids[0]), await hear('callArrived', ids[1])];
  adapter.execute({ key: '1.0' as CommandKey, node: ids[0], leg: north.leg, do: 'answer' });
  adapter.execute({ key: '1.1' as CommandKey, node: ids[1], leg: south.leg, do: 'answer' });
  for (const id of ids) await hear('legAnswered', id);
  await places[0]?.stop();
  await hear('nodeLost', ids[0]);
  expect([...adapter.health()]).toEqual([
    [ids[0], false],
    [ids[1], true],
  ]);
  adapter.execute({ key: '2.0' as CommandKey, node: ids[0], leg: north.leg, do: 'play', files: ['/a.wav'] });
  expect(await hear('commandFailed', ids[0])).toMatchObject({ reason: 'link down' });
  adapter.execute({ key: '2.1' as CommandKey, node: ids[1], leg: south.leg, do: 'hangUp', cause: 'NORMAL_CLEARING' });
  expect(await hear('legEnded', ids[1])).toMatchObject({ leg: south.leg });
  const gone = await until(
    () => events.flatMap((event) => (event.type === 'surveyed' && event.node === ids[0] ? [event.survey] : []))[1],
    () => 'the dead node is not surveyed as holding nothing',
  );
  expect(gone).toMatchObject({ legs: [], devices: [], ended: [{ leg: north.leg, approximate: true }] });
  expect(events.filter((event) => event.node === ids[0]).at(-1)?.type).toBe('nodeLost');
  for (const call of calls) await call.dispose();
  await adapter.close();
  await places[1]?.stop();
});
