import { createOpenApiHttp } from 'openapi-msw';
import { http as plain, type RequestHandler } from 'msw';

import type { Schemas } from '../api/client';
import type { paths } from '../api/schema';
import { isShared, PERIODS } from '../lib/budgets';
import { apiKey, budget, createWorld, type World } from './world';

/** The mock API: the tests, `npm run dev:mock` and the browser check all use these handlers. */
const http = createOpenApiHttp<paths>();

export let world: World = createWorld();

/** Starts the world anew; a test may then change it. */
export function resetWorld(change: Partial<World> = {}): World {
  world = { ...createWorld(), ...change };
  return world;
}

export function problem(status: number, code: string, detail: string, more: object = {}): Response {
  return Response.json(
    { type: 'about:blank', title: code, status, code, detail, correlation_id: '0199bbbb-test', ...more },
    { status, headers: { 'content-type': 'application/problem+json' } },
  );
}

const notFound = () => problem(404, 'not_found', 'There is nothing of this id');

function session(user: Schemas['User']): Schemas['Session'] {
  world.user = user;
  return { access_token: 'token', token_type: 'Bearer', expires_in_seconds: 900, user };
}

function home(): Schemas['Home'] {
  const { projects, decisions } = world;
  const pending = decisions.map(({ decision }) => decision).filter(({ status }) => status === 'pending');
  const having = (...statuses: string[]) => projects.filter(({ status }) => statuses.includes(status));
  const running = having('building', 'awaiting_approval', 'planning', 'testing');
  return {
    counts: {
      pending_decisions: pending.length, running: running.length, held: having('paused').length, failed: having('failed').length,
      completed: having('completed').length, total: projects.length,
    },
    needs_you: pending,
    running,
    failed: having('failed'),
    finished: having('completed'),
    today: { tokens: 204_000, cost_cents: 241.5 },
    month: { tokens: 4_310_000, cost_cents: 5120 },
  };
}

function steer(id: string, change: Partial<Schemas['Project']>): Schemas['Project'] | null {
  const index = world.projects.findIndex((item) => item.id === id);
  const before = world.projects[index];
  if (!before) return null;
  const after = { ...before, ...change };
  world.projects[index] = after;
  return after;
}

const people: RequestHandler[] = [
  http.get('/api/v1/setup', ({ response }) => response(200).json({ needed: world.setupNeeded, token_required: true, sandboxed: world.demo.sandboxed, version: '0.1.0' })),
  http.post('/api/v1/setup', async ({ request, response }) => {
    const body = await request.json();
    if (body.password.length < 10) {
      return response.untyped(problem(422, 'weak_password', 'The password is too short', { errors: [{ field: 'password', message: 'must have 10 characters or more' }] }));
    }
    world.setupNeeded = false;
    return response(201).json(session({ ...createUser(), display_name: body.display_name, email: body.email }));
  }),
  http.post('/api/v1/auth/login', async ({ request, response }) => {
    const { email, password } = await request.json();
    const found = world.users.find((item) => item.email === email);
    if (!found || password !== 'correct horse') {
      return response.untyped(problem(401, 'wrong_credentials', 'The address or the password is wrong, or the account is disabled'));
    }
    return response(200).json(session(found));
  }),
  http.post('/api/v1/auth/refresh', ({ response }) => response.untyped(problem(401, 'not_signed_in', 'There is no session here; sign in'))),
  http.post('/api/v1/auth/logout', ({ response }) => {
    world.user = null;
    return response(204).empty();
  }),
  http.get('/api/v1/auth/me', ({ response }) =>
    world.user ? response(200).json(world.user) : response.untyped(problem(401, 'not_signed_in', 'Sign in first')),
  ),
  http.get('/api/v1/users', ({ response }) => response(200).json(world.users)),
  http.post('/api/v1/users', async ({ request, response }) => {
    const body = await request.json();
    if (world.users.some(({ email }) => email === body.email)) {
      return response.untyped(problem(409, 'email_taken', `\`${body.email}\` has an account already`));
    }
    const created = { ...createUser(), id: body.email, email: body.email, display_name: body.display_name, role: body.role, last_login_at: null };
    world.users.push(created);
    return response(201).json(created);
  }),
  http.patch('/api/v1/users/{id}', async ({ params, request, response }) => {
    const { display_name, role, disabled } = await request.json();
    const index = world.users.findIndex(({ id }) => id === params.id);
    const before = world.users[index];
    if (!before) return response.untyped(notFound());
    const after = { ...before, display_name: display_name ?? before.display_name, role: role ?? before.role, disabled: disabled ?? before.disabled };
    world.users[index] = after;
    return response(200).json(after);
  }),
  http.post('/api/v1/users/me/password', async ({ request, response }) => {
    const { current } = await request.json();
    return current === 'correct horse'
      ? response(204).empty()
      : response.untyped(problem(403, 'wrong_password', 'The present password is wrong', { errors: [{ field: 'current', message: "is not the account's password" }] }));
  }),
];

