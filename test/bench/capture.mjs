// What the switch itself adds to a packet, by the kernel's clock: tcpdump on loopback sees each packet as it comes to the switch and as it leaves it.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MARK_AT } from './voice.mjs';

const UDP_BYTES = 8;
const HEADERS_BYTES = 14 + 20 + UDP_BYTES;
/** Of a packet's payload: moment of sending, mark, number. */
const LABEL_BYTES = 13;
const LABEL_AT = HEADERS_BYTES + MARK_AT - 8;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const NANOSECONDS = 0xa1b23c4d;

/** @returns undefined when tcpdump is missing or may not capture. */
export async function startCapture() {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-capture-'));
  const file = join(folder, 'packets');
  const output = openSync(file, 'w');
  const marked = `udp[${UDP_BYTES + MARK_AT}] = 1 and udp[4:2] = ${UDP_BYTES + 172}`;
  const options = ['-i', 'lo', '-n', '-s', '80', '-B', '65536', '--time-stamp-precision=nano', '-w', '-'];
  const child = spawn('tcpdump', [...options, marked], { stdio: ['ignore', output, 'pipe'] });
  closeSync(output);
  let said = '';
  const ended = new Promise((resolve) => child.once('close', resolve));
  const listens = await new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', () => resolve(false));
    child.stderr.on('data', (text) => {
      said += text;
      if (said.includes('listening on')) resolve(true);
    });
  });
  if (!listens) {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  return {
    /** @returns ms in the switch of each packet that went through it; `missed` packets were not seen by the capture. */
    async stop() {
      child.kill('SIGINT');
      await ended;
      const times = timesIn(readFileSync(file));
      rmSync(folder, { recursive: true, force: true });
      return { times, missed: Number(/(\d+) packets? dropped by kernel/.exec(said)?.[1] ?? 0) };
    },
  };
}

/** Between the first and the second time that a packet is seen; phones that speak without the switch are seen once. */
function timesIn(capture) {
  const fraction = capture.readUInt32LE(0) === NANOSECONDS ? 1e6 : 1e3;
  const came = new Map();
  const times = [];
  for (let at = FILE_HEADER_BYTES; at + RECORD_HEADER_BYTES <= capture.length; ) {
    const atMs = capture.readUInt32LE(at) * 1_000 + capture.readUInt32LE(at + 4) / fraction;
    const packet = at + RECORD_HEADER_BYTES;
    const label = capture.toString('latin1', packet + LABEL_AT, packet + LABEL_AT + LABEL_BYTES);
    const first = came.get(label);
    if (first === undefined) came.set(label, atMs);
    else times.push(atMs - first);
    at = packet + capture.readUInt32LE(at + 8);
  }
  return times;
}
