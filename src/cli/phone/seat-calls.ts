import { createInterface } from 'node:readline';
import { listenTo } from './listen.ts';
import type { Phone, PhoneNews } from './phone.ts';
import type { PhoneCall } from './phone-calls.ts';
import { type Print, secondsText } from './print.ts';
import { CALLER_HZ } from './tone.ts';

/** Rings, talks and ends of a seat's phone, told as they come. */
export interface SeatCalls {
  rings(call: PhoneCall): void;
  answered(call: PhoneCall): void;
  ended(news: Extract<PhoneNews, { news: 'ended' }>): void;
}

const ANSWER_AFTER_MS = 1_000;

export function seatCalls(phone: Phone, answers: boolean, print: Print): SeatCalls {
  return {
    rings(call) {
      print('rings', { from: call.peer }, `来电 / call from ${call.peer}`);
      if (answers) setTimeout(() => phone.accept(call), ANSWER_AFTER_MS).unref();
    },
    answered: (call) => print('answered', { from: call.peer }, `已接听 / answered ${call.peer}`),
    ended({ call, by, status }) {
      const from = call.peer;
      if (call.answeredMs === undefined) {
        print('missed', { from, status: status ?? null }, `未接 / not answered: ${from}`);
        return;
      }
      const voice = listenTo(call.file, CALLER_HZ, () => {}).listen();
      const correlation = Number((voice?.correlation ?? 0).toFixed(3));
      const durationMs = Math.round((call.endedMs ?? 0) - call.answeredMs);
      print(
        'ended',
        { from, durationMs, correlation, by },
        `通话结束 / call over: ${from}，${secondsText(durationMs)}，来电语音相关度 / correlation of the caller's voice ${correlation.toFixed(3)}`,
      );
    },
  };
}

/** Enter answers what rings, else hangs up. @returns how to stop. */
export function answerByEnter(phone: Phone): () => void {
  if (!process.stdin.isTTY) return () => {};
  const terminal = createInterface({ input: process.stdin });
  terminal.on('line', () => {
    const [call] = phone.calls();
    if (call === undefined) return;
    if (call.answeredMs === undefined) phone.accept(call);
    else phone.hangUp(call);
  });
  return () => terminal.close();
}
