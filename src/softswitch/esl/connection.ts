import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ClientCommand } from './command-reader.ts';
import { createCommandReader, HEAD_BEFORE_AUTH_BYTES_MAX, HEAD_BYTES_MAX } from './command-reader.ts';
import { GOODBYE, REPLY } from './dialect.ts';
import type { SwitchEvent } from './event.ts';
import { writeEvent } from './event.ts';
import type { Pace } from './pace.ts';
import {
  changeFilter,
  createSubscription,
  type Subscription,
  subscribe,
  unsubscribe,
  unsubscribeAll,
  wants,
} from './subscription.ts';
import type { ApiAnswer, CommandAnswer, SwitchCommands } from './switch-commands.ts';

/** Bytes that may wait for a client that does not read; then it is cut off. */
export const OUTPUT_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes taken in while a slow `api` runs; then the socket is not read until it ends. */
const INPUT_BYTES_MAX = 2 * 1024 * 1024;
const AUTH_MS_MAX = 10_000;
export const JOBS_MAX = 10_000;

export interface ConnectionOptions {
  readonly id: number;
  readonly password: string;
  readonly commands: SwitchCommands;
  readonly pace: Pace;
  /** Sends an event to every client. */
  readonly publish: (name: string, headers: ReadonlyArray<readonly [string, string]>, more: EventMore) => void;
  readonly jobs: { running: number };
  /** Why a client was cut, for the log. */
  readonly complain: (why: string) => void;
}

export interface EventMore {
  readonly lane: string;
  readonly subclass?: string;
  readonly body?: string;
}

export interface Connection {
  deliver(event: SwitchEvent): void;
  readonly subscription: Subscription;
  /** Says `notice` as a disconnect notice and closes. */
  close(notice: string): void;
}

interface State {
  readonly options: ConnectionOptions;
  readonly socket: Socket;
  readonly subscription: Subscription;
  readonly replyLane: string;
  authorised: boolean;
  busy: boolean;
  closing: boolean;
}

/** Serves one client of the event socket in inbound mode. */
export function serveConnection(socket: Socket, options: ConnectionOptions): Connection {
  const reader = createCommandReader();
  const state: State = {
    options,
    socket,
    subscription: createSubscription(),
    replyLane: `reply ${options.id}`,
    authorised: false,
    busy: false,
    closing: false,
  };
  const pump = (): void => {
    while (!state.busy && !state.closing) {
      const read = reader.next(state.authorised ? HEAD_BYTES_MAX : HEAD_BEFORE_AUTH_BYTES_MAX);
      if (read.kind === 'more') break;
      if (read.kind === 'broken') breakOff(state, read.why);
      else carryOut(state, read.command, pump);
    }
    if (state.busy && reader.bufferedBytes() > INPUT_BYTES_MAX) socket.pause();
    else if (socket.isPaused()) socket.resume();
  };
  socket.setNoDelay(true);
  socket.on('data', (data) => {
    if (state.closing) return;
    reader.push(data);
    pump();
  });
  socket.on('error', () => socket.destroy());
  const authTimer = setTimeout(() => {
    if (!state.authorised) breakOff(state, 'no auth');
  }, AUTH_MS_MAX);
  socket.on('close', () => clearTimeout(authTimer));
  write(state, REPLY.authRequest);
  return {
    subscription: state.subscription,
    deliver: (event) => {
      if (state.authorised && !state.closing && wants(state.subscription, event)) {
        write(state, writeEvent(event, state.subscription.format));
      }
    },
    close: (notice) => leave(state, notice),
  };
}

function carryOut(state: State, command: ClientCommand, resume: () => void): void {
  const { verb } = command;
  if (verb === 'exit' || verb === '...') {
    reply(state, REPLY.bye);
    leave(state, GOODBYE);
  } else if (!state.authorised) {
    if (verb === 'auth') authorise(state, command);
    else reply(state, REPLY.notFound);
  } else if (verb === 'api') runApi(state, command.argument, resume);
  else if (verb === 'bgapi') runJob(state, command);
  else if (verb === 'sendevent') sendEvent(state, command);
  else if (verb === 'sendmsg') {
    answer(state, state.options.commands.message(command.argument, command.headers, command.body), reply);
  } else reply(state, listenerReply(state, command));
}

/** The commands that only change what this client hears. */
function listenerReply(state: State, { verb, argument }: ClientCommand): string {
  switch (verb) {
    case 'event':
      return subscribe(state.subscription, argument);
    case 'nixevent':
      return unsubscribe(state.subscription, argument);
    case 'noevents':
      return unsubscribeAll(state.subscription);
    case 'filter':
      return changeFilter(state.subscription, argument);
    case 'linger':
    case 'nolinger':
    case 'myevents':
      return REPLY.notControlling;
    default:
      return REPLY.notFound;
  }
}

