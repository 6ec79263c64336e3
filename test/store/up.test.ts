import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectStore } from '../../src/store/store.ts';
import { silent } from './database.ts';

test('a database that takes connections and says nothing is down, and those who ask hold one connection', async () => {
  const taken: Socket[] = [];
  const mute = createServer((socket) => void taken.push(socket));
  mute.listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const store = connectStore(`postgresql://nobody@127.0.0.1:${(mute.address() as AddressInfo).port}/none`, silent);
  try {
    expect(await Promise.all(Array.from({ length: 12 }, store.isUp))).toEqual(Array(12).fill(false));
    expect(taken).toHaveLength(1);
  } finally {
    for (const socket of taken) socket.destroy();
    await store.close();
    mute.close();
  }
});
