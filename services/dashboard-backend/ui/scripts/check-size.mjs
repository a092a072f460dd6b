// The first load (entry, what it imports, and the styles) has a budget; lazy pages come on top.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET_KB = 250;
const dist = resolve(dirname(fileURLToPath(import.meta.url)), '../dist');
const size = (file) => gzipSync(readFileSync(join(dist, file))).length / 1000;

const html = readFileSync(join(dist, 'index.html'), 'utf8');
const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, file]) => file);
const total = first.reduce((sum, file) => sum + size(file), 0);
const lazy = readdirSync(join(dist, 'assets'))
  .filter((file) => file.endsWith('.js') && !first.includes(`assets/${file}`))
  .map((file) => [file, size(`assets/${file}`)])
  .sort(([, a], [, b]) => b - a);

console.log(`first load: ${total.toFixed(0)} kB gz of ${BUDGET_KB} in ${first.length} files; largest lazy file: ${lazy[0]?.[1].toFixed(0)} kB gz (${lazy[0]?.[0]})`);
if (total > BUDGET_KB || lazy.some(([, kilobytes]) => kilobytes > BUDGET_KB)) {
  console.error('over budget: load what is heavy with the page that needs it');
  process.exit(1);
}
