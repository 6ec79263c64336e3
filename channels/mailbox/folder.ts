import { once } from 'node:events';
import { type FetchMessageObject, ImapFlow } from 'imapflow';
import { ChannelError } from '../../src/channel/channel.ts';

/** A folder of a mail server. Only ever read: nothing is marked as seen, moved or deleted, so that people may go on using it. */
export interface Folder {
  /** `imaps://HOST[:PORT]`, or `imap://` for STARTTLS. */
  readonly address: string;
  readonly user: string;
  readonly password: string;
  readonly name: string;
}

/** Where we are in a folder. UIDs rise while UIDVALIDITY stays; RFC 9051 §2.3.1.1. */
export interface Place {
  readonly validity: string;
  /** Of the last mail that was taken; 0: none. */
  readonly uid: number;
  /** When the server took that one; before the first: when we began. Unix time, ms. */
  readonly atMs: number;
}

/** A mail as it lies there. */
export interface Mail {
  readonly raw: Buffer;
  /** How many bytes it has, when `raw` is only its start. */
  readonly cutAt?: number;
  /** When the server took it. Unix time, ms. */
  readonly atMs: number;
  /** Names it in its folder, for `fetchAgain`. */
  readonly name: string;
  /** Why the server does not hand it over; `raw` is empty then. */
  readonly withheld?: string;
}

export interface Page {
  readonly mails: readonly Mail[];
  readonly place: Place;
}

export const MAIL_BYTES_MAX = 25 * 1024 * 1024;
/** Of a larger mail, what is fetched: its head. */
const CUT_BYTES = 64 * 1024;
const FACTS = { uid: true, size: true, internalDate: true } as const;
const PAGE_MAILS = 20;
const PAGE_BYTES = 8 * 1024 * 1024;
/** After a folder was numbered anew, what may be among the new numbers and was not taken yet. `SEARCH SINCE` counts in days. */
const OVERLAP_MS = 7 * 86_400_000;
/** So often a connection may break at the same mail; then the mail is left, so that those behind it are not. */
const BREAKS_MAX = 3;
/** Folder → the mail at which its connection broke last, and how often in a row. As many as there are accounts. */
const broken = new Map<string, { readonly name: string; readonly times: number }>();
/** The longest that a connection can be dead without our knowing. */
const IDLE_MAX_MS = 60_000;

/** What arrives from `place` on; ends when the connection does. Without a place: what arrives from now on. */
export async function* readFolder(folder: Folder, place: Place | undefined, signal: AbortSignal): AsyncGenerator<Page> {
  const client = await open(folder, signal);
  let news = true;
  client.on('exists', () => {
    news = true;
  });
  try {
    let at = place;
    while (client.usable && !signal.aborted) {
      if (news) {
        news = false;
        for await (const page of readNew(client, folder, at)) {
          at = page.place;
          yield page;
        }
      } else await waitForNews(client);
    }
  } catch (error) {
    if (!signal.aborted) throw asChannelError(error);
  } finally {
    client.close();
  }
}

/** @throws ChannelError */
export async function fetchAgain(folder: Folder, name: string, signal: AbortSignal): Promise<Mail> {
  const [validity, uid = ''] = name.split('.');
  const client = await open(folder, signal);
  try {
    if (validityOf(client) !== validity) throw new ChannelError('refuse', 'the folder was numbered anew');
    const facts = await client.fetchOne(uid, FACTS, { uid: true });
    const mail = facts === false ? undefined : await readMail(client, validity, facts);
    if (mail?.withheld !== undefined) throw new ChannelError('retry', mail.withheld);
    if (mail === undefined) throw new ChannelError('refuse', 'the mail is no longer there');
    return mail;
  } catch (error) {
    throw asChannelError(error);
  } finally {
    client.close();
  }
}

async function open({ address, user, password, name }: Folder, signal: AbortSignal): Promise<ImapFlow> {
  const { hostname, port, protocol } = new URL(address);
  const secure = protocol === 'imaps:';
  const client = new ImapFlow({
    host: hostname,
    port: Number(port || (secure ? 993 : 143)),
    secure,
    // A password in the clear is for a server on this machine only.
    ...(secure || isThisMachine(hostname) ? {} : { doSTARTTLS: true }),
    auth: { user, pass: password },
    logger: false,
    disableAutoIdle: true,
    maxIdleTime: IDLE_MAX_MS,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: IDLE_MAX_MS + 30_000,
    missingIdleCommand: 'STATUS',
    maxLineLength: 1024 * 1024,
    maxLiteralSize: MAIL_BYTES_MAX + CUT_BYTES,
  });
  // What fails tells so itself; without a listener the process would end.
  client.on('error', () => undefined);
  const close = () => client.close();
  signal.addEventListener('abort', close, { once: true });
  client.once('close', () => signal.removeEventListener('abort', close));
  try {
    signal.throwIfAborted();
    await client.connect();
    await client.mailboxOpen(name, { readOnly: true });
    return client;
  } catch (error) {
    client.close();
    throw asChannelError(error);
  }
}

