import { whenMediaFlow } from './answer.ts';
import { type Application, clearTimer, setTimer } from './board.ts';

/** A forgotten phone does not hold its port for ever. */
const ECHO_MS_MAX = 5 * 60_000;

/** The number at which a seat hears itself: does the headset work, and the way to here and back? */
export const ECHO_NUMBER = '9196';

/** What the leg says comes back to it. */
export const echo: Application = (board, leg, _order, run) => {
  run.onStop(() => {
    clearTimer(leg, 'echo');
    board.media({ wish: 'part', leg: leg.id });
    return '_none_';
  });
  whenMediaFlow(board, leg, () => {
    board.media({ wish: 'relay', leg: leg.id, other: leg.id });
    setTimer(leg, 'echo', ECHO_MS_MAX, () => {
      board.media({ wish: 'part', leg: leg.id });
      run.done();
    });
  });
};
