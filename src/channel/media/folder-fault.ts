/** The disk is full, or the folder takes and gives nothing: it is no folder, or not ours to write into. It may be mended at any time. */
export class FolderFault extends Error {
  override readonly name = 'FolderFault';
  readonly kind: 'full' | 'away';

  constructor(kind: FolderFault['kind'], cause: Error) {
    super(cause.message, { cause });
    this.kind = kind;
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const AWAY = new Set(
  'EACCES EEXIST EIO EISDIR ELOOP EMFILE ENFILE ENODEV ENOENT ENOTDIR ENXIO EPERM EROFS ESTALE'.split(' '),
);

/** Works in a folder of files. @throws FolderFault instead of what the file system says. */
export async function inFolder<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (FULL.has(code)) throw new FolderFault('full', error as Error);
    if (AWAY.has(code)) throw new FolderFault('away', error as Error);
    throw error;
  }
}
