import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { RawData, WebSocket } from 'ws';
import type { Role } from '../../store/schema.ts';
import { type Person, SESSION_IDLE_MS } from '../../store/sessions.ts';
import { LEADS, STAFF } from '../access.ts';
import { Client, closeSocket, readMessage } from './client.ts';
import type { LiveCore } from './live-core.ts';
import type { FromServer, Resume, Rights, StreamName } from './messages.ts';
import type { Stream } from './stream.ts';
import { type Admission, Tickets } from './tickets.ts';
import { FIGURES_BOARD, Watch } from './watch.ts';

export const SOCKETS_MAX = 12_000;
const PER_SESSION_MAX = 8;
const PER_USER_MAX = 16;
export const HELLO_MAX_MS = 5_000;
/** Connected and not yet introduced: who has said nothing longest makes room. Nobody keeps others out by saying nothing. */
const STRANGERS_MAX = 4_000;
/** Sent to so many at once; then whatever else waits has its turn. */
const FAN_OUT_CHUNK = 100;
/** What all read is sent again only after as long a rest as the last round took, so that decisions always have half of the process. */
const REST_SHARE = 1;
const SWEEP_EVERY_MS = 500;
/** A lead is told at once whether the agent has the hint. */
const HINT_MS_MAX = 1_000;
/** A seat or board that nobody looks at is kept for those who come back. */
const KEPT_MS = 60_000;

const Hello = Type.Object(
  {
    type: Type.Literal('hello'),
    ticket: Type.String({ maxLength: 64 }),
    resume: Type.Optional(
      Type.Object({
        epoch: Type.String({ maxLength: 32 }),
        seq: Type.Record(Type.String({ maxLength: 8 }), Type.Integer({ minimum: 0 }), { maxProperties: 8 }),
      }),
    ),
  },
  { additionalProperties: false },
);
const Active = Type.Object({ type: Type.Literal('active') }, { additionalProperties: false });

export interface HubOptions {
  readonly core: LiveCore;
  readonly logger: Logger;
  /** The person did something, and when before: the session is not idle. */
  readonly onActive: (session: string, seenAtMs: number) => void;
  /** A socket that was admitted is closed, with this code. */
  readonly onClosed: (code: number) => void;
  /** Default 4,000. */
  readonly strangersMax?: number;
}

