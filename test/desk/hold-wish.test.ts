import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pageModule } from './browser-store.ts';

interface HoldWish {
  wishHold(call: Call, held: boolean, done?: () => void): void;
  willBeHeld(call: Call): boolean;
}

/** As JsSIP has it: held at once; a change that comes before the other side has answered the last one ends the call. */
class Call {
  readonly asked: string[] = [];
  isOver = false;
  /** A change that nobody wished for here is under way. */
  isBusy = false;
  #held = false;
  #answered: (() => void) | undefined;

  isEnded = () => this.isOver;
  isOnHold = () => ({ local: this.#held });
  hold = (_options: object, done: () => void) => this.#change(true, done);
  unhold = (_options: object, done: () => void) => this.#change(false, done);

  answer(): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.();
  }

  #change(held: boolean, done: () => void): boolean {
    if (this.isBusy || this.#held === held) return false;
    this.asked.push(held ? 'hold' : 'unhold');
    if (this.#answered !== undefined) this.isOver = true;
    this.#held = held;
    this.#answered = done;
    return true;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const { wishHold, willBeHeld } = await pageModule<HoldWish>('phone/hold-wish.ts');
const press = (call: Call) => wishHold(call, !willBeHeld(call));

async function answered(call: Call): Promise<void> {
  call.answer();
  await vi.advanceTimersByTimeAsync(1_000);
}

test('what is taken back while the hold is under way is taken back as soon as it is through', async () => {
  const call = new Call();
  press(call);
  press(call);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([call.asked, willBeHeld(call)]).toEqual([['hold'], false]);
  await answered(call);
  expect(call.asked).toEqual(['hold', 'unhold']);
  expect(call.isOnHold()).toEqual({ local: false });
});

test('while another change is under way a wish waits for its end', async () => {
  const call = new Call();
  call.isBusy = true;
  press(call);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(call.asked).toEqual([]);
  call.isBusy = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(call.asked).toEqual(['hold']);
});

test('of many wishes the last one counts, and one that has come true by itself asks for nothing', async () => {
  const call = new Call();
  for (let time = 0; time < 3; time += 1) press(call);
  await answered(call);
  expect([call.asked, call.isOnHold().local]).toEqual([['hold'], true]);
  press(call);
  await answered(call);
  expect([call.asked, call.isOnHold().local]).toEqual([['hold', 'unhold'], false]);
  expect(vi.getTimerCount()).toBe(0);
});

test('who wished for the music is told when it plays; a call that is over is asked no more', async () => {
  const call = new Call();
  const done = vi.fn();
  wishHold(call, true, done);
  expect(done).not.toHaveBeenCalled();
  press(call);
  call.isOver = true;
  await answered(call);
  expect(done).toHaveBeenCalledOnce();
  expect(call.asked).toEqual(['hold']);
  expect(vi.getTimerCount()).toBe(0);
});
