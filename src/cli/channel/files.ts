import {
  type Channel,
  type Context,
  type MediaReference,
  type Rehearsal,
  throwUnlessOk,
} from '../../channel/channel.ts';
import { isChannelError } from '../../channel/trouble.ts';
import { type Behaviour, openFaultyPlatform } from './faulty-platform.ts';
import { type Finding, finding, must } from './finding.ts';

const GIVE_UP_MS = 300;
const LATE_MS = 2_000;

/** A file of a message, at a platform that has it, has it no more, or is not itself. */
export async function* rehearseFiles(
  channel: Channel,
  rehearsal: Rehearsal,
  media: MediaReference,
): AsyncIterable<Finding> {
  const platform = await openFaultyPlatform(rehearsal);
  const outcome = (behaviour: Behaviour) => outcomeOf(channel, media, platform.context(behaviour));
  const comesTo = async (behaviour: Behaviour, ...wanted: readonly string[]) => {
    const found = await outcome(behaviour);
    must(
      wanted.some((each) => found.startsWith(each)),
      `it came to “${found}”, not “${wanted.join('” or “')}”`,
    );
  };
  try {
    yield await finding('附件取到', 'a file comes', async () => {
      await comesTo(() => 'well', 'fetched');
      must(platform.requests() > 0, 'no request came by the fetch of the context: use that, never the global one');
    });
    yield await finding('附件已不在（404）：不再取', 'a file that is gone (404): never asked for again', () =>
      comesTo(() => ({ status: 404 }), 'refuse'),
    );
    yield await finding('平台出错（503）：稍后再取', 'a platform in trouble (503): asked again', () =>
      comesTo(() => ({ status: 503 }), 'retry'),
    );
    yield await finding('连接被切断：再取', 'a connection that is cut: asked again', () =>
      comesTo(() => 'cuts', 'retry', 'error'),
    );
    yield await finding('平台不应答：到时放弃', 'a platform that hangs is given up in time', async () => {
      const context = platform.context(() => 'hangs', AbortSignal.timeout(GIVE_UP_MS));
      const late = new Promise<string>((resolve) => setTimeout(resolve, LATE_MS, 'late').unref());
      const found = await Promise.race([outcomeOf(channel, media, context), late]);
      must(found !== 'late', 'it does not heed the signal of the context: pass it to fetch');
      must(/^(retry|error)/.test(found), `it came to “${found}”`);
    });
  } finally {
    await platform.close();
  }
}

/** As the host sees it: `fetched`, `retry`, `refuse`, `broken`, or `error …`, which counts as `retry`. */
async function outcomeOf(channel: Channel, media: MediaReference, context: Context): Promise<string> {
  try {
    const response = await channel.fetchMedia!(media, context);
    throwUnlessOk(response, 'the platform');
    await response.arrayBuffer();
    return 'fetched';
  } catch (error) {
    return isChannelError(error) ? error.kind : `error ${error instanceof Error ? error.message : String(error)}`;
  }
}
