import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { channelOf, toneSeconds, toneShare, toneTimeline } from '../../e2e/tone.ts';
import { dialIn, heard, seatPhone } from './people.ts';
import { openStage, type Stage, until } from './stage.ts';
import { MUSIC_HZ, type Place, PROMPT_HZ, SWITCHES } from './switches.ts';

const CITIZEN_HZ = 440;
const AGENT_HZ = 1_000;

describe.each(SWITCHES)('two legs at $name', ({ start }) => {
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

  const talk = async () => {
    const citizen = await stage.answered();
    stage.tell({ do: 'music', leg: citizen.leg, files: [] });
    const agent = await stage.talkingPhone();
    stage.tell({ do: 'bridge', leg: citizen.leg, other: agent.leg });
    await stage.hear('bridged', { leg: citizen.leg, other: agent.leg });
    return { citizen, agent };
  };

  test('are bridged; when the caller hangs up the agent stays until told', async () => {
    const { citizen, agent } = await talk();
    await citizen.call.cue('HANGUP');
    await stage.hear('unbridged', { leg: citizen.leg, other: agent.leg });
    expect(await stage.hear('legEnded', { leg: citizen.leg })).toMatchObject({ cause: 'NORMAL_CLEARING' });
    const key = stage.tell({ do: 'play', leg: agent.leg, files: [place.prompts.short] });
    expect(await stage.hear('playEnded', { key })).toMatchObject({ outcome: 'done' });
    stage.tell({ do: 'hangUp', leg: agent.leg, cause: 'NORMAL_CLEARING' });
    await stage.hear('legEnded', { leg: agent.leg });
    expect(await agent.call.ended).toBe(0);
  });

  test('are bridged; when the agent hangs up the caller stays parked, hears a prompt and may press a key', async () => {
    const { citizen, agent } = await talk();
    await agent.call.cue('HANGUP');
    await stage.hear('unbridged', { leg: citizen.leg, other: agent.leg });
    await stage.hear('legEnded', { leg: agent.leg });
    const key = stage.tell({ do: 'collect', leg: citizen.leg, files: [place.prompts.long], waitMs: 1_000 });
    await citizen.call.cue('PRESS');
    expect(await stage.hear('digitsCollected', { key })).toMatchObject({ digits: '2' });
  });

  test('are bridged; when the agent hangs up what it holds the caller stays parked, hears a prompt and may press a key', async () => {
    const { citizen, agent } = await talk();
    await agent.call.cue('HOLD');
    await stage.hear('legHeld', { leg: agent.leg });
    await agent.call.sees(/^CSeq: 2 ACK/m);
    await agent.call.cue('HANGUP');
    await stage.hear('legEnded', { leg: agent.leg });
    const key = stage.tell({ do: 'collect', leg: citizen.leg, files: [place.prompts.long], waitMs: 1_000 });
    await citizen.call.cue('PRESS');
    expect(await stage.hear('digitsCollected', { key })).toMatchObject({ digits: '2' });
  });

  test('are bridged again with another agent after the first has hung up', async () => {
    const { citizen, agent } = await talk();
    await agent.call.cue('HANGUP');
    await stage.hear('legEnded', { leg: agent.leg });
    const second = await stage.talkingPhone();
    stage.tell({ do: 'bridge', leg: citizen.leg, other: second.leg });
    await stage.hear('bridged', { leg: citizen.leg, other: second.leg });
  });

  test("are held and taken back by the phone's re-INVITE", async () => {
    const { agent } = await talk();
    await agent.call.cue('HOLD');
    await stage.hear('legHeld', { leg: agent.leg });
    await agent.call.sees(/^CSeq: 2 ACK/m);
    await agent.call.cue('RESUME');
    await stage.hear('legResumed', { leg: agent.leg });
    await agent.call.sees(/^CSeq: 3 ACK/m);
    await agent.call.cue('HANGUP');
    await stage.hear('legEnded', { leg: agent.leg });
    expect(stage.events.filter((event) => event.type === 'unbridged')).toHaveLength(1);
  });

  test('tell a key that is pressed while they talk', async () => {
    const { citizen } = await talk();
    await citizen.call.cue('PRESS');
    expect(await stage.hear('digitPressed', { leg: citizen.leg })).toMatchObject({ digit: '2' });
  });

  test('hear prompts, music and each other, and the record holds both voices apart', { timeout: 40_000 }, async () => {
    const file = join(place.recordings, `${Date.now()}.wav`);
    const citizen = await dialIn(stage, CITIZEN_HZ);
    const agent = await seatPhone(stage, '1004', AGENT_HZ);
    stage.tell({ do: 'music', leg: citizen.leg, files: [place.prompts.short, place.prompts.second] });
    await heard(citizen.phone, PROMPT_HZ, 0.6);
    await heard(citizen.phone, MUSIC_HZ, 0.8);
    stage.tell({ do: 'record', leg: citizen.leg, file });
    stage.tell({ do: 'bridge', leg: citizen.leg, other: agent.leg });
    await stage.hear('recordingStarted', { leg: citizen.leg, file });
    await stage.hear('bridged', { leg: citizen.leg });
    await heard(citizen.phone, AGENT_HZ, 1);
    await heard(agent.phone, CITIZEN_HZ, 1);
    agent.phone.type('x');
    await stage.hear('legHeld', { leg: agent.leg });
    const toldMusic = citizen.phone.heard().length;
    await until(
      () => (toneSeconds(citizen.phone.heard().subarray(toldMusic), MUSIC_HZ) > 0.5 ? true : undefined),
      () => 'no music on hold',
    );
    agent.phone.type('X');
    await stage.hear('legResumed', { leg: agent.leg });
    stage.tell({ do: 'stopRecord', leg: citizen.leg, file });
    const ended = await stage.hear('recordingEnded', { leg: citizen.leg, file });
    const wav = readFileSync(file);
    expect(secondsOf(channelOf(wav, 'left'), CITIZEN_HZ)).toBeGreaterThan(1);
    expect(secondsOf(channelOf(wav, 'right'), AGENT_HZ)).toBeGreaterThan(0.8);
    expect(toneShare(channelOf(wav, 'left'), AGENT_HZ)).toBeLessThan(0.2);
    expect(Math.abs(ended.durationMs - (wav.length - 44) / 32)).toBeLessThan(100);
  });

  test('are recorded until the recorded leg ends, which ends the record first', async () => {
    const { citizen } = await talk();
    const file = join(place.recordings, 'cut short.wav');
    stage.tell({ do: 'record', leg: citizen.leg, file });
    await stage.hear('recordingStarted', { leg: citizen.leg, file });
    await citizen.call.cue('HANGUP');
    await stage.hear('legEnded', { leg: citizen.leg });
    await stage.hear('recordingEnded', { leg: citizen.leg, file });
  });
});

/** All seconds of the tone, whether or not a jitter buffer slipped between them. */
function secondsOf(samples: Int16Array, hz: number): number {
  return toneTimeline(samples, hz).filter((share) => share > 0.95).length / 10;
}
