import { baresip, type Phone } from './peers.ts';
import { until } from './program.ts';
import type { Stage } from './stage.ts';
import { toneSeconds } from './tone.ts';

const CITIZEN_HZ = 440;
const AGENT_HZ = 700;

/** A citizen's phone behind the trunk, and an agent who becomes ready: the citizen is called back and the two hear each other. */
export async function reachCitizen(stage: Stage, user: string, trunkPort: number): Promise<Phone> {
  const server = stage.program.run().sip;
  const citizen = stage.keep(baresip({ server, user, toneHz: CITIZEN_HZ, answer: 'auto', listenPort: trunkPort }));
  const seat = await stage.readyPhone('seat1001', AGENT_HZ);
  await until(
    'the citizen hears the agent',
    () => toneSeconds(citizen.heard(), AGENT_HZ),
    (seconds) => seconds >= 2,
  );
  await until(
    'the agent hears the citizen',
    () => toneSeconds(seat.heard(), CITIZEN_HZ),
    (seconds) => seconds >= 2,
  );
  return citizen;
}
