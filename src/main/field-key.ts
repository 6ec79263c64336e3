import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { replaceFileNow } from '../lib/replace-file.ts';
import type { Folders } from './folders.ts';

const KEY_BYTES = 32;

/**
 * The key of what is encrypted inside the database, `MINHU_DATA/field-key` (0600): drawn at the first start, or brought by the operator when
 * several machines share one database. A copy of the database alone tells no secret.
 */
export function fieldKeyOf({ fieldKeyFile }: Pick<Folders, 'fieldKeyFile'>): Buffer {
  if (!existsSync(fieldKeyFile)) replaceFileNow(fieldKeyFile, randomBytes(KEY_BYTES).toString('base64url'), 'powerCut');
  const key = Buffer.from(readFileSync(fieldKeyFile, 'utf8').trim(), 'base64url');
  if (key.length === KEY_BYTES) return key;
  throw new Error(
    `${fieldKeyFile} 中不是 ${KEY_BYTES} 字节的密钥 / does not hold a key of ${KEY_BYTES} bytes\n  → 从备份恢复该文件 / bring the file back from a backup`,
  );
}
