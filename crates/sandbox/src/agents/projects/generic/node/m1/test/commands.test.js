import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NAME, VERSION, run } from '../src/commands.js';

test('about says what it is and that it is a skeleton', () => {
  const { code, text } = run(['about']);
  assert.equal(code, 0);
  assert.ok(text.startsWith(`${NAME} ${VERSION}: a skeleton`));
});
