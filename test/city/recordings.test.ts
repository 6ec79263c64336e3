import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { makeWav, RATE_HZ, readWav } from '../../src/city/wav.ts';
import { readManifest, sha256Of } from '../../src/cli/prompts/manifest.ts';
import { composeFaultTone, composeMusic } from '../../src/cli/prompts/music.ts';
import { readingOf } from '../../src/cli/prompts/pinyin.ts';
import { finishSpeech } from '../../src/cli/prompts/sound.ts';

const CITY = new URL('../../dialplans/', import.meta.url).pathname;
const loaded = loadCity(CITY);
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const { recordings } = loaded.city;
const manifest = readManifest(CITY);

describe('the committed recordings', () => {
  test.each(Object.keys(recordings))('%s is the one the manifest names, with its words and its length', async (id) => {
    const { file, text, durationMs } = recordings[id]!;
    const entry = manifest[id]!;
    expect(sha256Of(readFileSync(file))).toBe(entry.sha256);
    expect(durationMs).toBe(entry.durationMs);
    if (text === '') return;
    expect(entry.text).toBe(text);
    const chinese = entry.reading.replaceAll(/\[[^\]]+\]/g, '').trim();
    expect(chinese === '').toBe(id.endsWith('.en'));
    const syllables = chinese === '' ? [] : chinese.replace(/,$/, '').split(/[ ,]+/);
    expect(syllables.every((syllable) => /^[a-zv]+[1-5]$/.test(syllable))).toBe(true);
  });

  test('greeting, notice and menu last twelve seconds at most', () => {
    const sumMs = ['GRT-01', 'REC-01', 'MNU-02'].reduce((sum, id) => sum + recordings[id]!.durationMs, 0);
    expect(sumMs).toBeLessThanOrEqual(12_000);
  });

  test('start and end with speech, not with silence, and none is clipped', () => {
    for (const [id, { file, text }] of Object.entries(recordings)) {
      const wav = readWav(readFileSync(file));
      if (!wav.ok || text === '') continue;
      const peak = wav.samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const loud = (value: number) => Math.abs(value) > peak * 0.015;
      expect(peak, id).toBeLessThan(32_767 * 0.75);
      expect(wav.samples.findIndex(loud) / RATE_HZ, id).toBeLessThan(0.06);
      expect((wav.samples.length - wav.samples.findLastIndex(loud)) / RATE_HZ, id).toBeLessThan(0.06);
    }
  });

  test('the music on hold is soft and its end runs into its beginning', () => {
    const wav = readWav(readFileSync(recordings['MUSIC']!.file));
    if (!wav.ok) throw new Error(wav.found);
    const { samples } = wav;
    const steps = samples.map((value, index) => Math.abs(value - samples[(index + 1) % samples.length]!));
    const seam = steps[samples.length - 1]!;
    const steepest = steps.reduce((most, value) => Math.max(most, value), 0);
    const rms = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length) / 32_768;
    expect(seam).toBeLessThan(steepest / 2);
    expect(rms).toBeLessThan(0.05);
    expect(wav.durationMs).toBeGreaterThanOrEqual(30_000);
  });

  test('what is made by rule is made the same again', () => {
    expect(sha256Of(makeWav(composeMusic()))).toBe(manifest['MUSIC']?.sha256);
    expect(sha256Of(makeWav(composeFaultTone()))).toBe(manifest['TONE-FAULT']?.sha256);
  });
});

describe('reading aloud', () => {
  test('12345 is read as a telephone number, a single key as a number', async () => {
    expect(await readingOf({ text: '这里是12345' })).toBe('zhe4 li3 shi4 yao1 er4 san1 si4 wu3');
    expect(await readingOf({ text: '请按1，或按2。' })).toBe('qing3 an4 yi1, huo4 an4 er4');
  });

  test('ü is written v and the light tone 5', async () => {
    expect(await readingOf({ text: '女士的绿色' })).toBe('nv3 shi4 de5 lv4 se4');
  });

  test('English is left as it is written, in brackets', async () => {
    expect(await readingOf({ text: '请按2，For English, press 8。' })).toBe('qing3 an4 er4, [For English, press 8]');
    expect(await readingOf({ text: 'Please hold. We will answer you.' })).toBe('[Please hold. We will answer you.]');
    expect(await readingOf({ text: '(24 hours) Open: 9 to 5, we’ll see [you].' })).toBe(
      '[(24 hours) Open: 9 to 5, we’ll see  you .]',
    );
    expect(await readingOf({ text: '请说 It’s 5 now。' })).toBe('qing3 shuo1, [It’s 5 now]');
    expect(await readingOf({ text: '拨12345' })).toBe('bo1 yao1 er4 san1 si4 wu3');
  });

  test('the pinyin of the manifest wins over the dictionary', async () => {
    expect(await readingOf({ text: '一', pinyin: 'yi1' })).toBe('yi1');
  });
});

test('speech of any level and length comes out even, trimmed and at 8 kHz', () => {
  for (const gain of [0.02, 0.2, 0.9]) {
    const spoken = Float64Array.from({ length: 22_050 }, (_, index) =>
      index > 5_000 && index < 15_000 ? gain * Math.sin(index / 8) : 0,
    );
    const made = finishSpeech([spoken], 22_050);
    const peak = made.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 32_767;
    expect(made.length / RATE_HZ).toBeGreaterThan(0.45);
    expect(made.length / RATE_HZ).toBeLessThan(0.56);
    expect(peak).toBeGreaterThan(0.12);
    expect(peak).toBeLessThan(0.16);
  }
});

test('two voices in one prompt are a short pause apart, however long each goes on in silence', () => {
  const voice = (silence: number) =>
    Float64Array.from({ length: 11_025 + silence }, (_, index) => (index < 11_025 ? 0.5 * Math.sin(index / 8) : 0));
  const both = finishSpeech([voice(22_050), voice(100)], 22_050).length / RATE_HZ;
  expect(both).toBeGreaterThan(1.0);
  expect(both).toBeLessThan(1.3);
});
