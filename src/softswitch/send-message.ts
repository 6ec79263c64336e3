import { randomUUID } from 'node:crypto';
import { enqueue } from './applications.ts';
import { type Board, liveLeg } from './board.ts';
import { isCause } from './causes.ts';
import type { CommandAnswer } from './esl/switch-commands.ts';
import { APPLICATIONS_MAX } from './leg.ts';

/** `sendmsg UUID`: `execute` an application, or `hangup`. `+OK` means heard, not done. */
export function sendMessage(
  board: Board,
  id: string,
  headers: ReadonlyMap<string, string>,
  body: string,
): CommandAnswer {
  const leg = liveLeg(board, id);
  if (leg === undefined) return { reply: `-ERR invalid session id [${id}]` };
  leg.adopted = true;
  const command = headers.get('call-command')?.toLowerCase();
  if (command === 'hangup') {
    const cause = headers.get('hangup-cause') ?? 'NORMAL_CLEARING';
    if (!isCause(cause)) return { reply: `-ERR Invalid hangup cause [${cause}]` };
    return { reply: '+OK', effect: () => board.hangUp(leg, cause) };
  }
  if (command !== 'execute') return { reply: `-ERR Invalid call-command [${command ?? ''}]` };
  const name = headers.get('execute-app-name')?.toLowerCase() ?? '';
  if (!board.applications.has(name)) return { reply: `-ERR Invalid application [${name}]` };
  if (leg.waiting.length >= APPLICATIONS_MAX) return { reply: '-ERR too many applications wait' };
  const loops = Number(headers.get('loops') ?? '1');
  if (loops !== 1) return { reply: '-ERR loops are not supported' };
  const data = headers.get('execute-app-arg') ?? body;
  const order = { name, data, id: headers.get('event-uuid') || randomUUID() };
  return {
    reply: '+OK',
    effect: () => {
      if (leg.ending === undefined) enqueue(board, leg, order);
    },
  };
}
