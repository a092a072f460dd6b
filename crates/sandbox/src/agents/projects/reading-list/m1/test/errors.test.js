import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startService } from '../testing/service.js';

const url = 'https://example.org/';

test('what cannot be stored is refused with a reason', async (t) => {
  const { call } = await startService(t);
  const refused = [
    [{ title: 'no url' }, 'invalid_url'],
    [{ url: 'javascript:alert(1)', title: 'x' }, 'invalid_url'],
    [{ url, title: '  ' }, 'invalid_title'],
    [{ url, title: 'x'.repeat(201) }, 'invalid_title'],
    [{ url, title: 'x', tags: 'rust' }, 'invalid_tags'],
    [{ url, title: 'x', tags: ['two words'] }, 'invalid_tags'],
    [{ url, title: 'x', tags: Array(11).fill('a') }, 'invalid_tags'],
    [[], 'invalid_body'],
    ['{', 'invalid_json'],
  ];
  for (const [body, code] of refused) {
    const answer = await call('POST', '/items', body);
    assert.equal(answer.status, 400, code);
    assert.equal(answer.body.error.code, code);
    assert.ok(answer.body.error.message.length > 10);
  }
  assert.equal((await call('GET', '/items')).body.total, 0);
});

test('a body over 64 KiB is refused', async (t) => {
  const { call } = await startService(t);
  const answer = await call('POST', '/items', { url, title: 'x'.repeat(70_000) });
  assert.equal(answer.status, 413);
});

test('unknown paths and methods say what there is', async (t) => {
  const { call } = await startService(t);
  assert.equal((await call('GET', '/nothing')).status, 404);
  const answer = await call('PUT', '/items', {});
  assert.equal(answer.status, 405);
  assert.match(answer.body.error.message, /POST, GET/);
  assert.equal((await call('GET', '/items?limit=0')).body.error.code, 'invalid_query');
  assert.equal((await call('GET', '/health')).status, 200);
});