const apiKeys: RequestHandler[] = [
  http.delete('/api/v1/users/me/sessions', ({ response }) => {
    world.user = null;
    return response(204).empty();
  }),
  http.get('/api/v1/api-keys', ({ query, response }) =>
    response(200).json(world.apiKeys.filter(({ owner }) => query.get('all') === 'true' || owner.id === world.user?.id)),
  ),
  http.post('/api/v1/api-keys', async ({ request, response }) => {
    const { name, scopes, expires_at } = await request.json();
    if (scopes.length === 0) {
      return response.untyped(problem(422, 'no_scopes', 'A key without scopes opens nothing', { errors: [{ field: 'scopes', message: 'name at least one' }] }));
    }
    const created = apiKey({ id: `0199aaaa-0000-7000-8000-00000000${1000 + world.apiKeys.length}`, name, scopes, prefix: 'qp_newkeyab', expires_at: expires_at ?? null, last_used_at: null });
    world.apiKeys.unshift(created);
    return response(201).json({ key: `${created.prefix}_Jp3kC0wq-V7xY2mN5tR8uL1aZ4eH6gD9sF_bQ0iKoXy`, api_key: created });
  }),
  http.delete('/api/v1/api-keys/{id}', ({ params, response }) => {
    world.apiKeys = world.apiKeys.filter(({ id }) => id !== params.id);
    return response(204).empty();
  }),
];

function createUser(): Schemas['User'] {
  const [first] = createWorld().users;
  if (!first) throw new Error('the world has a user');
  return first;
}

