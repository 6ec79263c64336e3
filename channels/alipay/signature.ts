import { type KeyObject, verify } from 'node:crypto';
import type { ByteForm } from './form.ts';

/** The one algorithm: what a message says of its own signature is not asked, so that none can choose a weaker one. */
export function isSignedBy(key: KeyObject, content: Buffer, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64');
  // Of its last letter some bits say nothing: one signature has one spelling.
  return (
    /^[A-Za-z0-9+/]{20,2000}={0,2}$/.test(signature) &&
    bytes.toString('base64') === signature &&
    verify('RSA-SHA256', content, key, bytes)
  );
}

/**
 * Whether Alipay signed the form. Its gateways differ in whether `sign_type` and empty values are covered: of the four readings one must fit.
 *
 * Source: opendocs.alipay.com, asynchronous notifications, "验签": everything but `sign` (and `sign_type`), sorted by name, `name=value` joined by `&`.
 */
export function isSigned(form: ByteForm, key: KeyObject): boolean {
  if (form.get('sign_type') !== 'RSA2') return false;
  const signature = form.get('sign') ?? '';
  const contents = [true, false].flatMap((withType) =>
    [false, true].map((withEmpty) => contentOf(form, withType, withEmpty)),
  );
  return [...new Set(contents)].some((content) => isSignedBy(key, Buffer.from(content, 'latin1'), signature));
}

function contentOf(form: ByteForm, withType: boolean, withEmpty: boolean): string {
  return [...form]
    .filter(([name, value]) => name !== 'sign' && (withType || name !== 'sign_type') && (withEmpty || value !== ''))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}
