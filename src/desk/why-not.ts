import { words } from './language/words.ts';
import { Away } from './request.ts';

/** Why something was not done, in words for who sits here. */
export function whyNot(error: unknown): string {
  return error instanceof Away ? words.value.errors.away : (error as Error).message;
}
