import type { InboundMessage, MediaReference } from '../../channel/channel.ts';
import { cleanInbound } from '../../channel/clean-inbound.ts';
import { kindOfType } from '../../channel/media/admit.ts';
import type { ChatFile, ChatLine } from '../../store/chat-sessions.ts';
import type { Seated } from './chat-socket.ts';
import {
  CHAT_FILES_OF_MESSAGE_MAX,
  CHAT_TEXT_CHARS_MAX,
  type ChatFileSaid,
  type ChatLineSaid,
  type ChatRefusal,
  type FromCitizen,
} from './messages.ts';

type Message = Extract<FromCitizen, { t: 'msg' }>;

/** What the channel calls a citizen's line: the same for every repeat. */
export function remoteIdOf(session: string, cid: string): string {
  return `${session}:${cid}`;
}

/** What the channel calls one of ours. */
export function replyId(message: number): string {
  return `m-${message}`;
}

/** Why a message will never be stored; undefined: it may be. `files`: those that are known, by id. */
export function refusalOf(
  { body, files = [] }: Message,
  known: ReadonlyMap<string, ChatFile>,
  session: string,
): ChatRefusal | undefined {
  if (body.trim() === '' && files.length === 0) return 'empty';
  if ([...body].length > CHAT_TEXT_CHARS_MAX) return 'tooLong';
  if (files.length > CHAT_FILES_OF_MESSAGE_MAX) return 'badFile';
  const theirs = files.every((id) => {
    const file = known.get(id);
    return file !== undefined && file.session === session && file.type !== null;
  });
  return theirs ? undefined : 'badFile';
}

export function inboundOf(
  { cid, body, files = [] }: Message,
  known: ReadonlyMap<string, ChatFile>,
  { session, entry, name }: Seated,
  nowMs: number,
): InboundMessage {
  const sent = files.flatMap((id) => known.get(id) ?? []);
  const media = sent.map(referenceTo);
  const place = sent.find((file) => file.place !== null)?.place ?? undefined;
  return {
    remoteId: remoteIdOf(session, cid),
    conversation: session,
    sentAtMs: nowMs,
    from: { id: session, ...(name === '' ? {} : { name }) },
    text: body,
    entry,
    ...(media.length === 0 ? {} : { media }),
    // Where the photo was taken: the citizen's page tells no place of its own.
    ...(place === undefined ? {} : { place: { ...place, datum: 'wgs84' as const } }),
  };
}

/** Whether what is stored is what a citizen says now, as far as a citizen says it. */
export function isWhatWasSaid(said: InboundMessage, stored: unknown): boolean {
  const [now, { text = '', media = [] }] = [cleanInbound(said) as InboundMessage, stored as Content];
  const ids = (now.media ?? []).map(({ id }) => id);
  return now.text === text && ids.length === media.length && ids.every((id, at) => id === media[at]?.id);
}

function referenceTo({ id, name, type, bytes }: ChatFile): MediaReference {
  return { kind: kindOfType(type ?? ''), id, name, bytes, ...(type === null ? {} : { type }) };
}

/** As stored by the channel's contract: what came in as `InboundMessage`, what goes out with the same names. */
interface Content {
  readonly text?: string;
  readonly media?: readonly {
    readonly id?: string;
    readonly name?: string;
    readonly type?: string;
    readonly bytes?: number;
  }[];
}

export function lineSaid({ seq, direction, kind, externalId, content, atMs }: ChatLine): ChatLineSaid {
  const { text = '', media = [] } = content as Content;
  const cid = direction === 'in' ? externalId?.slice(externalId.indexOf(':') + 1) : undefined;
  const files = media.flatMap(({ id, name = '', type = '', bytes = 0 }): ChatFileSaid[] =>
    id === undefined ? [] : [{ id, name, type, bytes }],
  );
  return {
    t: 'msg',
    seq: String(seq),
    ...(cid === undefined ? {} : { cid }),
    from: direction === 'in' ? 'citizen' : kind === 'receipt' ? 'system' : 'agent',
    at: atMs,
    body: text,
    ...(files.length === 0 ? {} : { files }),
  };
}
