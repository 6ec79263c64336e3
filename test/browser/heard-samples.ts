/** What a page heard, base64 of 16-bit samples, little-endian: numbers one by one would cost page and test most of a processor. */
export function heardSamples(base64: string): Int16Array {
  const bytes = Buffer.from(base64, 'base64');
  const samples = new Int16Array(bytes.length / 2);
  for (let n = 0; n < samples.length; n++) samples[n] = bytes.readInt16LE(2 * n);
  return samples;
}
