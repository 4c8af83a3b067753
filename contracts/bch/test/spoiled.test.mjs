/**
 * Accepted transactions of every path, spoiled in one place at a time: each script, amount, capability, byte of a commitment
 * and satoshi of what the covenants force. None may pass.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { H, unhex, zeros } from '../lib/bytes.mjs';
import { token } from '../lib/deployment.mjs';
import { accepted } from '../lib/expect.mjs';
import { hashOf, payTree, payoutsOf, world } from '../lib/fixtures.mjs';
import { daoSet, keyOf, oracleSet, vectorKeys } from '../lib/keys.mjs';
import * as machine from '../lib/machine.mjs';
import { funderScript, newCoin, signFunder } from '../lib/transactions.mjs';
import { verify } from '../lib/vm.mjs';

const w = world();
const { d } = w;
const tree = payTree(0, [payoutsOf('a', 3), payoutsOf('b', 2)]);
const opened = w.open(w.fresh(), { first: 0 });
const filed = w.submit(opened.controller, { root: tree.root, owed: 77n, fundSats: 20_000n });
const idle = w.submit(filed.controller, { owed: 77n });
const late = w.submit(w.at({ next: 180, end: 180, owed: 9000n }), { late: true, root: tree.root, owed: 5n, fundSats: 9000n });
const paid = w.pay(filed.epoch, tree.batches[0], tree.proof(0));
const set = oracleSet(2, vectorKeys(5));
const dao = daoSet(2, 2, vectorKeys(4));
const guardian = keyOf('next guardian').key;
const act = (kind, argument, opened_ = zeros(0), more = {}) => w.act(w.running(0), { kind, argument, opened: opened_, ...more });

const accepted_ = {
  open: opened,
  submit: filed,
  'submit without pay': idle,
  late,
  'veto of an epoch': w.veto(filed.controller, { statement: filed.statement, epoch: filed.epoch }),
  'veto of an epoch without pay': w.veto(idle.controller, { statement: idle.statement, by: 'dao' }),
  'veto of a late statement': w.veto(late.controller, { statement: late.statement, epoch: late.epoch }),
  'veto of an OPEN': w.veto(opened.controller, { statement: opened.statement }),
  'hand over': act(machine.HAND_OVER, hashOf('new'), zeros(0), { end: 180 }),
  'next DAO set': act(machine.DAO_SET, dao.hash, dao.bytes),
  'advance the head': act(machine.ADVANCE, hashOf('why')),
  'next guardian': act(machine.GUARDIAN, H(guardian), guardian),
  rotate: act(machine.ROTATE, set.hash, set.bytes),
  crank: paid,
  'last crank': w.pay(paid.epoch, tree.batches[1], tree.proof(1)),
  'crank with a fee input': w.pay(filed.epoch, tree.batches[0], tree.proof(0), { feeCoin: newCoin() }),
};

const FOREIGN = unhex('33'.repeat(32));
/** What a sender may choose: its own satoshis, and in the last batch where the used-up NFT stays. */
const FREE = {
  submit: ['output 1 satoshis - 1'],
  late: ['output 1 satoshis - 1'],
  'last crank': ['output 0 capability none', 'output 1 capability none'],
};

/** Each way to spoil output `at`, by name. */
function* spoilsOf({ tx }, at) {
  const output = tx.outputs[at];
  const on = (change) => (copy) => change(copy.outputs[at], copy);
  if (!output.token) {
    // Change: its owner decides script and satoshis, and nobody gives it a token.
    for (const capability of ['none', 'mutable', 'minting']) yield [`a ${capability} NFT`, on((o) => { o.token = token(d, 0n, capability, zeros(0)); })];
    yield ['a token', on((o) => { o.token = token(d, 1n); })];
    return;
  }
  yield ['script', on((o) => { o.lockingBytecode[5] ^= 1; })];
  yield ['amount + 1', on((o) => { o.token.amount += 1n; })];
  yield ['amount - 1', on((o) => { o.token.amount -= 1n; })];
  yield ['category', on((o) => { o.token.category = FOREIGN; })];
  yield ['no token', on((o) => { delete o.token; })];
  yield ['satoshis - 1', on((o) => { o.valueSatoshis -= 1n; })];
  for (const capability of ['none', 'mutable', 'minting'].filter((each) => each !== output.token.nft?.capability)) {
    yield [`capability ${capability}`, on((o) => { o.token.nft = { capability, commitment: o.token.nft?.commitment ?? zeros(0) }; })];
  }
  yield ['doubled', on((o, copy) => copy.outputs.push(structuredClone(o)))];
  yield ['gone', on((_, copy) => copy.outputs.splice(at, 1))];
  if (!output.token.nft) return;
  yield ['no NFT', on((o) => { delete o.token.nft; })];
  yield ['longer commitment', on((o) => { o.token.nft.commitment = Uint8Array.of(...o.token.nft.commitment, 0); })];
  for (const byte of output.token.nft.commitment.keys()) yield [`commitment byte ${byte}`, on((o) => { o.token.nft.commitment[byte] ^= 1; })];
}

for (const [name, step] of Object.entries(accepted_)) {
  test(`${name}: nothing that it forces can be another`, () => {
    accepted(d, step);
    let tried = 0;
    const passed = [];
    for (const at of step.tx.outputs.keys()) {
      for (const [what, spoil] of spoilsOf(step, at)) {
        const copy = { tx: structuredClone(step.tx), sources: step.sources };
        spoil(copy.tx);
        copy.sources.forEach(({ lockingBytecode }, input) => { if (lockingBytecode === funderScript) signFunder(copy.tx, copy.sources, input); });
        tried += 1;
        if (verify(copy) === true) passed.push(`output ${at} ${what}`);
      }
    }
    assert.deepEqual(passed, FREE[name] ?? []);
    assert.ok(tried > 8, `${tried}`);
  });
}
