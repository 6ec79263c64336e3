// What the disk itself takes for one small `fdatasync` while something else is measured: some a second, in a process of its own.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';

const [file, everyMs] = [process.argv[2], Number(process.argv[3])];
const probe = openSync(file, 'w');
const record = Buffer.alloc(400, 1);
const times = [];
const timer = setInterval(() => {
  writeSync(probe, record);
  const startMs = performance.now();
  fdatasyncSync(probe);
  times.push(performance.now() - startMs);
}, everyMs);
process.on('message', () => {
  clearInterval(timer);
  closeSync(probe);
  process.send(times, () => process.exit(0));
});
process.send('ready');
