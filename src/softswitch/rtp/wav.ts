import { type Codec, decode } from './g711.ts';

/** WAV files (RIFF): reading mono 8 kHz prompts, writing the header of a 16-bit recording. */

export const SAMPLE_RATE = 8000;
export const WAV_HEADER_BYTES = 44;
/** More chunks than this before the sound: not one of ours. */
const CHUNKS_MAX = 64;
const FORMAT: Readonly<Record<number, 'PCM' | Codec>> = { 1: 'PCM', 6: 'PCMA', 7: 'PCMU' };
const FORMAT_EXTENSIBLE = 0xfffe;

export interface WavSound {
  readonly channels: number;
  /** Interleaved when there are several channels. */
  readonly samples: Int16Array;
}

/** @returns the sound, or in words why the file cannot be used. */
export function readWav(file: Uint8Array): WavSound | string {
  if (file.length < 12 || text4(file, 0) !== 'RIFF' || text4(file, 8) !== 'WAVE') return 'not a WAV file';
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let format: WavFormat | undefined;
  let at = 12;
  for (let chunk = 0; chunk < CHUNKS_MAX && at + 8 <= file.length; chunk++) {
    const name = text4(file, at);
    const start = at + 8;
    // A streamed file claims more than it holds; what is there counts.
    const end = Math.min(file.length, start + view.getUint32(at + 4, true));
    if (name === 'fmt ') format = readFormat(view, start, end);
    if (name === 'data')
      return format ? readSound(format, file.subarray(start, end)) : 'no usable format before the sound';
    at = end + (end & 1);
  }
  return 'no sound in the file';
}

/** 44 bytes, 16-bit PCM at 8 kHz. `frames` counts one sample of each channel. */
export function writeWavHeader(channels: number, frames: number): Uint8Array {
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  const blockBytes = channels * 2;
  const dataBytes = Math.min(frames * blockBytes, 0xffff_ffff - 36);
  setText(header, 0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  setText(header, 8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, SAMPLE_RATE, true);
  view.setUint32(28, SAMPLE_RATE * blockBytes, true);
  view.setUint16(32, blockBytes, true);
  view.setUint16(34, 16, true);
  setText(header, 36, 'data');
  view.setUint32(40, dataBytes, true);
  return header;
}

interface WavFormat {
  readonly coding: 'PCM' | Codec | undefined;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

function readFormat(view: DataView, start: number, end: number): WavFormat | undefined {
  if (end - start < 16) return undefined;
  const tag = view.getUint16(start, true);
  const extended = tag === FORMAT_EXTENSIBLE && end - start >= 26;
  return {
    coding: FORMAT[extended ? view.getUint16(start + 24, true) : tag],
    channels: view.getUint16(start + 2, true),
    rate: view.getUint32(start + 4, true),
    bits: view.getUint16(start + 14, true),
  };
}

function readSound(format: WavFormat, data: Uint8Array): WavSound | string {
  const { coding, channels, rate, bits } = format;
  if (coding === undefined) return 'neither PCM nor A-law nor µ-law';
  if (rate !== SAMPLE_RATE) return `${rate} Hz instead of ${SAMPLE_RATE} Hz`;
  if (bits !== (coding === 'PCM' ? 16 : 8)) return `${bits} bits a sample`;
  if (channels < 1 || channels > 2) return `${channels} channels`;
  if (coding !== 'PCM') {
    const samples = new Int16Array(data.length);
    decode(coding, data, samples);
    return { channels, samples };
  }
  const samples = new Int16Array(data.length >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = (data[i * 2 + 1]! << 8) | data[i * 2]!;
  return { channels, samples };
}

function text4(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
}

function setText(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}
