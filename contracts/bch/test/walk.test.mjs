/** Distributors driven by chance: chain, machine and clock say the same, and every unit reaches its payee. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { walk } from '../lib/walk.mjs';

for (const seed of [2, 5, 6, 7]) {
  test(`a walk of 150 steps from seed ${seed}: chain and machine agree, nothing is made, lost or stuck`, () => {
    const { accepted, refused, reorganised } = walk(seed, 150);
    assert.ok(accepted > 20 && refused > 20 && reorganised > 5, JSON.stringify({ accepted, refused, reorganised }));
  });
}
