import type { Account } from '../../channel/account.ts';
import type {
  Channel,
  Delivery,
  Inbound,
  InboundMessage,
  Parcel,
  Rehearsal,
  Sample,
  Settings,
} from '../../channel/channel.ts';
import { type Heard, hear } from '../../channel/hear.ts';
import { type Finding, finding, must } from './finding.ts';

const AT_MS = 1_767_225_600_000;
const TEXT = '井盖丢了 & 很危险 100% “加急” 𠮷😀';
const BEYOND_DOUBLES = 6_051_234_567_890_123_456n;
const SLOW_MS = 100;
/** In a body, at which a bit is turned. */
const PLACES = 24;
const ODD_BODIES = [
  '',
  'null',
  '[]',
  '{}',
  '0',
  '"x"',
  '<xml></xml>',
  '{"a":',
  '\0\0\0',
  '['.repeat(50_000),
  `{"a":"${'x'.repeat(60_000)}"}`,
];

/** One account of the channel with its rehearsed settings, and one platform. */
class Play {
  readonly account: Account;
  readonly #rehearsal: Rehearsal;

  constructor(channel: Channel, rehearsal: Rehearsal, settings: Settings = rehearsal.settings) {
    this.#rehearsal = rehearsal;
    const queues = { personal: 'personal', enterprise: 'enterprise' };
    const rest = { previous: undefined, queues, receipt: undefined, gapMs: undefined };
    this.account = { channel, name: 'rehearsal', settings: Object.freeze({ ...settings }), ...rest };
  }

  parcel(number: bigint, more: Partial<Sample> = {}, settings: Settings = this.#rehearsal.settings): Parcel {
    return this.#rehearsal.deliver!({ number, conversation: 1, text: TEXT, atMs: AT_MS, ...more }, settings);
  }

  hear(parcel: Parcel, receivedAtMs = AT_MS): Heard {
    return hear(this.account, deliveryOf(this.account.channel.name, parcel, receivedAtMs));
  }

  messages(parcel: Parcel, receivedAtMs = AT_MS): readonly InboundMessage[] {
    const heard = this.hear(parcel, receivedAtMs);
    return heard.is === 'heard' ? heard.inbound.filter(isMessage) : [];
  }
}

function isMessage(told: Inbound): told is InboundMessage {
  return (told.kind ?? 'message') === 'message';
}

function deliveryOf(
  channel: string,
  { method = 'POST', query = '', headers = {}, body }: Parcel,
  receivedAtMs: number,
): Delivery {
  return {
    method,
    url: `/api/v1/intake/${channel}/rehearsal${query === '' ? '' : `?${query}`}`,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(body),
    receivedAtMs,
  };
}

export async function* rehearseDeliveries(channel: Channel, rehearsal: Rehearsal): AsyncIterable<Finding> {
  const play = new Play(channel, rehearsal);
  yield await finding('平台的推送被接收，文字与时间无误', 'a delivery is taken, with its text and time', () =>
    taken(play),
  );
  yield await finding('没有签名、他人密钥签名的推送被拒绝', 'unsigned, or signed by others, it is refused', () =>
    strangers(play),
  );
  yield await finding('签名的每一位都算数', 'every bit of the signature counts', () => flips(play));
  yield await finding('同一推送重复五次，得到相同编号', 'delivered five times it is the same five times', () =>
    repeats(play),
  );
  yield await finding('乱序推送，结果不变', 'in another order it is the same', () => shuffled(play));
  yield await finding('超过 2^53 的编号不混淆', 'numbers beyond 2^53 stay apart', () => longNumbers(play));
  yield await finding('时钟相差一分钟仍被接收', 'a clock that is a minute off does no harm', () => skew(play));
  yield await finding('残缺的推送不会成为消息', 'a torn body never becomes a message', () => torn(play));
  yield await finding('奇怪的内容不会成为消息，也不耗时', 'odd bodies become no message and take no time', () =>
    odd(play),
  );
}

