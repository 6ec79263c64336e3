import { EventEmitter, once } from 'node:events';
import type { Endpoint } from '../../config.ts';
import { keepHeard } from './keep-heard.ts';
import { listenTo } from './listen.ts';
import { openPhone, type Phone, type PhoneNews } from './phone.ts';
import type { PhoneCall } from './phone-calls.ts';
import { type Print, secondsText } from './print.ts';
import type { Press } from './times.ts';
import { CALLER_HZ, SEAT_HZ, TONE_SHARE } from './tone.ts';

export interface CallPlan {
  readonly server: Endpoint;
  readonly transport: 'udp' | 'tcp';
  readonly number: string;
  readonly from: string;
  readonly press: readonly Press[];
  readonly talkMs: number;
  readonly recordFile: string | undefined;
}

type Ended = Extract<PhoneNews, { news: 'ended' }>;

/** How long nobody may answer. */
const RING_MS_MAX = 60_000;
/** How long the agent's voice may stay away after the last key. */
const VOICE_WITHIN_MS = 60_000;
const LISTEN_EVERY_MS = 250;

/** One call from dialling to the end. @returns 0 when the agent's voice was heard. @throws Error when no socket or port is free. */
export async function placeCall(plan: CallPlan, print: Print): Promise<number> {
  const bell = new EventEmitter();
  const { server, transport } = plan;
  let hangUp = () => {};
  const interrupted = () => hangUp();
  // Stays until the end: npx passes Ctrl-C on to a child that had it from the terminal already.
  process.on('SIGINT', interrupted);
  const phone = await openPhone({ server, transport, speaksHz: CALLER_HZ }, (news) => {
    if (news.news === 'ringing') print('ringing', { status: news.status }, `振铃 / ringing (${news.status})`);
    else bell.emit(news.news, news);
  });
  try {
    const ended = once(bell, 'ended') as Promise<[Ended]>;
    print('calling', { number: plan.number, from: plan.from }, `呼叫 / calling ${plan.number}`);
    const call = await phone.dial(plan.number, plan.from);
    hangUp = () => phone.hangUp(call);
    const giveUp = setTimeout(hangUp, RING_MS_MAX);
    let finish: () => number = () => 1;
    bell.once('answered', () => {
      clearTimeout(giveUp);
      finish = converse(phone, call, plan, print);
    });
    const [end] = await ended;
    clearTimeout(giveUp);
    const status = finish();
    print('ended', { by: end.by, status: end.status ?? null }, `结束 / ended by ${whoEnded(end)}`);
    if (plan.recordFile !== undefined && call.answeredMs !== undefined) keepHeard(call.file, plan.recordFile);
    return status;
  } finally {
    await phone.close();
    process.off('SIGINT', interrupted);
  }
}

/** Keys, listening and the end, from the answer on. @returns what to do when the call is over: sums up, and says the exit status. */
function converse(phone: Phone, call: PhoneCall, plan: CallPlan, print: Print): () => number {
  const answeredMs = call.answeredMs ?? 0;
  const afterMs = Math.round(answeredMs - call.startedMs);
  print('answered', { afterMs }, `接通 / answered after ${afterMs} ms`);
  const keys = plan.press.map(({ keys, atMs }) =>
    setTimeout(() => {
      phone.press(call, keys);
      print('pressed', { keys, atMs }, `按键 / pressed ${keys}`);
    }, atMs),
  );
  const lastKeyMs = Math.max(0, ...plan.press.map(({ atMs }) => atMs));
  const listener = listenTo(call.file, SEAT_HZ, print);
  const timer = setInterval(() => {
    const voiceMs = listener.listen()?.startMs;
    const untilMs = voiceMs === undefined ? lastKeyMs + Math.max(VOICE_WITHIN_MS, plan.talkMs) : voiceMs + plan.talkMs;
    if (performance.now() - answeredMs >= untilMs) phone.hangUp(call);
  }, LISTEN_EVERY_MS);
  return () => {
    clearInterval(timer);
    for (const key of keys) clearTimeout(key);
    return sumUp(call, listener.listen(), print);
  };
}

function sumUp(call: PhoneCall, voice: ReturnType<ReturnType<typeof listenTo>['listen']>, print: Print): number {
  const callMs = Math.round((call.endedMs ?? 0) - (call.answeredMs ?? 0));
  if (voice === undefined) {
    print(
      'talked',
      { callMs, talkMs: 0, correlation: 0 },
      `没有听到座席 / the agent was not heard in ${secondsText(callMs)}`,
    );
    return 1;
  }
  const talkMs = Math.max(0, callMs - voice.startMs);
  const correlation = Number(voice.correlation.toFixed(3));
  print(
    'talked',
    { callMs, talkMs, correlation },
    `通话 / talked ${secondsText(talkMs)}，座席语音相关度 / correlation of the agent's voice ${correlation.toFixed(3)}`,
  );
  return voice.correlation > TONE_SHARE ? 0 : 1;
}

function whoEnded({ by, status }: Ended): string {
  const suffix = status === undefined ? '' : ` (SIP ${status})`;
  if (by === 'us') return `本机 / us${suffix}`;
  return by === 'peer' ? `对方 / the other side${suffix}` : `超时 / a timeout${suffix}`;
}
