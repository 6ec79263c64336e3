import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage } from './stage.ts';
import { type Place, SWITCHES } from './switches.ts';

describe.each(SWITCHES)('a caller at $name', ({ start }) => {
  let place: Place;
  let stage: Stage;
  beforeAll(async () => {
    place = await start();
  });
  afterAll(() => place.stop());
  beforeEach(async () => {
    stage = await openStage(place);
  });
  afterEach(() => stage.close());

  test('arrives with number, name and dialled number, is answered and hears prompts to their end', async () => {
    const { leg } = await stage.arrive();
    expect(stage.events.at(-1)).toMatchObject({ type: 'callArrived', fromName: '市民张三', dialled: '12345' });
    stage.tell({ do: 'answer', leg });
    await stage.hear('legAnswered', { leg });
    const { short, second } = place.prompts;
    const startedAtMs = performance.now();
    const key = stage.tell({ do: 'play', leg, files: [short, second] });
    expect(await stage.hear('playEnded', { key })).toMatchObject({ leg, outcome: 'done' });
    expect(performance.now() - startedAtMs).toBeGreaterThan(700);
  });

  test('is told nothing when a prompt is missing, and the play is said to have failed', async () => {
    const { leg } = await stage.answered();
    const key = stage.tell({ do: 'play', leg, files: [place.prompts.missing] });
    expect(await stage.hear('playEnded', { key })).toMatchObject({ leg, outcome: 'failed' });
  });

  test('presses a key while the prompt plays and is understood at once', async () => {
    const { leg, call } = await stage.answered({ key: '7' });
    const key = stage.tell({ do: 'collect', leg, files: [place.prompts.long], waitMs: 3_000 });
    await call.cue('PRESS');
    expect(await stage.hear('digitsCollected', { key })).toMatchObject({ leg, digits: '7' });
    expect(await stage.hear('digitPressed', { leg })).toMatchObject({ digit: '7' });
  });

  test('presses no key: the collect ends empty after the prompt and the wait', async () => {
    const { leg } = await stage.answered();
    const key = stage.tell({ do: 'collect', leg, files: [place.prompts.short], waitMs: 300 });
    expect(await stage.hear('digitsCollected', { key })).toMatchObject({ leg, digits: '' });
    const again = stage.tell({ do: 'collect', leg, files: [], waitMs: 100 });
    expect(await stage.hear('digitsCollected', { key: again })).toMatchObject({ leg, digits: '' });
  });

  test('hears music until something else is played, which says that the prompt before the music was cut', async () => {
    const { leg } = await stage.answered();
    const cut = stage.tell({ do: 'play', leg, files: [place.prompts.long] });
    stage.tell({ do: 'music', leg, files: [place.prompts.short] });
    expect(await stage.hear('playEnded', { key: cut })).toMatchObject({ outcome: 'broken' });
    const key = stage.tell({ do: 'play', leg, files: [place.prompts.short] });
    expect(await stage.hear('playEnded', { key })).toMatchObject({ outcome: 'done' });
  });

  test('hangs up in the menu: it is not told that no key was pressed', async () => {
    const { leg, call } = await stage.answered();
    stage.tell({ do: 'collect', leg, files: [place.prompts.long], waitMs: 3_000 });
    await call.cue('HANGUP');
    await stage.hear('legEnded', { leg });
    expect(stage.events.filter(({ type }) => type === 'digitsCollected')).toEqual([]);
  });

  test('hangs up and is gone', async () => {
    const { leg, call } = await stage.answered();
    stage.tell({ do: 'music', leg, files: [] });
    await call.cue('HANGUP');
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'NORMAL_CLEARING' });
    expect(await call.ended).toBe(0);
  });

  test('gives up before the answer and is gone', async () => {
    const { leg, call } = await stage.arrive();
    await call.cue('HANGUP');
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'ORIGINATOR_CANCEL' });
    expect(await call.ended).toBe(0);
  });

  test('is hung up on, and a command that comes too late is said to have failed', async () => {
    const { leg, call } = await stage.answered();
    stage.tell({ do: 'hangUp', leg, cause: 'NORMAL_CLEARING' });
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'NORMAL_CLEARING' });
    expect(await call.ended).toBe(0);
    const key = stage.tell({ do: 'play', leg, files: [place.prompts.short] });
    expect(await stage.hear('commandFailed', { key })).toMatchObject({ leg });
    stage.tell({ do: 'hangUp', leg, cause: 'NORMAL_CLEARING' });
  });
});
