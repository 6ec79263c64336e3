import type { Channel, Context, Rehearsal } from '../../channel/channel.ts';
import { isChannelError } from '../../channel/trouble.ts';
import { openFaultyPlatform } from './faulty-platform.ts';
import { type Finding, finding, must } from './finding.ts';

const END_MAX_MS = 2_000;

/** A channel that keeps a connection of its own: nobody can play its server, but the server may be away. Its rehearsal's settings name one that is. */
export async function* rehearseWatches(channel: Channel, rehearsal: Rehearsal): AsyncIterable<Finding> {
  const platform = await openFaultyPlatform(rehearsal);
  try {
    yield await finding('服务器不在：稍后再试', 'a server that is away: tried again', async () => {
      const found = await watched(
        channel,
        platform.context(() => 'cuts'),
      );
      must(found === 'retry', `it came to “${found}”`);
    });
    yield await finding('要求结束时立即结束', 'it ends when it is told to', async () => {
      const late = new Promise<string>((resolve) => setTimeout(resolve, END_MAX_MS, 'late').unref());
      const found = await Promise.race([
        watched(
          channel,
          platform.context(() => 'cuts', AbortSignal.abort()),
        ),
        late,
      ]);
      must(found !== 'late', `it goes on for more than ${END_MAX_MS} ms`);
    });
    if (channel.send === undefined || rehearsal.answer !== undefined) return;
    yield await finding('服务器不在：消息稍后再发', 'a server that is away: a message waits', async () => {
      const message = { id: 'm-1', conversation: '1', to: 'a@example.cn', text: '您好' };
      const found = await channel.send!(
        message,
        platform.context(() => 'cuts'),
      ).then(() => 'sent', kindOf);
      must(found === 'retry', `it came to “${found}”`);
    });
  } finally {
    await platform.close();
  }
}

async function watched(channel: Channel, context: Context): Promise<string> {
  try {
    for await (const _ of channel.watch!(undefined, context)) return 'a batch';
    return 'an end';
  } catch (error) {
    return kindOf(error);
  }
}

function kindOf(error: unknown): string {
  return isChannelError(error) ? error.kind : 'retry';
}
