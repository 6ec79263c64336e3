import { statSync } from 'node:fs';

/**
 * Reading a pipe or a device may wait for ever.
 *
 * @throws the system's own error when there is nothing at the path, and one like it when it is neither a file nor a folder.
 */
export function refuseStrangeFile(path: string): void {
  const found = statSync(path);
  if (found.isFile() || found.isDirectory()) return;
  throw Object.assign(new Error(`${path} is no file`), { code: 'ENOTSUP' });
}
