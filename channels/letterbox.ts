import { createHash } from 'node:crypto';
import {
  ChannelError,
  defineChannel,
  type InboundMessage,
  type MediaReference,
  readJson,
  throwUnlessOk,
} from '../src/channel/channel.ts';

/** Where we are: letters are asked for in the order of (`updated_at`, `id`). */
interface Position {
  /** As the box writes it, so that it is compared by the box's own clock. */
  readonly since: string;
  readonly afterId: string;
  /** The latest `updated_at` that was seen. Unix time, ms. */
  readonly newestMs: number;
  /** What the box called its answer to this very question: while it holds, there is nothing new. */
  readonly etag?: string;
}

interface Letter {
  readonly id: string;
  readonly version: string | undefined;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly said: Readonly<Record<string, unknown>>;
}

const PAGE_LETTERS = 100;
/** A box that many write to shows a change later than it dates it; what is asked for twice is taken once. */
const OVERLAP_MS = 600_000;
const MEDIA_MAX = 20;
const ETAG_CHARS_MAX = 200;
const TEXTS = ['title', 'text', 'name', 'phone'];

/**
 * Boxes that are read over HTTP: the mayor's mailbox, a leaders' message board with all its mailboxes.
 *
 * `GET {url}?since=…&after_id=…&limit=100` → `{"letters": […], "more": true|false}`: what is greater than (`since`, `after_id`), in the order of
 * (`updated_at`, `id`). A letter: `id`, `created_at`, `updated_at` (RFC 3339), `version` (1 at first; without it an edit is told by its
 * content), `title`, `text`, `name`, `phone`, `photos` (addresses); all else is shown beside it. `POST {url}/{id}/reply` takes `{"id", "text"}`.
 * A box with an `ETag` (RFC 9110 §8.8.3) is asked with `If-None-Match` and may answer 304.
 */
