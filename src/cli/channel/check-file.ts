import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Channel, Settings } from '../../channel/channel.ts';
import { loadChannel } from '../../channel/load.ts';
import { isAlive } from '../../lib/process-life.ts';
import { rehearseDeliveries } from './deliveries.ts';
import { rehearseFiles } from './files.ts';
import { type Finding, finding, must } from './finding.ts';
import { rehearsePulls } from './pulls.ts';
import { rehearseSends } from './sends.ts';
import { typeFaults } from './type-check.ts';
import { rehearseWatches } from './watches.ts';

const PREFIX = 'minhu-channel-';
const OWNED = /^minhu-channel-(\d{1,10})-\w+$/;
const SHORT_KEY = 'short-key';

/** Everything that is asked of a channel's file, one finding after another. */
export async function* checkFile(file: string): AsyncIterable<Finding> {
  yield await finding('文件存在，类型符合约定', 'the file is there and its types fit the contract', () => {
    must(existsSync(file), `${file} is not there`);
    const faults = typeFaults(file);
    must(faults.length === 0, faults.join('\n      '));
  });
  const cacheFolder = openFolder();
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

/** Named by its process: one that was killed has left its own behind, and the next removes it. */
function openFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(OWNED.exec(name)?.[1] ?? process.pid);
    if (isAlive(pid)) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Somebody else's on this machine.
    }
  }
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
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
  if (channel.verify !== undefined) yield await rehearseShortKeys(channel, rehearsal.settings);
  if (receive !== undefined && rehearsal.deliver !== undefined) yield* rehearseDeliveries(channel, rehearsal);
  if (send !== undefined && rehearsal.answer !== undefined) yield* rehearseSends(channel, rehearsal);
  if (fetchMedia !== undefined && rehearsal.media !== undefined)
    yield* rehearseFiles(channel, rehearsal, rehearsal.media);
  if (pull !== undefined && rehearsal.answer !== undefined) yield* rehearsePulls(channel, rehearsal);
  if (watch !== undefined) yield* rehearseWatches(channel, rehearsal);
}

/** A key that our side draws may be refused; how long a platform's own is, only the platform knows: then it is worth knowing. */
function rehearseShortKeys(channel: Channel, settings: Settings): Promise<Finding> {
  const taken = Object.entries(channel.settings)
    .filter(([name, shape]) => typeof shape !== 'string' && shape.secret === true && settings[name] !== undefined)
    .filter(([name]) => !isRefused(channel, { ...settings, [name]: SHORT_KEY }))
    .map(([name]) => name);
  return taken.length === 0
    ? finding('过短的密钥不能用于签名', 'a key that is too short signs for nobody', () => undefined)
    : finding(
        `${SHORT_KEY.length} 位的密钥也接受：${taken.join('、')}；由本方生成的密钥请用 shortKey 检查`,
        `a key of ${SHORT_KEY.length} characters is taken: ${taken.join(', ')}; of one that is drawn on this side let shortKey judge`,
        () => undefined,
      );
}

function isRefused({ check }: Channel, settings: Settings): boolean {
  try {
    return check?.(settings) !== undefined;
  } catch {
    return true;
  }
}
