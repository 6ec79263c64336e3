import type { RawData } from 'ws';
import type { FromCitizen } from './messages.ts';

type Frame<T extends FromCitizen['t']> = Extract<FromCitizen, { t: T }>;
type Raw = Readonly<Record<string, unknown>>;

/** RFC 9562, any version: it need only be another one for every message. */
const CID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const SEQ = /^\d{1,15}$/;
const FILE_ID = /^[A-Za-z0-9_-]{22}$/;
const TOKEN_CHARS_MAX = 200;
const FILES_MAX = 20;

/** One frame of a citizen's page, or undefined: none of ours. Whether a message may be stored is another question. */
export function readFrame(data: RawData, isBinary: boolean): FromCitizen | undefined {
  if (isBinary) return undefined;
  try {
    const raw: unknown = JSON.parse(String(data));
    return typeof raw === 'object' && raw !== null ? frameOf(raw as Raw) : undefined;
  } catch {
    return undefined;
  }
}

function frameOf(raw: Raw): FromCitizen | undefined {
  switch (raw['t']) {
    case 'auth':
      return auth(raw);
    case 'msg':
      return message(raw);
    case 'typing':
      return { t: 'typing', on: raw['on'] !== false };
    case 'delivered':
    case 'read':
      return isSeq(raw['upto']) ? { t: raw['t'], upto: raw['upto'] } : undefined;
    case 'resume':
      return isSeq(raw['from_seq']) ? { t: 'resume', from_seq: raw['from_seq'] } : undefined;
    case 'leave':
    case 'ping':
      return { t: raw['t'] };
    default:
      return undefined;
  }
}

function auth({ token, last_seq = '0' }: Raw): Frame<'auth'> | undefined {
  if (typeof token !== 'string' || token.length > TOKEN_CHARS_MAX || !isSeq(last_seq)) return undefined;
  return { t: 'auth', token, last_seq };
}

function message({ cid, body, files = [] }: Raw): Frame<'msg'> | undefined {
  if (typeof cid !== 'string' || !CID.test(cid) || typeof body !== 'string') return undefined;
  if (!Array.isArray(files) || files.length > FILES_MAX) return undefined;
  if (!files.every((id): id is string => typeof id === 'string' && FILE_ID.test(id))) return undefined;
  return { t: 'msg', cid: cid.toLowerCase(), body, files };
}

function isSeq(value: unknown): value is string {
  return typeof value === 'string' && SEQ.test(value);
}
