import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventSocketClient } from '../softswitch/engine/event-socket-client.ts';
import type { Program } from './program.ts';

/** How many legs the embedded switch holds, as it says itself. */
export async function legsOf(program: Program): Promise<number> {
  const client = new EventSocketClient(Number(program.run().esl.split(':')[1]));
  try {
    await client.ask(`auth ${readFileSync(join(program.dataFolder, 'switch/esl-password'), 'utf8').trim()}`);
    const { row_count: count } = JSON.parse(await client.ask('api show channels as json')) as { row_count: number };
    return count;
  } finally {
    client.close();
  }
}
