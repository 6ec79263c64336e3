import { answer, preAnswer, ringReady } from './answer.ts';
import type { Application } from './board.ts';
import { clearTimer, setTimer } from './board.ts';
import { isCause, statusOf } from './causes.ts';
import { conference } from './conference.ts';
import { playAndGetDigits } from './digits.ts';
import { eavesdrop } from './eavesdrop.ts';
import { echo } from './echo.ts';
import { setVariable } from './leg.ts';
import { playback } from './play.ts';
import { recordSession, stopRecordSession } from './recording.ts';

/** Every application that `sendmsg`, `originate` and `uuid_transfer` may name. Others are refused aloud. */
export const APPLICATIONS: ReadonlyMap<string, Application> = new Map<string, Application>([
  ['answer', answer],
  ['pre_answer', preAnswer],
  ['ring_ready', ringReady],
  ['playback', playback],
  ['play_and_get_digits', playAndGetDigits],
  ['record_session', recordSession],
  ['stop_record_session', stopRecordSession],
  ['conference', conference],
  ['eavesdrop', eavesdrop],
  ['echo', echo],
  ['set', (_board, leg, order, run) => run.done(assign(leg, order.data) ? '_none_' : '-ERR NOT SET')],
  [
    'multiset',
    (_board, leg, order, run) => {
      const { separator, list } = readList(order.data);
      const set = list.split(separator).map((part) => assign(leg, part.trim()));
      run.done(set.every(Boolean) ? '_none_' : '-ERR NOT SET');
    },
  ],
  [
    'unset',
    (_board, leg, order, run) => {
      leg.variables.delete(order.data);
      run.done();
    },
  ],
  /** On a leg that is parked already it ends at once, as FreeSWITCH's does; a program's `park` is the real one. */
  ['park', (_board, _leg, _order, run) => run.done()],
  [
    'hangup',
    (board, leg, order, run) => {
      board.hangUp(leg, isCause(order.data) ? order.data : 'NORMAL_CLEARING');
      run.done();
    },
  ],
  [
    'respond',
    (board, leg, order, run) => {
      const status = Number(order.data.split(' ')[0]);
      const cause = CAUSES_BY_RESPONSE.find((name) => statusOf(name) === status) ?? 'CALL_REJECTED';
      board.hangUp(leg, cause);
      run.done();
    },
  ],
  [
    'sleep',
    (_board, leg, order, run) => {
      run.onStop(() => {
        clearTimer(leg, 'sleep');
        return '_none_';
      });
      const ms = /^\d{1,8}$/.test(order.data) ? Number(order.data) : 0;
      setTimer(leg, 'sleep', ms, () => run.done());
    },
  ],
]);

const CAUSES_BY_RESPONSE = [
  'USER_BUSY',
  'CALL_REJECTED',
  'UNALLOCATED_NUMBER',
  'NORMAL_TEMPORARY_FAILURE',
  'NO_ANSWER',
];

function assign(leg: Parameters<typeof setVariable>[0], text: string): boolean {
  const equals = text.indexOf('=');
  return equals > 0 && setVariable(leg, text.slice(0, equals), text.slice(equals + 1));
}

/** `a=1 b=2`, or with a separator of one's own: `^^;a=1;b=2`. */
function readList(data: string): { readonly separator: string; readonly list: string } {
  if (data.startsWith('^^')) return { separator: data.charAt(2), list: data.slice(3) };
  return { separator: ' ', list: data };
}
