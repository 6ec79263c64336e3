import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { createPortPool, QUARANTINE_MS, restPort, takePort } from '../../../src/softswitch/media/ports.ts';
import { openWire } from '../../../src/softswitch/media/wire.ts';
import { type Bench, eventually, listen, openBench, reported, reportsOf } from './bench.ts';
import { openPhone } from './phone.ts';

let bench: Bench | undefined;

afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

test('over 10,000 calls no port is given twice at once or within five seconds of its release', () => {
  const pool = createPortPool(10_000, 10_999);
  const freeFrom = new Map<number, number>();
  const taken: number[] = [];
  let given = 0;
  let refused = 0;
  for (let nowMs = 0; given < 10_000; nowMs += 7) {
    const port = takePort(pool, nowMs);
    if (port === undefined) refused += 1;
    else {
      given += 1;
      expect(port % 2).toBe(0);
      expect(nowMs).toBeGreaterThanOrEqual(freeFrom.get(port) ?? 0);
      freeFrom.set(port, Number.POSITIVE_INFINITY);
      taken.push(port);
    }
    if (taken.length < 20 && port !== undefined) continue;
    const released = taken.shift();
    if (released === undefined) continue;
    restPort(pool, released, nowMs);
    freeFrom.set(released, nowMs + QUARANTINE_MS);
  }
  expect(freeFrom.size).toBe(500);
  expect(refused).toBeGreaterThan(0);
  expect(pool.free.length + pool.resting.length + taken.length).toBe(500);
});

test('ports come in no order that can be guessed', () => {
  const pool = createPortPool(10_000, 19_999);
  const ports = Array.from({ length: 1000 }, () => takePort(pool, 0)!);
  const rising = ports.filter((port, n) => n > 0 && port > ports[n - 1]!).length;
  expect(rising).toBeGreaterThan(400);
  expect(rising).toBeLessThan(600);
});

test('legs opened and closed over and over get ports of their own until the range is used up, and no socket is left', async () => {
  const opened = await openBench();
  bench = opened;
  const before = sockets();
  for (let n = 0; n < 300; n++) {
    opened.media.apply({ wish: 'open', leg: `${n}` });
    if (n % 3 === 0) opened.media.apply({ wish: 'close', leg: `${n}` });
  }
  await eventually(() => expect(opened.reports.length).toBe(300));
  for (let n = 0; n < 300; n++) opened.media.apply({ wish: 'close', leg: `${n}` });
  const portsOf = opened.reports.flatMap((report) => (report.report === 'opened' ? [report.port] : []));
  expect(portsOf).toHaveLength(200);
  expect(new Set(portsOf).size).toBe(200);
  await eventually(() => expect(sockets()).toBe(before));
});

test('a leg takes a port that was bound beforehand and is heard there; another takes its place, and no socket is left', async () => {
  const before = sockets();
  const opened = await openBench({ spares: 2 });
  bench = opened;
  const spares = () => opened.reports.flatMap((report) => (report.report === 'spare' ? [report.port] : []));
  await eventually(() => expect(spares()).toHaveLength(2));
  const phone = await openPhone();
  const port = spares()[0]!;
  opened.media.apply({ wish: 'open', leg: 'a', port });
  opened.connect('a', phone);
  phone.target.port = port;
  phone.says = 500;
  expect((await reported(opened, 'opened', 'a')).port).toBe(port);
  await eventually(() => expect(spares()).toHaveLength(3));
  opened.media.apply({ wish: 'open', leg: 'b', port });
  expect((await reported(opened, 'openFailed', 'b')).why).toBe('no free RTP port');
  await listen(phone, 0.3);
  opened.media.apply({ wish: 'close', leg: 'a' });
  expect((await reported(opened, 'closed', 'a')).stats.packetsIn).toBeGreaterThan(5);
  phone.close();
  await opened.media.close();
  await eventually(() => expect(sockets()).toBe(before));
});

test('a range that another program holds is told as used up, and tries leave no socket behind', async () => {
  const holder = createSocket('udp4');
  holder.bind(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address();
  const even = port - (port % 2);
  bench = await openBench({ portMin: even, portMax: even + 1 });
  bench.media.apply({ wish: 'open', leg: 'a' });
  expect((await reported(bench, 'openFailed', 'a')).why).toBe('no free RTP port');
  const before = sockets();
  for (let n = 0; n < 50; n++) expect(await openWire('127.0.0.1', even, ignore, ignore)).toBeUndefined();
  await eventually(() => expect(sockets()).toBeLessThanOrEqual(before));
  holder.close();
});

test('a leg from which nothing comes is told as silent again and again, but not on hold', async () => {
  bench = await openBench({ silenceMs: 300 });
  const a = await bench.leg('a');
  const b = await bench.leg('b');
  bench.connect('b', b, { receives: false });
  await eventually(() => expect(reportsOf(bench!, 'silent', 'a').length).toBeGreaterThanOrEqual(3));
  reportsOf(bench, 'silent', 'a').forEach(({ sinceMs }, n) => {
    expect(sinceMs).toBeGreaterThanOrEqual(300 * (n + 1));
    expect(sinceMs).toBeLessThan(300 * (n + 1) + 250);
  });
  expect(reportsOf(bench, 'silent', 'b')).toEqual([]);
  a.says = 500;
  await listen(a, 0.3);
  const before = reportsOf(bench, 'silent', 'a').length;
  await listen(a, 0.8);
  expect(reportsOf(bench, 'silent', 'a').length).toBe(before);
  a.says = undefined;
  await eventually(() => expect(reportsOf(bench!, 'silent', 'a').length).toBeGreaterThan(before));
  expect(reportsOf(bench, 'silent', 'a').at(-1)!.sinceMs).toBeLessThan(550);
});

test('the far end gets RTCP sender reports on the next port, and a goodbye', async () => {
  bench = await openBench();
  const a = await bench.leg('a');
  const rtcp = createSocket('udp4');
  const types: number[][] = [];
  rtcp.on('message', (datagram) => types.push(typesOf(datagram)));
  rtcp.bind(a.port + 1, '127.0.0.1');
  await once(rtcp, 'listening');
  a.says = 500;
  await eventually(() => expect(a.packetsHeard).toBeGreaterThan(260));
  expect(types.at(-1)).toEqual([200, 202]);
  bench.media.apply({ wish: 'close', leg: 'a' });
  await eventually(() => expect(types.at(-1)).toEqual([200, 202, 203]));
  rtcp.close();
  const { stats } = await reported(bench, 'closed', 'a');
  expect(stats.packetsIn).toBeGreaterThan(100);
  expect(stats.packetsOut).toBeGreaterThan(100);
  expect(stats.packetsLost).toBe(0);
});

function ignore(): void {}

function typesOf(compound: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < compound.length; at += (compound.readUInt16BE(at + 2) + 1) * 4) types.push(compound[at + 1]!);
  return types;
}

function sockets(): number {
  return readdirSync('/proc/self/fd').length;
}
