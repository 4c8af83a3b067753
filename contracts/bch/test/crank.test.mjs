/** Paying out: what a crank forces, who may add what, and that nothing is left over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hex, unhex, zeros } from '../lib/bytes.mjs';
import { inventedUtxo, token } from '../lib/deployment.mjs';
import { accepted, refused } from '../lib/expect.mjs';
import { payTree, payoutsOf, scriptOf, world } from '../lib/fixtures.mjs';
import { NOT_FINAL, batchSats, funderScript, inputOf, newCoin, relative, signFunder } from '../lib/transactions.mjs';
import { deepTree, batchLeaf } from '../lib/tree.mjs';
import { encode } from '../lib/vm.mjs';
import { encodeEpoch } from '../lib/state.mjs';

const w = world();
const { d } = w;
const PAY = 'Epoch.pay';
const fileTree = (tree, fundSats = 50_000n) => accepted(d, w.submit(w.running(0), { root: tree.root, owed: 0n, fundSats }));
const tree = payTree(0, [payoutsOf('a', 4), payoutsOf('b', 3), payoutsOf('c', 2)]);
const filed = fileTree(tree);
const crank = (epoch, batch, options = {}) => w.pay(epoch, tree.batches[batch], tree.proof(batch), options);
const first = crank(filed.epoch, 0);
const second = crank(first.epoch, 1);
const spoil = (step, mutate, reason) => refused(d, step({ mutate }), PAY, reason);
const zero = (options) => crank(filed.epoch, 0, options);
const last = (options) => crank(second.epoch, 2, options);

test('every payee gets exactly its amount, batch after batch, and nothing is left', () => {
  const paid = new Map();
  let { epoch } = filed;
  for (const batch of [0, 1, 2]) {
    const step = accepted(d, crank(epoch, batch));
    for (const { lockingBytecode, token: held } of step.tx.outputs.slice(step.epoch ? 1 : 0)) paid.set(hex(lockingBytecode), held.amount);
    epoch = step.epoch;
  }
  assert.equal(epoch, null);
  const expected = new Map(tree.batches.flat().map(({ script, amount }) => [hex(script), amount]));
  assert.deepEqual(paid, expected);
});

test('two who crank make the same transaction, so nobody contends and a reorganisation changes nothing', () => {
  assert.equal(hex(encode(crank(filed.epoch, 0).tx)), hex(encode(first.tx)));
  assert.equal(hex(encode(last({}).tx)), hex(encode(crank(second.epoch, 2).tx)));
  assert.equal(first.tx.inputs.length, 1);
});

test('not before the delay, whatever the sequence says', () => {
  accepted(d, zero({ sequence: relative(43) }));
  for (const sequence of [relative(42), relative(44), 0, 43, NOT_FINAL, 0xffffffff]) {
    refused(d, zero({ sequence }), PAY, 'the delay before the first batch');
  }
  refused(d, zero({ sequence: relative(42), feeCoin: newCoin() }), PAY, 'the delay before the first batch');
  for (const sequence of [relative(43), 1, NOT_FINAL]) refused(d, crank(first.epoch, 1, { sequence }), PAY, 'the delay before the first batch');
});

test('lock time and version are forced', () => {
  spoil(zero, (tx) => { tx.locktime = 1; }, 'version 2, no lock time');
  spoil(zero, (tx) => { tx.version = 1; }, 'version 2, no lock time');
});

test('a batch is paid once and in its order', () => {
  refused(d, crank(first.epoch, 0, { sequence: 0 }), PAY, 'root hash and sum');
  refused(d, crank(filed.epoch, 1), PAY, 'root hash and sum');
  refused(d, w.pay(filed.epoch, tree.batches[1], tree.proof(0)), PAY, 'root hash and sum');
  refused(d, w.pay(filed.epoch, tree.batches[0], tree.proof(1)), PAY, 'root hash and sum');
});

test('payees, amounts and order are the leaf\'s', () => {
  spoil(zero, (tx) => { tx.outputs[2].lockingBytecode = scriptOf('thief'); }, 'root hash and sum');
  spoil(zero, (tx) => { tx.outputs[2].token.amount += 1n; tx.outputs[3].token.amount -= 1n; }, 'root hash and sum');
  spoil(zero, (tx) => tx.outputs.push(...tx.outputs.splice(1, 1)), 'root hash and sum');
  // The padding goes with the number of payouts; with that right it is the leaf that refuses.
  const other = (payouts) => w.pay(filed.epoch, payouts, tree.proof(0));
  refused(d, other(tree.batches[0].slice(0, 3)), PAY, 'root hash and sum');
  refused(d, other([...tree.batches[0], tree.batches[0][3]]), PAY, 'root hash and sum');
});

test('a payout in another category is refused, also in one that is born in this transaction', () => {
  spoil(zero, (tx) => { tx.outputs[2].token.category = unhex('55'.repeat(32)); }, "a payout's category");
  // The epoch's UTXO is output 0 of the crank before: its id may found a category here, in any amount.
  const born = unhex(first.epoch.txid);
  assert.equal(first.epoch.vout, 0);
  spoil((options) => crank(first.epoch, 1, options), (tx) => tx.outputs.slice(1).forEach((output) => { output.token = { category: born, amount: output.token.amount }; }), "a payout's category");
  const coin = newCoin();
  spoil((options) => zero({ feeCoin: coin, ...options }), (tx) => { tx.outputs[2].token = { category: unhex(coin.txid), amount: tx.outputs[2].token.amount }; }, "a payout's category");
});

test('a payout without its token, or with an NFT that can still change, is refused', () => {
  spoil(zero, (tx) => { delete tx.outputs[2].token; }, "a payout's category");
  spoil(last, (tx) => { tx.outputs[1].token.nft = { capability: 'mutable', commitment: zeros(0) }; }, "a payout's category");
});

test('the one freedom: the last batch may leave the used-up NFT, immutable, on a payout', () => {
  accepted(d, last({ mutate: (tx) => { tx.outputs[1].token.nft = { capability: 'none', commitment: zeros(0) }; } }));
  const twice = last({ mutate: (tx) => tx.outputs.forEach((output) => { output.token.nft = { capability: 'none', commitment: zeros(0) }; }) });
  refused(d, twice, null, /NFT|token/i);
  const earlier = zero({ mutate: (tx) => { tx.outputs[1].token.nft = { capability: 'none', commitment: zeros(0) }; } });
  refused(d, earlier, null, /NFT|token/i);
});

test('the state moves on by one batch and stays the covenant\'s', () => {
  for (const at of [0, 4, 7, 8, 9, 40, 41, 48]) spoil(zero, (tx) => { tx.outputs[0].token.nft.commitment[at] ^= 1; }, "the epoch's state");
  spoil(zero, (tx) => { tx.outputs[0].lockingBytecode = scriptOf('thief'); }, "the epoch's script");
  spoil(zero, (tx) => { tx.outputs[0].token.amount -= 1n; }, "the epoch's tokens");
  // Without the epoch's output the rest is nowhere: only the last batch may do that.
  const without = zero({ mutate: (tx) => { tx.outputs.shift(); } });
  refused(d, without, PAY, 'the last batch empties the epoch');
});

test('neither fee nor payouts take a satoshi more', () => {
  spoil(zero, (tx) => { tx.outputs[0].valueSatoshis -= 1n; }, "the epoch's satoshis");
  spoil(zero, (tx) => { tx.outputs[0].valueSatoshis += 1n; }, "the epoch's satoshis");
  spoil(zero, (tx) => { tx.outputs[1].valueSatoshis += 1n; }, "a payout's satoshis");
  spoil(zero, (tx) => tx.outputs.push({ lockingBytecode: funderScript, valueSatoshis: 1000n }), 'padding');
});

test('proofs that lie about sums or lead elsewhere are refused', () => {
  const withProof = (change) => zero({ args: (values) => ({ ...values, proof: change(Uint8Array.from(values.proof)) }) });
  const at = (index, value) => (proof) => { proof[index] = value; return proof; };
  refused(d, withProof(at(39, 9)), PAY, 'root hash and sum');
  refused(d, withProof(at(0, 9)), PAY, 'root hash and sum');
  refused(d, withProof(at(32, 0x80)), 'Epoch', /OP_NUM2BIN/); // a sum of 2^63 fits in no node
  refused(d, withProof((proof) => proof.slice(0, -1)), 'Epoch', /./);
  refused(d, withProof((proof) => proof.slice(0, 40)), PAY, 'root hash and sum');
  refused(d, withProof((proof) => Uint8Array.of(...proof, ...zeros(40))), PAY, 'root hash and sum');
  refused(d, zero({ args: (values) => ({ ...values, pad: values.pad.map(() => 1) }) }), PAY, 'padding');
});

test('a tree of one batch is its leaf, of one payout too', () => {
  for (const count of [1, 7]) {
    const one = payTree(0, [payoutsOf('one', count)]);
    const step = accepted(d, w.pay(fileTree(one).epoch, one.batches[0], one.proof(0)));
    assert.equal(step.epoch, null);
    assert.equal(step.tx.outputs.length, count);
  }
});

test('an epoch whose satoshis run dry is paid with a fee input, which may fund the rest', () => {
  const dry = fileTree(tree, 900n);
  refused(d, crank(dry.epoch, 0), 'Epoch', /./);
  const funded = accepted(d, crank(dry.epoch, 0, { feeCoin: newCoin(), left: batchSats(d, 3) + batchSats(d, 2) }));
  const forced = accepted(d, crank(funded.epoch, 1));
  accepted(d, crank(forced.epoch, 2));
  const poor = accepted(d, crank(dry.epoch, 0, { feeCoin: newCoin(), left: 1000n }));
  accepted(d, crank(accepted(d, crank(poor.epoch, 1, { feeCoin: newCoin(), left: 1000n })).epoch, 2, { feeCoin: newCoin() }));
});

test('a fee input takes nothing out of the epoch', () => {
  refused(d, zero({ feeCoin: newCoin(), left: 1000n }), PAY, "the epoch's satoshis with a fee input");
  accepted(d, zero({ feeCoin: newCoin() }));
});

test('a fee input without its change is refused: the last output is always the change', () => {
  const noChange = (step) => step({ feeCoin: newCoin(100_000n), mutate: (tx) => { tx.outputs.pop(); } });
  refused(d, noChange(zero), PAY, 'the change carries no token');
  refused(d, noChange(last), PAY, 'the change carries no token');
});

test('two epochs are never paid in one transaction', () => {
  const other = fileTree(tree);
  const step = zero({ feeCoin: newCoin() });
  step.tx.inputs[1] = inputOf(other.epoch, relative(43));
  step.sources[1] = other.epoch.output;
  step.tx.inputs[1].unlockingBytecode = d.epoch.unlock('pay', { proof: tree.proof(0), pad: zeros(24) });
  refused(d, step, PAY, 'the fee input carries no token');
});

test('an epoch\'s tokens leave by a batch or a veto only', () => {
  const coin = newCoin();
  const tx = {
    version: 2, locktime: 0, inputs: [inputOf(coin), inputOf(filed.epoch)],
    outputs: [{ lockingBytecode: funderScript, valueSatoshis: 10_000n, token: token(d, filed.epoch.output.token.amount) }],
  };
  const sources = [coin.output, filed.epoch.output];
  tx.inputs[1].unlockingBytecode = d.epoch.unlock('giveBack', {});
  signFunder(tx, sources, 0);
  refused(d, { tx, sources }, 'Epoch.giveBack', 'the controller is input 0');
});

test('batches up to the last number of a u32 have their place in the tree; one that is followed must be below 2^31', () => {
  const payouts = payoutsOf('far', 2);
  const far = (batch, more) => {
    const { root, proof } = deepTree(batchLeaf(3, batch, payouts), 32, batch);
    const commitment = encodeEpoch({ epoch: 3, batch, refiled: 0, root: root.hash, sum: root.sum });
    const output = { lockingBytecode: d.epoch.script, valueSatoshis: 100_000n, token: token(d, 2000n + more, 'mutable', commitment) };
    return w.pay(inventedUtxo(output), payouts, proof);
  };
  accepted(d, far(4_294_967_295, 0n));
  accepted(d, far(2 ** 31 - 2, 5n));
  refused(d, far(2 ** 31 - 1, 5n), 'Epoch', /OP_NUM2BIN/);
});

test('under honest roots no funds are stuck: any tree, any funding, is paid out to the unit', () => {
  const shapes = [[1], [1, 1], [3, 1], [5, 5, 2], [2, 2, 2, 1], [4, 4, 4, 4, 1], [2, 2, 2, 2, 2, 2, 1]];
  for (const [round, shape] of shapes.entries()) {
    for (const fundSats of [900n, 2_000n, 5_000n, 60_000n]) {
      const some = payTree(0, shape.map((count, batch) => payoutsOf(`${round} ${batch}`, count, 999n * BigInt(count) + BigInt(batch + 1))));
      let { epoch } = fileTree(some, fundSats);
      let paid = 0n;
      for (const [batch, payouts] of some.batches.entries()) {
        const rest = epoch.output.valueSatoshis - batchSats(d, payouts.length);
        const isLast = batch === some.batches.length - 1;
        const enough = isLast ? rest >= 0n : rest >= 1000n;
        const step = accepted(d, w.pay(epoch, payouts, some.proof(batch), enough ? {} : { feeCoin: newCoin(), left: rest > 1000n ? rest : 1000n }));
        paid += payouts.reduce((sum, { amount }) => sum + amount, 0n);
        epoch = step.epoch;
      }
      assert.equal(epoch, null);
      assert.equal(paid, some.root.sum);
    }
  }
});

test('an epoch\'s script under tokens that no controller released pays only what its maker put there', () => {
  const own = payTree(0, [payoutsOf('own', 2)]);
  const commitment = encodeEpoch({ epoch: 0, batch: 0, refiled: 0, root: own.root.hash, sum: own.root.sum });
  const foreign = { category: unhex('66'.repeat(32)), amount: own.root.sum, nft: { capability: 'mutable', commitment } };
  const step = w.pay(inventedUtxo({ lockingBytecode: d.epoch.script, valueSatoshis: 20_000n, token: foreign }), own.batches[0], zeros(0));
  refused(d, step, PAY, "a payout's category");
});
