import { setTimeout as wait } from 'node:timers/promises';
import { type Desk, signIn } from './desk.ts';
import { openPhone, type Phone, type PhoneNews } from './phone.ts';
import { complain, type Print } from './print.ts';
import { answerByEnter, type SeatCalls, seatCalls } from './seat-calls.ts';
import { SEAT_HZ } from './tone.ts';
import type { SeatPlan } from './where.ts';

interface Seat {
  readonly plan: SeatPlan;
  readonly print: Print;
  readonly phone: Phone;
  readonly calls: SeatCalls;
  desk: Desk | undefined;
  registered: boolean;
  leaving: boolean;
  /** Ends the seat with this exit status. */
  readonly leave: (status: number) => void;
  readonly unregistered: () => void;
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const REGISTER_AGAIN_MS = 1_000;
const UNREGISTER_WITHIN_MS = 2_000;
const WRAP_UP_WITHIN_MS = 10_000;
const ASK_EVERY_MS = 200;

/** A seat at work until SIGINT or SIGTERM. @returns the exit status. @throws Error when no socket is free. */
export async function sitDown(plan: SeatPlan, print: Print): Promise<number> {
  const left = promise<number>();
  const unregistered = promise<void>();
  let notice: (news: PhoneNews) => void = () => {};
  const phone = await openPhone({ ...plan, speaksHz: SEAT_HZ }, (news) => notice(news));
  const seat: Seat = {
    plan,
    print,
    phone,
    calls: seatCalls(phone, plan.answers, print),
    desk: undefined,
    registered: false,
    leaving: false,
    leave: left.resolve,
    unregistered: unregistered.resolve,
  };
  notice = (news) => noticed(seat, news);
  const stopEnter = plan.answers ? () => {} : answerByEnter(phone);
  const stop = () => left.resolve(0);
  // Stays until all is put away: npx passes Ctrl-C on to a child that had it from the terminal already.
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  phone.register(plan.account);
  const status = await left.promise;
  stopEnter();
  await standUp(seat, unregistered.promise);
  for (const signal of STOP_SIGNALS) process.off(signal, stop);
  return status;
}

async function standUp(seat: Seat, unregistered: Promise<void>): Promise<void> {
  seat.leaving = true;
  const { phone, print } = seat;
  await seat.desk?.setState('offline').catch((error: unknown) => complain(words(error)));
  for (const call of phone.calls()) phone.hangUp(call);
  if (seat.registered) {
    phone.unregister();
    await Promise.race([unregistered, wait(UNREGISTER_WITHIN_MS, undefined, { ref: false })]);
    print('unregistered', {}, '已注销 / unregistered');
  }
  await phone.close();
}

function noticed(seat: Seat, news: PhoneNews): void {
  switch (news.news) {
    case 'registered':
      return registered(seat, news.status);
    case 'connectionLost':
      setTimeout(() => seat.leaving || seat.phone.register(seat.plan.account), REGISTER_AGAIN_MS).unref();
      return;
    case 'incoming':
      return seat.calls.rings(news.call);
    case 'answered':
      return seat.calls.answered(news.call);
    case 'ended':
      seat.calls.ended(news);
      if (news.call.answeredMs !== undefined) void wrapUp(seat);
      return;
    case 'ringing':
      return;
  }
}

function registered(seat: Seat, status: number): void {
  if (seat.leaving) return seat.unregistered();
  const { host, port } = seat.plan.server;
  if (status >= 300) {
    complain(`${host}:${port} 注册失败 / registration failed: SIP ${status}`);
    // One that once stood is tried again by the phone itself.
    return seat.registered ? undefined : seat.leave(1);
  }
  if (seat.registered) return;
  seat.registered = true;
  const { sipUser } = seat.plan.account;
  seat.print('registered', { sipUser }, `已注册 / registered as ${sipUser}`);
  if (seat.plan.api !== undefined) void beginWork(seat, seat.plan.api);
}

async function beginWork(seat: Seat, api: string): Promise<void> {
  try {
    seat.desk = await signIn(api, seat.plan.account);
    await becomeReady(seat);
  } catch (error) {
    complain(words(error));
    seat.leave(1);
  }
}

async function becomeReady(seat: Seat): Promise<void> {
  await seat.desk?.setState('ready');
  seat.print('ready', {}, '就绪 / ready');
}

/** Ready again as soon as the hotline knows that the call is over; asking earlier would be asking about the call. */
async function wrapUp(seat: Seat): Promise<void> {
  const { desk } = seat;
  if (desk === undefined) return;
  const endMs = performance.now() + WRAP_UP_WITHIN_MS;
  try {
    while (!seat.leaving && performance.now() < endMs) {
      const state = await desk.state();
      if (state === 'wrapUp') return await becomeReady(seat);
      if (state === 'ready' || state === 'notReady' || state === 'offline') return;
      await wait(ASK_EVERY_MS);
    }
  } catch (error) {
    complain(words(error));
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function promise<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  const made = new Promise<Value>((done) => {
    resolve = done;
  });
  return { promise: made, resolve };
}
