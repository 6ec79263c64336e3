/** What is asked of a call here. */
export interface Holdable {
  isEnded(): boolean;
  isOnHold(): { readonly local: boolean };
  /** @param done the other side has taken it. @returns false: not now. */
  hold(options: object, done: () => void): boolean;
  unhold(options: object, done: () => void): boolean;
}

const AGAIN_MS = 100;

interface Wish {
  readonly held: boolean;
  readonly done: () => void;
}

/** What each call was asked for and has not taken yet. */
const wishes = new WeakMap<Holdable, Wish>();
/** Asked, and not answered. JsSIP takes a second change within the same moment, and its refusal ends the call. */
const underWay = new WeakSet<Holdable>();

/** As soon as the call can be asked for it, unless something else is wished before. @param done the other side hears the music, or us. */
export function wishHold(call: Holdable, held: boolean, done: () => void = () => undefined): void {
  const waits = wishes.has(call);
  wishes.set(call, { held, done });
  if (!waits) carryOut(call);
}

/** As it will be when every wish is carried out. */
export function willBeHeld(call: Holdable): boolean {
  return wishes.get(call)?.held ?? call.isOnHold().local;
}

function carryOut(call: Holdable): void {
  const { held, done } = wishes.get(call)!;
  if (call.isEnded() || call.isOnHold().local === held || ask(call, held, done)) wishes.delete(call);
  else setTimeout(carryOut, AGAIN_MS, call);
}

function ask(call: Holdable, held: boolean, done: () => void): boolean {
  if (underWay.has(call)) return false;
  const through = (): void => {
    underWay.delete(call);
    done();
  };
  const asked = held ? call.hold({}, through) : call.unhold({}, through);
  if (asked) underWay.add(call);
  return asked;
}
