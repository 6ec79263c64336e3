import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';

/** Replaces a file in one step, readable by the owner only (0600): a reader sees the old content or the new, also after a power cut. */
export async function replaceFile(file: string, content: string): Promise<void> {
  const fresh = freshName(file);
  try {
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

/**
 * As `replaceFile`, at once.
 *
 * @param survives `powerCut` waits for the disk; `crash` does not, for what a rebooted machine has no use for.
 */
export function replaceFileNow(file: string, content: string, survives: 'powerCut' | 'crash'): void {
  const fresh = freshName(file);
  try {
    const fd = openSync(fresh, 'wx', 0o600);
    try {
      writeFileSync(fd, content);
      if (survives === 'powerCut') fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

function freshName(file: string): string {
  return `${file}.${randomBytes(4).toString('hex')}.new`;
}
