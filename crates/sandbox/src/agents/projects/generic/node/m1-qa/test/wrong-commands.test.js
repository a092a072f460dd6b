// Commands that do not exist are refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../src/commands.js';

test('unknown and missing commands end with code 2 and tell the usage', () => {
  for (const words of [[], ['nothing'], ['toString'], ['__proto__']]) {
    const { code, text } = run(words);
    assert.equal(code, 2, words.join(' '));
    assert.match(text, /^usage: /);
  }
});
