import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startService } from '../testing/service.js';

test('an added item can be read again', async (t) => {
  const { call } = await startService(t);
  const added = await call('POST', '/items', { url: 'https://example.org/a', title: ' A page ', tags: ['Rust', 'rust', 'web'] });
  assert.equal(added.status, 201);
  assert.equal(added.body.title, 'A page');
  assert.deepEqual(added.body.tags, ['rust', 'web']);
  assert.equal(added.body.read, false);
  assert.deepEqual(await call('GET', `/items/${added.body.id}`), { status: 200, body: added.body });
});

test('the list is newest first and can be narrowed down by tag', async (t) => {
  const { call, fill } = await startService(t);
  await fill(2, ['news']);
  await fill(1, ['rust']);
  const all = await call('GET', '/items');
  assert.equal(all.body.total, 3);
  assert.deepEqual(all.body.items.map((item) => item.title), ['item 1', 'item 2', 'item 1']);
  assert.deepEqual(all.body.items[0].tags, ['rust']);
  const news = await call('GET', '/items?tag=NEWS&limit=1');
  assert.equal(news.body.total, 2);
  assert.deepEqual(news.body.items.map((item) => item.title), ['item 2']);
});

test('a removed item is gone', async (t) => {
  const { call, fill } = await startService(t);
  const [item] = await fill(1);
  assert.deepEqual(await call('DELETE', `/items/${item.id}`), { status: 204, body: null });
  assert.equal((await call('GET', `/items/${item.id}`)).status, 404);
  assert.equal((await call('DELETE', `/items/${item.id}`)).status, 404);
});
