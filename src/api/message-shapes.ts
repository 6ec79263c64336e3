import { Type } from 'typebox';
import type { InboundMessage, MediaReference, Outbound } from '../channel/channel.ts';
import { FILES_OF_REPLY_MAX } from '../channel/media/upload.ts';
import { maskKey } from '../lib/mask-number.ts';
import { maskName, maskText } from '../lib/mask-text.ts';
import { WEB_CHANNEL } from '../store/chat-sessions.ts';
import type { MessageFile } from '../store/message-files.ts';
import type { MessageRow } from '../store/messages.ts';

const Nullable = <Shape extends Parameters<typeof Type.Union>[0][number]>(shape: Shape) =>
  Type.Union([shape, Type.Null()]);

export const ReplyBody = Type.Object(
  {
    text: Type.String({ maxLength: 65_536, description: 'Empty with a template. The channel has a limit of its own.' }),
    subject: Type.Optional(Type.String({ maxLength: 500 })),
    files: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }), {
        maxItems: FILES_OF_REPLY_MAX,
        uniqueItems: true,
        description: 'As `POST /contacts/ID/files` named them; the text may be empty then.',
      }),
    ),
    template: Type.Optional(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 100 }),
          values: Type.Record(Type.String({ maxLength: 100 }), Type.String({ maxLength: 500 }), { maxProperties: 50 }),
        },
        { additionalProperties: false },
      ),
    ),
    key: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{8,64}$',
        description: 'The same key in the same contact is the same reply; with another text or other files: 409.',
      }),
    ),
  },
  { additionalProperties: false },
);
export const ReplyShape = Type.Object({ message: Type.Integer() });
export const MessageParams = Type.Object({ message: Type.String({ pattern: '^[0-9]{1,15}$' }) });

const Page = {
  before: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'Goes on below this number.' })),
  limit: Type.Optional(Type.String({ pattern: '^([1-9]|[1-9][0-9]|1[0-9]{2}|200)$' })),
};
export const ContactMessagesQuery = Type.Object(
  {
    ...Page,
    after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'Oldest first, above this number.' })),
  },
  { additionalProperties: false },
);
export const MessagesQuery = Type.Object(
  {
    ...Page,
    channel: Type.Optional(Type.String({ maxLength: 32 })),
    account: Type.Optional(Type.String({ maxLength: 40 })),
    only: Type.Optional(
      Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('amiss')], {
        description: 'amiss: dead letters, and deliveries that could not be read.',
      }),
    ),
  },
  { additionalProperties: false },
);

const MediaShape = Type.Object({
  id: Type.String({ description: 'As `GET /contacts/ID/files/FILE` has it, once it is here.' }),
  kind: Type.String({ description: 'image, audio, video, file' }),
  name: Type.String(),
  state: Type.String({ description: 'waiting: still being fetched; here; gone: it cannot be had' }),
  type: Type.Optional(Type.String({ description: 'By its content.' })),
  bytes: Type.Optional(Type.Integer()),
  reason: Type.Optional(
    Type.String({
      description:
        'Of gone: refused, unreachable, expired, tooLarge, empty, damaged, notFetched (the channel fetches none)',
    }),
  ),
});
const PlaceShape = Type.Object({
  latitude: Type.Number(),
  longitude: Type.Number(),
  datum: Type.String({ description: 'wgs84 or gcj02' }),
  accuracyM: Type.Optional(Type.Number()),
  address: Type.Optional(Type.String()),
  fromPhoto: Type.Optional(Type.Boolean({ description: 'Nobody said so but a photo.' })),
});

