import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type AccountWarning, readAccounts } from '../../channel/accounts.ts';
import { loadNamed } from '../../channel/load.ts';
import { CHANNEL_FOLDER } from '../../main/channels.ts';
import { bad, type Finding, good, warning } from './finding.ts';

/** The accounts of all channels, read as a start reads them: one with a mistake is left out then, and calls go on. */
export async function checkChannels(
  file: string,
  queues: ReadonlySet<string>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Finding[]> {
  const cacheFolder = await mkdtemp(join(tmpdir(), 'minhu-doctor-'));
  try {
    const warnings: AccountWarning[] = [];
    const { accounts, problems } = await readAccounts({
      ...{ file, queues, env },
      load: (name) => loadNamed(CHANNEL_FOLDER, name, { cacheFolder }),
      warn: (told) => warnings.push(told),
    });
    const left = problems.map(({ file: at, line, message, fix }) => bad('channels', `${at}:${line}`, message, fix));
    const fix = '密钥放进只有本程序可读的文件 / keep secrets in files that only this program reads';
    const plain = warnings.map(({ line, message }) => warning('channels', `${basename(file)}:${line}`, message, fix));
    const count = accounts.length;
    return [
      ...left,
      ...plain,
      good('channels', `${count} 个渠道账号可用`, `${count} accounts of channels can be used`),
    ];
  } finally {
    await rm(cacheFolder, { recursive: true, force: true });
  }
}
