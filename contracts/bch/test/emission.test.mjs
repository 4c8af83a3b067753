/** Filing epochs: order, time, the two bounds, late statements, numeric limits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { zeros } from '../lib/bytes.mjs';
import { controllerOutput, inventedUtxo, keysOf, token } from '../lib/deployment.mjs';
import { accepted, refused } from '../lib/expect.mjs';
import { hashOf, oneBatch, spoiled, world } from '../lib/fixtures.mjs';
import * as machine from '../lib/machine.mjs';
import { NOT_FINAL, funderScript, inputOf, relative, signFunder } from '../lib/transactions.mjs';

const w = world();
const { d } = w;
const SUBMIT = 'Controller.submit';
const { root } = oneBatch(0, 3000n);
const E = (epoch) => machine.emission(d.rules, epoch);

test('an epoch is accepted once, in order, each after the delay of the one before', () => {
  const opened = accepted(d, w.open(w.fresh(), { first: 0 }));
  let { controller } = opened;
  for (const epoch of [0, 1, 2]) {
    const step = accepted(d, w.submit(controller, { root: oneBatch(epoch, E(epoch)).root, owed: 0n }));
    assert.equal(step.epoch.output.token.amount, E(epoch));
    assert.equal(step.controller.state.next, epoch + 1);
    controller = step.controller;
  }
  assert.equal(controller.utxo.output.token.amount, d.rules.supply - machine.cumulative(d.rules, 2));
});

test('a statement that was accepted is refused when it is sent again', () => {
  const filed = accepted(d, w.submit(w.running(0), { root, owed: 0n }));
  const again = w.submit(filed.controller, { root, owed: 0n, signed: () => filed.statement });
  refused(d, again, SUBMIT, "an oracle's signature");
});

test('an epoch that is not the next is refused', () => {
  const skipping = (statement) => spoiled(statement, 83);
  refused(d, w.submit(w.running(4), { root, owed: 0n, signed: skipping }), SUBMIT, "an oracle's signature");
});

test('before the first opening nothing is filed', () => {
  refused(d, w.submit(w.fresh(), { root, owed: 0n }), SUBMIT, 'the epoch is inside the range');
});

test('an epoch that has not ended is refused, whatever lock time and sequences say', () => {
  const ended = d.rules.genesis + d.rules.epochS;
  const file = (options) => w.submit(w.running(0), { root, owed: 0n, ...options });
  accepted(d, file({ locktime: ended }));
  refused(d, file({ locktime: ended - 1 }), SUBMIT, 'the epoch has ended');
  refused(d, file({ locktime: 900_000 }), SUBMIT, 'the epoch has ended'); // a block height
  refused(d, file({ locktime: 0 }), SUBMIT, 'the epoch has ended');
  const final = file({ sequence: 0xffffffff });
  refused(d, final, SUBMIT, 'what is pending is not payable yet'); // no relative lock is one of no wait either
});

test('one statement at most is pending: the next waits for its delay on the controller itself', () => {
  const filed = w.submit(w.running(0), { root, owed: 0n });
  const next = (sequence) => w.submit(filed.controller, { root: oneBatch(1, 5000n).root, owed: 0n, sequence });
  accepted(d, next(relative(43)));
  refused(d, next(relative(42)), SUBMIT, 'what is pending is not payable yet');
  refused(d, next(43), SUBMIT, 'what is pending is not payable yet'); // blocks
  refused(d, next(NOT_FINAL), SUBMIT, 'what is pending is not payable yet'); // disabled
  refused(d, w.submit(w.running(0), { root, owed: 0n, sequence: 0 }), SUBMIT, 'what is pending is not payable yet'); // zero units need the time bit
});

test('version 1 knows no relative locks and is refused', () => {
  const step = w.submit(w.running(0), { root, owed: 0n, mutate: (tx) => { tx.version = 1; } });
  refused(d, step, SUBMIT, 'what is pending is not payable yet');
});

test('issued grows by the emission at most, sum and owed together', () => {
  const file = (sum, owed, before) => w.submit(w.running(3, { owed: before }), { root: { hash: hashOf('root'), sum }, owed });
  for (const [sum, owed, before] of [[E(3), 0n, 0n], [0n, E(3), 0n], [1n, E(3) - 1n, 0n], [E(3) + 70n, 30n, 100n], [0n, 0n, 100n]]) {
    accepted(d, file(sum, owed, before));
    refused(d, file(sum, owed + (E(3) + before - sum - owed) + 1n, before), SUBMIT, 'issued grows by at most E(e)');
  }
});

test('after the last epoch only what is owed can be paid', () => {
  const file = (next, sum, owed, before) => w.submit(w.at({ next, end: machine.OPEN_ENDED, owed: before }), { root: { hash: hashOf('root'), sum }, owed });
  accepted(d, file(7304, E(7304), 0n, 0n));
  refused(d, file(7305, 1n, 0n, 0n), SUBMIT, 'issued grows by at most E(e)');
  accepted(d, file(7305, 4000n, 0n, 4000n));
  accepted(d, file(9000, 1000n, 3000n, 4000n));
});

test('an epoch without pay is filed like any other and makes no UTXO', () => {
  const step = accepted(d, w.submit(w.running(0), { owed: E(0) }));
  assert.equal(step.epoch, null);
  assert.equal(step.tx.outputs.filter((output) => output.token).length, 1);
  const sneaked = w.submit(w.running(0), {
    owed: E(0),
    mutate: (tx) => tx.outputs.splice(1, 0, { lockingBytecode: d.epoch.script, valueSatoshis: 1000n, token: token(d, 0n, 'mutable', zeros(49)) }),
  });
  refused(d, sneaked, SUBMIT, 'another output carries a token');
});

test('a late statement pays what is owed, under the last number, and issues nothing', () => {
  const late = (owed, sum, before) => w.submit(w.running(5, { owed: before }), { late: true, root: { hash: hashOf('root'), sum }, owed });
  const step = accepted(d, late(600n, 400n, 1000n));
  assert.deepEqual([step.controller.state.next, step.controller.state.pending, step.controller.state.owed], [5, machine.LATE, 600n]);
  refused(d, late(601n, 400n, 1000n), SUBMIT, 'issued grows by at most E(e)');
  refused(d, late(0n, 1001n, 1000n), SUBMIT, 'issued grows by at most E(e)');
  const second = accepted(d, w.submit(step.controller, { late: true, root: { hash: hashOf('more'), sum: 600n }, owed: 0n }));
  assert.equal(second.controller.state.next, 5);
});

test('a late statement is taken in any range state', () => {
  const late = { late: true, root: { hash: hashOf('root'), sum: 10n }, owed: 0n };
  const from = (state) => w.submit(w.at({ owed: 10n, ...state }), late);
  accepted(d, from({ next: 5, end: machine.OPEN_ENDED })); // running
  accepted(d, from({ next: 175, end: 180 })); // handed over, not complete
  accepted(d, from({ next: 180, end: 180 })); // complete
  accepted(d, from({ pending: machine.EPOCH, next: 180, end: 180 })); // the last epoch's delay is over
  // Opened again: the range begins at 360, the number before it is 359.
  const reopened = accepted(d, from({ pending: machine.OPEN, next: 180, end: 180, opening: 360 }));
  assert.deepEqual([reopened.controller.state.start, reopened.controller.state.next, reopened.controller.state.end], [360, 360, machine.OPEN_ENDED]);
  refused(d, w.submit(w.at({ owed: 10n, next: 5, pending: 1, end: 180 }), { ...late, sequence: relative(42) }), SUBMIT, 'what is pending is not payable yet');
});

test('what an epoch is paid from is the reserve: amounts are moved, never made', () => {
  const spoil = (mutate) => w.submit(w.running(0), { root, owed: 0n, mutate });
  refused(d, spoil((tx) => { tx.outputs[1].token.amount += 1n; }), SUBMIT, 'the epoch holds the root sum');
  refused(d, spoil((tx) => { tx.outputs[0].token.amount += 1n; }), SUBMIT, 'the reserve pays the root sum');
  refused(d, spoil((tx) => { tx.outputs[2].token = token(d, 1n); }), SUBMIT, 'another output carries a token');
});

test('a minting or mutable NFT for the sender is refused on every output', () => {
  for (const capability of ['minting', 'mutable', 'none']) {
    const rogue = (tx) => tx.outputs.push({ lockingBytecode: funderScript, valueSatoshis: 1000n, token: token(d, 0n, capability, zeros(1)) });
    refused(d, w.submit(w.running(0), { root, owed: 0n, mutate: rogue }), SUBMIT, 'another output carries a token');
  }
});

test('an epoch\'s UTXO that is still to be paid is not burnt by filing the next', () => {
  const filed = w.submit(w.running(0), { root, owed: 0n });
  const step = w.submit(filed.controller, { root: oneBatch(1, 5000n).root, owed: 0n });
  step.tx.inputs.push(inputOf(filed.epoch));
  step.sources.push(filed.epoch.output);
  step.tx.inputs[2].unlockingBytecode = d.epoch.unlock('giveBack', {});
  signFunder(step.tx, step.sources, 1);
  refused(d, step, SUBMIT, 'another input carries a token');
});

test('without change, or without a fee input, there is no transaction', () => {
  refused(d, w.submit(w.running(0), { root, owed: 0n, mutate: (tx) => { tx.outputs.pop(); } }), 'Controller', /output index/);
  const alone = (tx, sources) => { tx.inputs.pop(); sources.pop(); };
  refused(d, w.submit(w.running(0), { root, owed: 0n, mutate: alone }), 'Controller', /UTXO index/);
});

test('a controller that somebody makes up has no right: its NFT mints nothing', () => {
  // What an immutable NFT with a controller's commitment could be sent here for.
  const state = { ...w.running(0).state };
  const output = controllerOutput(d, state, 5000n, 2000n);
  const fake = inventedUtxo({ ...output, token: { ...output.token, nft: { ...output.token.nft, capability: 'none' } } });
  const step = w.submit({ state, utxo: fake }, { root, owed: 0n });
  refused(d, step, SUBMIT, 'the controller holds the minting NFT');
});

test('numbers at their limits: refused where they do not fit, else exact', () => {
  const LARGEST = 2n ** 63n - 1n;
  const huge = world({ supply: LARGEST, epochs: 1, genesis: 500_000_000, epochS: 1 });
  const from = (state, amount = LARGEST) => huge.at({ end: machine.OPEN_ENDED, ...state }, { amount });
  accepted(huge.d, huge.submit(from({}), { root: { hash: hashOf('root'), sum: LARGEST }, owed: 0n }));
  accepted(huge.d, huge.submit(from({}), { owed: LARGEST }));
  refused(huge.d, huge.submit(from({ owed: LARGEST }), { root: { hash: hashOf('root'), sum: 1n }, owed: LARGEST, args: (values) => ({ ...values, owed: LARGEST + 1n }) }), 'Controller', /OP_NUM2BIN/);
  refused(huge.d, huge.submit(from({ owed: LARGEST }), { owed: 0n, args: (values) => ({ ...values, sum: LARGEST + 1n }) }), 'Controller', /OP_NUM2BIN/);
  refused(huge.d, huge.submit(from({ owed: LARGEST }), { owed: 0n, args: (values) => ({ ...values, sum: -1n }) }), SUBMIT, 'no negative sums');
  // Epochs: the last number below the open end; its successor is the open end itself, and no epoch.
  const clock = world({ genesis: 0, epochS: 1 });
  const last = accepted(clock.d, clock.submit(clock.at({ next: 0xfffffffe, end: machine.OPEN_ENDED }), { owed: 0n, locktime: 0xffffffff }));
  assert.equal(last.controller.state.next, 0xffffffff);
  refused(clock.d, clock.submit(last.controller, { owed: 0n, locktime: 0xffffffff }), SUBMIT, 'the epoch is inside the range');
  // Acts are numbered to 2^31 - 1, which a number of script can write in four bytes.
  const acts = (count) => w.act(w.running(0, { keys: keysOf(w.who, { acts: count }) }), { kind: machine.ADVANCE, argument: hashOf('why') });
  accepted(d, acts(2 ** 31 - 2));
  refused(d, acts(2 ** 31 - 1), 'Controller', /OP_NUM2BIN/);
});

test('by chance: sums, debts and ranges, the covenant and the machine say the same', () => {
  let seed = 7n;
  const random = (below) => {
    seed = (seed * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
    return Number((seed >> 33n) % BigInt(below));
  };
  const small = world({ supply: 1000n, epochs: 7, genesis: 500_000_000, epochS: 1, term: 3 });
  const seen = { accepted: 0, refused: 0 };
  for (let round = 0; round < 300; round += 1) {
    const next = random(10);
    const pending = random(4);
    const end = [0, next, next + 2, machine.OPEN_ENDED][random(4)];
    const opening = pending === machine.OPEN ? next + random(3) : 0;
    const state = { pending, spent: random(2), start: 0, next, end, opening, owed: BigInt(random(200)) };
    const options = { late: random(3) === 0, root: { hash: hashOf('root'), sum: BigInt(random(3) * random(150)) }, owed: BigInt(random(250)) };
    const step = small.submit(small.at(state), options);
    let reason = null;
    try {
      machine.submit({ ...state, owedBefore: 0n, keys: {}, head: zeros(32) }, small.d.rules, { ...options, sum: options.root.sum, digest: zeros(32) });
    } catch (error) {
      reason = error.message;
    }
    if (reason === null) accepted(small.d, step);
    else refused(small.d, step, SUBMIT, reason);
    seen[reason === null ? 'accepted' : 'refused'] += 1;
  }
  assert.ok(seen.accepted > 60 && seen.refused > 60, JSON.stringify(seen));
});
