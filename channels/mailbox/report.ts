import type { InboundReceipt } from '../../src/channel/channel.ts';
import type { Letter } from './letter.ts';
import { type Part, readFields } from './structure.ts';

/** What a machine says of a mail: that it could not be delivered (RFC 3464), or was read (RFC 8098). */
export interface Report {
  /** Message-ID of the mail that it is about; undefined: it does not say. */
  readonly of: string | undefined;
  /** Undefined: a step on the way. */
  readonly status: InboundReceipt['status'] | undefined;
  readonly reason: string | undefined;
}

const STATUS_OF: Readonly<Record<string, InboundReceipt['status']>> = { failed: 'failed', delivered: 'delivered' };

/** Undefined: it is no report. */
export function readReport({ parts, raw }: Letter): Report | undefined {
  if (parts[0]?.type !== 'multipart/report') return undefined;
  const status = parts.find(
    ({ type }) => type === 'message/delivery-status' || type === 'message/global-delivery-status',
  );
  if (status !== undefined) return { of: originalId(parts, raw), ...readDelivery(textOf(status, raw)) };
  const disposition = parts.find(({ type }) => type === 'message/disposition-notification');
  if (disposition === undefined) return undefined;
  const fields = readFields(textOf(disposition, raw));
  const shown = /;\s*displayed/i.test(fields.get('disposition')?.[0] ?? '');
  const of = idIn(fields.get('original-message-id')) ?? originalId(parts, raw);
  return { of, status: shown ? 'read' : undefined, reason: undefined };
}

/** Groups of fields: first of the mail, then of each recipient; ours have one. RFC 3464 §2.1. */
function readDelivery(text: string): Pick<Report, 'status' | 'reason'> {
  const recipient = text
    .split(/\r?\n\s*\r?\n/)
    .map(readFields)
    .find((fields) => fields.has('action'));
  const status = STATUS_OF[recipient?.get('action')?.[0]?.toLowerCase() ?? ''];
  const code = recipient?.get('status')?.[0] ?? '';
  // The type of the code stands before it, `smtp;`, and an address may stand in it.
  const diagnostic = (recipient?.get('diagnostic-code')?.[0] ?? '')
    .replace(/^[^;]*;\s*/, '')
    .replace(/<[^>]*>/g, '<…>');
  return { status, reason: status === 'failed' ? `${code} ${diagnostic}`.trim() : undefined };
}

/** In what the report gives back of the mail: its head (RFC 6522 §4), or all of it. */
function originalId(parts: readonly Part[], raw: Buffer): string | undefined {
  for (const part of parts.slice(1).toReversed()) {
    const id =
      part.type === 'text/rfc822-headers'
        ? idIn(readFields(textOf(part, raw)).get('message-id'))
        : idIn(part.head.get('message-id'));
    if (id !== undefined) return id;
  }
  return undefined;
}

function idIn(values: readonly string[] | undefined): string | undefined {
  return /<[^<>\s]+>/.exec(values?.[0] ?? '')?.[0];
}

function textOf({ head, bodyFrom, bodyTo }: Part, raw: Buffer): string {
  const text = raw.toString('latin1', bodyFrom, bodyTo);
  const encoding = head.get('content-transfer-encoding')?.[0]?.toLowerCase();
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString();
  if (encoding !== 'quoted-printable') return text;
  return text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
