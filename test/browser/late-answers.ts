import type { BrowserContext, Route } from 'playwright-core';

/** Set: answers of the API come up to so late, at random, and overtake each other: what a page may not depend on. */
const LATE_MS = Number(process.env['MINHU_LATE_MS'] ?? 0);

export async function lateAnswers(context: BrowserContext): Promise<void> {
  if (LATE_MS > 0) await context.route('**/api/v1/**', answerLate);
}

async function answerLate(route: Route): Promise<void> {
  try {
    const { fulfil } = await asked(route);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LATE_MS));
    await fulfil();
  } catch {
    // The page has gone elsewhere, or the server is away, as some tests want it.
    await route.abort('connectionfailed').catch(() => undefined);
  }
}

/** Asked at once, in the page's name; the page has nothing of the answer, no cookie either, until it is fulfilled. */
export async function asked(route: Route): Promise<{ fulfil(): Promise<void> }> {
  const request = route.request();
  const body = request.postDataBuffer();
  const answer = await fetch(request.url(), {
    method: request.method(),
    headers: await request.allHeaders(),
    redirect: 'manual',
    ...(body === null ? {} : { body: new Uint8Array(body) }),
  });
  const headers = new Headers(answer.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  const response = {
    status: answer.status,
    headers: Object.fromEntries(headers),
    body: Buffer.from(await answer.arrayBuffer()),
  };
  return { fulfil: () => route.fulfill(response) };
}
