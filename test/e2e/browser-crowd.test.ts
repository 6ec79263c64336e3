import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Chromium, type Softphone, startChromium } from '../browser/chromium.ts';
import { BROWSER_HZ, type Citizen, openStage, type Stage, untilHears, untilPageHears } from './browser-stage.ts';
import { until } from './program.ts';

let chromium: Chromium;
let stage: Stage;

beforeAll(async () => {
  chromium = await startChromium({ toneHz: BROWSER_HZ });
  stage = await openStage(chromium);
}, 60_000);

afterAll(async () => {
  await stage?.close();
  await chromium?.close();
});

/** `MINHU_BROWSER_CALLS` for more or fewer. */
const CALLS_AT_ONCE = Number(process.env['MINHU_BROWSER_CALLS'] ?? 20);
/** A whole number of waves to a tenth of a second, so that none is heard in another. */
const [FIRST_HZ, BETWEEN_HZ] = [400, 40];

interface Pair {
  readonly user: string;
  readonly leg: string;
  readonly seat: Softphone;
  readonly agentHz: number;
  readonly citizen: Citizen;
  readonly citizenHz: number;
}

/** A registered page and a citizen, who speak in two tones that nobody else of all the calls has. */
async function pairsOf(count: number): Promise<Pair[]> {
  const tones = Array.from({ length: count }, (_, n) => FIRST_HZ + 2 * n * BETWEEN_HZ);
  const seats = await chromium.openMany(tones);
  const account = { url: stage.ws, password: 'secret', host: '127.0.0.1' };
  return Promise.all(
    tones.map(async (agentHz, n) => {
      const [user, citizenHz, seat] = [String(1001 + n), agentHz + BETWEEN_HZ, seats[n]!];
      await seat.register({ ...account, user });
      const citizen = await stage.citizen(`1380013${user}`, citizenHz);
      return { ...{ user, seat, agentHz, citizen, citizenHz }, leg: `2222${user}-2222-4222-8222-222222222222` };
    }),
  );
}

async function bridge({ user, leg, seat, citizen }: Pair): Promise<void> {
  stage.ring(leg, user);
  await seat.noted('session');
  await seat.do('answer');
  await until(
    'the leg is answered',
    () => stage.client.namesOf(leg).includes('CHANNEL_ANSWER'),
    (answered) => answered,
    30_000,
  );
  await stage.client.ask(`api uuid_bridge ${citizen.leg} ${leg}`);
}

test(`${CALLS_AT_ONCE} browsers that are rung and talk at once each hear their own citizen, who hears them, and nobody else`, async () => {
  const pairs = await pairsOf(CALLS_AT_ONCE);
  await Promise.all(pairs.map(bridge));
  await Promise.all(
    pairs.flatMap(({ seat, agentHz, citizen, citizenHz }) => [
      untilPageHears(seat, citizenHz),
      untilHears(citizen.heard, agentHz),
    ]),
  );
  await Promise.all(pairs.map(({ seat }) => seat.do('hangUp')));
  for (const { leg } of pairs) {
    const over = await stage.client.event('CHANNEL_HANGUP_COMPLETE', leg);
    expect(over['Hangup-Cause']).toBe('NORMAL_CLEARING');
    const [came, lost] = ['in_packet_count', 'in_skip_packet_count'].map((name) =>
      Number(over[`variable_rtp_audio_${name}`]),
    );
    expect(lost! / came!).toBeLessThan(0.01);
  }
}, 120_000);
