import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Phone } from '../../e2e/peers.ts';
import { channelOf, toneShare, toneTimeline } from '../../e2e/tone.ts';
import { dialIn, type Speaker, seatPhone } from './people.ts';
import { openStage, type Stage, until } from './stage.ts';
import { type Place, SWITCHES } from './switches.ts';

const CITIZEN_HZ = 440;
const AGENT_HZ = 1_000;
const LEAD_HZ = 1_700;
/** One of two tones that are equally loud has a share of 0.71. */
const HEARD = 0.6;
const NOT_HEARD = 0.1;
const SECOND = 8_000;
const FRAME_MS = 20;

describe.each(SWITCHES)('a supervised talk at $name', ({ start }) => {
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
    const citizen = await dialIn(stage, CITIZEN_HZ);
    const agent = await seatPhone(stage, '1004', AGENT_HZ);
    const lead = await seatPhone(stage, '1003', LEAD_HZ);
    stage.tell({ do: 'bridge', leg: citizen.leg, other: agent.leg });
    await stage.hear('bridged', { leg: citizen.leg });
    return { citizen, agent, lead };
  };
  const supervise = (lead: Speaker, agent: Speaker, mode: 'listen' | 'whisper' | 'barge') =>
    stage.tell({ do: 'supervise', leg: lead.leg, of: agent.leg, mode });

  test('is heard by who listens, whom nobody hears; a whisper by the agent alone, and who joins in by both', {
    timeout: 60_000,
  }, async () => {
    const { citizen, agent, lead } = await talk();
    supervise(lead, agent, 'listen');
    await hears(lead.phone, [CITIZEN_HZ, AGENT_HZ], []);
    const marks = [citizen, agent].map(({ phone }) => phone.heard().length);
    await hears(citizen.phone, [AGENT_HZ], [CITIZEN_HZ, LEAD_HZ]);
    await grows(agent.phone, SECOND);
    for (const [n, { phone }] of [citizen, agent].entries())
      expect(Math.max(...toneTimeline(phone.heard().subarray(marks[n]), LEAD_HZ))).toBeLessThan(NOT_HEARD);

    supervise(lead, agent, 'whisper');
    await hears(agent.phone, [CITIZEN_HZ, LEAD_HZ], [AGENT_HZ]);
    await grows(citizen.phone, SECOND);
    expect(Math.max(...toneTimeline(citizen.phone.heard().subarray(marks[0]), LEAD_HZ))).toBeLessThan(NOT_HEARD);

    supervise(lead, agent, 'barge');
    await hears(citizen.phone, [AGENT_HZ, LEAD_HZ], [CITIZEN_HZ]);
    await hears(agent.phone, [CITIZEN_HZ, LEAD_HZ], [AGENT_HZ]);
    await hears(lead.phone, [CITIZEN_HZ, AGENT_HZ], []);

    supervise(lead, agent, 'listen');
    await hears(citizen.phone, [AGENT_HZ], [LEAD_HZ]);
    await hears(agent.phone, [CITIZEN_HZ], [LEAD_HZ]);
    expect(stage.events.filter(({ type }) => type === 'unbridged' || type === 'superviseEnded')).toEqual([]);
  });

  test('goes on without a gap when the supervisor comes, speaks and is suddenly gone', {
    timeout: 60_000,
  }, async () => {
    const { citizen, agent, lead } = await talk();
    await hears(citizen.phone, [AGENT_HZ], []);
    const mark = citizen.phone.heard().length;
    const sentNothingMs = agent.phone.watchSending();
    supervise(lead, agent, 'barge');
    await hears(citizen.phone, [AGENT_HZ, LEAD_HZ], []);
    stage.tell({ do: 'hangUp', leg: lead.leg, cause: 'NORMAL_CLEARING' });
    await stage.hear('legEnded', { leg: lead.leg });
    await hears(citizen.phone, [AGENT_HZ], [LEAD_HZ]);
    await hears(agent.phone, [CITIZEN_HZ], [LEAD_HZ]);
    const silentMs = Math.max(0, sentNothingMs() - FRAME_MS);
    const heardMs = longestSilenceMs(citizen.phone.heard().subarray(mark));
    // FreeSWITCH fills up what a phone that the machine leaves waiting does not send, while somebody overhears it: that silence is the phone's.
    expect(heardMs, `the agent's phone sent nothing for ${silentMs} ms`).toBeLessThanOrEqual(100 + silentMs);
    expect(stage.events.filter(({ type }) => type === 'unbridged')).toEqual([]);
  });

  test('is recorded as the citizen hears it: with who joins in, without whispers', { timeout: 60_000 }, async () => {
    const { citizen, agent, lead } = await talk();
    const file = join(place.recordings, `supervised-${Date.now()}.wav`);
    stage.tell({ do: 'record', leg: citizen.leg, file });
    await stage.hear('recordingStarted', { leg: citizen.leg, file });
    supervise(lead, agent, 'whisper');
    await hears(agent.phone, [CITIZEN_HZ, LEAD_HZ], []);
    await grows(citizen.phone, SECOND);
    const whisperedTo = citizen.phone.heard().length;
    supervise(lead, agent, 'barge');
    await hears(citizen.phone, [AGENT_HZ, LEAD_HZ], []);
    await grows(citizen.phone, SECOND);
    stage.tell({ do: 'stopRecord', leg: citizen.leg, file });
    await stage.hear('recordingEnded', { leg: citizen.leg, file });
    const right = channelOf(readFileSync(file), 'right');
    const lineOf = toneTimeline(right, LEAD_HZ);
    expect(whisperedTo).toBeGreaterThan(SECOND);
    expect(Math.max(...lineOf.slice(0, 10))).toBeLessThan(NOT_HEARD);
    expect(lineOf.filter((share) => share > HEARD).length).toBeGreaterThan(5);
    expect(toneShare(channelOf(readFileSync(file), 'left'), LEAD_HZ)).toBeLessThan(NOT_HEARD);
  });

  test("is taken over: the supervisor's phone is bridged with the citizen, the agent's is left alone", {
    timeout: 60_000,
  }, async () => {
    const { citizen, agent, lead } = await talk();
    supervise(lead, agent, 'listen');
    await hears(lead.phone, [CITIZEN_HZ, AGENT_HZ], []);
    stage.tell({ do: 'bridge', leg: citizen.leg, other: lead.leg });
    await stage.hear('bridged', { leg: citizen.leg, other: lead.leg });
    stage.tell({ do: 'hangUp', leg: agent.leg, cause: 'NORMAL_CLEARING' });
    await stage.hear('legEnded', { leg: agent.leg });
    await hears(citizen.phone, [LEAD_HZ], [AGENT_HZ]);
    await hears(lead.phone, [CITIZEN_HZ], [AGENT_HZ]);
    expect(stage.events.filter(({ type }) => type === 'superviseEnded')).toEqual([]);
  });

  test("tells when the overheard phone is gone; the supervisor's leg stays until told", {
    timeout: 60_000,
  }, async () => {
    const { agent, lead } = await talk();
    supervise(lead, agent, 'listen');
    await hears(lead.phone, [CITIZEN_HZ, AGENT_HZ], []);
    stage.tell({ do: 'hangUp', leg: agent.leg, cause: 'NORMAL_CLEARING' });
    await stage.hear('legEnded', { leg: agent.leg });
    await stage.hear('superviseEnded', { leg: lead.leg });
    const key = stage.tell({ do: 'play', leg: lead.leg, files: [place.prompts.short] });
    expect(await stage.hear('playEnded', { key })).toMatchObject({ outcome: 'done' });
  });

  test("is found by a survey, with what the supervisor's leg was told last, and can be changed", {
    timeout: 60_000,
  }, async () => {
    const { citizen, agent, lead } = await talk();
    supervise(lead, agent, 'listen');
    await hears(lead.phone, [CITIZEN_HZ, AGENT_HZ], []);
    const key = supervise(lead, agent, 'whisper');
    await hears(agent.phone, [LEAD_HZ, CITIZEN_HZ], []);
    const { legs } = await stage.interrupt();
    expect(legs.find(({ leg }) => leg === lead.leg)).toMatchObject({ doing: 'supervising', key });
    expect(legs.find(({ leg }) => leg === citizen.leg)).toMatchObject({ bridgedTo: agent.leg });
    supervise(lead, agent, 'listen');
    await hears(agent.phone, [CITIZEN_HZ], [LEAD_HZ]);
    await hears(lead.phone, [CITIZEN_HZ, AGENT_HZ], []);
  });

  test("keys of the supervisor's phone let nobody hear it", { timeout: 60_000 }, async () => {
    const { citizen, agent, lead } = await talk();
    const told = (digit: string) => stage.hear('digitPressed', { leg: lead.leg, digit });
    lead.phone.type('1');
    await told('1');
    supervise(lead, agent, 'listen');
    await hears(lead.phone, [CITIZEN_HZ, AGENT_HZ], []);
    const marks = [citizen, agent].map(({ phone }) => phone.heard().length);
    for (const digit of ['2', '3']) {
      lead.phone.type(digit);
      if (place.tellsKeysOfOverhearing) await told(digit);
      for (const { phone } of [citizen, agent]) await grows(phone, SECOND);
    }
    for (const [n, { phone }] of [citizen, agent].entries())
      expect(Math.max(...toneTimeline(phone.heard().subarray(marks[n]), LEAD_HZ))).toBeLessThan(NOT_HEARD);
    expect(stage.events.filter(({ type }) => type === 'superviseEnded')).toEqual([]);
  });
});

/** Waits until the last half second has these tones and not those. */
function hears(phone: Phone, tones: readonly number[], without: readonly number[]): Promise<true> {
  const share = (hz: number): number => toneShare(phone.heard().subarray(-SECOND / 2), hz);
  return until(
    () => (tones.every((hz) => share(hz) > HEARD) && without.every((hz) => share(hz) < NOT_HEARD) ? true : undefined),
    () => `hears ${[...tones, ...without].map((hz) => `${hz} Hz: ${share(hz).toFixed(2)}`).join(', ')}`,
  );
}

async function grows(phone: Phone, samples: number): Promise<void> {
  const from = phone.heard().length;
  await until(
    () => (phone.heard().length >= from + samples ? true : undefined),
    () => 'nothing is heard any more',
  );
}

function longestSilenceMs(samples: Int16Array): number {
  const FRAME = 80;
  let longest = 0;
  let run = 0;
  for (let at = 0; at + FRAME <= samples.length; at += FRAME) {
    const quiet = samples.subarray(at, at + FRAME).every((sample) => Math.abs(sample) < 100);
    run = quiet ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest * 10;
}
