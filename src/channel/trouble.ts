import type { ChannelError } from './channel.ts';

/** A source does not answer as it should. */
export interface Trouble {
  readonly sinceMs: number;
  readonly reason: string;
}

/** By its name: a channel's file may have been compiled against another copy of the contract's module. */
export function isChannelError(error: unknown): error is ChannelError {
  return error instanceof Error && error.name === 'ChannelError' && 'kind' in error;
}
