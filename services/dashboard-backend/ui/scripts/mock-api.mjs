// Answers /api from the handlers in src/test/handlers.ts, over real HTTP: for `npm run dev:mock` and
// the browser check, so that neither needs a service worker or a backend.
import { Readable } from 'node:stream';

import { getResponse } from 'msw';

/** A middleware that asks `load` for the handlers at each request, so that editing them takes effect. */
export function mockApiMiddleware(load) {
  return async (request, response, next) => {
    if (!request.url?.startsWith('/api/')) {
      next();
      return;
    }
    try {
      const { handlers } = await load();
      const answer = (await getResponse(handlers, toRequest(request), { baseUrl: `http://${request.headers.host}` })) ?? new Response(null, { status: 501 });
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      if (answer.body) Readable.fromWeb(answer.body).on('error', () => {}).pipe(response);
      else response.end();
    } catch (error) {
      console.error(error);
      response.writeHead(500).end();
    }
  };
}

function toRequest(request) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  return new Request(url, {
    method: request.method,
    headers: request.headers,
    ...(hasBody ? { body: Readable.toWeb(request), duplex: 'half' } : {}),
  });
}
