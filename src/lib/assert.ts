/** A broken invariant: our own bug. The process dies and restarts from the journal; nothing catches this on purpose. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Stays on in production. `because` says what was assumed, for whoever reads the crash. */
export function assert(condition: unknown, because: string): asserts condition {
  if (!condition) throw new AssertionError(because);
}

/** Makes a `switch` over a union exhaustive at compile time. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
