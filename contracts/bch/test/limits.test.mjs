/** Batches of every size relay with the fee that the covenant forces, to the largest at the deepest tree; dust; scripts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { getDustThreshold } from '@bitauth/libauth';

import { accepted } from '../lib/expect.mjs';
import { fullBatch, oneBatch, world } from '../lib/fixtures.mjs';
import { BATCH_PAYOUTS } from '../lib/tree.mjs';
import { costOf, sizeOf } from '../lib/vm.mjs';

const w = world();
const { d } = w;

for (const depth of [0, 1, 7, 17, 32]) {
  test(`batches of 1 to ${BATCH_PAYOUTS} at depth ${depth} pay their way and are relayed, with a fee input too`, () => {
    for (const count of [1, 2, 3, 10, 100, BATCH_PAYOUTS]) {
      accepted(d, fullBatch(d, count, depth));
      const step = accepted(d, fullBatch(d, count, depth, { fee: true }));
      assert.ok(sizeOf(step.tx) <= 100_000);
      const { operations, operationLimit, hashes, hashLimit } = costOf(step);
      assert.ok(operations <= operationLimit && hashes <= hashLimit);
    }
  });
}

test('no output that the covenants force or that a submission makes is dust', () => {
  const filed = w.submit(w.running(0), { root: oneBatch(0, 3000n).root, owed: 0n });
  const [controller, epoch] = filed.tx.outputs;
  const [rest, payout] = fullBatch(d, 3, 2).tx.outputs;
  assert.ok(getDustThreshold(payout) <= d.rules.payoutSats);
  assert.ok(getDustThreshold(controller) <= d.rules.floorSats);
  for (const output of [epoch, rest]) assert.ok(getDustThreshold(output) <= 855n);
});

test('scripts and stack items stay below ten thousand bytes', () => {
  assert.ok(d.controller.redeem.length < 4000 && d.epoch.redeem.length < 520);
  assert.ok(w.open(w.fresh(), { first: 0 }).tx.inputs[0].unlockingBytecode.length < 10_000);
});
