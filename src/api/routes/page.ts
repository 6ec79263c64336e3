import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerClosedCallPage, isBrowser } from '../closed-call-page.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions, DeskSource } from '../options.ts';
import { isOpenFor } from '../visitors.ts';
import { isWebCallOpen } from '../web-call.ts';

const FILE_BYTES_MAX = 8 * 1024 * 1024;
const FILES_MAX = 500;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wav': 'audio/wav',
};
const COMPRESSED = new Set(['.html', '.js', '.css', '.svg']);
/** Nothing from elsewhere, no code or style but in files of our own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];
/** The citizens' page: there is none for whom it is not open. */
const HOST = /^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const zip = promisify(gzip);

interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** Made when first asked for. */
  zipped: Promise<Buffer> | undefined;
}

/**
 * The desk, as it was built: all files stand in memory, so nothing outside their folder can be named. Every address that is no file, and
 * not the API's, is one of the page's own ways and answered with the page.
 */
export function addPageRoute(app: Api, options: ApiOptions): void {
  const { desk } = options;
  if (desk === undefined) return;
  const files = readFiles(desk.folder);
  app.get(
    '/*',
    { config: { access: 'public', idle: true, audit: 'never' }, schema: { hide: true } },
    async (request, reply) => {
      const path = pathOf(request);
      const own = /^(call|chat)(\/|$)/.exec(path)?.[1] as 'call' | 'chat' | undefined;
      if (own !== undefined) {
        const index = `${own}/index.html`;
        const named = [own, `${own}/`, index].includes(path);
        const page = named && isOpen(own, options, request) ? files.get(index) : undefined;
        if (page === undefined && named && own === 'call' && isBrowser(request)) {
          return answerClosedCallPage(request, reply);
        }
        if (page === undefined) throw new ApiError('NOT_FOUND');
        secure(request, reply, desk);
        return send(request, reply, index, page);
      }
      const file = files.get(path);
      if (file !== undefined && path !== 'index.html') return send(request, reply, path, file);
      const page = files.get('index.html');
      if (page === undefined || isElsewhere(path)) throw new ApiError('NOT_FOUND');
      secure(request, reply, desk);
      return send(request, reply, 'index.html', page);
    },
  );
}

/** Pages of citizens are there for whom they are open. */
function isOpen(page: 'call' | 'chat', options: ApiOptions, request: FastifyRequest): boolean {
  if (page === 'call') return isWebCallOpen(options, request);
  return options.webChat !== undefined && isOpenFor(options.webChat, request.raw);
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0]!.replace(/^\/+/, '');
}

/** Of the API, or a file that is not there: neither is a way of the page. */
function isElsewhere(path: string): boolean {
  return /^(api|healthz|readyz|metrics|assets)(\/|$)/.test(path) || /\.[A-Za-z0-9]{1,8}$/.test(path);
}

function readFiles(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined || files.size >= FILES_MAX) continue;
    const place = join(entry.parentPath, entry.name);
    const body = readFileSync(place);
    if (body.length > FILE_BYTES_MAX) continue;
    files.set(relative(folder, place).split(sep).join('/'), { type, body, zipped: undefined });
  }
  return files;
}

function secure(request: FastifyRequest, reply: FastifyReply, desk: DeskSource): void {
  const host = HOST.exec(request.headers.host ?? '')?.[1];
  const ws = desk.ws();
  const own = desk.secure ? 'wss' : 'ws';
  const sockets = host === undefined ? [] : [`${own}://${request.headers.host}`];
  if (host !== undefined && ws !== undefined) sockets.push(`${ws.secure ? 'wss' : 'ws'}://${host}:${ws.port}`);
  reply
    .header('content-security-policy', [...POLICY, `connect-src ${["'self'", ...sockets].join(' ')}`].join('; '))
    .header('permissions-policy', 'microphone=(self), camera=(), geolocation=()')
    .header('cross-origin-opener-policy', 'same-origin')
    .header('x-frame-options', 'DENY');
}

/** Files under `assets/` are named by their content and never change; everything else is asked for again. */
async function send(request: FastifyRequest, reply: FastifyReply, path: string, file: PageFile): Promise<FastifyReply> {
  const kept = path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  reply
    .header('cache-control', kept)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('vary', 'accept-encoding')
    .type(file.type);
  const wants = /(^|,)\s*gzip\s*(;|,|$)/.test(String(request.headers['accept-encoding'] ?? ''));
  if (!wants || !COMPRESSED.has(extname(path))) return reply.send(file.body);
  file.zipped ??= zip(file.body, { level: constants.Z_BEST_COMPRESSION });
  return reply.header('content-encoding', 'gzip').send(await file.zipped);
}
