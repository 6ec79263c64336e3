import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { ChannelError } from '../../src/channel/channel.ts';
import { signatureOf } from './signature.ts';

const RANDOM_BYTES = 16;
const LENGTH_BYTES = 4;
/** WeChat pads to 32 bytes; OpenSSL takes off 16 at most, and fails on half of all messages. */
const PAD_MAX = 32;

/** EncodingAESKey is base64 of 32 bytes without its last character; the first 16 are the initial vector, too. */
function keyOf(encodingAesKey: string): Buffer {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  if (!/^[A-Za-z0-9+/]{43}$/.test(encodingAesKey) || key.length !== 32)
    throw new ChannelError('broken', 'EncodingAESKey is 43 letters and digits');
  return key;
}

/**
 * The message in a ciphertext that was for this app.
 *
 * @throws ChannelError `refuse` for what is torn, badly padded, or meant for another app: its ciphertext may be valid under the same key.
 */
export function decrypt(ciphertext: string, encodingAesKey: string, appId: string): Buffer {
  const key = keyOf(encodingAesKey);
  const sealed = Buffer.from(ciphertext, 'base64');
  if (sealed.length === 0 || sealed.length % 16 !== 0) throw refusal();
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(sealed), decipher.final()]);
  const plain = padded.subarray(0, padded.length - padOf(padded));
  const start = RANDOM_BYTES + LENGTH_BYTES;
  if (plain.length < start) throw refusal();
  const end = start + plain.readUInt32BE(RANDOM_BYTES);
  if (end > plain.length || !plain.subarray(end).equals(Buffer.from(appId))) throw refusal();
  return plain.subarray(start, end);
}

function padOf(padded: Buffer): number {
  const pad = padded.at(-1) ?? 0;
  const tail = padded.subarray(-pad);
  if (pad < 1 || pad > PAD_MAX || pad > padded.length || !tail.every((byte) => byte === pad)) throw refusal();
  return pad;
}

/** One text for every cause: an answer that tells them apart would read ciphertexts to whoever asks often enough. */
function refusal(): ChannelError {
  return new ChannelError('refuse', 'not a ciphertext for this app');
}

export interface Sealed {
  readonly Encrypt: string;
  readonly MsgSignature: string;
  readonly TimeStamp: string;
  readonly Nonce: string;
}

export interface Seal {
  readonly token: string;
  readonly encodingAesKey: string;
  readonly appId: string;
  readonly timestamp: string;
  readonly nonce: string;
  /** 16 bytes. Default: drawn from message and key, so that the same delivery has the same answer. */
  readonly random?: string;
}

/** A message as WeChat seals its own: what safe mode wants an answer to be. */
export function encrypt(message: string, seal: Seal): Sealed {
  const key = keyOf(seal.encodingAesKey);
  const random = seal.random ?? createHmac('sha256', key).update(seal.nonce).update(message).digest('hex').slice(0, 16);
  const text = Buffer.from(message);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  const plain = Buffer.concat([Buffer.from(random), length, text, Buffer.from(seal.appId)]);
  const pad = PAD_MAX - (plain.length % PAD_MAX);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([plain, Buffer.alloc(pad, pad)]);
  const Encrypt = Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64');
  const { token, timestamp, nonce } = seal;
  return { Encrypt, MsgSignature: signatureOf(token, timestamp, nonce, Encrypt), TimeStamp: timestamp, Nonce: nonce };
}
