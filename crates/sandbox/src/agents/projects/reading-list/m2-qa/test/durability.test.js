// What is not on disk does not count, and what is refused changes nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ItemStore } from '../src/items.js';
import { startService } from '../testing/service.js';

test('a change that cannot be saved is not shown', async (t) => {
  let full = false;
  const store = new ItemStore([], () => {
    if (full) throw new Error('no space left');
  });
  const { call, fill } = await startService(t, store);
  const [item] = await fill(1);
  full = true;
  t.mock.method(console, 'error', () => {});
  assert.equal((await call('POST', '/items', { url: 'https://example.org', title: 'lost' })).status, 500);
  assert.equal((await call('PATCH', `/items/${item.id}`, { read: true })).status, 500);
  assert.equal((await call('DELETE', `/items/${item.id}`)).status, 500);
  assert.deepEqual((await call('GET', '/items')).body, { items: [item], total: 1 });
});

test('a refused change changes nothing', async (t) => {
  const { call, fill } = await startService(t);
  const [item] = await fill(1, ['a']);
  assert.equal((await call('PATCH', `/items/${item.id}`, { title: 'ok', tags: ['not ok'] })).status, 400);
  assert.deepEqual((await call('GET', `/items/${item.id}`)).body, item);
});

test('tags of removed and changed items are counted no more', async (t) => {
  const { call, fill } = await startService(t);
  const [first, second] = await fill(2, ['old']);
  await call('DELETE', `/items/${first.id}`);
  await call('PATCH', `/items/${second.id}`, { tags: ['new'] });
  assert.deepEqual((await call('GET', '/tags')).body, { tags: [{ tag: 'new', count: 1 }] });
});
