// The items, in the order they were added.
import { randomUUID } from 'node:crypto';

export class ItemStore {
  #items = [];

  add({ url, title, tags }, now = new Date()) {
    const item = { id: randomUUID(), url, title, tags, read: false, added_at: now.toISOString() };
    this.#items.push(item);
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

  remove(id) {
    const index = this.#items.findIndex((item) => item.id === id);
    if (index === -1) return false;
    this.#items.splice(index, 1);
    return true;
  }
}
