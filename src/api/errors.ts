import type { FastifyReply, FastifyRequest } from 'fastify';
import { FolderFault } from '../channel/media/folder-fault.ts';
import { faultOf, type Words } from './wrong-request.ts';

interface ErrorEntry extends Words {
  readonly status: number;
}

/** Every error that the API answers with. A code is for ever: programs look at it. The words may change. */
export const ERRORS = {
  AGENT_AWAY: { status: 409, zh: '该座席没有打开工作台。', en: 'Nobody is at the page of that seat.' },
  ALERT_UNKNOWN: { status: 404, zh: '没有这条提醒，或已解除。', en: 'There is no such alert, or it is over.' },
  ALARM_UNKNOWN: { status: 404, zh: '没有这条告警。', en: 'There is no such alarm.' },
  BODY_TOO_LARGE: { status: 413, zh: '请求内容过大。', en: 'The request is too large.' },
  BUSY: { status: 503, zh: '系统繁忙，请稍后再试。', en: 'Too much at once; try again in a moment.' },
  CALLER_WITHHELD: { status: 409, zh: '来电没有显示号码。', en: 'The caller withheld the number.' },
  CALL_OUT_CLOSED: {
    status: 409,
    zh: '没有外呼中继或号码目录，不能呼出。',
    en: 'There is no trunk to call out by, or no catalogue of numbers.',
  },
  CHAT_OVER: { status: 401, zh: '这次对话已失效。', en: 'This conversation is over, or the token is not its own.' },
  CHAT_THROTTLED: { status: 429, zh: '操作过于频繁，请稍后再试。', en: 'Too many at once; try again later.' },
  CONTACT_IS_CALL: {
    status: 409,
    zh: '这是一通电话，不能这样处理。',
    en: 'The contact is a call; this is for digital contacts.',
  },
  CONTACT_NOT_HELD: { status: 409, zh: '这条联络不在您手上。', en: 'You do not have this contact.' },
  CONTACT_NOT_TALKING: {
    status: 404,
    zh: '该联络当前没有您可介入的通话。',
    en: 'Nobody talks in this contact, or not in your reach.',
  },
  CONTACT_OPEN: {
    status: 409,
    zh: '这个会话正在进行，不必重新开启。',
    en: 'The conversation is open; there is nothing to take up again.',
  },
  CONTACT_UNKNOWN: { status: 404, zh: '没有这条联络记录。', en: 'There is no such contact.' },
  DISK_FULL: {
    status: 503,
    zh: '暂时不能接收文件，请改用文字说明。',
    en: 'There is no room for files just now; words still come through.',
  },
  EXPLAIN_FAILED: {
    status: 500,
    zh: '这条联络的决策无法重现，原因已记录。',
    en: 'The decisions about this contact cannot be made again; the log says why.',
  },
  EXPLAIN_UNKNOWN: {
    status: 404,
    zh: '日志中已没有这条联络的决策。',
    en: 'The journal holds no decision about this contact.',
  },
  FILES_AWAY: {
    status: 503,
    zh: '文件暂时无法存取，请稍后再试，或改用文字说明。',
    en: 'Files can be neither kept nor read just now; try again, or write it in words.',
  },
  FILE_REFUSED: { status: 422, zh: '不能发送这个文件。', en: 'This file cannot be sent.' },
  FILE_UNKNOWN: {
    status: 404,
    zh: '没有这个可重新获取的文件。',
    en: 'There is no such file that was given up and could be fetched again.',
  },
  FORBIDDEN: { status: 403, zh: '您的角色无权进行此操作。', en: 'Your role may not do this.' },
  FORM_NEWER: {
    status: 409,
    zh: '这张登记单已有另一份草稿，请先读取再保存。',
    en: 'There is another draft of this form; read it before you save.',
  },
  FORM_SUBMITTED: {
    status: 409,
    zh: '这张登记单已提交，不能再改。',
    en: 'This form was submitted and does not change.',
  },
  INTERNAL: { status: 500, zh: '系统内部错误，已记录。', en: 'Something went wrong here; it is in the log.' },
  KEY_REUSED: {
    status: 409,
    zh: '这个请求键已用于另一内容，本次未处理。',
    en: 'This key came with something else before; nothing was done.',
  },
  LOGIN_REQUIRED: { status: 401, zh: '请先登录。', en: 'Log in first.' },
  LOGIN_THROTTLED: {
    status: 429,
    zh: '密码错误次数过多，请稍后再试。',
    en: 'Too many wrong passwords; try again later.',
  },
  LOGIN_WRONG: { status: 401, zh: '用户名或密码错误。', en: 'The user name or the password is wrong.' },
  MEDIA_TYPE_UNKNOWN: {
    status: 415,
    zh: '请求内容的类型（Content-Type）不对。',
    en: 'A body of this Content-Type, or of none, is not taken here.',
  },
  MESSAGE_UNKNOWN: {
    status: 404,
    zh: '没有这条待重发或待重读的消息。',
    en: 'There is no such dead letter, and nothing such set aside.',
  },
  MESSAGE_UNREADABLE: { status: 409, zh: '这条消息仍然无法读取。', en: 'This message still cannot be read.' },
  MISSED_CALL_CLOSED: { status: 409, zh: '这个漏接来电已办结。', en: 'This missed call is closed already.' },
  MISSED_CALL_UNKNOWN: { status: 404, zh: '没有这个漏接来电。', en: 'There is no such missed call.' },
  NOT_FOUND: { status: 404, zh: '没有这个地址。', en: 'There is nothing at this address.' },
  NOT_WRITTEN: {
    status: 503,
    zh: '未能写入日志，操作未生效。',
    en: 'It could not be written down, so it was not done.',
  },
  NO_CHAT_TOKEN: {
    status: 409,
    zh: '这条联络不是网页在线咨询。',
    en: 'The contact did not come by the web chat.',
  },
  NO_SEAT: { status: 409, zh: '您的账号没有座席。', en: 'Your account has no seat.' },
  NUMBER_NOT_LISTED: {
    status: 403,
    zh: '该号码不在外呼目录内，也不是可回拨的市民号码。',
    en: 'The number is not in the catalogue, nor one of a citizen that may be called back.',
  },
  OFF_DUTY: {
    status: 409,
    zh: '您已离线，或所在站点不接新会话。',
    en: 'You are offline, or your site takes nothing new.',
  },
  OFFER_GONE: { status: 409, zh: '这次派接已失效。', en: 'This offer no longer stands.' },
  ORIGIN_REFUSED: { status: 403, zh: '请求来自其他网站，已拒绝。', en: 'The request comes from another site.' },
  OWN_ACCOUNT: {
    status: 409,
    zh: '不能更改自己的角色或停用自己。',
    en: 'Nobody changes the own roles or disables the own account.',
  },
  OWN_TALK: { status: 409, zh: '不能监听自己的通话。', en: 'Nobody supervises the own talk.' },
  PERIOD_TOO_LONG: { status: 400, zh: '查询的时间范围过长。', en: 'The period is too long.' },
  PERSON_CHANGED: {
    status: 409,
    zh: '市民档案已有变动，请重新查看。',
    en: 'Something of this person was moved meanwhile; look again.',
  },
  PERSON_CHANGE_UNKNOWN: { status: 404, zh: '没有这次归并或拆分。', en: 'There is no such merge or split.' },
  PERSON_FULL: {
    status: 409,
    zh: '一位市民最多有 100 个身份标识。',
    en: 'One person has 100 identities at most.',
  },
  PERSON_SAME: { status: 409, zh: '没有可以归并、拆分或撤销的内容。', en: 'There is nothing to merge, split or undo.' },
  PHONE_BUSY: {
    status: 409,
    zh: '您正在通话、已离线，或席位没有可用的话机。',
    en: 'You are in a call or offline, or your seat has no phone that can be rung.',
  },
  PHONE_ELSEWHERE: {
    status: 409,
    zh: '话机注册在 FreeSWITCH，网页话机不可用。',
    en: 'Phones register at a FreeSWITCH; there is none in the page.',
  },
  QUEUE_FULL: { status: 503, zh: '排队已满，请稍后再试。', en: 'The queue is full; try again later.' },
  QUEUE_UNKNOWN: { status: 404, zh: '没有这个队列。', en: 'There is no such queue.' },
  RANGE_UNKNOWN: { status: 416, zh: '请求的范围不在文件之内。', en: 'The file has no such range.' },
  REASON_NEEDED: { status: 400, zh: '请说明原因。', en: 'A reason is needed.' },
  RECORDING_MISSING: { status: 410, zh: '录音文件已不存在。', en: 'The file of this recording is gone.' },
  RECORDING_OLD: {
    status: 403,
    zh: '本人通话的录音只能在七天内回放。',
    en: 'Own recordings are played for seven days.',
  },
  RECORDING_RUNNING: { status: 409, zh: '录音尚未结束。', en: 'The recording has not ended yet.' },
  RECORDING_UNKNOWN: { status: 404, zh: '没有这段录音。', en: 'There is no such recording.' },
  RECORDS_BEHIND: {
    status: 503,
    zh: '记录尚未跟上，请稍后再试。',
    en: 'The records are behind; what was told a moment ago may be in them soon.',
  },
  REPLY_IMPOSSIBLE: {
    status: 409,
    zh: '这条联络没有可以回复的渠道。',
    en: 'There is no channel by which this contact can be answered.',
  },
  REPLY_TOO_LONG: { status: 400, zh: '回复超过渠道允许的长度。', en: 'The reply is longer than the channel takes.' },
  REPLY_WINDOW_CLOSED: {
    status: 409,
    zh: '平台的回复时限或条数已用完，请改用模板消息或电话。',
    en: 'The platform takes no more replies now: use a template or the phone.',
  },
  REQUEST_INVALID: { status: 400, zh: '请求内容不符合格式。', en: 'The request is not as it should be.' },
  REQUEST_LATE: { status: 408, zh: '请求内容没有及时传完。', en: 'The body of the request did not come in time.' },
  REVEAL_THROTTLED: {
    status: 429,
    zh: '查看完整号码过于频繁，请稍后再试。',
    en: 'Too many whole numbers at once; try again later.',
  },
  ROLES_CONFLICT: {
    status: 409,
    zh: '同一账号不能既是管理员又是审计员。',
    en: 'Nobody is admin and auditor at once.',
  },
  SEAT_STANDS: {
    status: 409,
    zh: '已有座席的话机账号与认证算法不能更改；请先删除座席。',
    en: 'The phone account and digest of a seat do not change: remove the seat first.',
  },
  SECOND_FACTOR_REQUIRED: {
    status: 401,
    zh: '请输入动态验证码。',
    en: 'The code of the second factor is needed, too.',
  },
  SECOND_FACTOR_SET: { status: 409, zh: '已启用动态验证码。', en: 'There is a second factor already.' },
  SECOND_FACTOR_UNAVAILABLE: {
    status: 503,
    zh: '本机没有验证动态验证码的密钥。',
    en: 'The key that second factors are checked with is not on this machine.',
  },
  SECOND_FACTOR_WRONG: { status: 401, zh: '动态验证码错误或已用过。', en: 'The code is wrong or was used before.' },
  SECOND_PERSON_NEEDED: {
    status: 409,
    zh: '须由另一人批准。',
    en: 'A second person has to agree.',
  },
  SECRET_WRONG: { status: 401, zh: '共享密钥错误。', en: 'The shared secret is missing or wrong.' },
  SIGNATURE_WRONG: { status: 403, zh: '签名不正确。', en: 'The signature is wrong.' },
  SLOTS_FULL: {
    status: 409,
    zh: '您手上的会话已达上限，请先结束一个。',
    en: 'You have as many conversations as you may; end one first.',
  },
  SITE_UNKNOWN: { status: 404, zh: '没有这个站点。', en: 'There is no such site.' },
  SKILL_UNKNOWN: {
    status: 404,
    zh: '没有队列或方案需要这个技能。',
    en: 'No queue and no plan asks for this skill.',
  },
  STORE_AWAY: { status: 503, zh: '数据库暂不可用，通话不受影响。', en: 'The database is away; calls go on.' },
  SUPERVISED_ALREADY: {
    status: 409,
    zh: '已有人在监听或介入该通话。',
    en: 'Somebody supervises this talk already.',
  },
  APPROVAL_STALE: {
    status: 409,
    zh: '申请已变更，请看清后再决定。',
    en: 'What is asked for is another now; read it before you agree.',
  },
  SUPERVISION_REASON_NEEDED: {
    status: 400,
    zh: '介入更深须另写原因。',
    en: 'To be heard by more takes a reason of its own.',
  },
  SUPERVISION_NONE: { status: 404, zh: '您没有介入该通话。', en: 'There is no supervision of yours to change.' },
  SUPERVISOR_BUSY: {
    status: 409,
    zh: '您的席位没有可用的话机，或正在通话。',
    en: 'Your seat has no phone that can be rung, or is in a call.',
  },
  TEAM_UNKNOWN: { status: 404, zh: '没有这个班组。', en: 'There is no such team.' },
  TEMPLATE_FIELD_UNKNOWN: { status: 400, zh: '模板没有这个字段。', en: 'The template has no such field.' },
  TEMPLATE_UNKNOWN: { status: 400, zh: '渠道没有这个模板。', en: 'The channel has no such template.' },
  TOKEN_NOT_MADE: {
    status: 409,
    zh: '该账号不是集成方，或令牌已达上限。',
    en: 'The account is no integrator, or has as many tokens as it may.',
  },
  TOKEN_THROTTLED: { status: 429, zh: '该账号请求过于频繁。', en: 'Too many requests of this account.' },
  TOKEN_UNKNOWN: {
    status: 404,
    zh: '没有这个令牌，或已吊销。',
    en: 'There is no such token, or it was revoked before.',
  },
  TOKEN_WRONG: { status: 401, zh: '令牌无效、已过期或已吊销。', en: 'The token is wrong, expired or revoked.' },
  TOO_MANY_GROUPS: {
    status: 400,
    zh: '分组过多，请缩短时间范围。',
    en: 'There are too many groups; ask for a shorter period.',
  },
  UPGRADE_REQUIRED: {
    status: 426,
    zh: '这里是实时连接，请以 WebSocket 方式连接。',
    en: 'This is the live socket: come with WebSocket.',
  },
  USER_TAKEN: {
    status: 409,
    zh: '用户名、工号或话机账号已被使用。',
    en: 'The user name, number or phone account is taken.',
  },
  USER_UNKNOWN: { status: 404, zh: '没有这个账号。', en: 'There is no such account.' },
  WEB_CALLS_FULL: {
    status: 429,
    zh: '网页来电已满，请稍后再试，或直接用电话拨打12345。',
    en: 'There are too many calls from pages just now; try again soon, or call 12345 by telephone.',
  },
  WEB_CALL_THROTTLED: {
    status: 429,
    zh: '您的网络拨打次数过多，请稍后再试，或直接用电话拨打12345。',
    en: 'Too many calls from your network; try again later, or call 12345 by telephone.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof ERRORS;

/** Thrown by a route; answered as problem details (RFC 9457) by `answerError`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly detail: string | Words | undefined;
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, more: { detail?: string | Words; retryAfterS?: number } = {}) {
    super(code);
    this.code = code;
    this.detail = more.detail;
    this.retryAfterS = more.retryAfterS;
  }
}

/** Answers any error. What nobody foresaw is logged whole and told as little as possible; the rest anybody may cause, and would fill the log. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = asApiError(error, request);
  const { status } = ERRORS[known.code];
  request.problem = known.code;
  if (error instanceof FolderFault) sayFolderFault(error, request);
  if (known.code === 'INTERNAL') request.log.error({ err: error, url: request.url }, 'a request failed');
  if (known.retryAfterS !== undefined) reply.header('retry-after', String(known.retryAfterS));
  const language = languageOf(request.headers['accept-language']);
  const detail = typeof known.detail === 'object' ? known.detail[language] : known.detail;
  return reply
    .code(status)
    .header('content-language', language)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:minhu:error:${known.code}`,
        title: ERRORS[known.code][language],
        status,
        code: known.code,
        ...(detail === undefined ? {} : { detail }),
      }),
    );
}

/** When a file that could not be kept may be sent again. */
export const FILES_AGAIN_S = 30;
const FOLDER_LOG_EVERY_MS = 60_000;
let folderLoggedMs = Number.NEGATIVE_INFINITY;

/** The operator has to mend it; anybody may run into it as often as they like. */
function sayFolderFault(error: FolderFault, request: FastifyRequest): void {
  const nowMs = performance.now();
  if (nowMs - folderLoggedMs < FOLDER_LOG_EVERY_MS) return;
  folderLoggedMs = nowMs;
  request.log.error({ err: error }, 'the folder of files takes and gives nothing now');
}

/** SQLSTATE: PostgreSQL's text takes any character but NUL, and its JSON says so in its own way. */
const CHARACTER_NOT_TAKEN = new Set<unknown>(['22021', '22P05']);

function asApiError(error: unknown, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof FolderFault)
    return new ApiError(error.kind === 'full' ? 'DISK_FULL' : 'FILES_AWAY', { retryAfterS: FILES_AGAIN_S });
  const { code, statusCode, validation, message } = (error ?? {}) as Record<string, unknown>;
  if (validation)
    return new ApiError('REQUEST_INVALID', { detail: faultOf(error as object, request) ?? String(message) });
  if (statusCode === 413) return new ApiError('BODY_TOO_LARGE');
  if (statusCode === 415) return new ApiError('MEDIA_TYPE_UNKNOWN');
  if (typeof statusCode === 'number' && statusCode < 500)
    return new ApiError('REQUEST_INVALID', { detail: String(message) });
  if (CHARACTER_NOT_TAKEN.has(code)) return new ApiError('REQUEST_INVALID', { detail: 'NUL is no text' });
  if (isStoreAway(error)) return new ApiError('STORE_AWAY', { retryAfterS: 1 });
  return new ApiError('INTERNAL');
}

/** SQLSTATE classes 08, 28, 3D, 53 and 57 (connections, refusals, shutdown), and what the driver says when there is no server at all. */
export function isStoreAway(error: unknown): boolean {
  const { code, message } = (error ?? {}) as Record<string, unknown>;
  if (
    typeof code === 'string' &&
    /^(08|28|3D|53|57)...$|^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|E(HOST|NET)UNREACH)$/.test(
      code,
    )
  )
    return true;
  return /^Connection terminated|^timeout exceeded when trying to connect|^Query read timeout|connection error and is not queryable/.test(
    String(message),
  );
}

/** Chinese unless the browser prefers English (first language named wins; order of preference is the order of naming in practice). */
function languageOf(header: string | undefined): 'zh' | 'en' {
  const first = (header ?? '').split(',').map((part) => part.trim().toLowerCase().slice(0, 2));
  return first.find((language) => language === 'zh' || language === 'en') === 'en' ? 'en' : 'zh';
}
