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

/** Whether the switch brings back a call that this page was in: it says so (RFC 3261 §20.9, `answer-after=0`), and we know of one. */
export function isResumed(request: IncomingRequest, kept: string | undefined): boolean {
  return kept !== undefined && /;\s*answer-after\s*=\s*0\b/i.test(String(request.getHeader('Call-Info') ?? ''));
}
