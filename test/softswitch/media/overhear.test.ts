import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLeg, type Leg, type Media } from '../../../src/softswitch/media/leg.ts';
import { joinLegs } from '../../../src/softswitch/media/mix.ts';
import { intruder, isRead, nextOverheard, overhear } from '../../../src/softswitch/media/overhear.ts';
import { decode } from '../../../src/softswitch/rtp/g711.ts';
import { place } from '../../../src/softswitch/rtp/timeline.ts';
import { channelOf, toneShare } from '../../e2e/tone.ts';
import { type Bench, eventually, listen, loudness, MUSIC_HZ, openBench, reported, sharesHeard } from './bench.ts';
import { type Phone, tone } from './phone.ts';

const CITIZEN_HZ = 500;
const AGENT_HZ = 900;
const LEAD_HZ = 1_500;
/** One tone of two that are equally loud. */
const HALF = 0.65;
const NONE = 0.05;

let bench: Bench;
let citizen: Phone;
let agent: Phone;
let lead: Phone;

beforeEach(async () => {
  bench = await openBench();
  citizen = await bench.leg('citizen');
  agent = await bench.leg('agent', 'PCMU');
  lead = await bench.leg('lead');
  [citizen.says, agent.says, lead.says] = [CITIZEN_HZ, AGENT_HZ, LEAD_HZ];
  bench.media.apply({ wish: 'relay', leg: 'citizen', other: 'agent' });
});
afterEach(() => bench.close());

const hear = (toLeg: boolean, toPartner: boolean) =>
  bench.media.apply({ wish: 'overhear', leg: 'lead', of: 'agent', toLeg, toPartner });
const whatEachHears = async () => {
  const [toCitizen, toAgent, toLead] = await Promise.all(
    [citizen, agent, lead].map((phone) => sharesHeard(phone, CITIZEN_HZ, AGENT_HZ, LEAD_HZ)),
  );
  return { toCitizen: toCitizen!, toAgent: toAgent!, toLead: toLead! };
};
const hearsThePair = ([fromCitizen, fromAgent, own]: readonly number[]) => {
  expect(Math.min(fromCitizen!, fromAgent!)).toBeGreaterThan(HALF);
  expect(own).toBeLessThan(NONE);
};

test('who listens hears both and is heard by nobody', async () => {
  hear(false, false);
  await eventually(async () => hearsThePair((await whatEachHears()).toLead));
  const { toCitizen, toAgent } = await whatEachHears();
  expect([toCitizen[2]! < NONE, toAgent[2]! < NONE]).toEqual([true, true]);
  await eventually(async () => {
    expect((await sharesHeard(citizen, AGENT_HZ))[0]).toBeGreaterThan(0.95);
    expect((await sharesHeard(agent, CITIZEN_HZ))[0]).toBeGreaterThan(0.95);
  });
});

test('who whispers is heard by the agent alone', async () => {
  hear(true, false);
  await eventually(async () => {
    const { toAgent, toLead } = await whatEachHears();
    hearsThePair(toLead);
    expect(Math.min(toAgent[0]!, toAgent[2]!)).toBeGreaterThan(HALF);
    expect(toAgent[1]).toBeLessThan(NONE);
  });
  expect((await sharesHeard(citizen, LEAD_HZ))[0]).toBeLessThan(NONE);
  await eventually(async () => expect((await sharesHeard(citizen, AGENT_HZ))[0]).toBeGreaterThan(0.95));
});

test('who joins in is heard by both, and by nobody once it listens again or is gone', async () => {
  hear(true, true);
  await eventually(async () => {
    const { toCitizen, toAgent, toLead } = await whatEachHears();
    hearsThePair(toLead);
    expect(Math.min(toCitizen[1]!, toCitizen[2]!)).toBeGreaterThan(HALF);
    expect(Math.min(toAgent[0]!, toAgent[2]!)).toBeGreaterThan(HALF);
  });
  for (const end of [() => hear(false, false), () => bench.media.apply({ wish: 'close', leg: 'lead' })]) {
    hear(true, true);
    end();
    await listen(citizen);
    expect((await sharesHeard(citizen, LEAD_HZ))[0]).toBeLessThan(NONE);
    await eventually(async () => {
      expect((await sharesHeard(citizen, AGENT_HZ))[0]).toBeGreaterThan(0.95);
      expect((await sharesHeard(agent, CITIZEN_HZ))[0]).toBeGreaterThan(0.95);
    });
  }
});

