// The items, in the order they were added. `save` is called with all of them before a change counts.
import { randomUUID } from 'node:crypto';

export class ItemStore {
  #items;
  #save;

  constructor(items = [], save = () => {}) {
    this.#items = items;
    this.#save = save;
  }

  add({ url, title, tags }, now = new Date()) {
    const item = { id: randomUUID(), url, title, tags, read: false, added_at: now.toISOString() };
    this.#replace([...this.#items, item]);
    return item;
  }

  find(id) {
    return this.#items.find((item) => item.id === id) ?? null;
  }

  // One page of the items, newest first, and how many there are on all pages.
  list({ tag = null, limit, offset }) {
    const matching = this.#items.filter((item) => tag === null || item.tags.includes(tag)).reverse();
    return { items: matching.slice(offset, offset + limit), total: matching.length };
  }

  change(id, changes) {
    const found = this.find(id);
    if (found === null) return null;
    const changed = { ...found, ...changes };
    this.#replace(this.#items.map((item) => (item === found ? changed : item)));
    return changed;
  }

  remove(id) {
    const kept = this.#items.filter((item) => item.id !== id);
    if (kept.length === this.#items.length) return false;
    this.#replace(kept);
    return true;
  }

  // Every tag with the number of its items, most used first, equal ones by name.
  tags() {
    const counts = new Map();
    for (const tag of this.#items.flatMap((item) => item.tags)) {
      counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
    return [...counts]
      .map(([tag, count]) => ({ tag, count }))
      .sort((a, b) => b.count - a.count || (a.tag < b.tag ? -1 : 1));
  }

  // Saved first: a change that could not be written is not shown either.
  #replace(items) {
    this.#save(items);
    this.#items = items;
  }
}
