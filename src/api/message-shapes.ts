import { Type } from 'typebox';
import type { InboundMessage } from '../channel/channel.ts';
import { maskKey } from '../lib/mask-number.ts';
import type { MessageRow } from '../store/messages.ts';

const Nullable = <Shape extends Parameters<typeof Type.Union>[0][number]>(shape: Shape) =>
  Type.Union([shape, Type.Null()]);

export const ReplyBody = Type.Object(
  {
    text: Type.String({ maxLength: 65_536, description: 'Empty with a template. The channel has a limit of its own.' }),
    subject: Type.Optional(Type.String({ maxLength: 500 })),
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
        description: 'The same key in the same contact is the same reply.',
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
  media: Type.Array(Type.Any()),
  place: Nullable(Type.Any()),
  fields: Nullable(Type.Record(Type.String(), Type.String())),
  replacedBy: Nullable(Type.Integer({ description: 'A later edition of the same, by the citizen.' })),
});
const Window = Type.Object({ messages: Type.Integer(), untilMs: Type.Number() });
export const MessagesShape = Type.Object({ messages: Type.Array(MessageShape), next: Nullable(Type.String()) });
export const ContactMessagesShape = Type.Object({
  messages: Type.Array(MessageShape),
  next: Nullable(Type.String()),
  window: Nullable(Window),
});

/** `whole`: with whole names of people. */
export function messageView(row: MessageRow, whole: boolean) {
  const content = row.content as Partial<InboundMessage> & { readonly event?: string };
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
    error: row.error,
    from: from === null || whole ? from : maskKey(from),
    fromName: content.from?.name ?? null,
    text: content.text ?? '',
    subject: content.subject ?? null,
    event: content.event ?? null,
    media: content.media === undefined ? [] : [...content.media],
    place: content.place ?? null,
    fields: content.fields === undefined ? null : { ...content.fields },
    replacedBy: row.replaced_by,
  };
}
