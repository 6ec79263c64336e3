import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SurveyedLeg } from '../../../src/core/event.ts';
import { type LegId, legId } from '../../../src/core/ids.ts';
import { openStage, type Stage } from './stage.ts';
import { type Place, SWITCHES } from './switches.ts';
import { startPhone } from './telephones.ts';

describe.each(SWITCHES)('after a lost link to $name', ({ start }) => {
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

  /** Waits until the switch itself says, to another client, that the leg is at it: a cut line may swallow a command. */
  const isDoing = async (leg: LegId, doing: SurveyedLeg['doing']): Promise<void> => {
    for (;;) {
      const other = await openStage(place);
      const { survey } = await other.hear('surveyed');
      await other.leave();
      if (survey.legs.some((one) => one.leg === leg && one.doing === doing)) return;
    }
  };

  test('a caller who waits unanswered is still there and can be answered', async () => {
    const { leg } = await stage.arrive();
    const { legs } = await stage.interrupt();
    expect(legs).toMatchObject([{ leg, direction: 'inbound', state: 'ringing', dialled: '12345', doing: 'nothing' }]);
    stage.tell({ do: 'answer', leg });
    await stage.hear('legAnswered', { leg });
  });

  test('a prompt is still playing, and its end is told', async () => {
    const { leg } = await stage.answered();
    const key = stage.tell({ do: 'play', leg, files: [place.prompts.long] });
    await isDoing(leg, 'playing');
    const { legs } = await stage.interrupt();
    expect(legs).toMatchObject([{ leg, state: 'answered', key, doing: 'playing' }]);
    stage.tell({ do: 'music', leg, files: [] });
    expect(await stage.hear('playEnded', { key })).toMatchObject({ outcome: 'broken' });
  });

  test('a key is still being collected, and is told when it comes', async () => {
    const { leg, call } = await stage.answered();
    const key = stage.tell({ do: 'collect', leg, files: [place.prompts.long], waitMs: 3_000 });
    await isDoing(leg, 'collecting');
    const { legs } = await stage.interrupt();
    expect(legs).toMatchObject([{ leg, key, doing: 'collecting' }]);
    await call.cue('PRESS');
    expect(await stage.hear('digitsCollected', { key })).toMatchObject({ digits: '2' });
  });

  test('a key that was pressed meanwhile is in the survey', async () => {
    const { leg, call } = await stage.answered();
    const key = stage.tell({ do: 'collect', leg, files: [place.prompts.long], waitMs: 3_000 });
    await isDoing(leg, 'collecting');
    const other = await openStage(place);
    const survey = await stage.interrupt(async () => {
      await call.cue('PRESS');
      await other.hear('digitPressed', { leg });
    });
    const [surveyed] = survey.legs;
    expect(surveyed).toMatchObject({ leg, key });
    // The digit is heard before the application is over, so the end may come before or after the look.
    if (surveyed?.doing === 'collecting') await stage.hear('digitsCollected', { key, digits: '2' });
    else expect(surveyed?.digits).toBe('2');
    await other.leave();
  });

  test('music still plays', async () => {
    const { leg } = await stage.answered();
    const key = stage.tell({ do: 'music', leg, files: [place.prompts.short] });
    await isDoing(leg, 'music');
    const { legs } = await stage.interrupt();
    expect(legs).toMatchObject([{ leg, key, doing: 'music' }]);
  });

  test('a phone still rings, is not rung twice, and may answer', async () => {
    const { call, device } = await startPhone();
    stage.keep(call);
    const leg = stage.ring(device);
    await stage.hear('legRinging', { leg });
    const { legs } = await stage.interrupt();
    expect(legs).toMatchObject([{ leg, direction: 'outbound', state: 'ringing' }]);
    await call.cue('ANSWER');
    await stage.hear('legAnswered', { leg });
    expect(call.messages().match(/^INVITE /gm)).toHaveLength(1);
  });

  test('two legs are still bridged and recorded, and the end of the bridge is told', async () => {
    const citizen = await stage.answered();
    const agent = await stage.talkingPhone();
    const file = `${place.recordings}/${randomUUID()}.wav`;
    stage.tell({ do: 'bridge', leg: citizen.leg, other: agent.leg });
    stage.tell({ do: 'record', leg: citizen.leg, file });
    await stage.hear('bridged', { leg: citizen.leg });
    await stage.hear('recordingStarted', { leg: citizen.leg });
    const { legs } = await stage.interrupt();
    expect(legs).toHaveLength(2);
    expect(legs).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ leg: citizen.leg, bridgedTo: agent.leg, recording: file, held: false }),
        expect.objectContaining({ leg: agent.leg, bridgedTo: citizen.leg, state: 'answered' }),
      ]),
    );
    const since = stage.events.length;
    await agent.call.cue('HANGUP');
    await stage.hear('unbridged', { leg: citizen.leg, other: agent.leg }, since);
    await stage.hear('legEnded', { leg: agent.leg });
  });

  test('a leg that ended meanwhile is named once as ended, and a new caller is in the survey', async () => {
    const { leg, call } = await stage.answered();
    await isDoing(leg, 'nothing');
    const other = await openStage(place);
    let newcomer = '';
    const { legs, ended } = await stage.interrupt(async () => {
      await call.cue('HANGUP');
      await other.hear('legEnded', { leg });
      newcomer = (await other.arrive()).leg;
      await isDoing(legId(newcomer), 'nothing');
    });
    expect(ended).toMatchObject([{ leg, cause: 'NORMAL_CLEARING', approximate: false }]);
    expect(legs.map((one) => one.leg)).toEqual([newcomer]);
    await other.close();
    await stage.hear('legEnded', { leg: legs[0]!.leg });
  });

  test('a caller who came just before is in the survey, or is told as arrived soon after', async () => {
    const other = await openStage(place);
    let newcomer = '';
    const { legs } = await stage.interrupt(async () => {
      newcomer = (await other.arrive()).leg;
    });
    if (!legs.some(({ leg }) => leg === newcomer)) await stage.hear('callArrived', { leg: legId(newcomer) });
    await other.close();
    await stage.hear('legEnded', { leg: legId(newcomer) });
  });

  test('the switch says by its boot id that it is still the same', async () => {
    const { bootId } = (await stage.hear('surveyed')).survey;
    expect((await stage.interrupt()).bootId).toBe(bootId);
  });
});