/** Everybody on the live socket. */
export class Hub {
  readonly watch: Watch;
  readonly tickets = new Tickets();
  readonly #options: HubOptions;
  readonly #epoch = randomBytes(9).toString('base64url');
  readonly #clients = new Set<Client>();
  readonly #ofUser = new Map<string, Set<Client>>();
  readonly #sessions = new Map<string, { sockets: number; seenAtMs: number }>();
  readonly #strangers = new Set<WebSocket>();
  readonly #readers = new Map<Stream, Set<Client>>();
  /** Without a reader, since when. */
  readonly #unread = new Map<Stream, number>();
  readonly #unfollow: () => void;
  readonly #sweep: NodeJS.Timeout;
  #tellingSeats = false;
  #telling = false;
  #again = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.watch = new Watch(options.core);
    this.#unfollow = options.core.follow((entries) => {
      this.watch.hear(entries);
      this.tell();
    });
    this.#sweep = setInterval(() => this.#keepAlive(), SWEEP_EVERY_MS);
    this.#sweep.unref();
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Room for one more socket. */
  get admits(): boolean {
    return this.#clients.size < SOCKETS_MAX;
  }

  /** A socket of a session, on its wire, which has still to show a ticket. */
  welcome(socket: WebSocket, wire: Duplex, session: string): void {
    const [first] = this.#strangers;
    if (first !== undefined && this.#strangers.size >= (this.#options.strangersMax ?? STRANGERS_MAX)) {
      this.#strangers.delete(first);
      closeSocket(first, 'helloLate');
    }
    this.#strangers.add(socket);
    const late = setTimeout(() => closeSocket(socket, 'helloLate'), HELLO_MAX_MS);
    late.unref();
    // A frame too long, or not in UTF-8: ws closes by itself.
    socket.on('error', (error) => this.#options.logger.debug({ err: error }, 'a live socket failed'));
    socket.once('close', () => {
      clearTimeout(late);
      this.#strangers.delete(socket);
    });
    socket.once('message', (data, isBinary) => {
      clearTimeout(late);
      this.#strangers.delete(socket);
      const hello = readMessage(data, isBinary);
      if (!Value.Check(Hello, hello)) return closeSocket(socket, 'badMessage');
      const admission = this.tickets.redeem(hello.ticket, session, Date.now());
      if (admission === undefined) return closeSocket(socket, 'sessionOver');
      this.#admit(new Client(socket, wire, admission, Date.now()), hello.resume as Resume | undefined);
    });
  }

  /** Sends what is new: to a seat within this turn of the event loop, to all as soon as the round under way is over. */
  tell(): void {
    if (!this.#tellingSeats) {
      this.#tellingSeats = true;
      setImmediate(() => this.#tellSeats());
    }
    this.#again = true;
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => void this.#tellAll());
  }

  /** @returns whether a socket of the agent's has it; if none has, nobody is shown it later. */
  async hint(agent: string, hint: Parameters<Watch['hint']>[1]): Promise<boolean> {
    const open = [...(this.#ofUser.get(agent) ?? [])].filter((client) => client.open);
    const key = open.length === 0 ? undefined : this.watch.hint(agent, hint);
    if (key === undefined) return false;
    this.tell();
    await new Promise((resolve) => setImmediate(resolve));
    const arrivals = open.map(async (client) => ((await client.arrived(HINT_MS_MAX)) ? true : Promise.reject()));
    const isThere = await Promise.any(arrivals).catch(() => false);
    if (isThere) return true;
    this.watch.dropHint(agent, key);
    this.tell();
    return false;
  }

  /** Who has a page open under this name now, with what they may do. */
  personAt(user: string): Person | undefined {
    return [...(this.#ofUser.get(user) ?? [])].find(({ open }) => open)?.admission.person;
  }

  endSession(session: string): void {
    this.tickets.voidSession(session);
    for (const client of this.#clients) if (client.admission.session === session) client.cut('sessionOver');
  }

  /** Sessions of the sockets that are open; `user`: of this one alone. */
  sessions(user?: string): Set<string> {
    const clients = user === undefined ? this.#clients : (this.#ofUser.get(user) ?? []);
    return new Set([...clients].map(({ admission }) => admission.session));
  }

  /** The person did something, over HTTP or here. */
  seen(session: string): void {
    const known = this.#sessions.get(session);
    if (known !== undefined) known.seenAtMs = Date.now();
  }

  /** `current`: whose session it is now, of those asked about; who is not in it has none any more. */
  recheck(asked: ReadonlySet<string>, current: ReadonlyMap<string, Person>): void {
    for (const client of this.#clients) {
      if (!asked.has(client.admission.session)) continue;
      const person = current.get(client.admission.session);
      if (person === undefined) client.cut('sessionOver');
      else if (!isDeepStrictEqual(rightsOf(person), rightsOf(client.admission.person))) client.cut('rightsChanged');
    }
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#unfollow();
    for (const socket of this.#strangers) closeSocket(socket, 'restarting');
    for (const client of this.#clients) client.cut('restarting');
  }

  #admit(client: Client, resume: Resume | undefined): void {
    const { socket, admission } = client;
    this.#makeRoom(admission);
    this.#clients.add(client);
    const { session, seenAtMs, person } = admission;
    const { user } = person;
    const known = this.#sessions.get(session) ?? { sockets: 0, seenAtMs };
    known.sockets += 1;
    this.#sessions.set(session, known);
    this.#ofUser.set(user, (this.#ofUser.get(user) ?? new Set()).add(client));
    socket.once('close', (code) => {
      this.#leave(client);
      this.#options.onClosed(client.cutWith ?? code);
    });
    socket.on('message', (data, isBinary) => this.#hear(client, data, isBinary));
    const streams = this.#streamsFor(person);
    client.send(
      frameOf({
        type: 'welcome',
        epoch: this.#epoch,
        nowMs: Date.now(),
        user,
        rights: rightsOf(person),
        streams: streams.map(({ name }) => name),
      }),
    );
    for (const stream of streams) {
      const readers = this.#readers.get(stream) ?? new Set();
      readers.add(client);
      this.#readers.set(stream, readers);
      this.#unread.delete(stream);
      const seq = resume?.epoch === this.#epoch ? resume.seq[stream.name as StreamName] : undefined;
      if (seq !== undefined && stream.framesAfter(seq) !== undefined) client.cursors.set(stream, seq);
      client.catchUp(stream);
    }
  }

  /** The newest sockets of a session and of a user stay. */
  #makeRoom({ session, person }: Admission): void {
    const mine = [...(this.#ofUser.get(person.user) ?? [])].filter(({ open }) => open);
    const ofSession = mine.filter(({ admission }) => admission.session === session);
    if (ofSession.length >= PER_SESSION_MAX) ofSession[0]!.cut('replaced');
    else if (mine.length >= PER_USER_MAX) mine[0]!.cut('replaced');
  }

  #streamsFor({ user, roles, team }: Person): Stream[] {
    const may = (allowed: readonly Role[]) => roles.some((role) => allowed.includes(role));
    const { watch } = this;
    // Whose work is elsewhere hears when it no longer is.
    if (!may(STAFF)) return [];
    return [
      watch.seat(user),
      watch.floor,
      ...(may(LEADS) ? [watch.board(boardOf(roles, team))] : may(['admin']) ? [watch.board(FIGURES_BOARD)] : []),
    ];
  }

  #hear(client: Client, data: RawData, isBinary: boolean): void {
    const nowMs = Date.now();
    client.heard(nowMs);
    if (!client.mayTalk(nowMs) || !Value.Check(Active, readMessage(data, isBinary))) return client.cut('badMessage');
    const { session } = client.admission;
    this.#options.onActive(session, this.#sessions.get(session)?.seenAtMs ?? 0);
    this.seen(session);
  }

  #leave(client: Client): void {
    this.#clients.delete(client);
    const { session, person } = client.admission;
    const known = this.#sessions.get(session);
    if (known !== undefined) known.sockets -= 1;
    if (known?.sockets === 0) this.#sessions.delete(session);
    const { user } = person;
    const mine = this.#ofUser.get(user);
    mine?.delete(client);
    if (mine?.size === 0) this.#ofUser.delete(user);
    for (const stream of client.cursors.keys()) {
      const readers = this.#readers.get(stream);
      readers?.delete(client);
      if (readers?.size !== 0) continue;
      this.#readers.delete(stream);
      if (stream !== this.watch.floor) this.#unread.set(stream, Date.now());
    }
  }

  #tellSeats(): void {
    this.#tellingSeats = false;
    for (const seat of this.watch.takeChangedSeats()) {
      if (!seat.commit()) continue;
      for (const client of this.#readers.get(seat) ?? []) client.catchUp(seat);
    }
  }

  async #tellAll(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const startedMs = performance.now();
      const changed = this.watch.changed();
      for (const stream of changed) stream.commit();
      const workMs = await this.#fanOut(changed);
      const restMs = workMs * REST_SHARE - (performance.now() - startedMs - workMs);
      if (restMs >= 1) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    this.#telling = false;
  }

  /** @returns how long it kept the process, ms. */
  async #fanOut(streams: readonly Stream[]): Promise<number> {
    const readers = [...new Set(streams.flatMap((stream) => [...(this.#readers.get(stream) ?? [])]))];
    let workMs = 0;
    for (let at = 0; at < readers.length; at += FAN_OUT_CHUNK) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      const startedMs = performance.now();
      for (const client of readers.slice(at, at + FAN_OUT_CHUNK)) client.catchUpAll(streams);
      workMs += performance.now() - startedMs;
    }
    return workMs;
  }

  #isOver({ admission }: Client, nowMs: number): boolean {
    const { endsAtMs, session, person } = admission;
    if (nowMs >= endsAtMs) return true;
    const seenAtMs = this.#sessions.get(session)?.seenAtMs ?? nowMs;
    return nowMs - seenAtMs > SESSION_IDLE_MS && !this.watch.isAtWork(person.user);
  }

  #keepAlive(): void {
    const nowMs = Date.now();
    let beat: Buffer | undefined;
    for (const client of this.#clients) {
      if (this.#isOver(client, nowMs)) client.cut('sessionOver');
      else if (client.open) client.keepAlive(nowMs, () => (beat ??= frameOf({ type: 'beat', nowMs })));
    }
    for (const [stream, sinceMs] of this.#unread) {
      if (nowMs - sinceMs < KEPT_MS) continue;
      this.#unread.delete(stream);
      this.watch.forget(stream);
    }
  }
}

/** A lead who was given a team sees that team; who leads none in particular, and whoever is more than a lead, sees all. */
function boardOf(roles: readonly Role[], team: string | undefined): string {
  return roles.includes('supervisor') ? '' : (team ?? '');
}

function rightsOf({ roles, team, mayReveal, mayPlay }: Person): Rights {
  return { roles: [...roles].sort(), team: team ?? null, mayReveal: mayReveal === true, mayPlay: mayPlay === true };
}

function frameOf(message: FromServer): Buffer {
  return Buffer.from(JSON.stringify(message));
}
