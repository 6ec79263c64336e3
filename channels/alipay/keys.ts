import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { ChannelError, type SettingFault } from '../../src/channel/channel.ts';

const BITS_MIN = 2_048;

/** To read a key costs more than to verify with it, and each delivery asks for one. As many as accounts may have. */
const publicKeys = new Map<string, KeyObject>();
const PUBLIC_KEYS_MAX = 100;

/** A key as the console shows it, base64 without a frame, or as PEM. @throws ChannelError `broken` */
export function publicKeyOf(text: string): KeyObject {
  const known = publicKeys.get(text);
  if (known !== undefined) return known;
  const key = strong(() => createPublicKey({ key: derOf(text), format: 'der', type: 'spki' }));
  if (publicKeys.size >= PUBLIC_KEYS_MAX) publicKeys.clear();
  publicKeys.set(text, key);
  return key;
}

/** Alipay's own tool writes PKCS#1 or PKCS#8, as its user clicked. @throws ChannelError `broken` */
export function privateKeyOf(text: string): KeyObject {
  return strong(() => {
    const key = derOf(text);
    try {
      return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    } catch {
      return createPrivateKey({ key, format: 'der', type: 'pkcs1' });
    }
  });
}

/** Before the first push or message needs them. */
export function keyFaultOf(settings: { alipayPublicKey: string; privateKey: string }): SettingFault | undefined {
  const reads = { alipayPublicKey: publicKeyOf, privateKey: privateKeyOf } as const;
  for (const [setting, read] of Object.entries(reads)) {
    try {
      read(settings[setting as keyof typeof reads]);
    } catch (error) {
      const en = error instanceof Error ? error.message : String(error);
      return { setting, zh: `不是${BITS_MIN}位以上的RSA密钥`, en };
    }
  }
  return undefined;
}

function derOf(text: string): Buffer {
  const base64 = text.replace(/-----[A-Z ]+-----|\s/g, '');
  // Buffer would pass over what is no base64, and read a mistyped key as another.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) throw new SyntaxError('no base64');
  return Buffer.from(base64, 'base64');
}

function strong(read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    throw new ChannelError('broken', 'an Alipay key cannot be read');
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < BITS_MIN)
    throw new ChannelError('broken', `an Alipay key is RSA of ${BITS_MIN} bits or more`);
  return key;
}
