/** The life of a distributor on a chain: where lock times, relative locks, conflicts and reorganisations are the chain's. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Chain } from '../devnet/chain.mjs';
import { keysOf, signers } from '../lib/deployment.mjs';
import { payTree, payoutsOf, world } from '../lib/fixtures.mjs';
import * as machine from '../lib/machine.mjs';
import { funderScript, relative } from '../lib/transactions.mjs';
import { coinsOn, genesis } from '../lib/wallet.mjs';
import { encode, txidOf } from '../lib/vm.mjs';

const DAY = 86_400;
const tree = payTree(0, [payoutsOf('a', 3), payoutsOf('b', 2)]);
let chain;
let coins;
let w;

const coin = () => coins.pop();
const send = ({ tx }) => chain.submit(encode(tx));
const rejects = ({ tx }, reason) => assert.throws(() => send({ tx }), (error) => error.message.startsWith(reason) || assert.fail(error.message));
/** Lets time pass: blocks enough for the median to follow. */
const pass = (seconds) => {
  chain.mockTime += seconds;
  for (let block = 0; block < 12; block += 1) chain.mine(funderScript);
};
const kept = (step) => { send(step); chain.mine(funderScript); return step; };
const launched = () => kept(genesis(w.d, keysOf(w.who), coins[0])).controller;
const opened = () => { const step = kept(w.open(launched(), { first: 0, coin: coin() })); pass(8 * DAY); return step; };
const file = (controller, options = {}) => w.submit(controller, { root: tree.root, owed: 0n, fundSats: 20_000n, coin: coin(), ...options });
const pay = (epoch, batch) => w.pay(epoch, tree.batches[batch], tree.proof(batch));

beforeEach(() => {
  chain = new Chain();
  const probe = world();
  chain.mockTime = probe.d.rules.genesis;
  coins = coinsOn(chain);
  w = world({ category: coins[0].txid });
});

test('the deployer ends with no role: genesis puts the supply and the only minting NFT under the covenant', () => {
  const { tx } = kept(genesis(w.d, keysOf(w.who), coins[0]));
  const [controller, change] = tx.outputs;
  assert.equal(controller.token.amount, w.d.rules.supply);
  assert.deepEqual([controller.token.nft.capability, change.token], ['minting', undefined]);
  assert.deepEqual(controller.lockingBytecode, w.d.controller.script);
  // Neither more tokens nor another NFT of that category can ever be made: its coin is spent.
  const other = world({ category: coins[1].txid });
  rejects(genesis(other.d, keysOf(w.who), coins[1]), 'mandatory-script-verify-flag-failed');
});

test('from genesis to payouts: OPEN after seven days, an epoch after its end, its batches after six hours', () => {
  const open = kept(w.open(launched(), { first: 0, coin: coin() }));
  pass(6 * DAY);
  rejects(file(open.controller), 'non-BIP68-final');
  pass(2 * DAY);
  const epoch = kept(file(open.controller));
  rejects(pay(epoch.epoch, 0), 'non-BIP68-final');
  pass(6 * 3600);
  rejects(pay(epoch.epoch, 0), 'non-BIP68-final'); // 43 units are 6 h 7 min
  pass(600);
  const first = pay(epoch.epoch, 0);
  send(first);
  send(pay(first.epoch, 1)); // on an unconfirmed one: the delay is the first batch's only
  chain.mine(funderScript);
  assert.equal(chain.coin(txidOf(first.tx), 0), undefined);
});

test('an epoch is filed after its end by the median time past, not by any clock', () => {
  const start = launched();
  const open = kept(w.open(start, { first: 30, coin: coin() }));
  pass(8 * DAY);
  const ended = w.d.rules.genesis + 31 * DAY;
  chain.mockTime = ended - 12;
  pass(0);
  rejects(file(open.controller), 'bad-txns-nonfinal');
  chain.mockTime = ended + 60;
  chain.mine(funderScript); // the newest block is past it, the median is not
  assert.ok(chain.blocks.at(-1).time > ended && chain.mtp() <= ended);
  rejects(file(open.controller), 'bad-txns-nonfinal');
  pass(0);
  send(file(open.controller));
});

