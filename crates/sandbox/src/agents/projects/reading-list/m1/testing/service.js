// A service on a free port, with helpers to talk to it.
import { createApp } from '../src/app.js';
import { ItemStore } from '../src/items.js';

export async function startService(t, store = new ItemStore()) {
  const server = createApp(store);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const base = `http://127.0.0.1:${server.address().port}`;

  async function call(method, path, body) {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(base + path, { method, body: text, headers: { connection: 'close' } });
    const answer = await response.text();
    return { status: response.status, body: answer ? JSON.parse(answer) : null };
  }

  // Add `count` items named item 1, item 2, … and return them.
  async function fill(count, tags = []) {
    const added = [];
    for (let number = 1; number <= count; number += 1) {
      const { body } = await call('POST', '/items', { url: `https://example.org/${number}`, title: `item ${number}`, tags });
      added.push(body);
    }
    return added;
  }

  return { call, fill };
}
