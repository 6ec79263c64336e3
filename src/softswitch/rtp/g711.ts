/** G.711 as tables: A-law (PCMA) and µ-law (PCMU), 16-bit linear samples. */

export type Codec = 'PCMA' | 'PCMU';

/** Static RTP payload types (RFC 3551 §6). */
export const PAYLOAD_TYPE: Readonly<Record<Codec, number>> = { PCMA: 8, PCMU: 0 };
/** Comfort noise (RFC 3389): taken as a sign of life, never played. */
export const COMFORT_NOISE_PAYLOAD = 13;
/** The byte of digital silence. */
export const SILENCE: Readonly<Record<Codec, number>> = { PCMA: 0xd5, PCMU: 0xff };

const TO_LINEAR: Readonly<Record<Codec, Int16Array>> = {
  PCMA: Int16Array.from({ length: 256 }, (_, byte) => linearOfALaw(byte)),
  PCMU: Int16Array.from({ length: 256 }, (_, byte) => linearOfMuLaw(byte)),
};

/** Indexed by the sample's 16 bits taken as unsigned. */
const FROM_LINEAR: Readonly<Record<Codec, Uint8Array>> = {
  PCMA: Uint8Array.from({ length: 65_536 }, (_, bits) => aLawOfLinear((bits << 16) >> 16)),
  PCMU: Uint8Array.from({ length: 65_536 }, (_, bits) => muLawOfLinear((bits << 16) >> 16)),
};

const TO_OTHER_LAW: Readonly<Record<Codec, Uint8Array>> = {
  PCMA: Uint8Array.from(TO_LINEAR.PCMA, (sample) => FROM_LINEAR.PCMU[sample & 0xffff]!),
  PCMU: Uint8Array.from(TO_LINEAR.PCMU, (sample) => FROM_LINEAR.PCMA[sample & 0xffff]!),
};

/** Decodes `min(payload, into)` samples. */
export function decode(codec: Codec, payload: Uint8Array, into: Int16Array): void {
  const table = TO_LINEAR[codec];
  const count = Math.min(payload.length, into.length);
  for (let i = 0; i < count; i++) into[i] = table[payload[i]!]!;
}

export function encode(codec: Codec, samples: Int16Array): Uint8Array {
  const table = FROM_LINEAR[codec];
  const payload = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) payload[i] = table[samples[i]! & 0xffff]!;
  return payload;
}

/** The same sound in the other law; the payload itself when the laws are the same. */
export function transcode(from: Codec, to: Codec, payload: Uint8Array): Uint8Array {
  if (from === to) return payload;
  const table = TO_OTHER_LAW[from];
  const changed = new Uint8Array(payload.length);
  for (let i = 0; i < payload.length; i++) changed[i] = table[payload[i]!]!;
  return changed;
}

function linearOfALaw(byte: number): number {
  const bits = byte ^ 0x55;
  const segment = (bits & 0x70) >> 4;
  const step = (bits & 0x0f) << 4;
  const magnitude = segment === 0 ? step + 8 : (step + 0x108) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

function aLawOfLinear(sample: number): number {
  const mask = sample >= 0 ? 0xd5 : 0x55;
  const magnitude = sample >= 0 ? sample >> 3 : -(sample >> 3) - 1;
  const segment = Math.max(0, 27 - Math.clz32(magnitude));
  return ((segment << 4) | ((magnitude >> Math.max(1, segment)) & 0x0f)) ^ mask;
}

function linearOfMuLaw(byte: number): number {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
}

function muLawOfLinear(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), 32_635) + 0x84;
  const exponent = 24 - Math.clz32(magnitude);
  const sign = sample < 0 ? 0x80 : 0;
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}
