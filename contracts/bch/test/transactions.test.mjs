/** The committed transactions are what the builders make, and the virtual machine takes each. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { examples } from '../lib/examples.mjs';

test('transactions.json is what tools/transactions.mjs writes', () => {
  const committed = JSON.parse(readFileSync(new URL('../transactions.json', import.meta.url), 'utf8'));
  assert.deepEqual(committed, examples());
});
