import { EventSocketClient } from '../softswitch/engine/event-socket-client.ts';
import type { Program } from './program.ts';

/** How many legs the switch holds, as it says itself. */
export async function legsOf(program: Program): Promise<number> {
  const client = new EventSocketClient(Number(program.run().esl.split(':')[1]));
  try {
    await client.ask(`auth ${program.eslPassword()}`);
    const { row_count: count } = JSON.parse(await client.ask('api show channels as json')) as { row_count: number };
    return count;
  } finally {
    client.close();
  }
}
