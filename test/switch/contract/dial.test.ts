import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { phone, refusing } from './scenarios.ts';
import { openStage, type Stage } from './stage.ts';
import { type Place, SWITCHES } from './switches.ts';
import { type Call, freePort, startPhone } from './telephones.ts';

const CITIZEN = '13800138000';

describe.each(SWITCHES)('a citizen who is called through the trunk of $name', ({ start }) => {
  let place: Place;
  let stage: Stage;
  let trunkPort: number;
  beforeAll(async () => {
    place = await start();
  });
  afterAll(() => place.stop());
  beforeEach(async () => {
    trunkPort = await freePort();
    stage = await openStage(place, `127.0.0.1:${trunkPort}`);
  });
  afterEach(() => stage.close());

  /** What stands behind the trunk. */
  async function citizen(scenario = phone()): Promise<Call> {
    return stage.keep((await startPhone(scenario, trunkPort)).call);
  }

  test('hears the phone ring with the hotline’s number, answers, and talks to the agent who was rung first', async () => {
    const agent = await stage.talkingPhone();
    const call = await citizen();
    const leg = stage.dial(CITIZEN);
    await stage.hear('legRinging', { leg });
    expect(call.messages()).toMatch(new RegExp(`^INVITE sip:${CITIZEN}@127\\.0\\.0\\.1:${trunkPort}[; ]`, 'm'));
    expect(call.messages()).toMatch(/^From:.*<sip:12345@/m);
    await call.cue('ANSWER');
    await stage.hear('legAnswered', { leg });
    stage.tell({ do: 'bridge', leg, other: agent.leg });
    expect(await stage.hear('bridged', { leg })).toMatchObject({ other: agent.leg });
    await call.cue('HANGUP');
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'NORMAL_CLEARING' });
    expect(await call.ended).toBe(0);
    // The agent's leg stays, parked, until it is told.
    expect(stage.events.some((event) => event.type === 'legEnded' && event.leg === agent.leg)).toBe(false);
  });

  test.each([
    ['is busy', '486 Busy Here', 'USER_BUSY'],
    ['declines', '603 Decline', 'CALL_REJECTED'],
    ['has a number that does not exist', '404 Not Found', 'UNALLOCATED_NUMBER'],
    ['has switched the phone off', '480 Temporarily Unavailable', 'NO_USER_RESPONSE'],
  ])('%s: the leg ends with its cause and its SIP status', async (_, status, cause) => {
    const call = await citizen(refusing(status));
    const leg = stage.dial(CITIZEN);
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause, sipStatus: Number(status.slice(0, 3)) });
    expect(await call.ended).toBe(0);
  });

  test('does not answer and is called off: the phone stops ringing', async () => {
    const call = await citizen();
    const leg = stage.dial(CITIZEN);
    await stage.hear('legRinging', { leg });
    stage.tell({ do: 'hangUp', leg, cause: 'ORIGINATOR_CANCEL' });
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'ORIGINATOR_CANCEL' });
    expect(await call.ended).toBe(0);
  });

  test('does not answer: the switch itself gives up some seconds after the time', async () => {
    const call = await citizen();
    const leg = stage.dial(CITIZEN, { timeoutMs: 1 });
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'NO_ANSWER' });
    expect(await call.ended).toBe(0);
  });

  test('rings while the link is away: the survey says so, and the answer is told afterwards', async () => {
    const call = await citizen();
    const leg = stage.dial(CITIZEN);
    await stage.hear('legRinging', { leg });
    const { legs } = await stage.interrupt();
    expect(legs).toMatchObject([{ leg, direction: 'outbound', state: 'ringing' }]);
    await call.cue('ANSWER');
    await stage.hear('legAnswered', { leg });
  });

  test('is behind a trunk that does not answer: the leg ends at once', async () => {
    const leg = stage.dial(CITIZEN);
    expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'NORMAL_TEMPORARY_FAILURE', sipStatus: 503 });
  });

  test('has a number of three digits, as the emergency services have', async () => {
    const call = await citizen();
    const leg = stage.dial('110');
    await stage.hear('legRinging', { leg });
    expect(call.messages()).toMatch(/^INVITE sip:110@/m);
  });

  test.each(['13', '+8613800138000', '1380013800 0', '138@evil', '0'.repeat(21)])(
    'has the number “%s”, which is none: nothing is sent',
    async (number) => {
      const leg = stage.dial(number);
      expect(await stage.hear('legEnded', { leg })).toMatchObject({ cause: 'INVALID_URL' });
    },
  );

  test('cannot be called where no trunk is named', async () => {
    const without = await openStage(place);
    const leg = without.dial(CITIZEN);
    expect(await without.hear('legEnded', { leg })).toMatchObject({ cause: 'NO_ROUTE_DESTINATION' });
    await without.close();
  });
});
