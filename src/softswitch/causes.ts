/**
 * Why a leg ended, in FreeSWITCH's names: their Q.850 numbers, the SIP status that says each to a caller not yet answered,
 * and back from a peer's status (observed on 1.10.12; the rest after its Sofia module's table).
 */
interface Cause {
  readonly q850: number;
  /** Final status for an INVITE that ends so before it was answered. */
  readonly status: number;
}

const CAUSES: Readonly<Record<string, Cause>> = {
  UNALLOCATED_NUMBER: { q850: 1, status: 404 },
  NO_ROUTE_DESTINATION: { q850: 3, status: 404 },
  NORMAL_CLEARING: { q850: 16, status: 480 },
  USER_BUSY: { q850: 17, status: 486 },
  NO_USER_RESPONSE: { q850: 18, status: 408 },
  NO_ANSWER: { q850: 19, status: 480 },
  SUBSCRIBER_ABSENT: { q850: 20, status: 480 },
  CALL_REJECTED: { q850: 21, status: 603 },
  NUMBER_CHANGED: { q850: 22, status: 410 },
  EXCHANGE_ROUTING_ERROR: { q850: 25, status: 483 },
  DESTINATION_OUT_OF_ORDER: { q850: 27, status: 502 },
  INVALID_NUMBER_FORMAT: { q850: 28, status: 484 },
  NORMAL_UNSPECIFIED: { q850: 31, status: 480 },
  NORMAL_CIRCUIT_CONGESTION: { q850: 34, status: 503 },
  NETWORK_OUT_OF_ORDER: { q850: 38, status: 502 },
  NORMAL_TEMPORARY_FAILURE: { q850: 41, status: 503 },
  SWITCH_CONGESTION: { q850: 42, status: 503 },
  OUTGOING_CALL_BARRED: { q850: 52, status: 403 },
  INCOMING_CALL_BARRED: { q850: 54, status: 403 },
  BEARERCAPABILITY_NOTAVAIL: { q850: 58, status: 503 },
  SERVICE_UNAVAILABLE: { q850: 63, status: 503 },
  CHAN_NOT_IMPLEMENTED: { q850: 66, status: 501 },
  SERVICE_NOT_IMPLEMENTED: { q850: 79, status: 501 },
  INCOMPATIBLE_DESTINATION: { q850: 88, status: 488 },
  RECOVERY_ON_TIMER_EXPIRE: { q850: 102, status: 504 },
  INTERWORKING: { q850: 127, status: 480 },
  ORIGINATOR_CANCEL: { q850: 487, status: 487 },
  LOSE_RACE: { q850: 502, status: 480 },
  MANAGER_REQUEST: { q850: 503, status: 480 },
  ALLOTTED_TIMEOUT: { q850: 602, status: 480 },
  MEDIA_TIMEOUT: { q850: 604, status: 480 },
  PICKED_OFF: { q850: 605, status: 480 },
  USER_NOT_REGISTERED: { q850: 606, status: 480 },
  PROGRESS_TIMEOUT: { q850: 607, status: 480 },
  INVALID_GATEWAY: { q850: 608, status: 480 },
  GATEWAY_DOWN: { q850: 609, status: 480 },
  INVALID_URL: { q850: 610, status: 480 },
  INVALID_PROFILE: { q850: 611, status: 480 },
  SYSTEM_SHUTDOWN: { q850: 501, status: 480 },
  CRASH: { q850: 500, status: 480 },
};

const STATUS_CAUSES: Readonly<Record<number, string>> = {
  400: 'NORMAL_TEMPORARY_FAILURE',
  401: 'CALL_REJECTED',
  402: 'CALL_REJECTED',
  403: 'CALL_REJECTED',
  404: 'UNALLOCATED_NUMBER',
  405: 'SERVICE_UNAVAILABLE',
  406: 'SERVICE_NOT_IMPLEMENTED',
  407: 'CALL_REJECTED',
  408: 'RECOVERY_ON_TIMER_EXPIRE',
  410: 'NUMBER_CHANGED',
  413: 'INTERWORKING',
  414: 'INTERWORKING',
  415: 'SERVICE_NOT_IMPLEMENTED',
  416: 'INTERWORKING',
  420: 'INTERWORKING',
  421: 'INTERWORKING',
  423: 'INTERWORKING',
  480: 'NO_USER_RESPONSE',
  481: 'NORMAL_TEMPORARY_FAILURE',
  482: 'EXCHANGE_ROUTING_ERROR',
  483: 'EXCHANGE_ROUTING_ERROR',
  484: 'INVALID_NUMBER_FORMAT',
  485: 'NO_ROUTE_DESTINATION',
  486: 'USER_BUSY',
  487: 'ORIGINATOR_CANCEL',
  488: 'INCOMPATIBLE_DESTINATION',
  500: 'NORMAL_TEMPORARY_FAILURE',
  501: 'SERVICE_NOT_IMPLEMENTED',
  502: 'NETWORK_OUT_OF_ORDER',
  503: 'NORMAL_TEMPORARY_FAILURE',
  504: 'RECOVERY_ON_TIMER_EXPIRE',
  505: 'INTERWORKING',
  600: 'USER_BUSY',
  603: 'CALL_REJECTED',
  604: 'NO_ROUTE_DESTINATION',
  606: 'INCOMPATIBLE_DESTINATION',
};

export function causeOfStatus(status: number): string {
  return STATUS_CAUSES[status] ?? 'NORMAL_UNSPECIFIED';
}

export function q850Of(cause: string): number {
  return CAUSES[cause]?.q850 ?? 31;
}

export function statusOf(cause: string): number {
  return CAUSES[cause]?.status ?? 480;
}

export function isCause(name: string): boolean {
  return Object.hasOwn(CAUSES, name);
}

/** Q.850 numbers above 127 are FreeSWITCH's own: a peer is told 31 (unspecified) instead. RFC 3326. */
export function reasonHeader(cause: string): string {
  const number = q850Of(cause);
  const q850 = `Q.850;cause=${number > 127 ? 31 : number};text="${cause}"`;
  return cause === 'LOSE_RACE' ? `${ANSWERED_ELSEWHERE}, ${q850}` : q850;
}

/** Phones that read this show no missed call. RFC 3326 §2. */
const ANSWERED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';
