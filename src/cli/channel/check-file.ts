import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Channel } from '../../channel/channel.ts';
import { loadChannel } from '../../channel/load.ts';
import { rehearseDeliveries } from './deliveries.ts';
import { rehearseFiles } from './files.ts';
import { type Finding, finding, must } from './finding.ts';
import { rehearsePulls } from './pulls.ts';
import { rehearseSends } from './sends.ts';
import { typeFaults } from './type-check.ts';
import { rehearseWatches } from './watches.ts';

/** Everything that is asked of a channel's file, one finding after another. */
export async function* checkFile(file: string): AsyncIterable<Finding> {
  yield await finding('文件存在，类型符合约定', 'the file is there and its types fit the contract', () => {
    must(existsSync(file), `${file} is not there`);
    const faults = typeFaults(file);
    must(faults.length === 0, faults.join('\n      '));
  });
  const cacheFolder = mkdtempSync(join(tmpdir(), 'minhu-channel-'));
  try {
    let channel: Channel | undefined;
    yield await finding(
      '可以编译和载入，名称与文件名相同',
      'it compiles, loads, and is named like its file',
      async () => {
        channel = await loadChannel(file, { cacheFolder });
      },
    );
    if (channel !== undefined) yield* rehearse(channel);
  } finally {
    rmSync(cacheFolder, { recursive: true, force: true });
  }
}

/** The platform is played as the channel's own `rehearsal` says, and then as platforms are. */
export async function* rehearse(channel: Channel): AsyncIterable<Finding> {
  const { receive, send, pull, watch, fetchMedia, rehearsal } = channel;
  yield await finding('写明了如何扮演平台（rehearsal）', 'it says how its platform is played (rehearsal)', () => {
    must(rehearsal !== undefined, 'rehearsal is missing');
    must(
      receive === undefined || rehearsal.deliver !== undefined,
      'rehearsal.deliver is missing, and there is receive',
    );
    must(
      (send ?? pull) === undefined || rehearsal.answer !== undefined || watch !== undefined,
      'rehearsal.answer is missing, and there is send or pull',
    );
  });
  if (rehearsal === undefined) return;
  if (channel.check !== undefined)
    yield await finding('自带的示例设置通过检查（check）', 'its own settings pass its check', () => {
      const fault = channel.check?.(rehearsal.settings);
      must(fault === undefined, `${fault?.setting}: ${fault?.en}`);
    });
  if (receive !== undefined && rehearsal.deliver !== undefined) yield* rehearseDeliveries(channel, rehearsal);
  if (send !== undefined && rehearsal.answer !== undefined) yield* rehearseSends(channel, rehearsal);
  if (fetchMedia !== undefined && rehearsal.media !== undefined)
    yield* rehearseFiles(channel, rehearsal, rehearsal.media);
  if (pull !== undefined && rehearsal.answer !== undefined) yield* rehearsePulls(channel, rehearsal);
  if (watch !== undefined) yield* rehearseWatches(channel, rehearsal);
}