const projects: RequestHandler[] = [
  http.get('/api/v1/home', ({ response }) => response(200).json(home())),
  http.get('/api/v1/projects', ({ query, response }) => {
    const statuses = (query.get('status') ?? '').split(',').filter(Boolean);
    const text = (query.get('q') ?? '').toLowerCase();
    const items = world.projects.filter(
      ({ status, name, short_id }) => (statuses.length === 0 || statuses.includes(status)) && `${name} ${short_id}`.toLowerCase().includes(text),
    );
    return response(200).json({ items });
  }),
  http.get('/api/v1/projects/{id}', ({ params, response }) => {
    const found = world.projects.find(({ id }) => id === params.id);
    return found ? response(200).json(found) : response.untyped(notFound());
  }),
  http.get('/api/v1/projects/{id}/stages', ({ response }) => response(200).json(world.stages)),
  http.get('/api/v1/projects/{id}/events', ({ query, response }) =>
    response(200).json({ items: world.events.filter(({ kind }) => kind.startsWith(query.get('kind') ?? '')) }),
  ),
  http.get('/api/v1/projects/{id}/artifacts', ({ response }) => {
    const { content: _content, documents: _documents, ...summary } = world.artifact;
    return response(200).json([summary]);
  }),
  http.get('/api/v1/projects/{id}/artifacts/{artifact_id}', ({ response }) => response(200).json(world.artifact)),
  http.get('/api/v1/projects/{id}/decisions', ({ params, response }) =>
    response(200).json(world.decisions.map(({ decision }) => decision).filter(({ project_id }) => project_id === params.id)),
  ),
  http.get('/api/v1/projects/{id}/requirements', ({ response }) => response(200).json(world.requirements)),
  http.post('/api/v1/projects/{id}/pause', ({ params, response }) => {
    const after = steer(params.id, { status: 'paused', sentence: 'Paused by Ada Lovelace.', actions: ['resume', 'cancel'] });
    return after ? response(200).json(after) : response.untyped(notFound());
  }),
  http.post('/api/v1/projects/{id}/resume', ({ params, response }) => {
    const after = steer(params.id, { status: 'building', sentence: 'Goes on.', actions: ['pause', 'cancel'] });
    return after ? response(200).json(after) : response.untyped(notFound());
  }),
  http.post('/api/v1/projects/{id}/cancel', ({ params, response }) => {
    const after = steer(params.id, { status: 'cancelled', sentence: 'Stopped by Ada Lovelace.', actions: [] });
    return after ? response(200).json(after) : response.untyped(notFound());
  }),
  http.post('/api/v1/projects/{id}/retry', ({ params, response }) => {
    const after = steer(params.id, { status: 'building', sentence: 'Trying again.', actions: ['pause', 'cancel'] });
    return after ? response(200).json(after) : response.untyped(notFound());
  }),
  http.get('/api/v1/demo', ({ response }) => response(200).json(world.demo)),
  http.post('/api/v1/demo', async ({ request, response }) => {
    const { readme } = await request.json();
    return response(201).json({ repository: `demo/${readme}`, html_url: null });
  }),
  http.get('/api/v1/system', ({ response }) =>
    response(200).json({
      version: '0.1.0',
      parts: [
        { name: 'dashboard-backend', status: 'ok', version: '0.1.0', latency_ms: 0, detail: null },
        { name: 'postgres', status: 'ok', version: null, latency_ms: 1, detail: null },
        { name: 'redis', status: 'ok', version: null, latency_ms: 1, detail: null },
        { name: 'notification', status: 'unavailable', version: null, latency_ms: 2001, detail: 'It does not answer' },
        { name: 'n8n', status: 'degraded', version: null, latency_ms: 12, detail: 'it is starting, or its database is away' },
      ],
    }),
  ),
  http.get('/api/v1/system/doctor', ({ response }) =>
    response(200).json({
      healthy: false,
      critical: 1,
      warnings: 1,
      checked_at: '2026-11-22T12:00:00Z',
      findings: [
        {
          id: 'tls.public-url',
          severity: 'critical',
          detail: 'people sign in at http://pilot.example.org without TLS: passwords and tokens can be read on the way',
          fix: 'put TLS in front and set PUBLIC_URL to the https address',
        },
        { id: 'backup.age', severity: 'warning', detail: 'the newest is 30 h old (412 KiB)', fix: 'schedule `quantapilot backup create`' },
        { id: 'versions.n8n', severity: 'info', detail: 'n8n 2.42.0; the workflows were tested with 2.41.1', fix: 'nothing, if all else is well' },
        { id: 'integration.smtp', severity: 'skipped', detail: 'SMTP_URL is not set' },
        { id: 'database.migrated', severity: 'ok', detail: 'up to date' },
      ],
    }),
  ),
];

const decisions: RequestHandler[] = [
  http.get('/api/v1/decisions', ({ query, response }) =>
    response(200).json({ items: world.decisions.map(({ decision }) => decision).filter(({ status }) => status === (query.get('status') ?? status)) }),
  ),
  http.get('/api/v1/decisions/{id}', ({ params, response }) => {
    const found = world.decisions.find(({ decision }) => decision.id === params.id);
    return found ? response(200).json(found) : response.untyped(notFound());
  }),
  http.post('/api/v1/decisions/{id}/answers', async ({ params, request, response }) => {
    const found = world.decisions.find(({ decision }) => decision.id === params.id);
    if (!found) return response.untyped(notFound());
    const { choice, comment, evidence_sha } = await request.json();
    if (found.decision.status !== 'pending') {
      return response.untyped(problem(409, 'already_decided', `${found.decision.decided_by?.name ?? 'Somebody'} answered`, { decision: found.decision }));
    }
    if ((evidence_sha ?? undefined) !== found.decision.artifact?.sha) return response.untyped(problem(409, 'artifact_changed', 'What is to be approved has changed'));
    found.decision = {
      ...found.decision, status: 'answered', choice, comment: comment ?? null, channel: 'dashboard', decided_at: new Date().toISOString(),
      decided_by: { id: world.user?.id ?? null, name: world.user?.display_name ?? '' },
    };
    return response(200).json({ status: 'accepted', decision: found.decision });
  }),
];

