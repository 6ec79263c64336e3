import { session } from './session.ts';

/** Who leads; who keeps the accounts does not. */
export const LEADS: readonly string[] = ['lead', 'supervisor'];

/** Whether who sits here has one of these roles. */
export function isOneOf(roles: readonly string[]): boolean {
  return session.person?.roles.some((role) => roles.includes(role)) === true;
}

/** Characters of the reason for which a whole number is shown, or a recording played. */
export const REASON_MIN = 2;
export const REASON_MAX = 100;
