import type { Channel, Context, Rehearsal } from '../../channel/channel.ts';
import { isChannelError } from '../../channel/trouble.ts';
import { type Behaviour, type FaultyPlatform, openFaultyPlatform } from './faulty-platform.ts';
import { type Finding, finding, must } from './finding.ts';

const GIVE_UP_MS = 300;
const LATE_MS = 2_000;

export async function* rehearseSends(channel: Channel, rehearsal: Rehearsal): AsyncIterable<Finding> {
  const platform = await openFaultyPlatform(rehearsal);
  const outcome = (behaviour: Behaviour) => outcomeOf(channel, platform.context(behaviour));
  const comesTo = async (behaviour: Behaviour, wanted: string) => {
    const found = await outcome(behaviour);
    must(found.startsWith(wanted), `it came to “${found}”, not “${wanted}”`);
  };
  try {
    yield await finding('消息送出', 'a message goes out', () => goesOut(channel, platform));
    yield await finding('429 与 Retry-After：按时再试', '429 with Retry-After: tried again in time', () =>
      comesTo(() => ({ status: 429, headers: { 'retry-after': '7' } }), 'retry 7000'),
    );
    for (const status of [500, 502, 503])
      yield await finding(`${status}：再试`, `${status}: tried again`, () => comesTo(() => ({ status }), 'retry'));
    yield await finding('400：不再试', '400: never tried again', () => comesTo(() => ({ status: 400 }), 'refuse'));
    yield await finding(
      '令牌失效：换新或报告账号故障',
      'an expired token: renewed, or the account is broken',
      async () => {
        const once = await outcome((number) => (number === 1 ? { status: 401 } : 'well'));
        must(once.startsWith('sent') || once.startsWith('broken'), `after one 401 it came to “${once}”`);
        await comesTo(() => ({ status: 401 }), 'broken');
      },
    );
    yield await finding('平台不应答：到时放弃', 'a platform that hangs is given up in time', () =>
      hangs(channel, platform),
    );
    yield await finding('应答中断：不当作已送出', 'half an answer is no success', async () => {
      const [whole, found] = [await outcome(() => 'well'), await outcome(() => 'tears')];
      if (found === whole) return 'it does not need the answer';
      must(!found.startsWith('sent') && !found.startsWith('refuse'), `it came to “${found}”`);
      return undefined;
    });
    yield await finding('连接被切断：再试', 'a connection that is cut: tried again', async () => {
      const found = await outcome(() => 'cuts');
      must(found.startsWith('retry') || found.startsWith('error'), `it came to “${found}”`);
    });
  } finally {
    await platform.close();
  }
}

const MESSAGE = { id: 'm-1', conversation: '1', to: '1', text: '您好，已转办。“12345” & 😀' };

/** `sent ID`, `retry 7000`, `refuse`, `broken`, or `error …`, which the host takes for `retry`. */
async function outcomeOf(channel: Channel, context: Context): Promise<string> {
  try {
    const { remoteId } = await channel.send!(MESSAGE, context);
    return `sent ${remoteId}`;
  } catch (error) {
    if (!isChannelError(error)) return `error ${error instanceof Error ? error.message : String(error)}`;
    return error.retryAfterMs === undefined ? error.kind : `${error.kind} ${error.retryAfterMs}`;
  }
}

async function goesOut(channel: Channel, platform: FaultyPlatform): Promise<string> {
  const direct = globalThis.fetch;
  const context = platform.context(() => 'well');
  const { remoteId } = await channel.send!(MESSAGE, context);
  must(platform.requests() > 0, 'no request came by the fetch of the context: use that, never the global one');
  must(globalThis.fetch === direct, 'it replaced the global fetch');
  return remoteId === undefined ? 'the platform gives it no name' : `remoteId ${remoteId}`;
}

async function hangs(channel: Channel, platform: FaultyPlatform): Promise<void> {
  const startedMs = performance.now();
  const late = new Promise<string>((resolve) => setTimeout(resolve, LATE_MS, 'late').unref());
  const context = platform.context(() => 'hangs', AbortSignal.timeout(GIVE_UP_MS));
  const found = await Promise.race([outcomeOf(channel, context), late]);
  must(found !== 'late', 'it does not heed the signal of the context: pass it to fetch');
  must(
    !found.startsWith('sent') && !found.startsWith('refuse'),
    `it came to “${found}” after ${Math.round(performance.now() - startedMs)} ms`,
  );
}