export const MessageShape = Type.Object({
  id: Type.Integer(),
  direction: Type.String(),
  channel: Type.String(),
  account: Type.String(),
  contact: Nullable(Type.String()),
  kind: Type.String({ description: 'message, event, unreadable; reply, receipt' }),
  state: Type.String({
    description: 'stored, settled (could not be read, and was since); waiting, dead, sent, delivered, read, failed',
  }),
  atMs: Type.Integer(),
  sentAtMs: Nullable(Type.Integer({ description: 'By the platform.' })),
  goneAtMs: Nullable(Type.Integer()),
  dueAtMs: Nullable(Type.Integer()),
  tries: Type.Integer(),
  by: Nullable(Type.String()),
  key: Nullable(Type.String()),
  error: Nullable(Type.String()),
  from: Nullable(Type.String()),
  fromName: Nullable(Type.String()),
  text: Type.String(),
  subject: Nullable(Type.String()),
  event: Nullable(Type.String()),
  media: Type.Array(MediaShape),
  place: Nullable(PlaceShape),
  fields: Nullable(Type.Record(Type.String(), Type.String())),
  template: Nullable(Type.Object({ name: Type.String(), values: Type.Record(Type.String(), Type.String()) })),
  replacedBy: Nullable(Type.Integer({ description: 'A later edition of the same, by the citizen.' })),
});
const Window = Type.Object({ messages: Type.Integer(), untilMs: Type.Number() });
export const MessagesShape = Type.Object({ messages: Type.Array(MessageShape), next: Nullable(Type.String()) });
export const ContactMessagesShape = Type.Object({
  messages: Type.Array(MessageShape),
  next: Nullable(Type.String()),
  window: Nullable(Window),
  textChars: Type.Integer({ description: 'Characters of one reply.' }),
  templates: Type.Array(
    Type.Object({
      name: Type.String(),
      about: Type.String(),
      fields: Type.Record(Type.String(), Type.Integer({ description: 'Most characters.' })),
    }),
    { description: 'What the platform lets through at any time, whatever the window.' },
  ),
  files: Type.Object({
    kinds: Type.Array(Type.String({ description: 'image, audio, video, file; none: the channel takes no files' })),
    bytesMax: Type.Integer({ description: 'Of one file, and of all files of a reply.' }),
    countMax: Type.Integer(),
  }),
});

export function hasMedia({ content }: MessageRow): boolean {
  return ((content as Partial<InboundMessage>).media?.length ?? 0) > 0;
}

/** What people wrote, by whom it is read: the one place that decides what of it is shown. */
function shownTo(whole: boolean) {
  const same = (text: string): string => text;
  const [text, name] = whole ? [same, same] : [maskText, maskName];
  const fieldsOf = (fields: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, text(value)]));
  return { text, name, fields: fieldsOf };
}

/** As somebody sees it who downloads the file. */
export function fileNameShown(name: string, whole: boolean): string {
  return shownTo(whole).text(name);
}

/** `files`: of this message. `whole`: the reader may see numbers and names as they are. */
export function messageView(row: MessageRow, files: readonly MessageFile[], whole: boolean) {
  const shown = shownTo(whole);
  const content = row.content as Partial<InboundMessage> & Pick<Outbound, 'template'> & { readonly event?: string };
  const from = content.from?.id ?? null;
  return {
    id: row.id,
    direction: row.direction,
    channel: row.channel,
    account: row.account,
    contact: row.contact,
    kind: row.kind,
    state: row.state,
    atMs: row.at_ms,
    sentAtMs: row.sent_at_ms,
    goneAtMs: row.gone_at_ms,
    dueAtMs: row.due_at_ms,
    tries: row.tries,
    by: row.by_user,
    key: row.send_key,
    // What a mail server says of a letter names its address.
    error: row.error === null ? null : shown.text(row.error),
    from: from === null ? null : maskKey(from),
    fromName: content.from?.name === undefined ? null : shown.name(content.from.name),
    text: shown.text(content.text ?? ''),
    subject: content.subject === undefined ? null : shown.text(content.subject),
    event: content.event ?? null,
    media: (content.media ?? [])
      .map((reference, position) => mediaView(row, reference, position, files))
      .map((file) => ({ ...file, name: shown.text(file.name) })),
    place: placeOf(content, files, shown.text),
    fields: content.fields === undefined ? null : shown.fields(content.fields),
    template:
      content.template === undefined
        ? null
        : { name: content.template.name, values: shown.fields(content.template.values) },
    replacedBy: row.replaced_by,
  };
}

/** What a platform calls its file is between it and us. */
function mediaView(row: MessageRow, reference: MediaReference, position: number, files: readonly MessageFile[]) {
  const file = files.find((each) => each.position === position);
  const { kind } = reference;
  if (file !== undefined) {
    const { id, name, state, type, bytes, error } = file;
    const here = type === null || bytes === null ? {} : { type, bytes };
    return { id, kind, name, state, ...here, ...(error === null ? {} : { reason: error }) };
  }
  const { id, name = '', type, bytes } = reference;
  if (row.channel === WEB_CHANNEL)
    return {
      id,
      kind,
      name,
      state: 'here',
      ...(type === undefined ? {} : { type }),
      ...(bytes === undefined ? {} : { bytes }),
    };
  return { id: `${row.id}-${position}`, kind, name, state: 'gone', reason: 'notFetched' };
}

function placeOf({ place }: Partial<InboundMessage>, files: readonly MessageFile[], shown: (text: string) => string) {
  const photographed = files.find((file) => file.place !== null)?.place;
  if (place !== undefined)
    return { ...place, ...(place.address === undefined ? {} : { address: shown(place.address) }) };
  return photographed == null ? null : { ...photographed, datum: 'wgs84', fromPhoto: true };
}
