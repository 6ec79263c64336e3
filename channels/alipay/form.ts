/**
 * Name → value of a form, each text holding one byte a character: the signature covers the bytes, and only the form itself says what charset they
 * are in.
 */
export type ByteForm = ReadonlyMap<string, string>;

const PARAMETERS_MAX = 100;
const CHARSETS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  gbk: 'gbk',
  gb2312: 'gbk',
  gb18030: 'gb18030',
};

const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i;
const BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

/** @throws SyntaxError for a name that stands there twice (which one was signed?), too many, or a broken escape. */
export function readForm(body: Buffer): ByteForm {
  const form = new Map<string, string>();
  for (const pair of body.toString('latin1').split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = unescaped(at < 0 ? pair : pair.slice(0, at));
    if (form.has(name) || form.size >= PARAMETERS_MAX) throw new SyntaxError('not a form of Alipay');
    form.set(name, at < 0 ? '' : unescaped(pair.slice(at + 1)));
  }
  return form;
}

function unescaped(text: string): string {
  if (BROKEN_ESCAPE.test(text)) throw new SyntaxError('a broken escape');
  return text.replaceAll('+', ' ').replace(/%(..)/g, (_found, hex: string) => BYTES[Number.parseInt(hex, 16)]!);
}

/** A parameter as a text, in the charset that the form names. @throws Error for bytes that are none in it, and for an unknown charset. */
export function textOf(form: ByteForm, name: string): string {
  const label = form.get('charset')?.toLowerCase() ?? 'utf-8';
  const charset = Object.hasOwn(CHARSETS, label) ? CHARSETS[label] : undefined;
  if (charset === undefined) throw new SyntaxError('an unknown charset');
  return new TextDecoder(charset, { fatal: true }).decode(Buffer.from(form.get(name) ?? '', 'latin1'));
}
