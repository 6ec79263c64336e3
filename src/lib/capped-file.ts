import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

export interface CappedFile {
  /** With the kernel when it returns. Throws what the disk says, and goes on with the next text. */
  write(text: string): void;
  close(): void;
}

/** Text is appended until the file has `bytesMax` bytes; then it is kept as `FILE.1`, in the place of an older one, and a new one begins. */
export function openCappedFile(file: string, bytesMax: number): CappedFile {
  let descriptor = openSync(file, 'a', 0o600);
  let bytes = fstatSync(descriptor).size;

  function beginAnew(): void {
    // Open before the old one is given up: when this fails, the old one still takes what comes.
    const fresh = openSync(`${file}.new`, 'a', 0o600);
    renameSync(file, `${file}.1`);
    renameSync(`${file}.new`, file);
    closeSync(descriptor);
    descriptor = fresh;
    bytes = 0;
  }

  return {
    write(text) {
      bytes += writeSync(descriptor, text);
      if (bytes >= bytesMax) beginAnew();
    },
    close: () => closeSync(descriptor),
  };
}
