import type { ChannelError } from './channel.ts';

/** By its name: a channel's file may have been compiled against another copy of the contract's module. */
export function isChannelError(error: unknown): error is ChannelError {
  return error instanceof Error && error.name === 'ChannelError' && 'kind' in error;
}