function taken(play: Play): string {
  const [message, ...more] = play.messages(play.parcel(1n));
  must(message !== undefined, `it came to ${JSON.stringify(play.hear(play.parcel(1n)))}`);
  must(more.length === 0, `one message became ${more.length + 1}`);
  must(message.text === TEXT, `the text became ${JSON.stringify(message.text)}`);
  must(Math.abs(message.sentAtMs - AT_MS) < 1_000, `the time became ${message.sentAtMs}, it was ${AT_MS}`);
  return `remoteId ${message.remoteId}, conversation ${message.conversation}`;
}

function strangers(play: Play): void {
  const real = play.parcel(1n);
  const refused = (parcel: Parcel, what: string) =>
    must(play.hear(parcel).is === 'refused', `${what}: it was not refused`);
  const bare: Parcel = { ...real, headers: {}, query: '' };
  // Where the signature is part of the body, the body alone is signed still; then every bit of it counts.
  must(
    play.hear(bare).is === 'refused' || bodyCounts(play, bare) || keyCounts(play, bare),
    'without headers and query: it was not refused',
  );
  refused({ ...bare, body: '' }, 'empty');
  const { settings } = play.account;
  const others = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, isSecret(play, name) ? otherThan(value ?? '') : value]),
  );
  refused(play.parcel(1n, {}, others), 'signed with other secrets');
}

function isSecret({ account }: Play, name: string): boolean {
  const shape = account.channel.settings[name];
  return typeof shape === 'object' && shape.secret === true;
}

/** Of the same letters and length, so that it is still a key of its kind. */
function otherThan(secret: string): string {
  return [...secret].reverse().join('') === secret
    ? secret.replace(/[A-Za-z0-9]/g, (letter) => (letter === 'a' ? 'b' : 'a'))
    : [...secret].reverse().join('');
}

/** Of what travels beside the body, what counts is known by being refused when it is changed; at least one value must be such, and wholly. */
function flips(play: Play): string {
  const real = play.parcel(1n);
  const counting = Object.entries(real.headers ?? {}).filter(([name, value]) =>
    refusedAt(play, value, (changed) => ({ ...real, headers: { ...real.headers, [name]: changed } })),
  );
  const { query = '' } = real;
  const values = [...new URLSearchParams(query)].filter(([name, value]) =>
    refusedAt(play, value, (changed) => ({ ...real, query: withValue(query, name, changed) })),
  );
  const names = [...counting, ...values].map(([name]) => name);
  const isSigned = bodyCounts(play, real);
  const hasKey = names.length === 0 && !isSigned && keyCounts(play, real);
  must(names.length > 0 || isSigned || hasKey, 'nothing that can be changed in it makes it refused');
  if (hasKey) return 'checked: the key in the body; whoever has seen one delivery can write others';
  return names.length > 0
    ? `checked: ${names.join(', ')}${isSigned ? ', body' : '; the body is not signed'}`
    : 'checked: body';
}

function refusedAt(play: Play, value: string, parcel: (changed: string) => Parcel): boolean {
  return [...value].every((letter, at) => {
    const changed = value.slice(0, at) + String.fromCharCode(letter.charCodeAt(0) ^ 1) + value.slice(at + 1);
    return play.hear(parcel(changed)).is === 'refused';
  });
}

function withValue(query: string, name: string, value: string): string {
  const changed = new URLSearchParams(query);
  changed.set(name, value);
  return changed.toString();
}

/** Changed anywhere: what only breaks its form says nothing of a signature. */
function bodyCounts(play: Play, real: Parcel): boolean {
  const whole = Buffer.from(real.body);
  return Array.from({ length: PLACES }, (_, part) => Math.trunc((whole.length * part) / PLACES)).every((at) => {
    const body = Buffer.from(whole);
    if (at < body.length) body[at]! ^= 1;
    return play.hear({ ...real, body }).is === 'refused';
  });
}