function authorise(state: State, command: ClientCommand): void {
  state.authorised = samePassword(command.argument, state.options.password);
  reply(state, state.authorised ? REPLY.accepted : REPLY.invalid);
  if (!state.authorised) leave(state, GOODBYE);
}

/** In time that does not tell how much of the password was right. */
function samePassword(given: string, held: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(held)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function runApi(state: State, argument: string, resume: () => void): void {
  const { name, rest } = splitApi(argument);
  const given = state.options.commands.api(name, rest);
  if ('reply' in given) {
    answer(state, given, apiReply);
    return;
  }
  state.busy = true;
  given.start((body) => {
    state.busy = false;
    apiReply(state, body);
    resume();
  });
}

function runJob(state: State, command: ClientCommand): void {
  const { jobs, commands, pace, publish, id } = state.options;
  const { name, rest } = splitApi(command.argument);
  if (name === '' || jobs.running >= JOBS_MAX) {
    reply(state, name === '' ? '-ERR no command' : '-ERR too many jobs');
    return;
  }
  const job = command.headers.get('job-uuid') || randomUUID();
  reply(state, `+OK Job-UUID: ${job}`, `Job-UUID: ${job}\n`);
  jobs.running += 1;
  const finish = (body: string): void => {
    jobs.running -= 1;
    const headers: Array<readonly [string, string]> = [
      ['Job-UUID', job],
      ['Job-Command', name],
    ];
    if (rest !== '') headers.push(['Job-Command-Arg', rest]);
    publish('BACKGROUND_JOB', headers, { lane: `job ${job}`, body });
  };
  pace.run(`effect ${id}`, () => settle(commands.api(name, rest), finish));
}

function settle(given: ApiAnswer, finish: (body: string) => void): void {
  if ('reply' in given) {
    given.effect?.();
    finish(given.reply);
  } else given.start(finish);
}

function splitApi(argument: string): { readonly name: string; readonly rest: string } {
  const blank = argument.search(/\s/);
  if (blank === -1) return { name: argument, rest: '' };
  return { name: argument.slice(0, blank), rest: argument.slice(blank + 1).trim() };
}

function sendEvent(state: State, command: ClientCommand): void {
  const name = command.argument.toUpperCase();
  const subclass = command.headers.get('event-subclass');
  if (name !== 'CUSTOM' || subclass === undefined) {
    reply(state, '-ERR only CUSTOM with an Event-Subclass');
    return;
  }
  const id = randomUUID();
  const headers: Array<readonly [string, string]> = [
    ['Command', 'sendevent CUSTOM'],
    ...command.rawHeaders.filter(([key]) => !['event-subclass', 'content-length'].includes(key.toLowerCase())),
    ['Event-UUID', id],
  ];
  reply(state, `+OK ${id}`);
  const leg = command.headers.get('unique-id');
  if (leg !== undefined) {
    state.options.pace.run(`effect ${state.options.id}`, () => void state.options.commands.event(leg, command.headers));
    return;
  }
  const body = command.body === '' ? {} : { body: command.body };
  state.options.publish(name, headers, { lane: `sent ${state.options.id}`, subclass, ...body });
}

/** Reply first, then the effect: `+OK` means heard, not done. In rough mode the two may change places. */
function answer(state: State, given: CommandAnswer, say: (state: State, text: string) => void): void {
  say(state, given.reply);
  if (given.effect !== undefined) state.options.pace.run(`effect ${state.options.id}`, given.effect);
}

function reply(state: State, text: string, more = ''): void {
  paced(state, `Content-Type: command/reply\nReply-Text: ${text}\n${more}\n`);
}

function apiReply(state: State, body: string): void {
  paced(state, `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`);
}

function breakOff(state: State, why: string): void {
  state.options.complain(why);
  reply(state, `-ERR ${why}`);
  leave(state, GOODBYE);
}

function leave(state: State, notice: string): void {
  if (state.closing) return;
  state.closing = true;
  state.options.pace.run(state.replyLane, () => {
    write(state, `Content-Type: text/disconnect-notice\nContent-Length: ${Buffer.byteLength(notice)}\n\n${notice}`);
    state.socket.end(() => state.socket.destroySoon());
  });
}

function paced(state: State, text: string): void {
  state.options.pace.run(state.replyLane, () => write(state, text));
}

function write(state: State, data: string | Buffer): void {
  const { socket, options } = state;
  if (!socket.writable) return;
  if (socket.writableLength > OUTPUT_BYTES_MAX) {
    options.complain('does not read');
    socket.destroy();
    return;
  }
  socket.write(data);
}