test('whoever is spoken to goes on hearing packet by packet until every voice of the mix is laid out, and then hears them all', () => {
  const media = { nowMs: () => 1_000, rooms: new Map() } as unknown as Media;
  const [one, other, third] = ['one', 'other', 'third'].map((id) => createLeg(id, 0)) as [Leg, Leg, Leg];
  joinLegs(media, one, other);
  overhear(media, third, other, true, false);
  const lay = (leg: Leg, hz: number, fromSample: number) => {
    for (let at = fromSample; at < fromSample + 800; at += 160) place(leg.says, 7, at, tone(hz, at), at);
  };
  expect([isRead(one), isRead(other), isRead(third)]).toEqual([true, true, true]);
  lay(one, CITIZEN_HZ, 8_000);
  expect(intruder(other)).toBeUndefined();
  lay(third, LEAD_HZ, 8_000);
  expect(intruder(other)).toBe(third);
  expect(intruder(one)).toBeUndefined();
  const mixed = new Int16Array(160);
  decode('PCMA', nextOverheard(other, 'PCMA', 8_800)!, mixed);
  expect(loudness(mixed)).toBeGreaterThan(6_000);
  overhear(media, third, other, false, false);
  expect(intruder(other)).toBeUndefined();
  expect(isRead(third)).toBe(false);
});

test('the record has what the citizen is told: who joins in, not who whispers', async () => {
  const file = join(bench.recordings, 'talk.wav');
  bench.media.apply({ wish: 'record', leg: 'citizen', file });
  hear(true, false);
  await listen(citizen, 1);
  bench.media.apply({ wish: 'stopRecord', leg: 'citizen', file });
  await reported(bench, 'recordEnded', 'citizen');
  const whispered = readFileSync(file);
  expect(toneShare(channelOf(whispered, 'left'), CITIZEN_HZ)).toBeGreaterThan(HALF);
  expect(toneShare(channelOf(whispered, 'right'), LEAD_HZ)).toBeLessThan(NONE);
  const second = join(bench.recordings, 'joined.wav');
  hear(true, true);
  await listen(citizen);
  bench.media.apply({ wish: 'record', leg: 'citizen', file: second });
  await listen(citizen, 1);
  bench.media.apply({ wish: 'stopRecord', leg: 'citizen', file: second });
  await eventually(() => expect(bench.reports.filter(({ report }) => report === 'recordEnded')).toHaveLength(2));
  expect(toneShare(channelOf(readFileSync(second), 'right'), LEAD_HZ)).toBeGreaterThan(HALF);
});

test('it goes on through a hold and with another partner, and ends with the leg that is overheard', async () => {
  hear(false, false);
  bench.connect('agent', agent, { sends: false, receives: false });
  await eventually(async () => {
    expect((await sharesHeard(citizen, MUSIC_HZ))[0]).toBeGreaterThan(0.95);
    expect((await sharesHeard(lead, CITIZEN_HZ))[0]).toBeGreaterThan(0.95);
  });
  bench.connect('agent', agent);
  const other = await bench.leg('other');
  other.says = 1_900;
  bench.media.apply({ wish: 'relay', leg: 'other', other: 'agent' });
  await eventually(async () => {
    const [fromOther, fromAgent, fromCitizen] = await sharesHeard(lead, 1_900, AGENT_HZ, CITIZEN_HZ);
    expect(Math.min(fromOther!, fromAgent!)).toBeGreaterThan(HALF);
    expect(fromCitizen).toBeLessThan(NONE);
  });
  bench.media.apply({ wish: 'close', leg: 'agent' });
  await listen(lead);
  expect(loudness(await listen(lead))).toBeLessThan(20);
});

test('one at a time: who comes later takes the place', async () => {
  hear(true, true);
  await bench.leg('second');
  bench.media.apply({ wish: 'overhear', leg: 'second', of: 'agent', toLeg: false, toPartner: false });
  await listen(lead);
  expect(loudness(await listen(lead))).toBeLessThan(20);
  await eventually(async () => expect((await sharesHeard(citizen, AGENT_HZ))[0]).toBeGreaterThan(0.95));
});
