import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { replaceFileNow } from '../lib/replace-file.ts';
import type { Folders } from './folders.ts';

/**
 * What FreeSWITCH shows when it asks our API for seats: the content of `MINHU_DATA/switch/directory-secret` (0600), made at the first start
 * with FreeSWITCH or brought by the operator. Undefined with the embedded switch, which reads the seats from a file.
 */
export function directorySecretOf(config: Pick<Config, 'eslNodes'>, folders: Folders): string | undefined {
  if (config.eslNodes.length === 0) return undefined;
  if (!existsSync(folders.directorySecretFile)) {
    replaceFileNow(folders.directorySecretFile, randomBytes(24).toString('base64url'), 'powerCut');
  }
  const secret = readFileSync(folders.directorySecretFile, 'utf8').trim();
  if (secret.length < SECRET_LENGTH_MIN) {
    throw new Error(
      `${folders.directorySecretFile} 中的密钥太短 / the secret in it is shorter than ${SECRET_LENGTH_MIN} characters\n  → 删除该文件，重新启动时会随机生成 / delete the file: the next start draws one`,
    );
  }
  return secret;
}

export const SECRET_LENGTH_MIN = 16;

/** What a FreeSWITCH on this machine needs of us before it starts: the secret, and a folder for its leg log. */
export function prepareForFreeSwitch(config: Pick<Config, 'eslNodes'>, folders: Folders): void {
  if (directorySecretOf(config, folders) === undefined) return;
  mkdirSync(folders.legLogFolder, { recursive: true, mode: 0o700 });
}