async function* readNew(client: ImapFlow, folder: Folder, from: Place | undefined): AsyncGenerator<Page> {
  const validity = validityOf(client);
  const last = client.mailbox === false ? 0 : client.mailbox.uidNext - 1;
  if (from === undefined) {
    yield { mails: [], place: { validity, uid: last, atMs: Date.now() } };
    return;
  }
  // A server whose numbers went back has lost its own count.
  const goesOn = from.validity === validity && last >= from.uid;
  let place = goesOn ? from : { validity, uid: 0, atMs: from.atMs };
  const query = goesOn ? { uid: `${from.uid + 1}:*` } : { since: new Date(from.atMs - OVERLAP_MS) };
  const found = (await client.search(query, { uid: true })) || [];
  // `*` is the last mail, even when it is older than what was asked for.
  const uids = found.filter((uid) => uid > place.uid).sort((a, b) => a - b);
  if (!goesOn && uids.length === 0) yield { mails: [], place: { ...place, uid: last } };
  for (let at = 0; at < uids.length; at += PAGE_MAILS) {
    for await (const page of readMails(client, folder, uids.slice(at, at + PAGE_MAILS), place)) {
      place = page.place;
      yield page;
    }
  }
}

async function* readMails(
  client: ImapFlow,
  folder: Folder,
  uids: readonly number[],
  from: Place,
): AsyncGenerator<Page> {
  const all = await client.fetchAll([...uids], FACTS, { uid: true });
  let [place, mails, bytes] = [from, [] as Mail[], 0];
  for (const facts of all.sort((a, b) => a.uid - b.uid)) {
    const mail = await readOrLeave(client, folder, place.validity, facts);
    place = { ...place, uid: facts.uid, atMs: Math.max(place.atMs, mail?.atMs ?? 0) };
    if (mail === undefined) continue;
    mails.push(mail);
    bytes += mail.raw.length;
    if (bytes < PAGE_BYTES) continue;
    yield { mails, place };
    [mails, bytes] = [[], 0];
  }
  yield { mails, place: { ...place, uid: Math.max(place.uid, ...uids) } };
}

/** Servers keep mails that they cannot read themselves: whoever waits for such a one waits for ever. */
async function readOrLeave(
  client: ImapFlow,
  { address, user, name: path }: Folder,
  validity: string,
  facts: FetchMessageObject,
): Promise<Mail | undefined> {
  const key = `${address} ${user} ${path}`;
  const name = `${validity}.${facts.uid}`;
  const before = broken.get(key);
  const times = before?.name === name ? before.times : 0;
  if (times >= BREAKS_MAX) return withheld(name, facts);
  try {
    return await readMail(client, validity, facts);
  } catch (error) {
    if (!PASSING.has(responseCodeOf(error as ImapTrouble))) broken.set(key, { name, times: times + 1 });
    throw error;
  }
}

function withheld(name: string, facts: FetchMessageObject): Mail {
  const why = 'the mail server does not hand it over';
  return { raw: Buffer.alloc(0), atMs: takenAtMs(facts), name, withheld: why };
}

/** @returns undefined: it is no longer there. */
async function readMail(client: ImapFlow, validity: string, facts: FetchMessageObject): Promise<Mail | undefined> {
  const { uid, size = 0 } = facts;
  const maxLength = size > MAIL_BYTES_MAX ? CUT_BYTES : MAIL_BYTES_MAX;
  const mail = await client.fetchOne(String(uid), { source: { start: 0, maxLength } }, { uid: true });
  if (mail === false) return undefined;
  // Of a mail that it cannot read, a server may say NIL.
  if (!Buffer.isBuffer(mail.source)) return withheld(`${validity}.${uid}`, facts);
  const cut = size > MAIL_BYTES_MAX ? { cutAt: size } : {};
  return { raw: mail.source, ...cut, atMs: takenAtMs(facts), name: `${validity}.${uid}` };
}

function takenAtMs({ internalDate }: FetchMessageObject): number {
  return internalDate === undefined ? Date.now() : new Date(internalDate).getTime();
}

async function waitForNews(client: ImapFlow): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const news = Promise.race([once(client, 'exists', { signal }), once(client, 'close', { signal })]);
    // `idle` lasts until another command is given, or the server ends it.
    await Promise.race([news, client.idle()]);
  } finally {
    over.abort();
  }
}

function validityOf({ mailbox }: ImapFlow): string {
  return mailbox === false ? '' : String(mailbox.uidValidity);
}

/** Only there may a mail server be spoken to in the clear. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

interface ImapTrouble {
  readonly authenticationFailed?: boolean;
  readonly serverResponseCode?: string;
  readonly responseStatus?: string;
  readonly code?: string;
  readonly message?: string;
  /** The server's line, taken apart; of some commands the code stands there alone. */
  readonly response?: {
    readonly attributes?: readonly { readonly section?: readonly { readonly value?: unknown }[] }[];
  };
}

/** RFC 5530 response codes, and imapflow's own for a server that asks for time: what is only so for the moment. */
const PASSING = new Set(['UNAVAILABLE', 'INUSE', 'LIMIT', 'SERVERBUG', 'OVERQUOTA', 'ETHROTTLE']);

function responseCodeOf({ serverResponseCode, response, code }: ImapTrouble): string {
  const given = serverResponseCode ?? response?.attributes?.[0]?.section?.[0]?.value ?? code;
  return String(given ?? '').toUpperCase();
}

function asChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error;
  const { authenticationFailed, responseStatus, code, message } = error as ImapTrouble;
  const responseCode = responseCodeOf(error as ImapTrouble);
  if (PASSING.has(responseCode)) return new ChannelError('retry', `the mail server says ${responseCode}`);
  if (authenticationFailed === true) return new ChannelError('broken', 'the mail server refuses user and password');
  if (responseCode === 'NONEXISTENT') return new ChannelError('broken', 'the mail server has no such folder');
  return new ChannelError('retry', `the mail server: ${responseStatus ?? code ?? message ?? 'connection lost'}`);
}
