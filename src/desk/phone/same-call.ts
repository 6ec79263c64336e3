import type { IncomingRequest } from 'jssip/lib/SIPMessage';

const KEY = 'minhu.contact';

/** This tab's page is in this contact; it is still known after a reload or a crash of the page, and in no other tab. */
export function keepContact(contact: string | undefined): void {
  if (contact === undefined) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, contact);
}

export function keptContact(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

/** Whether the switch brings back the talk that this page was in (`src/softswitch/README.md`): only that is answered by itself. */
export function isResumed(request: IncomingRequest, kept: string | undefined): boolean {
  const says = (name: string): string => String(request.getHeader(name) ?? '').trim();
  return kept !== undefined && says('X-Minhu-Resume') === 'true' && says('X-Minhu-Contact') === kept;
}
