import { http } from 'msw';
import { describe, expect, it } from 'vitest';

import { problem } from '../test/handlers';
import { server } from '../test/setup';
import { user } from '../test/world';
import { ApiError, client, onSignedOut, unwrap } from './client';

const me = () => unwrap(client.GET('/api/v1/auth/me'));
const at = (path: string) => `http://dashboard.test/api/v1${path}`;

/** A backend whose access token has run out until `refresh` answers with the given status. */
function expiredSession(refreshStatus: number) {
  const calls = { me: 0, refresh: 0 };
  let fresh = false;
  server.use(
    http.get(at('/auth/me'), () => {
      calls.me += 1;
      return fresh ? Response.json(user()) : problem(401, 'token_expired', 'The access token has expired');
    }),
    http.post(at('/auth/refresh'), () => {
      calls.refresh += 1;
      fresh = refreshStatus === 200 || refreshStatus === 409;
      return refreshStatus === 200 ? Response.json({}) : problem(refreshStatus, 'refused', 'No');
    }),
  );
  return calls;
}

describe('client', () => {
  it('marks a change as its own, as the gateway asks of requests that a cookie authorises', async () => {
    let mark: string | null = null;
    server.use(
      http.post(at('/auth/logout'), ({ request }) => {
        mark = request.headers.get('x-requested-with');
        return new Response(null, { status: 204 });
      }),
    );
    await client.POST('/api/v1/auth/logout');
    expect(mark).toBe('quantapilot');
  });
});

describe('unwrap', () => {
  it('turns a problem document into an ApiError with its fields', async () => {
    server.use(
      http.get(at('/auth/me'), () =>
        problem(422, 'invalid_name', 'The name does not fit', { errors: [{ field: 'display_name', message: 'is too long' }] }),
      ),
    );
    const error = await me().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 422,
      code: 'invalid_name',
      message: 'The name does not fit',
      correlationId: '0199bbbb-test',
      fields: { display_name: 'is too long' },
    });
  });

  it('says so when nobody answers, and keeps the id of an answer that is no problem document', async () => {
    server.use(http.get(at('/auth/me'), () => Response.error()));
    await expect(me()).rejects.toMatchObject({ status: 0, code: 'unreachable' });
    server.use(http.get(at('/auth/me'), () => new Response('<h1>bad gateway</h1>', { status: 502, headers: { 'x-request-id': 'r-1' } })));
    await expect(me()).rejects.toMatchObject({ status: 502, code: 'http_502', correlationId: 'r-1' });
  });
});

describe('an access token that has run out', () => {
  it('is renewed once for all requests that found out, which are then sent again', async () => {
    const calls = expiredSession(200);
    const answers = await Promise.all([me(), me(), me()]);
    expect(answers.map(({ email }) => email)).toEqual(Array(3).fill('ada@example.org'));
    expect(calls.refresh).toBe(1);
  });

  it('takes the cookie of a tab that was faster', async () => {
    expiredSession(409);
    await expect(me()).resolves.toMatchObject({ email: 'ada@example.org' });
  });

  it('signs out only when the session is over', async () => {
    let signedOut = 0;
    const forget = onSignedOut(() => {
      signedOut += 1;
    });
    expiredSession(429);
    await expect(me()).rejects.toMatchObject({ status: 429 });
    expect(signedOut).toBe(0);
    expiredSession(401);
    await expect(me()).rejects.toMatchObject({ status: 401 });
    expect(signedOut).toBe(1);
    forget();
  });

  it('sends the body of a request again', async () => {
    let bodies: unknown[] = [];
    expiredSession(200);
    server.use(
      http.post(at('/demo'), async ({ request }) => {
        bodies = [...bodies, await request.json()];
        return bodies.length === 1 ? problem(401, 'token_expired', 'expired') : Response.json({ repository: 'demo/a' }, { status: 201 });
      }),
    );
    await expect(unwrap(client.POST('/api/v1/demo', { body: { readme: 'a' } }))).resolves.toMatchObject({ repository: 'demo/a' });
    expect(bodies).toEqual([{ readme: 'a' }, { readme: 'a' }]);
  });
});
