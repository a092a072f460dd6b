// The data file: one JSON document, replaced as a whole or not at all.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

const FORMAT = 1;

export function loadItems(path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
  try {
    const document = JSON.parse(text);
    if (document.format === FORMAT && Array.isArray(document.items)) return document.items;
  } catch {
    // Told below, in words that help.
  }
  throw new Error(`${path} is not a reading list; move it away or name another file in DATA_FILE`);
}

export function saveItems(path, items) {
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify({ format: FORMAT, items }));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}
