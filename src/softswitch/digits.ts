import { whenMediaFlow } from './answer.ts';
import { type Application, type Board, clearTimer, setTimer } from './board.ts';
import { emit } from './event-headers.ts';
import { type Leg, setVariable } from './leg.ts';
import { readPlayList, startPlay, stopPlay } from './play.ts';

export const DIGITS_MAX = 128;
const PATTERN_CHARACTERS_MAX = 256;

/** A key was pressed, wherever it was heard. `durationSamples` in 8 kHz samples. */
export function digitPressed(
  board: Board,
  leg: Leg,
  digit: string,
  durationSamples: number,
  source: 'RTP' | 'ENDPOINT',
): void {
  emit(board, leg, 'DTMF', {
    variables: false,
    after: [
      ['DTMF-Digit', digit],
      ['DTMF-Duration', String(durationSamples)],
      ['DTMF-Source', source],
    ],
  });
  leg.running?.digit?.(digit);
}

interface Wanted {
  readonly min: number;
  readonly max: number;
  readonly timeoutMs: number;
  readonly betweenMs: number;
  readonly terminators: string;
  readonly file: string;
  readonly wrongFile: string;
  readonly variable: string;
  readonly pattern: RegExp;
}

interface Collecting extends Wanted {
  triesLeft: number;
  digits: string;
  over: boolean;
}

/**
 * Arguments are separated by blanks; one in single quotes may hold them. `min max tries timeoutMs terminators file invalid_file variable regexp [digit_timeoutMs]`. A key cuts the prompt; the time-out runs
 * from the end of the prompt. Sets `variable` and `read_result` (`success`, `failure`, `timeout`); what did not match is in
 * `variable_invalid`.
 */
export const playAndGetDigits: Application = (board, leg, order, run) => {
  const wanted = readWanted(order.data);
  if (wanted === undefined) {
    run.done('-ERR INVALID ARGUMENTS');
    return;
  }
  const collecting: Collecting = { ...wanted.rules, triesLeft: wanted.tries, digits: '', over: false };
  const finish = (result: 'success' | 'failure' | 'timeout'): void => {
    collecting.over = true;
    clearTimer(leg, 'digits');
    setVariable(leg, collecting.variable, result === 'success' ? collecting.digits : '');
    setVariable(leg, `${collecting.variable}_invalid`, result === 'success' ? '' : collecting.digits);
    setVariable(leg, 'read_result', result);
    run.done();
  };
  run.onStop((why) => {
    collecting.over = true;
    clearTimer(leg, 'digits');
    stopPlay(board, leg, why === 'bridge' || why === 'hangup' ? 'done' : 'break');
    return '_none_';
  });
  run.onDigit((digit) => takeDigit(board, leg, collecting, digit, finish));
  whenMediaFlow(board, leg, () => ask(board, leg, collecting, finish));
};

type Finish = (result: 'success' | 'failure' | 'timeout') => void;

function ask(board: Board, leg: Leg, collecting: Collecting, finish: Finish): void {
  collecting.digits = '';
  collecting.triesLeft -= 1;
  say(board, leg, collecting.file, () => awaitDigit(board, leg, collecting, collecting.timeoutMs, finish));
}

/** Plays a file, then goes on; one that is missing is as if it had been played. */
function say(board: Board, leg: Leg, file: string, then: () => void): void {
  const list = readPlayList(board, file);
  if ('missing' in list) then();
  else startPlay(board, leg, file, list.sources, then);
}

function awaitDigit(board: Board, leg: Leg, collecting: Collecting, ms: number, finish: Finish): void {
  setTimer(leg, 'digits', ms, () => judge(board, leg, collecting, finish));
}

function takeDigit(board: Board, leg: Leg, collecting: Collecting, digit: string, finish: Finish): void {
  if (collecting.over) return;
  stopPlay(board, leg, 'break');
  clearTimer(leg, 'digits');
  if (collecting.terminators.includes(digit)) {
    judge(board, leg, collecting, finish);
    return;
  }
  collecting.digits += digit;
  if (collecting.digits.length >= collecting.max) judge(board, leg, collecting, finish);
  else awaitDigit(board, leg, collecting, collecting.betweenMs, finish);
}

function judge(board: Board, leg: Leg, collecting: Collecting, finish: Finish): void {
  const { digits } = collecting;
  if (digits.length >= collecting.min && collecting.pattern.test(digits)) finish('success');
  else if (collecting.triesLeft <= 0) finish(digits === '' ? 'timeout' : 'failure');
  else if (digits === '') ask(board, leg, collecting, finish);
  else say(board, leg, collecting.wrongFile, () => ask(board, leg, collecting, finish));
}

function readWanted(data: string): { readonly rules: Wanted; readonly tries: number } | undefined {
  const words = [...data.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
  const [min, max, tries, timeoutMs, terminators, file, wrongFile, variable, pattern, betweenMs] = words;
  const numbers = [min, max, tries, timeoutMs].map((word) =>
    word !== undefined && /^\d{1,6}$/.test(word) ? +word : -1,
  );
  const [least = -1, most = -1, attempts = -1, waitMs = -1] = numbers;
  if (numbers.includes(-1) || variable === undefined || file === undefined) return undefined;
  if (most < 1 || most > DIGITS_MAX || least > most || attempts < 1) return undefined;
  const regexp = compile(pattern ?? '.*');
  if (regexp === undefined) return undefined;
  const rules = {
    min: least,
    max: most,
    timeoutMs: waitMs,
    betweenMs: betweenMs !== undefined && /^\d{1,6}$/.test(betweenMs) ? Number(betweenMs) : waitMs,
    terminators: terminators === undefined || terminators === 'none' ? '' : terminators,
    file,
    wrongFile: wrongFile ?? '',
    variable,
    pattern: regexp,
  };
  return { rules, tries: attempts };
}

function compile(pattern: string): RegExp | undefined {
  if (pattern.length > PATTERN_CHARACTERS_MAX) return undefined;
  try {
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}
