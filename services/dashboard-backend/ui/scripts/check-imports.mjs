// Imports go one way: lib, api, components -> features -> shell, routes, main. Features never import
// each other, nothing re-exports a folder, and only api/ touches the API client library.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../src');
const LAYERS = { lib: 0, api: 1, components: 2, features: 3, shell: 4 };
const TOP = 5;

function layer(path) {
  return LAYERS[path.split('/')[0]] ?? TOP;
}

const problems = [];
let files = 0;
for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
  const file = relative(root, join(entry.parentPath, entry.name));
  files += 1;
  if (/^index\.tsx?$/.test(entry.name)) problems.push(`${file}: barrel files hide who needs what; import the module itself`);
  // Tests and their kit may reach everywhere.
  if (file.startsWith('test/') || /\.test\.tsx?$/.test(file)) continue;
  const source = readFileSync(join(root, file), 'utf8');
  for (const [, specifier] of source.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
    if (!specifier.startsWith('.')) {
      if (specifier === 'openapi-fetch' && file !== 'api/client.ts') problems.push(`${file}: use api/client.ts`);
      continue;
    }
    const target = relative(root, resolve(root, dirname(file), specifier));
    if (target.startsWith('test/')) problems.push(`${file}: production code imports ${target}`);
    if (layer(target) > layer(file)) problems.push(`${file}: imports ${target}, which is above it`);
    const [own, other] = [file.split('/'), target.split('/')];
    if (own[0] === 'features' && other[0] === 'features' && own[1] !== other[1]) {
      problems.push(`${file}: the feature \`${own[1]}\` imports the feature \`${other[1]}\`; what both need moves to components, api or lib`);
    }
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`imports: ${files} files follow the layers`);
