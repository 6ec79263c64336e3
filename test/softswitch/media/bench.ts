import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { createMedia, type MediaEngine } from '../../../src/softswitch/media/engine.ts';
import type { MediaOptions, MediaReport, Remote } from '../../../src/softswitch/media/messages.ts';
import type { Codec } from '../../../src/softswitch/rtp/g711.ts';
import { writeWavHeader } from '../../../src/softswitch/rtp/wav.ts';
import { toneShare } from '../../e2e/tone.ts';
import { drain, EVENT_PAYLOAD, openPhone, type Phone, tone } from './phone.ts';

/** The media engine with phones around it, all on 127.0.0.0/8. */
export interface Bench {
  readonly media: MediaEngine;
  readonly reports: MediaReport[];
  readonly folder: string;
  readonly recordings: string;
  /** Opens and connects a leg to a new phone, which says nothing yet. */
  leg(id: string, codec?: Codec, ip?: string): Promise<Phone>;
  /** Negotiates anew. */
  connect(id: string, phone: Phone, change?: Partial<Remote>): void;
  close(): Promise<void>;
}

export const MUSIC_HZ = 350;
export const PROMPT_HZ = 620;

export async function openBench(change: Partial<MediaOptions> = {}): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-media-'));
  const recordings = join(folder, 'recordings');
  mkdirSync(recordings);
  writeFileSync(join(folder, 'music.wav'), wavOf(tone(MUSIC_HZ, 0, 16_000)));
  writeFileSync(join(folder, 'prompt.wav'), wavOf(tone(PROMPT_HZ, 0, 4000)));
  const portMin = 20_000 + 2 * randomInt(5000);
  const options = {
    bindIp: '127.0.0.1',
    portMin,
    portMax: portMin + 1999,
    musicFile: join(folder, 'music.wav'),
    playFolders: [folder],
    recordFolder: recordings,
  };
  const reports: MediaReport[] = [];
  const media = createMedia({ ...options, ...change }, (report) => reports.push(report));
  const phones: Phone[] = [];
  const bench: Bench = {
    media,
    reports,
    folder,
    recordings,
    leg: async (id, codec, ip) => {
      const phone = await openPhone(codec, ip);
      phones.push(phone);
      media.apply({ wish: 'open', leg: id });
      const { port } = await reported(bench, 'opened', id);
      phone.target.port = port;
      bench.connect(id, phone);
      return phone;
    },
    connect: (leg, phone, remote) => media.apply({ wish: 'connect', leg, remote: { ...remoteOf(phone), ...remote } }),
    close: async () => {
      await media.close();
      for (const phone of phones) phone.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return bench;
}

/** Waits until a leg has been reported something. */
export function reported<Kind extends MediaReport['report']>(
  bench: Bench,
  kind: Kind,
  leg: string,
): Promise<Extract<MediaReport, { report: Kind }>> {
  return eventually(() => {
    const found = reportsOf(bench, kind, leg).at(-1);
    expect(found).toBeDefined();
    return found!;
  });
}

export function reportsOf<Kind extends MediaReport['report']>(
  bench: Bench,
  kind: Kind,
  leg: string,
): Extract<MediaReport, { report: Kind }>[] {
  return bench.reports.filter(
    (report): report is Extract<MediaReport, { report: Kind }> =>
      report.report === kind && 'leg' in report && report.leg === leg,
  );
}

export function eventually<T>(check: () => T): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 20 });
}

/** Half a second of what a phone hears from now on, the first tenth left out. */
export async function listen(phone: Phone, seconds = 0.5): Promise<Int16Array> {
  drain(phone);
  await eventually(() => expect(phone.heard.length).toBeGreaterThanOrEqual(50 * seconds + 10));
  return drain(phone).subarray(1600);
}

/** How much of what a phone hears is each of these tones. */
export async function sharesHeard(phone: Phone, ...tones: readonly number[]): Promise<number[]> {
  const heard = await listen(phone);
  return tones.map((hz) => toneShare(heard, hz));
}

export function loudness(samples: Int16Array): number {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  return Math.sqrt(energy / Math.max(1, samples.length));
}

export function wavOf(samples: Int16Array): Buffer {
  const header = writeWavHeader(1, samples.length);
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}

function remoteOf(phone: Phone): Remote {
  const ip = phone.socket.address().address;
  const { port, codec } = phone;
  return { ip, port, codec, digitsPayload: EVENT_PAYLOAD, sends: true, receives: true, signallingIp: ip };
}
