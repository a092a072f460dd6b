// The register names each requirement once and says something about it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from '../src/requirements.js';

test('ids are unique and texts are not empty', () => {
  const register = load();
  assert.equal(new Set(register.map(({ id }) => id)).size, register.length);
  for (const { id, text } of register) assert.ok(text.trim(), id);
});
