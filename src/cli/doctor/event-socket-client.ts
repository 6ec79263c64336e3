import { connect } from 'node:net';
import type { Endpoint } from '../../config.ts';
import { createFramer, type Frame } from '../../switch/esl/framing.ts';

const ANSWER_MAX_MS = 3_000;
const ANSWER_BYTES_MAX = 64 * 1024;

export type Answer = 'accepted' | 'refused' | 'rejected' | 'silent';

export interface Told {
  readonly answer: Answer;
  /** By the variables that were asked for; `''` for one that is empty or not set, which FreeSWITCH does not tell apart. Fewer when it broke off. */
  readonly values: ReadonlyMap<string, string>;
}

/** One connection: one `auth` and, once that is taken, one `api global_getvar` a variable. Never rejects. */
export function askNode({ host, port }: Endpoint, password: string, variables: readonly string[] = []): Promise<Told> {
  return new Promise((resolve) => {
    const framer = createFramer();
    const values = new Map<string, string>();
    let bytes = 0;
    let sofar: Answer = 'silent';
    const socket = connect(port, host);
    const finish = (answer: Answer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answer, values });
    };
    const take = ({ headers, body }: Frame): void => {
      const reply = headers.get('Reply-Text') ?? '';
      switch (headers.get('Content-Type')) {
        case 'auth/request':
          // Whoever hangs up on a password refuses it.
          if (sofar === 'silent') socket.write(`auth ${password}\n\n`);
          sofar = 'refused';
          return;
        case 'text/rude-rejection':
          return finish('rejected');
        case 'command/reply':
          if (sofar === 'accepted' || !reply.startsWith('+OK')) return finish(sofar);
          sofar = 'accepted';
          if (variables.length === 0) return finish(sofar);
          socket.write(variables.map((name) => `api global_getvar ${name}\n\n`).join(''));
          return;
        case 'api/response':
          values.set(variables[values.size]!, valueIn(body));
          if (values.size === variables.length) finish(sofar);
      }
    };
    const timer = setTimeout(() => finish(sofar === 'accepted' ? sofar : 'silent'), ANSWER_MAX_MS);
    socket.on('data', (data) => {
      bytes += data.length;
      if (bytes > ANSWER_BYTES_MAX) return finish(sofar === 'accepted' ? sofar : 'silent');
      framer.push(data).frames.forEach(take);
    });
    socket.once('error', () => finish(sofar === 'accepted' ? sofar : 'silent'));
    socket.once('close', () => finish(sofar));
  });
}

function valueIn(body: Buffer | undefined): string {
  const text = (body ?? Buffer.alloc(0)).toString('utf8').trim();
  return text.startsWith('-ERR') ? '' : text;
}

/** Whether a TCP connection to it comes about. */
export function isListening({ host, port }: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    if (port === 0) return resolve(false);
    const socket = connect(port, host);
    const finish = (is: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(is);
    };
    const timer = setTimeout(() => finish(false), ANSWER_MAX_MS);
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
