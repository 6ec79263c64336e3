import { checkFile } from './check-file.ts';

/** The check of one file in a process of its own, for `checkApart`. */
const tell = (message: unknown) => new Promise((resolve) => process.send?.(message, resolve));

for await (const found of checkFile(process.argv[2] ?? '')) await tell(found);
await tell('done');
process.disconnect();
