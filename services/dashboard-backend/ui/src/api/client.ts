import createClient, { type Middleware } from 'openapi-fetch';

import type { components, paths } from './schema';

export type Schemas = components['schemas'];

/** An answer that is not a success, or no answer at all (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly correlationId: string | null = null,
    readonly fields: Readonly<Record<string, string>> = {},
    /** The whole problem document: some refusals carry the object they are about. */
    readonly body: unknown = null,
  ) {
    super(message);
  }
}

const signedOutListeners = new Set<() => void>();

/** Calls back when a request found that nobody is signed in any more. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

let refreshing: Promise<Response> | null = null;

/**
 * Trades the refresh cookie for new cookies. The cookie is rotated and its reuse ends the session,
 * so that requests which fail together share one refresh, and tabs take turns.
 */
function refresh(): Promise<Response> {
  refreshing ??= inTurn(async () => {
    const { response } = await client.POST('/api/v1/auth/refresh', {});
    return response;
  }).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? navigator.locks.request('qp-refresh', work) : work();
}

const AUTH_PATHS = new Set(['/api/v1/auth/login', '/api/v1/auth/refresh', '/api/v1/auth/logout']);
const retries = new Map<string, Request>();

const session: Middleware = {
  onRequest({ request, id, schemaPath }) {
    // A body can be read once: the copy is what a second try sends.
    if (!AUTH_PATHS.has(schemaPath)) retries.set(id, request.clone());
  },
  async onResponse({ response, id, schemaPath }) {
    const retry = retries.get(id);
    retries.delete(id);
    if (response.status !== 401 || !retry || AUTH_PATHS.has(schemaPath)) return undefined;
    const renewed = await refresh();
    // 409: another tab was faster, and its cookie is ours too.
    if (renewed.ok || renewed.status === 409) return send(retry);
    // Only 401 means that the session is over. A refresh that is limited or down ends nothing.
    return renewed.status === 401 ? undefined : new Response(null, { status: renewed.status, headers: renewed.headers });
  },
  onError({ error, id }) {
    retries.delete(id);
    if (error instanceof DOMException && error.name === 'AbortError') return error;
    return new ApiError(0, 'unreachable', 'QuantaPilot does not answer. Check your connection, then try again.');
  },
};

// Looked up at each call, so that a test or a tracing tool may replace it.
function send(request: Request): Promise<Response> {
  return globalThis.fetch(request);
}

export const client = createClient<paths>({
  baseUrl: globalThis.location.origin,
  credentials: 'same-origin',
  // The gateway takes a change that a cookie authorises only with this header: a page of another site cannot send it.
  headers: { 'X-Requested-With': 'quantapilot' },
  fetch: send,
});
client.use(session);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a success; an [`ApiError`] for everything else. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok && data !== undefined) return data;
  throw toApiError(response, error);
}

/** Like [`unwrap`], for answers without a body. */
export async function unwrapEmpty(answer: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await answer;
  if (!response.ok) throw toApiError(response, error);
}

function toApiError(response: Response, problem: unknown): ApiError {
  const path = new URL(response.url || globalThis.location.origin, globalThis.location.origin).pathname;
  if (response.status === 401 && !AUTH_PATHS.has(path)) {
    for (const listener of signedOutListeners) listener();
  }
  return new ApiError(
    response.status,
    text(problem, 'code') ?? `http_${response.status}`,
    text(problem, 'detail') ?? text(problem, 'title') ?? fallback(response.status),
    text(problem, 'correlation_id') ?? response.headers.get('x-request-id'),
    fieldErrors(problem),
    problem,
  );
}

function fallback(status: number): string {
  return status >= 500
    ? 'QuantaPilot could not answer this. Try again in a moment.'
    : `The request was refused (${status}).`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function text(problem: unknown, key: string): string | null {
  const value = isRecord(problem) ? problem[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : null;
}

function fieldErrors(problem: unknown): Record<string, string> {
  const list = isRecord(problem) && Array.isArray(problem['errors']) ? problem['errors'] : [];
  const fields: Record<string, string> = {};
  for (const entry of list) {
    const field = text(entry, 'field');
    const message = text(entry, 'message');
    if (field && message) fields[field] ??= message;
  }
  return fields;
}
