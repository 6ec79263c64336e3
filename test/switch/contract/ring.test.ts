import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refusing } from './scenarios.ts';
import { openStage, type Stage } from './stage.ts';
import { type Place, SWITCHES } from './switches.ts';
import { freePort, startPhone } from './telephones.ts';

describe.each(SWITCHES)("a seat's phone at $name", ({ start }) => {
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

  test('rings with the caller and the contact, is answered, and is hung up', async () => {
    const { leg, call } = await stage.talkingPhone();
    expect(call.messages()).toMatch(/^From: .*13800138000/m);
    expect(call.messages()).toMatch(/^X-Minhu-Contact: c-1\r?$/m);
    expect(stage.events.filter((event) => event.type === 'legRinging')).toHaveLength(1);
    stage.tell({ do: 'hangUp', leg, cause: 'NORMAL_CLEARING' });
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'NORMAL_CLEARING' });
    expect(await call.ended).toBe(0);
  });

  test('hangs up by itself', async () => {
    const { leg, call } = await stage.talkingPhone();
    await call.cue('HANGUP');
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'NORMAL_CLEARING' });
    expect(await call.ended).toBe(0);
  });

  test.each([
    ['is busy', '486 Busy Here', 'USER_BUSY'],
    ['declines', '603 Decline', 'CALL_REJECTED'],
    ['is not known where it was', '404 Not Found', 'UNALLOCATED_NUMBER'],
    ['is not to be disturbed', '480 Temporarily Unavailable', 'NO_USER_RESPONSE'],
    ['is broken', '500 Server Internal Error', 'NORMAL_TEMPORARY_FAILURE'],
  ])('%s: the ring ends with its cause and its SIP status', async (_, status, cause) => {
    const { call, device } = await startPhone(refusing(status));
    stage.keep(call);
    const leg = stage.ring(device);
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause, sipStatus: Number(status.slice(0, 3)) });
    expect(await call.ended).toBe(0);
  });

  test('that nobody picks up is called off when the core says so, and stops ringing', async () => {
    const { call, device } = await startPhone();
    stage.keep(call);
    const leg = stage.ring(device);
    await stage.hear('legRinging', { leg });
    stage.tell({ do: 'hangUp', leg, cause: 'NO_ANSWER' });
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'NO_ANSWER' });
    expect(await call.ended).toBe(0);
  });

  test('that nobody picks up is given up by the switch itself some seconds after its time', async () => {
    const { call, device } = await startPhone();
    stage.keep(call);
    const leg = stage.ring(device, { timeoutMs: 1 });
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'NO_ANSWER' });
    expect(await call.ended).toBe(0);
  });

  test('at whose port nobody listens does not seem to ring', async () => {
    const leg = stage.ring(`sip:1001@127.0.0.1:${await freePort()}`);
    const ended = await stage.hear('legEnded', { leg });
    expect(ended).toMatchObject({ cause: 'NORMAL_TEMPORARY_FAILURE', sipStatus: 503 });
  });

  test('that cannot be reached never answers, and its leg ends at the latest when it is called off', async () => {
    const leg = stage.ring(`sip:1001@127.0.0.1:${await freePort()}`);
    stage.tell({ do: 'hangUp', leg, cause: 'ORIGINATOR_CANCEL' });
    await stage.hear('legEnded', { leg });
    expect(stage.events.map((event) => event.type)).toEqual(['surveyed', 'legEnded']);
  });

  test('rings on when its caller is gone, until it is called off', async () => {
    const citizen = await stage.answered();
    const { call, device } = await startPhone();
    stage.keep(call);
    const leg = stage.ring(device);
    await stage.hear('legRinging', { leg });
    await citizen.call.cue('HANGUP');
    await stage.hear('legEnded', { leg: citizen.leg });
    expect(stage.events.some((event) => event.type === 'legEnded' && event.leg === leg)).toBe(false);
    stage.tell({ do: 'hangUp', leg, cause: 'ORIGINATOR_CANCEL' });
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'ORIGINATOR_CANCEL' });
    expect(await call.ended).toBe(0);
  });
});