/** Some platforms write the account's key into the body as it is: every bit of it must count. */
function keyCounts(play: Play, real: Parcel): boolean {
  const body = real.body.toString();
  const keys = Object.entries(play.account.settings).flatMap(([name, value]) =>
    isSecret(play, name) && value !== undefined && value !== '' && body.includes(value) ? [value] : [],
  );
  const withKey = (key: string) => (changed: string) => ({ ...real, body: body.replace(key, () => changed) });
  return keys.length > 0 && keys.every((key) => refusedAt(play, key, withKey(key)));
}

function repeats(play: Play): void {
  const real = play.parcel(1n);
  // Where the platform tells no time, the time of the delivery stands for it.
  const said = (atMs: number) =>
    JSON.stringify(
      play.messages(real, atMs).map(({ sentAtMs, ...rest }) => ({ ...rest, at: sentAtMs === atMs ? 0 : sentAtMs })),
    );
  const first = said(AT_MS + 1_000);
  for (let time = 2; time <= 5; time += 1)
    must(said(AT_MS + time * 1_000) === first, `the ${time}th delivery said something else`);
}

function shuffled(play: Play): void {
  const parcels = Array.from({ length: 20 }, (_, index) => play.parcel(BigInt(index + 1), { conversation: index % 3 }));
  const inOrder = parcels.map((parcel) => JSON.stringify(play.messages(parcel)));
  const backwards = [...parcels]
    .reverse()
    .map((parcel) => JSON.stringify(play.messages(parcel)))
    .reverse();
  must(
    inOrder.every((said, index) => said === backwards[index]),
    'what a delivery says hangs on what came before',
  );
  must(
    new Set(parcels.map((parcel) => play.messages(parcel)[0]?.remoteId)).size === 20,
    'two messages have the same remoteId',
  );
}

function longNumbers(play: Play): void {
  const [one, other] = [BEYOND_DOUBLES, BEYOND_DOUBLES + 1n].map(
    (number) => play.messages(play.parcel(number))[0]?.remoteId,
  );
  must(
    one !== undefined && one !== other,
    `${BEYOND_DOUBLES} and its successor both became ${one}; read JSON by readJson`,
  );
}

function skew(play: Play): string {
  const real = play.parcel(1n);
  for (const seconds of [-60, 60])
    must(play.messages(real, AT_MS + seconds * 1_000).length === 1, `with ${seconds} s of difference it is not taken`);
  const hour = play.messages(real, AT_MS + 3_600_000).length === 1;
  return hour
    ? 'an hour later it is taken, too: the platform signs no time, or re-sends for so long'
    : 'an hour later it is refused';
}

function torn(play: Play): string | undefined {
  const real = play.parcel(1n);
  const whole = Buffer.from(real.body);
  const isForm = /x-www-form-urlencoded/.test(real.headers?.['content-type'] ?? '');
  for (let part = 0; part < 20; part += 1) {
    const body = whole.subarray(0, Math.trunc((whole.length * part) / 20));
    const isNone = play.messages({ ...real, body }).length === 0;
    // Half a form that nobody has signed is a form: HTTP's own length says that it was cut.
    if (!isNone && isForm) return 'a form has no end that could be missing: Content-Length tells';
    must(isNone, `${body.length} of ${whole.length} bytes became a message`);
  }
  return undefined;
}

function odd(play: Play): void {
  const { headers = {}, query = '' } = play.parcel(1n);
  for (const body of ODD_BODIES) {
    const startedMs = performance.now();
    must(play.messages({ headers, query, body }).length === 0, `${JSON.stringify(body.slice(0, 20))} became a message`);
    const tookMs = performance.now() - startedMs;
    must(tookMs < SLOW_MS, `${JSON.stringify(body.slice(0, 20))}… took ${Math.round(tookMs)} ms`);
  }
}
