import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { run } from '../src/commands.js';
import { load } from '../src/requirements.js';

test('every requirement is listed', () => {
  const { code, text } = run(['requirements']);
  assert.equal(code, 0);
  assert.deepEqual(text.split('\n').map((line) => line.split(' ')[0]), load().map(({ id }) => id));
  assert.ok(load().length > 0);
});

test('a broken line is named', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'register-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'requirements.tsv');
  writeFileSync(file, 'R1\topen\tfine\nR2\tperhaps\tnot fine\n');
  assert.throws(() => load(file), /line 2/);
});