test('after the guardian\'s veto the refiled epoch waits seven days', () => {
  const filed = kept(file(opened().controller));
  const vetoed = kept(w.veto(filed.controller, { statement: filed.statement, epoch: filed.epoch, coin: coin() }));
  const refiled = kept(file(vetoed.controller));
  pass(6 * DAY);
  rejects(pay(refiled.epoch, 0), 'non-BIP68-final');
  pass(DAY + 600);
  send(pay(refiled.epoch, 0));
});

test('a rotation starts the wait of what is pending anew; it only lengthens', () => {
  const filed = kept(file(opened().controller));
  pass(5 * 3600);
  const next = signers().oracles;
  const act = { kind: machine.ADVANCE, argument: next.hash };
  rejects(w.act(filed.controller, { ...act, coin: coin() }), 'non-BIP68-final');
  const handed = kept(w.act(filed.controller, { kind: machine.HAND_OVER, end: 180, argument: next.hash, coin: coin() }));
  pass(2 * 3600);
  rejects(file(handed.controller, { root: payTree(1, tree.batches).root }), 'non-BIP68-final');
  pass(5 * 3600);
  send(file(handed.controller, { root: payTree(1, tree.batches).root }));
  send(pay(filed.epoch, 0)); // the epoch's own wait went on
});

test('two who file contend for the controller: the second is a conflict, and dead once the first is buried', () => {
  const { controller } = opened();
  const [a, b] = [file(controller), file(controller, { owed: 5n })];
  send(a);
  rejects(b, 'txn-mempool-conflict');
  chain.mine(funderScript);
  rejects(b, 'missing-inputs');
});

test('two who crank send one transaction: the second finds it there', () => {
  const filed = kept(file(opened().controller));
  pass(7 * 3600);
  send(pay(filed.epoch, 0));
  rejects(pay(filed.epoch, 0), 'txn-already-in-mempool');
  chain.mine(funderScript);
  rejects(pay(filed.epoch, 0), 'txn-already-known');
});

test('a crank that a reorganisation takes back is paid again by the same transaction, once', () => {
  const filed = kept(file(opened().controller));
  pass(7 * 3600);
  const crank = pay(filed.epoch, 0);
  const id = send(crank);
  const hash = chain.mine(funderScript);
  assert.ok(chain.invalidate(hash));
  assert.ok(chain.pool.has(id)); // it came back
  assert.equal(txidOf(pay(filed.epoch, 0).tx), id);
  rejects(pay(filed.epoch, 0), 'txn-already-in-mempool');
  chain.mine(funderScript);
  assert.equal(chain.transaction(id).height, chain.height);
  rejects(pay(filed.epoch, 0), 'txn-already-known');
});

test('a reorganisation that takes back the epoch and the crank lets a veto in, after which the crank is void', () => {
  const filed = file(opened().controller);
  send(filed);
  const hash = chain.mine(funderScript);
  pass(7 * 3600);
  const crank = pay(filed.epoch, 0);
  send(crank);
  chain.mine(funderScript);
  chain.invalidate(hash);
  // The epoch returned to the pool; its batch must wait again, from the block that it will be in.
  assert.deepEqual([...chain.pool.keys()], [txidOf(filed.tx)]);
  chain.mine(funderScript);
  send(w.veto(filed.controller, { statement: filed.statement, epoch: filed.epoch, coin: coin() }));
  chain.mine(funderScript);
  pass(7 * 3600);
  rejects(crank, 'missing-inputs');
});

test('dust and fees below one satoshi a byte are not relayed', () => {
  const { controller } = opened();
  rejects(file(controller, { fundSats: 500n }), 'dust');
  const greedy = file(controller, { mutate: (tx) => { tx.outputs[2].valueSatoshis += 9_000n; } });
  rejects(greedy, 'min relay fee not met');
});

test('a veto takes no relative lock, whatever its sequence says', () => {
  const filed = kept(file(opened().controller));
  rejects(w.veto(filed.controller, { statement: filed.statement, epoch: filed.epoch, coin: coin(), sequence: relative(43) }), 'non-BIP68-final');
  send(w.veto(filed.controller, { statement: filed.statement, epoch: filed.epoch, coin: coin() }));
});
