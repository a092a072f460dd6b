import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { loadItems, saveItems } from '../src/file.js';
import { ItemStore } from '../src/items.js';
import { startService } from '../testing/service.js';

function dataFile(t) {
  const directory = mkdtempSync(join(tmpdir(), 'reading-list-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return { directory, file: join(directory, 'items.json') };
}

test('an item can be changed and marked as read', async (t) => {
  const { call, fill } = await startService(t);
  const [item] = await fill(1);
  const changed = await call('PATCH', `/items/${item.id}`, { title: 'new', tags: ['Go'], read: true });
  assert.deepEqual(changed, { status: 200, body: { ...item, title: 'new', tags: ['go'], read: true } });
  assert.equal((await call('PATCH', `/items/${item.id}`, { url: 'https://x.org' })).body.error.code, 'unknown_field');
  assert.equal((await call('PATCH', `/items/${item.id}`, { read: 'yes' })).body.error.code, 'invalid_flag');
  assert.equal((await call('PATCH', '/items/none', {})).status, 404);
});

test('tags are counted, most used first', async (t) => {
  const { call, fill } = await startService(t);
  await fill(2, ['web']);
  await fill(1, ['art', 'web']);
  const { body } = await call('GET', '/tags');
  assert.deepEqual(body, { tags: [{ tag: 'web', count: 3 }, { tag: 'art', count: 1 }] });
});

test('items are there again after a restart', async (t) => {
  const { directory, file } = dataFile(t);
  const start = () => startService(t, new ItemStore(loadItems(file), (items) => saveItems(file, items)));
  const [kept, removed] = await (await start()).fill(2);
  await (await start()).call('DELETE', `/items/${removed.id}`);
  const { body } = await (await start()).call('GET', '/items');
  assert.deepEqual(body, { items: [kept], total: 1 });
  assert.deepEqual(readdirSync(directory), ['items.json']);
});

test('a file that is not a reading list is refused, not overwritten', (t) => {
  const { file } = dataFile(t);
  writeFileSync(file, 'my diary');
  assert.throws(() => loadItems(file), /is not a reading list/);
});
