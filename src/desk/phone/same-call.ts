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

/** In which contact the switch rings, as its header says. */
export function contactOf(request: IncomingRequest): string {
  return headerOf(request, 'X-Minhu-Contact');
}

function headerOf(request: IncomingRequest, name: string): string {
  return String(request.getHeader(name) ?? '').trim();
}

/** Whether the switch brings back the talk that this page was in (`src/softswitch/README.md`): that is answered by itself. */
export function isResumed(request: IncomingRequest, kept: string | undefined): boolean {
  return kept !== undefined && answersByItself(request) && contactOf(request) === kept;
}

/** The word of the switch that somebody at this seat waits for this ring. */
export function answersByItself(request: IncomingRequest): boolean {
  return headerOf(request, 'X-Minhu-Resume') === 'true';
}
