import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { registering } from './scenarios.ts';
import { openStage, type Stage } from './stage.ts';
import { type Place, SWITCHES } from './switches.ts';
import { freePort, register } from './telephones.ts';

const SEAT = '1002';
const EXPIRES_S = 120;

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

  const say = (port: number, expiresS: number, password = place.seatPassword): Promise<number | null> =>
    register(place.sip, port, registering(SEAT, password, expiresS, `sip:${SEAT}@127.0.0.1:${port}`));

  /** FreeSWITCH's list follows its registrar by some tenths of a second, so a survey may have to be asked for again. */
  const surveyedSoon = (uris: readonly string[]): Promise<void> =>
    expect
      .poll(
        async () => {
          const { devices } = await stage.interrupt();
          return devices
            .filter(({ sipUser }) => sipUser === SEAT)
            .map(({ uri }) => uri)
            .sort();
        },
        { timeout: 10_000 },
      )
      .toEqual([...uris].sort());

  test('registers by digest, is in the survey until it is over, and takes its registration back', async () => {
    const port = await freePort();
    const uri = `sip:${SEAT}@127.0.0.1:${port}`;
    expect(await say(port, EXPIRES_S)).toBe(0);
    const { device } = await stage.hear('deviceRegistered');
    expect(device).toMatchObject({ sipUser: SEAT, uri });
    expect(Math.abs(device.expiresAtMs - Date.now() - EXPIRES_S * 1_000)).toBeLessThan(60_000);
    await surveyedSoon([uri]);
    expect(await say(port, 0)).toBe(0);
    await stage.hear('deviceGone', { sipUser: SEAT, device: uri });
    await surveyedSoon([]);
  });

  test('registers beside another one of the same seat, and both are kept', async () => {
    const ports = [await freePort(), await freePort()];
    for (const port of ports) expect(await say(port, EXPIRES_S)).toBe(0);
    await surveyedSoon(ports.map((port) => `sip:${SEAT}@127.0.0.1:${port}`));
    for (const port of ports) expect(await say(port, 0)).toBe(0);
    await surveyedSoon([]);
  });

  test('is refused with a wrong password', async () => {
    expect(await say(await freePort(), EXPIRES_S, 'wrong')).not.toBe(0);
    await surveyedSoon([]);
  });
});
