import { randomUUID } from 'node:crypto';
import { type Board, clearTimer, type Run, setTimer } from './board.ts';
import { emit } from './event-headers.ts';
import {
  APPLICATIONS_MAX,
  type ApplicationOrder,
  type Leg,
  type Running,
  type StopReason,
  setVariable,
} from './leg.ts';

/** Adds an application to those that a controller wants of a leg, one after another. False when there are too many. */
export function enqueue(board: Board, leg: Leg, order: ApplicationOrder): boolean {
  if (leg.waiting.length >= APPLICATIONS_MAX) return false;
  leg.waiting.push(order);
  advance(board, leg);
  return true;
}

/** Starts what comes next on a leg that does nothing: the dial plan's applications first, then a controller's. */
export function advance(board: Board, leg: Leg): void {
  if (leg.running !== undefined || leg.ending !== undefined) return;
  const order = leg.park === undefined && leg.bridge === undefined ? leg.program.shift() : undefined;
  const next = order ?? leg.waiting.shift();
  if (next !== undefined) start(board, leg, next, order !== undefined);
  else if (leg.park === undefined && leg.bridge === undefined) board.hangUp(leg, 'NORMAL_CLEARING');
}

function start(board: Board, leg: Leg, order: ApplicationOrder, ofProgram: boolean): void {
  setVariable(leg, 'current_application_data', order.data);
  setVariable(leg, 'current_application', order.name);
  setVariable(leg, 'current_application_response', '');
  emit(board, leg, 'CHANNEL_EXECUTE', { after: applicationHeaders(order) });
  if (order.name === 'park' && ofProgram) {
    enterPark(board, leg, order.id);
    return;
  }
  const running: Running = { order, stop: () => '_none_', digit: undefined };
  leg.running = running;
  const run: Run = {
    done: (response = '_none_') => {
      if (leg.running === running) complete(board, leg, running, response);
    },
    onStop: (stop) => {
      running.stop = stop;
    },
    onDigit: (digit) => {
      running.digit = digit;
    },
  };
  const application = board.applications.get(order.name);
  if (application === undefined) run.done('INVALID APPLICATION');
  else application(board, leg, order, run);
}

function complete(board: Board, leg: Leg, running: Running, response: string): void {
  leg.running = undefined;
  saidComplete(board, leg, running.order, response);
  advance(board, leg);
}

function saidComplete(board: Board, leg: Leg, order: ApplicationOrder, response: string): void {
  if (response !== '_none_') setVariable(leg, 'current_application_response', response);
  emit(board, leg, 'CHANNEL_EXECUTE_COMPLETE', {
    after: applicationHeaders(order, leg.variables.get('current_application_response') ?? response),
  });
}

function applicationHeaders(order: ApplicationOrder, response?: string): ReadonlyArray<readonly [string, string]> {
  return [
    ['Application', order.name],
    ...(order.data === '' ? [] : [['Application-Data', order.data] as const]),
    ...(response === undefined ? [] : [['Application-Response', response] as const]),
    ['Application-UUID', order.id],
  ];
}

/** Cuts the running application. What waits stays, and is started by whoever cut. */
export function stopRunning(board: Board, leg: Leg, why: StopReason): boolean {
  const { running } = leg;
  if (running === undefined) return false;
  leg.running = undefined;
  const response = running.stop(why);
  saidComplete(board, leg, running.order, response);
  return true;
}

/** A parked leg does what its controller says, for ever or for `park_timeout` (`SECONDS[:CAUSE]`). */
export function enterPark(board: Board, leg: Leg, applicationId: string | undefined): void {
  leg.park = { applicationId };
  emit(board, leg, 'CHANNEL_PARK');
  const [seconds, cause = 'NORMAL_CLEARING'] = (leg.variables.get('park_timeout') ?? '').split(':');
  if (seconds !== undefined && /^\d{1,6}$/.test(seconds) && leg.ending === undefined) {
    for (const used of ['park_timeout', 'park_after_bridge']) leg.variables.delete(used);
    setTimer(leg, 'park', board.pace.timerMs(Number(seconds) * 1000), () => board.hangUp(leg, cause));
  }
  advance(board, leg);
}

export function leavePark(board: Board, leg: Leg): void {
  const { park } = leg;
  if (park === undefined) return;
  leg.park = undefined;
  clearTimer(leg, 'park');
  emit(board, leg, 'CHANNEL_UNPARK');
  if (park.applicationId !== undefined) {
    saidComplete(board, leg, { name: 'park', data: '', id: park.applicationId }, '_none_');
  }
}

/** Gives a leg a new program: what it did ends, what waited is dropped. */
export function transfer(board: Board, leg: Leg, program: readonly ApplicationOrder[]): void {
  leg.waiting.length = 0;
  leg.program.splice(0, leg.program.length, ...program);
  stopRunning(board, leg, 'transfer');
  leavePark(board, leg);
  leg.channelState = 'CS_EXECUTE';
  advance(board, leg);
}

export function order(name: string, data: string, id: string = randomUUID()): ApplicationOrder {
  return { name, data, id };
}
