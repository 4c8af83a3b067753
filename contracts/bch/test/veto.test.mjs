/** Delay, veto and refiling. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { H, hex } from '../lib/bytes.mjs';
import { accepted, refused } from '../lib/expect.mjs';
import { hashOf, oneBatch, payTree, payoutsOf, world } from '../lib/fixtures.mjs';
import * as machine from '../lib/machine.mjs';
import { encodeController } from '../lib/state.mjs';
import { vetoMessage } from '../lib/statements.mjs';
import { relative } from '../lib/transactions.mjs';

const w = world();
const { d } = w;
const VETO = 'Controller.veto';
const tree = payTree(5, [payoutsOf('a', 3), payoutsOf('b', 2)]);
const before = w.running(5, { owed: 700n });
const file = (controller = before, options = {}) => accepted(d, w.submit(controller, { root: tree.root, owed: 1000n, fundSats: 20_000n, ...options }));
const vetoOf = (filed, options = {}) => w.veto(filed.controller, { statement: filed.statement, epoch: filed.epoch, ...options });
const notHead = ({ state }) => hex(encodeController({ ...state, head: H(), spent: 0, owedBefore: 0n }));

for (const by of ['guardian', 'dao']) {
  test(`a veto by the ${by} gives everything back and kills the statement`, () => {
    const filed = file();
    const step = accepted(d, vetoOf(filed, { by }));
    const { utxo, state } = step.controller;
    assert.equal(utxo.output.token.amount, before.utxo.output.token.amount);
    assert.equal(utxo.output.valueSatoshis, before.utxo.output.valueSatoshis + 20_000n);
    assert.equal(notHead(step.controller), notHead(before));
    assert.equal(hex(state.head), hex(H(vetoMessage(H(filed.statement), hashOf('reason')))));
    // The head moved: what was signed before names another one.
    const again = w.submit(step.controller, { root: tree.root, owed: 1000n, signed: () => filed.statement });
    refused(d, again, 'Controller.submit', "an oracle's signature");
    file(step.controller);
  });
}

test('the guardian vetoes a statement once, and the DAO what takes its place', () => {
  const filed = file();
  const refiled = file(vetoOf(filed).controller);
  assert.equal(refiled.controller.state.spent, 1);
  refused(d, vetoOf(refiled), VETO, 'the guardian vetoes once');
  const third = file(accepted(d, vetoOf(refiled, { by: 'dao' })).controller);
  refused(d, vetoOf(third), VETO, 'the guardian vetoes once');
  accepted(d, vetoOf(third, { by: 'dao' }));
});

test('a veto by the DAO leaves the guardian its own', () => {
  const refiled = file(accepted(d, vetoOf(file(), { by: 'dao' })).controller);
  assert.equal(refiled.controller.state.spent, 0);
  accepted(d, vetoOf(refiled));
});

test('what is refiled after the guardian\'s veto waits the long delay, the batch and the next statement', () => {
  const refiled = file(vetoOf(file()).controller);
  const [batch] = tree.batches;
  accepted(d, w.pay(refiled.epoch, batch, tree.proof(0)));
  refused(d, w.pay(refiled.epoch, batch, tree.proof(0), { sequence: relative(1181) }), 'Epoch.pay', 'the delay before the first batch');
  refused(d, w.pay(refiled.epoch, batch, tree.proof(0), { sequence: relative(43) }), 'Epoch.pay', 'the delay before the first batch');
  const next = (options) => w.submit(refiled.controller, { root: oneBatch(6, 5000n).root, owed: 0n, ...options });
  refused(d, next({ sequence: relative(1181) }), 'Controller.submit', 'what is pending is not payable yet');
  const after = accepted(d, next({}));
  // The next statement is no refile: the guardian has a veto again.
  assert.equal(after.controller.state.spent, 0);
  accepted(d, vetoOf(after));
});

test('after the first batch there is no veto', () => {
  const filed = file();
  const paid = accepted(d, w.pay(filed.epoch, tree.batches[0], tree.proof(0)));
  for (const by of ['guardian', 'dao']) {
    refused(d, vetoOf(filed, { epoch: paid.epoch, by }), VETO, 'its epoch, and no batch is paid');
    refused(d, vetoOf(filed, { epoch: null, by }), VETO, "the epoch's UTXO is input 1");
  }
});

test('after the next statement there is no veto of the one before', () => {
  const filed = file();
  const next = accepted(d, w.submit(filed.controller, { root: oneBatch(6, 5000n).root, owed: 0n }));
  const old = w.veto(next.controller, { statement: filed.statement, epoch: filed.epoch });
  refused(d, old, VETO, 'the newest statement');
  // Not with the newest statement's name either: the epoch's UTXO is another's.
  const mixed = w.veto(next.controller, { statement: next.statement, epoch: filed.epoch });
  refused(d, mixed, VETO, 'its epoch, and no batch is paid');
});

test('script has no "not after": past its delay an unpaid statement can still be vetoed', () => {
  const filed = file();
  accepted(d, vetoOf(filed, { sequence: relative(5000) }));
});

test('an epoch without pay, a late statement and an OPEN are vetoed like an epoch', () => {
  const zero = accepted(d, w.submit(before, { owed: 900n }));
  assert.equal(notHead(accepted(d, w.veto(zero.controller, { statement: zero.statement })).controller), notHead(before));

  const late = accepted(d, w.submit(before, { late: true, root: payTree(4, [payoutsOf('l', 2, 600n)]).root, owed: 100n }));
  const after = accepted(d, w.veto(late.controller, { statement: late.statement, epoch: late.epoch }));
  assert.equal(notHead(after.controller), notHead(before));

  const opened = accepted(d, w.open(before, { first: 360 }));
  assert.equal(notHead(accepted(d, w.veto(opened.controller, { statement: opened.statement })).controller), notHead(before));
});

test('an OPEN that is filed again after the guardian\'s veto is the DAO\'s to veto', () => {
  const opened = accepted(d, w.open(w.fresh(), { first: 0 }));
  const again = accepted(d, w.open(accepted(d, w.veto(opened.controller, { statement: opened.statement })).controller, { first: 0 }));
  refused(d, w.veto(again.controller, { statement: again.statement }), VETO, 'the guardian vetoes once');
  accepted(d, w.veto(again.controller, { statement: again.statement, by: 'dao' }));
});

test('a veto needs its own signature: not a stranger\'s, not one below the threshold, not over another head or reason', () => {
  const filed = file();
  refused(d, vetoOf(filed, { key: w.who.dao.keys[0] }), VETO, "the guardian's signature");
  refused(d, vetoOf(filed, { by: 'dao', members: [2] }), VETO, "the DAO's threshold");
  for (const message of [vetoMessage(hashOf('another head'), hashOf('reason')), vetoMessage(H(filed.statement), hashOf('another reason'))]) {
    refused(d, vetoOf(filed, { signed: () => message }), VETO, "the guardian's signature");
    refused(d, vetoOf(filed, { by: 'dao', signed: () => message }), VETO, "a DAO member's signature");
  }
});

test('neither tokens nor satoshis of a vetoed epoch go elsewhere', () => {
  const spoil = (mutate) => vetoOf(file(), { mutate });
  refused(d, spoil((tx) => { tx.outputs[0].token.amount -= 1n; }), VETO, 'the tokens return');
  refused(d, spoil((tx) => { tx.outputs[0].valueSatoshis = 2000n; }), VETO, 'the satoshis return');
  refused(d, spoil((tx) => { tx.outputs[1].token = { ...tx.outputs[0].token, amount: 0n }; }), VETO, 'another output carries a token');
});

test('satoshis that came back with a veto fund the refiled epoch, and nothing else', () => {
  const { controller } = vetoOf(file());
  const refile = (fundSats) => w.submit(controller, { root: tree.root, owed: 1000n, fundSats, mutate: (tx) => { tx.outputs[0].valueSatoshis = 2000n; } });
  accepted(d, refile(20_000n));
  refused(d, refile(19_999n), 'Controller.submit', "the controller's satoshis stay or fund the epoch");
});

test('a veto by somebody who has none is refused while nothing is pending', () => {
  const filed = file();
  const idle = w.at({ ...filed.controller.state, pending: machine.NONE });
  refused(d, w.veto(idle, { statement: filed.statement, epoch: filed.epoch }), VETO, 'something to veto');
});