/** The list with one budget set or removed, as the API answers it. */
function changed(list: Schemas['Budget'][], period: string, body: Schemas['SetBudget'] | null, own: boolean): Schemas['Budget'][] | Response {
  const known = PERIODS.find((name) => name === period);
  if (!known) return problem(404, 'no_such_period', 'There is no such period: it is one of `run`, `stage`, `project`, `day`, `month`');
  if (body && !body.limit_cents && !body.limit_tokens) {
    return problem(422, 'invalid_budget', 'The budget does not fit', { errors: [{ field: 'limit_cents', message: 'give `limit_cents`, `limit_tokens` or both' }] });
  }
  const others = list.filter((item) => item.period !== known || (own && item.shared));
  const shared = !own && isShared(known);
  const none = { tokens: 0, cost_cents: 0 };
  return body ? [...others, budget({ period: known, shared, own, limit_cents: null, ...body, spent: own || shared ? none : null, reserved: own || shared ? none : null })] : others;
}

const budgets: RequestHandler[] = [
  http.get('/api/v1/budgets', ({ response }) => response(200).json(world.budgets)),
  http.put('/api/v1/budgets/{period}', async ({ params, request, response }) => {
    const after = changed(world.budgets, params.period, await request.json(), false);
    if (after instanceof Response) return response.untyped(after);
    world.budgets = after;
    return response(200).json(after);
  }),
  http.delete('/api/v1/budgets/{period}', ({ params, response }) => {
    const after = changed(world.budgets, params.period, null, false);
    if (after instanceof Response) return response.untyped(after);
    world.budgets = after;
    return response(200).json(after);
  }),
  http.get('/api/v1/projects/{id}/budgets', ({ response }) => response(200).json(world.projectBudgets)),
  http.put('/api/v1/projects/{id}/budgets/{period}', async ({ params, request, response }) => {
    const after = changed(world.projectBudgets, params.period, await request.json(), true);
    if (after instanceof Response) return response.untyped(after);
    world.projectBudgets = after;
    return response(200).json(after);
  }),
  http.delete('/api/v1/projects/{id}/budgets/{period}', ({ params, response }) => {
    const after = changed(world.projectBudgets, params.period, null, true);
    if (after instanceof Response) return response.untyped(after);
    world.projectBudgets = after;
    return response(200).json(after);
  }),
];

const others: RequestHandler[] = [
  // An open stream, as the server keeps it: the tests push into `world` and end it by navigation.
  plain.get('/api/v1/events/stream', () => {
    const encoder = new TextEncoder();
    const body = new ReadableStream({ start: (controller) => controller.enqueue(encoder.encode(': still here\n\n')) });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }),
  http.get('/api/v1/agent-runs', ({ response }) => response(200).json({ items: world.runs, next_cursor: null })),
  http.get('/api/v1/agent-runs/{id}', ({ params, response }) => {
    const found = world.runs.find(({ id }) => id === params.id);
    return found ? response(200).json(found) : response.untyped(notFound());
  }),
  http.get('/api/v1/agent-runs/{id}/messages', ({ response }) => response(200).json({ items: world.messages, next_cursor: null })),
  http.get('/api/v1/pull-requests', ({ response }) => response(200).json({ items: world.pulls, next_cursor: null })),
  http.get('/api/v1/webhook-deliveries', ({ query, response }) =>
    response(200).json({ items: world.deliveries.filter(({ state }) => state === (query.get('state') ?? state)), next_cursor: null }),
  ),
  http.get('/api/v1/notifications', ({ response }) => response(200).json({ items: world.notifications, next_cursor: null })),
  http.get('/api/v1/usage', ({ response }) => response(200).json(world.usage)),
  http.post('/api/v1/webhook-deliveries/{id}/replay', ({ params, response }) => {
    const found = world.deliveries.find(({ id }) => id === params.id);
    return found ? response(202).json(found) : response.untyped(notFound());
  }),
  http.get('/api/v1/telegram-links', ({ response }) => response(200).json(world.telegram)),
  http.post('/api/v1/telegram-links', ({ response }) =>
    response(201).json({ code: 'K7Q2-9DFA', url: 'https://t.me/quantapilot_bot?start=K7Q29DFA', expires_at: new Date(Date.now() + 600_000).toISOString() }),
  ),
  http.delete('/api/v1/telegram-links', ({ response }) => {
    world.telegram = { items: [], available: true };
    return response(204).empty();
  }),
];

export const handlers: RequestHandler[] = [...people, ...apiKeys, ...projects, ...budgets, ...decisions, ...others];
