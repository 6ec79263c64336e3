import type { AlipaySdk } from 'alipay-sdk';
import { ChannelError, type Outbound, readJson, throwUnlessOk } from '../../src/channel/channel.ts';
import { privateKeyOf, publicKeyOf } from './keys.ts';
import type { AlipayContext } from './settings.ts';

const TEMPLATE_SEND = 'alipay.open.app.mini.templatemessage.send';
const [BEIJING_MS, VALUE_CHARS_MAX, ANSWER_CHARS_MAX] = [28_800_000, 256, 65_536];
/** The gateway's own codes (opendocs.alipay.com/common/02km9f); 40004, the business refusing, has sub-codes of its own. */
const MEANING: ReadonlyMap<string, 'retry' | 'refuse' | 'broken'> = new Map([
  ['20000', 'retry'],
  ['20001', 'broken'],
  ['40001', 'refuse'],
  ['40002', 'refuse'],
  ['40004', 'refuse'],
  ['40005', 'retry'],
  ['40006', 'broken'],
]);
const BROKEN_SUB_CODE = /^isv\.(invalid-(signature|app-id|encrypt)|missing-signature|app-(off|unauth))/;
const RETRY_SUB_CODE = /^(aop\.|isp\.|isv\.(invalid-timestamp|app-call-limited)|system_error|SYSTEM_ERROR)/;

/** Alipay takes no free text of us: an answer, too, is a template that the citizen agreed to. */
export async function sendTemplate(message: Outbound, context: AlipayContext): Promise<void> {
  const { feedbackTemplate, replyTemplate, page } = context.settings;
  const setting =
    message.template?.name === 'feedback'
      ? feedbackTemplate
      : message.template === undefined
        ? replyTemplate
        : undefined;
  if (setting === undefined) throw new ChannelError('refuse', 'no template message is set for this');
  const { id: user_template_id, keywords } = readTemplate(setting);
  const values = message.template?.values ?? { text: message.text };
  const data = keywords.map(([field, keyword]) => [keyword, { value: cut(values[field] ?? '') }]);
  await call(
    TEMPLATE_SEND,
    { ...userOf(message.to), form_id: '', user_template_id, page, data: JSON.stringify(Object.fromEntries(data)) },
    context,
  );
}

/** Our fields that a template has a keyword for. */
export function fieldsOf(setting: string): Readonly<Record<string, number>> {
  return Object.fromEntries(readTemplate(setting).keywords.map(([field]) => [field, VALUE_CHARS_MAX]));
}

/** What the setting of a template says: its id, and our field with its keyword. */
function readTemplate(setting: string) {
  const [id = '', ...pairs] = setting.trim().split(/\s+/);
  const keywords = pairs
    .map((pair) => pair.split('=', 2))
    .map(([field = '', keyword = '']) => [field, keyword] as const);
  return { id, keywords };
}

/** `user_id` is 16 digits from 2088 on; new apps are told `open_id`. */
function userOf(id: string): { readonly to_user_id: string } | { readonly to_open_id: string } {
  return /^2088\d{12}$/.test(id) ? { to_user_id: id } : { to_open_id: id };
}

function cut(text: string): string {
  const points = [...text.trim()];
  return (points.length <= VALUE_CHARS_MAX ? points : [...points.slice(0, VALUE_CHARS_MAX - 1), '…']).join('') || '-';
}

/** One request: signed, and its answer checked, by alipay-sdk; carried by the host, so that it goes only where it may and ends in time. */
async function call(
  method: string,
  bizContent: Readonly<Record<string, string>>,
  context: AlipayContext,
): Promise<void> {
  const { settings, fetch, signal, now } = context;
  const sdk = await sdkOf(context);
  // alipay-sdk would write the time of this machine's zone.
  const timestamp = new Date(now() + BEIJING_MS).toISOString().slice(0, 19).replace('T', ' ');
  const signed = new URLSearchParams(
    sdk.sdkExecute(method, { bizContent, timestamp, format: 'JSON' }, { bizContentAutoSnakeCase: false }),
  );
  const body = new URLSearchParams({ biz_content: signed.get('biz_content') ?? '' });
  signed.delete('biz_content');
  const response = await fetch(`${settings.gateway}?${signed}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
    body: body.toString(),
    signal,
  });
  throwUnlessOk(response, 'Alipay');
  check(sdk, `${method.replaceAll('.', '_')}_response`, await response.text());
}

async function sdkOf({ settings }: AlipayContext): Promise<AlipaySdk> {
  // A large package that only replies need: it is loaded with the first of them.
  const sdk = await import('alipay-sdk');
  return new sdk.AlipaySdk({
    appId: settings.appId,
    privateKey: privateKeyOf(settings.privateKey).export({ format: 'pem', type: 'pkcs8' }).toString().trim(),
    keyType: 'PKCS8',
    alipayPublicKey: publicKeyOf(settings.alipayPublicKey).export({ format: 'pem', type: 'spki' }).toString().trim(),
    gateway: settings.gateway,
  });
}

/** @throws ChannelError unless Alipay says, and signs, that it went */
function check(sdk: AlipaySdk, name: string, text: string): void {
  const answer = read(text);
  const result = Object(answer[name] ?? answer['error_response']) as {
    readonly code?: unknown;
    readonly sub_code?: unknown;
  };
  const [code, subCode] = [result.code, result.sub_code].map((value) => String(value ?? '').slice(0, 64)) as [
    string,
    string,
  ];
  if (code !== '10000')
    throw new ChannelError(
      meaningOf(code, subCode),
      `Alipay: ${[code, subCode].filter(Boolean).join(' ') || 'no code'}`,
    );
  try {
    sdk.checkResponseSign(text, name, String(answer['sign'] ?? ''), '');
  } catch {
    throw new ChannelError('retry', 'an answer in the name of Alipay, which did not sign it');
  }
}

function meaningOf(code: string, subCode: string): 'retry' | 'refuse' | 'broken' {
  if (BROKEN_SUB_CODE.test(subCode)) return 'broken';
  return RETRY_SUB_CODE.test(subCode) ? 'retry' : (MEANING.get(code) ?? 'retry');
}

function read(text: string): Readonly<Record<string, unknown>> {
  try {
    return text.length > ANSWER_CHARS_MAX ? {} : (Object(readJson(text)) as Record<string, unknown>);
  } catch {
    return {};
  }
}
