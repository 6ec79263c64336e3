import { createHash, createHmac } from 'node:crypto';
import { sameSecret } from '../../src/channel/channel.ts';

/** Name → its values, as they came: a form may repeat a name. */
export type Form = ReadonlyMap<string, readonly string[]>;

export function readForm(body: Buffer): Form {
  const form = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(body.toString('utf8')))
    form.set(name, [...(form.get(name) ?? []), value]);
  return form;
}

/** twilio.com/docs/usage/security: HMAC-SHA1 over the address and every parameter by name, of a repeated one each different value by itself. */
export function signatureOf(authToken: string, url: string, form: Form): string {
  const names = [...form.keys()].sort();
  const text = names.flatMap((name) => [...new Set(form.get(name))].sort().map((value) => name + value)).join('');
  return createHmac('sha1', authToken)
    .update(url + text)
    .digest('base64');
}

/**
 * Whether Twilio signed this body for this address. What is no form is covered by `bodySHA256`, a parameter of the signed address; without it, a
 * body of JSON is read as a form, and no signature fits.
 *
 * @param url the address as Twilio was told it, with path and query as they came
 */
export function isSigned(given: string | undefined, authToken: string, url: string, body: Buffer): boolean {
  const bodyHash = new URL(url).searchParams.get('bodySHA256');
  if (bodyHash !== null && !sameSecret(bodyHash.toLowerCase(), createHash('sha256').update(body).digest('hex')))
    return false;
  const form = bodyHash === null ? readForm(body) : new Map<string, string[]>();
  return withAndWithoutPort(url).some((one) => sameSecret(given, signatureOf(authToken, one, form)));
}

/** Twilio signs the port of some kinds of request, and leaves it out of others. */
function withAndWithoutPort(url: string): readonly string[] {
  const [, start = '', port = '', rest = ''] = /^(https?:\/\/[^/?:]+)(:\d+)?(.*)$/s.exec(url) ?? [];
  const usual = start.startsWith('https') ? ':443' : ':80';
  return [...new Set([url, `${start}${rest}`, `${start}${port === '' ? usual : port}${rest}`])];
}
