// The HTTP side: which request does what, and how errors are told.
import { createServer } from 'node:http';

import { HttpError, badRequest, notFound } from './errors.js';
import { checkNumber, checkObject, checkTags, checkTitle, checkUrl } from './validate.js';

const BODY_LIMIT = 64 * 1024;
const unknownItem = (id) => notFound(`there is no item ${id}`);

const routes = [
  ['GET', /^\/health$/, () => [200, { status: 'ok' }]],
  ['POST', /^\/items$/, addItem],
  ['GET', /^\/items$/, listItems],
  ['GET', /^\/items\/([^/]+)$/, getItem],
  ['DELETE', /^\/items\/([^/]+)$/, removeItem],
];

async function addItem({ store, request }) {
  const body = checkObject(await readJson(request));
  const item = store.add({
    url: checkUrl(body.url),
    title: checkTitle(body.title),
    tags: checkTags(body.tags ?? []),
  });
  return [201, item];
}

function listItems({ store, query }) {
  const limit = checkNumber(query, 'limit', { fallback: 20, least: 1, most: 100 });
  const offset = checkNumber(query, 'offset', { fallback: 0, least: 0, most: 999_999_999 });
  return [200, store.list({ tag: query.get('tag')?.toLowerCase() ?? null, limit, offset })];
}

function getItem({ store, id }) {
  const item = store.find(id);
  if (item === null) throw unknownItem(id);
  return [200, item];
}

function removeItem({ store, id }) {
  if (!store.remove(id)) throw unknownItem(id);
  return [204, null];
}

async function readJson(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // What is over the limit is read and dropped, so that the client is there to read the answer.
    if (size <= BODY_LIMIT) chunks.push(chunk);
  }
  if (size > BODY_LIMIT) throw new HttpError(413, 'body_too_large', `the body is over ${BODY_LIMIT} bytes`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw badRequest('invalid_json', 'the body is not JSON');
  }
}

function parseTarget(request) {
  try {
    return new URL(request.url, 'http://localhost');
  } catch {
    throw badRequest('invalid_path', 'the path cannot be read');
  }
}

async function answer(store, request) {
  const { pathname, searchParams } = parseTarget(request);
  const fitting = routes.filter(([, pattern]) => pattern.test(pathname));
  if (fitting.length === 0) throw notFound(`there is no ${pathname}`);
  const route = fitting.find(([method]) => method === request.method);
  if (!route) {
    throw new HttpError(405, 'method_not_allowed', `${pathname} takes ${fitting.map(([method]) => method).join(', ')}`);
  }
  const [, id] = route[1].exec(pathname);
  return route[2]({ store, request, query: searchParams, id });
}

export function createApp(store) {
  return createServer(async (request, response) => {
    let status;
    let body;
    try {
      [status, body] = await answer(store, request);
    } catch (error) {
      if (!(error instanceof HttpError)) console.error(error);
      status = error instanceof HttpError ? error.status : 500;
      const code = error instanceof HttpError ? error.code : 'internal_error';
      const message = error instanceof HttpError ? error.message : 'something went wrong on our side';
      body = { error: { code, message } };
    }
    const text = body === null ? '' : JSON.stringify(body);
    response.writeHead(status, {
      ...(text && { 'content-type': 'application/json; charset=utf-8' }),
      'content-length': Buffer.byteLength(text),
      'x-content-type-options': 'nosniff',
    });
    response.end(text);
  });
}
