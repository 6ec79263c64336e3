import { awayEn } from '../language/away-en.ts';
import { awayZh } from '../language/away-zh.ts';

/** The part of a service worker that is needed. */
interface Worker {
  readonly location: Location;
  readonly registration: { unregister(): Promise<boolean> };
  addEventListener(type: 'install', listener: (event: InstallEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
}
interface InstallEvent {
  /** Chromium's: what goes past the worker does not wait for its start. */
  addRoutes?(routes: readonly object[]): Promise<void>;
  waitUntil(done: Promise<unknown>): void;
}
interface FetchEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
  waitUntil(done: Promise<unknown>): void;
}

/** Others' pages, and what is no page. */
const NOT_OURS = /^\/(api|call|chat|assets|healthz|readyz|metrics)(\/|$)/;
/** Said by a proxy while the server is away. */
const AWAY_STATUS = new Set([502, 503, 504]);
/** Of the one style and the one script that stand below. */
const NONCE = 'YXdheQ';
/** Runs in the page that waits: as soon as there is any answer it is loaded again. Those of a city do not all ask in the same moment. */
const LOOK = `const look = () => fetch('/away-worker.js', { cache: 'no-store' })
  .then(({ status }) => [${[...AWAY_STATUS]}].includes(status) || location.reload())
  .catch(() => undefined)
  .then(() => setTimeout(look, 1000 + Math.random() * 1000));
look();`;

const worker = globalThis as unknown as Worker;

/**
 * A page that is loaded anew while the server is away says so and tries again, where the browser would show an error of its own. Nothing is
 * kept, so nothing can be out of date: what the server answers is what is shown, and nothing but the page itself is looked at.
 */
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.mode !== 'navigate' || request.method !== 'GET' || NOT_OURS.test(new URL(request.url).pathname)) return;
  const answer = open(request);
  event.respondWith(answer);
  event.waitUntil(answer.then(({ ok }) => (ok ? leaveWhenGone() : undefined)));
});

worker.addEventListener('install', (event) => {
  const past = ['/api/*', '/assets/*'].map((pathname) => ({
    condition: { urlPattern: { pathname } },
    source: 'network',
  }));
  event.waitUntil(Promise.resolve(event.addRoutes?.(past)).catch(() => undefined));
});

async function open(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request);
    return AWAY_STATUS.has(answer.status) ? away() : answer;
  } catch {
    return away();
  }
}

/** A version of the server that has no such worker is rid of it. */
async function leaveWhenGone(): Promise<void> {
  const { status } = await fetch(worker.location.href, { cache: 'no-store' }).catch(() => Response.error());
  if (status === 404) await worker.registration.unregister();
}

function away(): Response {
  const said = [
    ['zh-CN', awayZh],
    ['en', awayEn],
  ] as const;
  const main = said.map(
    ([lang, { title, lead }]) => `<section lang="${lang}"><h1>${title}</h1><p>${lead}</p></section>`,
  );
  const body = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${awayZh.title}</title>
<style nonce="${NONCE}">body{max-width:36em;margin:18vh auto;padding:0 1em;font-family:system-ui,sans-serif}h1{font-size:1.3em}</style>
</head><body><main role="status" data-test="server-away">${main.join('')}</main><script nonce="${NONCE}">${LOOK}</script></body></html>`;
  const policy = `default-src 'none'; connect-src 'self'; script-src 'nonce-${NONCE}'; style-src 'nonce-${NONCE}'`;
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `${policy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'cache-control': 'no-store',
  };
  return new Response(body, { status: 503, headers });
}
