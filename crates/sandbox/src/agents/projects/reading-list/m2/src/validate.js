// Checks what clients send before anything is stored.
import { badRequest } from './errors.js';

const TITLE_LIMIT = 200;
const TAG_LIMIT = 10;
const TAG = /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,39}$/u;

export function checkUrl(value) {
  let url;
  try {
    url = new URL(value);
  } catch {
    throw badRequest('invalid_url', 'url must be a full address, like https://example.org/page');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw badRequest('invalid_url', 'url must start with http:// or https://');
  }
  return url.href;
}

export function checkTitle(value) {
  const title = typeof value === 'string' ? value.trim() : '';
  if (title.length === 0 || title.length > TITLE_LIMIT) {
    throw badRequest('invalid_title', `title must have 1 to ${TITLE_LIMIT} characters`);
  }
  return title;
}

export function checkTags(value) {
  if (!Array.isArray(value) || value.length > TAG_LIMIT) {
    throw badRequest('invalid_tags', `tags must be a list of at most ${TAG_LIMIT}`);
  }
  for (const tag of value) {
    if (typeof tag !== 'string' || !TAG.test(tag)) {
      throw badRequest('invalid_tags', 'a tag is one word of at most 40 letters, digits, - or _');
    }
  }
  return [...new Set(value.map((tag) => tag.toLowerCase()))];
}

export function checkFlag(name, value) {
  if (typeof value !== 'boolean') throw badRequest('invalid_flag', `${name} must be true or false`);
  return value;
}

export function checkObject(body) {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw badRequest('invalid_body', 'the body must be a JSON object');
  }
  return body;
}

// A whole number of the query string, or the default when it is not there.
export function checkNumber(query, name, { fallback, least, most }) {
  const text = query.get(name);
  if (text === null) return fallback;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(number >= least && number <= most)) {
    throw badRequest('invalid_query', `${name} must be a number from ${least} to ${most}`);
  }
  return number;
}
