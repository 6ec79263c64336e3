import type { FastifyReply, FastifyRequest } from 'fastify';

/** As `closed` in the language files of the citizens' page, which is not there to say it. */
const PAGE = `<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>12345</title>
<p>网页拨打未开放，请用电话拨打12345。</p>
<p lang="en">Calling from the page is not open. Please call 12345 by telephone.</p>
</html>
`;

/** A browser that follows a link; programs are told by problem details. */
export function isBrowser({ headers }: FastifyRequest): boolean {
  return /(^|[,\s])text\/html\b/i.test(headers.accept ?? '');
}

/** The same whatever the reason, so that nobody learns whether the page is open for others (decision 0014). */
export function answerClosedCallPage(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.problem = 'NOT_FOUND';
  return reply
    .code(404)
    .header('cache-control', 'no-store')
    .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
    .header('x-content-type-options', 'nosniff')
    .header('vary', 'accept')
    .type('text/html; charset=utf-8')
    .send(PAGE);
}
