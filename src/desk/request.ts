/** The server answered no: `code` is one of the API's. */
export class Refused extends Error {
  readonly code: string;
  readonly status: number;
  /** What is meant in particular; often empty. */
  readonly detail: string;
  /** When it may be tried again; 0: the server did not say. */
  readonly retryAfterS: number;
  constructor(code: string, status: number, title: string, detail = '', retryAfterS = 0) {
    super(title);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.retryAfterS = retryAfterS;
  }
}

/** The server did not answer at all, or only said that it cannot now: to be tried again. */
export class Away extends Error {}

interface Options {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';
  readonly body?: unknown;
  /** Instead of a body: sent as it is. */
  readonly file?: Blob;
  readonly headers?: Readonly<Record<string, string>>;
  /** The page is closing: the browser sends it to the end. */
  readonly keepalive?: boolean;
}

const ANSWER_WITHIN_MS = 10_000;
const FILE_WITHIN_MS = 120_000;
const AWAY_STATUS = new Set([502, 503, 504]);
let whenLoginRequired = (): void => undefined;
let language = (): string => 'zh';

/** Who hears that the session is over, and in which language errors come. */
export function prepareRequests(onLoginRequired: () => void, languageNow: () => string): void {
  whenLoginRequired = onLoginRequired;
  language = languageNow;
}

/** Asks the API. @throws Refused, Away. */
export async function ask<Answer>(path: string, options: Options = {}): Promise<Answer> {
  const response = await reach(path, options, options.file === undefined ? ANSWER_WITHIN_MS : FILE_WITHIN_MS);
  if (response.status === 204) return undefined as Answer;
  if (response.ok) return (await response.json()) as Answer;
  return await refuse(response);
}

/** A file of the API's, whole. @throws Refused, Away. */
export async function askFile(path: string): Promise<Blob> {
  const response = await reach(path, {}, FILE_WITHIN_MS);
  return response.ok ? await response.blob() : await refuse(response);
}

async function refuse(response: Response): Promise<never> {
  const problem = (await response.json().catch(() => ({}))) as { code?: string; title?: string; detail?: string };
  if (AWAY_STATUS.has(response.status)) throw new Away(problem.title ?? '');
  if (problem.code === 'LOGIN_REQUIRED') whenLoginRequired();
  const { code = 'INTERNAL', title = response.statusText, detail } = problem;
  throw new Refused(code, response.status, title, detail, Number(response.headers.get('retry-after') ?? 0));
}

async function reach(path: string, options: Options, withinMs: number): Promise<Response> {
  const { method = 'GET', body, file, headers, keepalive = false } = options;
  try {
    return await fetch(`/api/v1${path}`, {
      method,
      keepalive,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(withinMs),
      headers: {
        'accept-language': language(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(file === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(file === undefined ? {} : { body: file }),
    });
  } catch (error) {
    throw new Away(error instanceof Error ? error.message : String(error));
  }
}
