import { networkOf } from '../lib/network-of.ts';
import { readWebCallTicket } from '../lib/web-call-ticket.ts';
import type { Board } from './board.ts';
import type { Flow } from './sip/user-agent.ts';

/** `Caller-Context` of such a call. */
export const WEB_CONTEXT = 'web';

export interface WebCallers {
  /** Why this call is refused, a status and a phrase; undefined: it may come, and its ticket is void from now on. */
  refusalOf(
    board: Board,
    ticket: string,
    flow: Flow,
    nowMs: number,
  ): readonly [status: number, phrase: string] | undefined;
}

/** Each ticket calls once; the limits are those of the directory at this moment. */
export function createWebCallers(): WebCallers {
  /** Those that are not over yet: at most as many as INVITEs came meanwhile. */
  const used = new Map<string, number>();

  return {
    refusalOf(board, ticket, flow, nowMs) {
      const rules = board.directory.webCalls();
      const grant = readWebCallTicket(ticket, nowMs);
      if (rules === undefined || grant === undefined || used.has(ticket)) return [403, 'The ticket is over'];
      const open = [...board.legs.values()].filter(({ profile }) => profile.context === WEB_CONTEXT);
      const network = networkOf(flow.remoteIp);
      const mine = open.filter(({ signalling }) => networkOf(signalling.ip) === network);
      if (open.length >= rules.atOnce.all) return [503, 'Too many calls from pages'];
      if (mine.length >= rules.atOnce.each) return [503, 'Too many calls from this address'];
      for (const [old, expiresAtMs] of used) if (expiresAtMs <= nowMs) used.delete(old);
      used.set(ticket, grant.expiresAtMs);
      return undefined;
    },
  };
}