export default defineChannel({
  name: 'letterbox',
  title: { zh: '网上信箱（市长信箱、领导留言板）', en: 'Letter box over HTTP (mayor’s mailbox, message board)' },
  medium: 'mail',
  settings: {
    url: 'Address of the letters, such as https://letters.city.gov.cn/api/letters',
    token: { about: 'Token of the box, sent as “Authorization: Bearer”', secret: true },
    since: { about: 'From when on letters are taken, RFC 3339; absent: from the first time on', optional: true },
  },
  limits: { textChars: 20_000, sendPerSecond: 5, sendMs: 30_000 },
  capabilities: { identity: 'claim' },

  async pull(cursor, { settings, fetch, signal, now }) {
    const position = cursor === undefined ? startAt(settings.since, now()) : (readJson(cursor) as Position);
    const query = new URLSearchParams({ since: position.since, after_id: position.afterId, limit: `${PAGE_LETTERS}` });
    const { etag } = position;
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${settings.token}`,
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
    };
    const response = await fetch(`${settings.url}?${query}`, { headers, signal });
    if (response.status === 304 && cursor !== undefined) return { inbound: [], cursor };
    throwUnlessOk(response, 'the box');
    const { letters, more } = pageIn(await response.text());
    const read = letters.map(letterIn);
    return {
      inbound: read.map((letter, at) => (letter === undefined ? unreadable(letters[at], now()) : toldBy(letter))),
      cursor: JSON.stringify(withTag(position, moved(position, read, more, now()), response.headers.get('etag'))),
      more,
    };
  },

  async send({ id, conversation, text }, { settings, fetch, signal }) {
    const response = await fetch(`${settings.url}/${encodeURIComponent(conversation)}/reply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${settings.token}`, 'idempotency-key': id },
      body: JSON.stringify({ id, text }),
      signal,
    });
    throwUnlessOk(response, 'the box');
    return { remoteId: id };
  },

  async fetchMedia({ id }, { settings, fetch, signal }) {
    const ours = new URL(id).origin === new URL(settings.url).origin;
    return await fetch(id, { signal, headers: ours ? { authorization: `Bearer ${settings.token}` } : {} });
  },

  rehearsal: {
    settings: { url: 'https://letters.example/api/letters', token: 'rehearsed', since: '2026-01-01T00:00:00Z' },
    media: { kind: 'image', id: 'https://letters.example/api/photos/1.jpg' },
    answer: ({ method, number }) => ({
      body: method === 'POST' ? '{}' : JSON.stringify({ more: false, letters: [rehearsed(`L${number}`)] }),
    }),
  },
});

function startAt(since: string | undefined, nowMs: number): Position {
  const atMs = since === undefined ? nowMs : Date.parse(since);
  if (Number.isNaN(atMs)) throw new ChannelError('broken', 'the setting “since” is no time');
  return { since: new Date(atMs).toISOString(), afterId: '', newestMs: atMs };
}

function pageIn(body: string): { letters: readonly unknown[]; more: boolean } {
  let page: unknown;
  try {
    page = readJson(body);
  } catch {
    throw new ChannelError('retry', 'the box’s answer is cut off, or no JSON');
  }
  const { letters, more } = (page ?? {}) as { letters?: unknown; more?: unknown };
  if (!Array.isArray(letters) || typeof more !== 'boolean' || letters.length > PAGE_LETTERS)
    throw new ChannelError('retry', `the box’s answer is no page of at most ${PAGE_LETTERS} letters`);
  return { letters, more };
}

/** Undefined: not as agreed. */
function letterIn(value: unknown): Letter | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const said = value as Record<string, unknown>;
  const [createdMs, updatedMs] = [said['created_at'], said['updated_at']].map((at) => Date.parse(String(at)));
  const { id, version } = said;
  const named = (typeof id === 'string' || typeof id === 'number') && `${id}` !== '' && `${id}`.length <= 200;
  if (!named || !Number.isFinite(createdMs) || !Number.isFinite(updatedMs)) return undefined;
  if (TEXTS.some((name) => said[name] !== undefined && said[name] !== null && typeof said[name] !== 'string'))
    return undefined;
  const numbered = typeof version === 'string' || typeof version === 'number' ? `${version}` : undefined;
  return { id: `${id}`, version: numbered, createdMs: createdMs!, updatedMs: updatedMs!, said };
}

/**
 * Past the greatest letter of a page; after the last page back by the overlap, and to the first id. A letter dated later than now is read and
 * moves nothing: asking from its time on would miss all that are written until then.
 *
 * @throws ChannelError when there is more and nothing to tell where.
 */
function moved(from: Position, letters: readonly (Letter | undefined)[], more: boolean, nowMs: number): Position {
  const inOrder = letters.filter((letter) => letter !== undefined).sort(byKey);
  const last = inOrder.at(-1);
  const newest = inOrder.findLast(({ updatedMs }) => updatedMs <= nowMs);
  const newestMs = Math.max(Math.min(from.newestMs, nowMs), newest?.updatedMs ?? 0);
  if (!more) return { since: new Date(newestMs - OVERLAP_MS).toISOString(), afterId: '', newestMs };
  const fromMs = Date.parse(from.since);
  if (last === undefined || last.updatedMs < fromMs || (last.updatedMs === fromMs && last.id === from.afterId))
    throw new ChannelError('retry', 'the box says that there is more, and gives nothing new');
  return { since: String(last.said['updated_at']), afterId: last.id, newestMs };
}

/** Another question has another answer. */
function withTag(asked: Position, next: Position, etag: string | null): Position {
  const isSame = asked.since === next.since && asked.afterId === next.afterId;
  return isSame && etag !== null && etag.length <= ETAG_CHARS_MAX ? { ...next, etag } : next;
}

/** As the box orders them: numbers by what they count, texts by their characters. */
function byKey(a: Letter, b: Letter): number {
  const [one, other] = [a.said['id'], b.said['id']] as readonly [string | number, string | number];
  return a.updatedMs - b.updatedMs || Number(one > other) - Number(one < other);
}

function toldBy({ id, version, createdMs, updatedMs, said }: Letter): InboundMessage {
  const { title, text, name, phone } = said as Record<string, string | null | undefined>;
  const edited = version === undefined ? updatedMs > createdMs : version !== '1';
  const edition =
    version ??
    createHash('sha256')
      .update(JSON.stringify([title, text, photosIn(said)]))
      .digest('hex')
      .slice(0, 16);
  const media = photosIn(said).map((photo): MediaReference => ({ kind: 'image', id: photo }));
  return {
    remoteId: edited ? `${id}#${edition}` : id,
    conversation: id,
    from: { id: phone || id, ...(name ? { name: name.slice(0, 64) } : {}), ...(phone ? { phone } : {}) },
    // Their deadlines count from when a letter was published.
    sentAtMs: edited ? updatedMs : createdMs,
    ...(title ? { subject: title.slice(0, 500) } : {}),
    text: text ?? '',
    ...(media.length === 0 ? {} : { media }),
    ...(edited ? { replaces: id } : {}),
    fields: fieldsOf(said),
  };
}

function photosIn({ photos }: Letter['said']): readonly string[] {
  return Array.isArray(photos)
    ? photos.filter((photo) => typeof photo === 'string' && URL.canParse(photo)).slice(0, MEDIA_MAX)
    : [];
}

/** Whatever else a box says of a letter: to whom it goes, of what kind it is. */
function fieldsOf(said: Letter['said']): Readonly<Record<string, string>> {
  const known = new Set([...TEXTS, 'id', 'version', 'created_at', 'updated_at', 'photos']);
  const others = Object.entries(said).filter(([name, value]) => !known.has(name) && value !== null);
  return Object.fromEntries(
    others
      .slice(0, 50)
      .map(([name, value]) => [name.slice(0, 100), typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

/** One letter that is not as agreed must neither be lost nor hold up those after it. */
function unreadable(value: unknown, nowMs: number): InboundMessage {
  const text = JSON.stringify(value);
  const name = `unreadable:${createHash('sha256').update(text).digest('hex')}`;
  const reason = '信箱送来的这封信格式不对，原文见正文 / this letter is not in the agreed form; the text is as it came';
  return {
    remoteId: name,
    conversation: name,
    from: { id: name },
    sentAtMs: nowMs,
    text,
    fields: { 格式: reason },
    automatic: true,
  };
}

function rehearsed(id: string) {
  const at = '2026-01-01T08:00:00+08:00';
  return { id, version: 1, created_at: at, updated_at: at, title: '路灯不亮', text: '三号路的路灯不亮', name: '张三' };
}
