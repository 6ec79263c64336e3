import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCertificate } from '../../../src/softswitch/webrtc/certificate.ts';

test('a certificate is signed by its own key, valid for ever, and known by its fingerprint', () => {
  const { certificatePem, keyPem, fingerprint } = createCertificate();
  const read = new X509Certificate(certificatePem);
  expect(read.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.subject).toBe('CN=minhu');
  expect(new Date(read.validTo).getUTCFullYear()).toBe(9999);
  expect(fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  expect(read.fingerprint256).toBe(fingerprint);
});

test('each has a key and a number of its own', () => {
  const [one, other] = [createCertificate(), createCertificate()];
  expect(one.fingerprint).not.toBe(other.fingerprint);
  expect(new X509Certificate(one.certificatePem).serialNumber).not.toBe(
    new X509Certificate(other.certificatePem).serialNumber,
  );
});
