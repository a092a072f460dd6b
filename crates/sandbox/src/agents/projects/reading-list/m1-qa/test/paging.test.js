// Paging through the list shows every item once.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startService } from '../testing/service.js';

test('walking through the pages shows every item once, newest first', async (t) => {
  const { call, fill } = await startService(t);
  await fill(7);
  const seen = [];
  for (let offset = 0; offset < 7; offset += 3) {
    const { body } = await call('GET', `/items?limit=3&offset=${offset}`);
    assert.equal(body.total, 7);
    seen.push(...body.items.map((item) => item.title));
  }
  assert.deepEqual(seen, [7, 6, 5, 4, 3, 2, 1].map((number) => `item ${number}`));
});

test('the second page is as long as the first when there is enough', async (t) => {
  const { call, fill } = await startService(t);
  await fill(6);
  const { body } = await call('GET', '/items?limit=2&offset=2');
  assert.deepEqual(body.items.map((item) => item.title), ['item 4', 'item 3']);
});

test('a page behind the end is empty, and says how many items there are', async (t) => {
  const { call, fill } = await startService(t);
  await fill(2);
  assert.deepEqual(await call('GET', '/items?offset=50'), { status: 200, body: { items: [], total: 2 } });
});
