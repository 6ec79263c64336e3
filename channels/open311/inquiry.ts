import type { Answer, Matter, MatterQuestion } from '../../src/channel/channel.ts';
import { answerIn, errorsIn, type Format, type Value } from './answer.ts';
import { mediaUrl, type Service, serviceCode } from './request.ts';

const IDS_MAX = 50;
const DAY_MS = 86_400_000;
/** GeoReport v2, “GET Service Requests”: without ids at most 90 days or 1,000 requests. */
const SPAN_MS_MAX = 90 * DAY_MS;
const ROWS_MAX = 1_000;
const PAGE_ROWS_USUAL = 100;
/** About 100 m: which street, not which door. */
const PLACE_DECIMALS = 3;
const TEXT_CHARS_MAX = 1_000;
const ELEMENTS = { whole: 'service_requests', each: 'request' };
/** RFC 3339, with its zone: another clock than ours may be meant. */
const INSTANT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/;

/** What of a request may be shown to whom. */
export interface Shown {
  readonly services: readonly Service[];
  /** Whoever asks has the key of an integrator: also what the citizen wrote, without its numbers and addresses. */
  readonly withText: boolean;
  /** Who is responsible. */
  readonly agency: string;
  /** Promised from its arrival; undefined: nothing is. */
  readonly expectedMs: number | undefined;
}

/** In the words of people: domain guide §3.9, wrap-up. */
const NOTES: Readonly<Record<string, string>> = {
  waiting: '已收到，等候受理',
  taken: '正在办理',
  ended: '已办结',
  DIRECT_ANSWER: '已直接解答',
  ORDER: '已转承办单位办理',
  TRANSFER: '已转接相关热线',
  LINKAGE: '已联动相关部门办理',
  MERGED: '已与相同诉求合并办理',
  REJECTED: '不予受理',
  INVALID: '信息无效，已关闭',
};

/** One request by its number. */
export function askForOne(id: string, format: Format, shown: Shown): MatterQuestion {
  return {
    remoteIds: [id],
    limit: 1,
    answer: (matters) =>
      matters.length === 0
        ? errorsIn(format, 404, ['service_request_id was not found'])
        : answerIn(format, [viewOf(matters[0]!, shown)], ELEMENTS),
  };
}

/** The number behind a token: they are the same, once there is a request. */
export function askForToken(token: string, format: Format): MatterQuestion {
  return {
    remoteIds: [token],
    limit: 1,
    answer: (matters) =>
      matters.length === 0
        ? errorsIn(format, 404, ['token was not found'])
        : answerIn(format, [{ service_request_id: token, token }], ELEMENTS),
  };
}

/** The requests that a query asks for, or what is wrong with it. */
export function askForMany(
  query: URLSearchParams,
  format: Format,
  shown: Shown,
  nowMs: number,
): MatterQuestion | Answer {
  const faults: string[] = [];
  const said = (name: string): string | undefined => query.get(name)?.trim() || undefined;
  const instant = (name: string): number | undefined => {
    const text = said(name);
    const atMs = text !== undefined && INSTANT.test(text) ? Date.parse(text) : Number.NaN;
    if (text !== undefined && Number.isNaN(atMs))
      faults.push(`${name} is no date of the form 2026-01-01T00:00:00+08:00`);
    return Number.isNaN(atMs) ? undefined : atMs;
  };
  const count = (name: string, usual: number, most: number): number => {
    const text = said(name) ?? `${usual}`;
    const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    if (number < 1 || number > most) faults.push(`${name} is not 1..${most}`);
    return number;
  };
  const ids = list(said('service_request_id'));
  if (ids.length > IDS_MAX) faults.push(`service_request_id names more than ${IDS_MAX}`);
  const codes = list(said('service_code'));
  const subjects = shown.services.filter(({ code }) => codes.includes(code)).map(({ name }) => name);
  if (subjects.length < codes.length) faults.push('service_code provided was not found');
  const status = list(said('status'));
  if (status.some((one) => one !== 'open' && one !== 'closed')) faults.push('status is neither open nor closed');
  const [from, to, changedAfterMs] = [instant('start_date'), instant('end_date'), instant('updated_after')];
  const toMs = to ?? (from === undefined ? nowMs : Math.min(nowMs, from + SPAN_MS_MAX));
  const fromMs = from ?? toMs - SPAN_MS_MAX;
  if (ids.length === 0 && toMs - fromMs > SPAN_MS_MAX) faults.push('more than 90 days are asked for');
  const limit = count('page_size', said('page') === undefined ? ROWS_MAX : PAGE_ROWS_USUAL, ROWS_MAX);
  const page = count('page', 1, 1_000);
  if (faults.length > 0) return errorsIn(format, 400, faults);
  const [only] = new Set(status);
  const isForIdsAlone =
    ids.length > 0 && page === 1 && [...codes, ...status].length === 0 && changedAfterMs === undefined;
  return {
    ...(ids.length > 0 ? { remoteIds: ids } : { fromMs, toMs: toMs + 1 }),
    ...(codes.length > 0 ? { subjects } : {}),
    ...(changedAfterMs === undefined ? {} : { changedAfterMs }),
    ...(new Set(status).size === 1 ? { status: only as Matter['status'] } : {}),
    skip: (page - 1) * limit,
    limit,
    answer: (matters) =>
      isForIdsAlone && matters.length === 0
        ? errorsIn(format, 404, ['service_request_id was not found'])
        : answerIn(
            format,
            matters.map((matter) => viewOf(matter, shown)),
            ELEMENTS,
          ),
  };
}

function list(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Neither who asked nor where exactly: everybody may read it. */
function viewOf({ message, status, stage, cameAtMs, changedAtMs }: Matter, shown: Shown): Value {
  const { withText, agency, expectedMs } = shown;
  const { remoteId, subject = '', text = '', place, fields } = message;
  return {
    service_request_id: remoteId,
    status,
    status_notes: NOTES[stage] ?? '',
    service_name: subject,
    service_code: serviceCode(fields),
    description: withText ? withoutTraces(text) : '',
    agency_responsible: agency,
    service_notice: '',
    requested_datetime: instantOf(cameAtMs),
    updated_datetime: instantOf(changedAtMs),
    expected_datetime: expectedMs === undefined || status === 'closed' ? '' : instantOf(cameAtMs + expectedMs),
    address: '',
    address_id: '',
    zipcode: '',
    lat: place === undefined ? '' : rounded(place.latitude),
    long: place === undefined ? '' : rounded(place.longitude),
    // Whatever a stranger wrote: for integrators alone.
    media_url: withText ? mediaUrl(fields) : '',
  };
}

/** Numbers of phones, papers and accounts, and mail addresses; names cannot be told from other words. */
function withoutTraces(text: string): string {
  const start = text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text;
  return start.replace(/[\w.+-]{1,64}@[\w.-]{1,255}/g, '***').replace(/\+?\p{Nd}[\p{Nd} -]{4,}[\p{Nd}Xx]/gu, '***');
}

function rounded(degrees: number): number {
  return Number(degrees.toFixed(PLACE_DECIMALS));
}

/** With the zone of all of mainland China. */
function instantOf(atMs: number): string {
  return new Date(atMs + 8 * 3_600_000).toISOString().replace(/\.\d{3}Z$/, '+08:00');
}
