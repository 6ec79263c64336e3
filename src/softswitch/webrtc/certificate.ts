import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';

/** A certificate of this process, and by which name a session description knows it. */
export interface Certificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** SHA-256, `AB:CD:…` (RFC 8122 §5). */
  readonly fingerprint: string;
}

/** DER tags (X.690 §8). */
const [INTEGER, BITS, OBJECT, TEXT, TIME, LONG_TIME, SEQUENCE, SET] = [2, 3, 6, 12, 23, 24, 0x30, 0x31];
const ECDSA_WITH_SHA256 = sequence(element(OBJECT, Buffer.from('2a8648ce3d040302', 'hex')));
const COMMON_NAME = element(OBJECT, Buffer.from('550403', 'hex'));
/** From the first second of Unix to no end that is known (RFC 5280 §4.1.2.5): nobody looks at anything but the fingerprint. */
const ALWAYS = sequence(
  element(TIME, Buffer.from('700101000000Z')),
  element(LONG_TIME, Buffer.from('99991231235959Z')),
);

/** P-256, signed by its own key, X.509 v1. Its key is held in this process alone. */
export function createCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(element(SET, sequence(COMMON_NAME, element(TEXT, Buffer.from('minhu')))));
  // Not negative, and not shorter than it says.
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const signed = sequence(
    ...[element(INTEGER, serial), ECDSA_WITH_SHA256, name, ALWAYS, name],
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = element(BITS, Buffer.concat([Buffer.from([0]), sign('sha256', signed, privateKey)]));
  const certificate = new X509Certificate(sequence(signed, ECDSA_WITH_SHA256, signature));
  return {
    certificatePem: certificate.toString(),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fingerprint: certificate.fingerprint256,
  };
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(SEQUENCE, Buffer.concat(parts));
}

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
