/**
 * A distributor's life in transactions that follow from nothing but this file: whoever builds them in another language
 * compares bytes (transactions.json). Keys are the vectors'; every coin is the funder's.
 */
import { binToHex, encodeTransactionOutput } from '@bitauth/libauth';

import { H, ZERO32, cat, hex, u32, utf8 } from './bytes.mjs';
import { keysOf } from './deployment.mjs';
import { accepted } from './expect.mjs';
import { hashOf, payTree, payoutsOf, world } from './fixtures.mjs';
import { keyOf, oracleSet, vectorKeys } from './keys.mjs';
import * as machine from './machine.mjs';
import { funderScript } from './transactions.mjs';
import { encode } from './vm.mjs';
import { genesis } from './wallet.mjs';

/** Satoshis that each filed epoch gets. */
const FUND_SATS = 20_000n;

/** @returns {{name: string, transaction: string, sources: string[]}[]} hex; sources are the outputs that it spends */
export function examples() {
  let made = 0;
  const coin = () => {
    made += 1;
    const txid = binToHex(H(cat(utf8('example coin '), u32(made))));
    return { txid, vout: 0, output: { lockingBytecode: funderScript, valueSatoshis: 10_000_000n } };
  };
  const origin = coin();
  const w = world({ category: origin.txid });
  const list = [];
  const add = (name, step) => {
    accepted(w.d, step);
    const sources = step.sources.map((output) => hex(encodeTransactionOutput(output)));
    list.push({ name, transaction: hex(encode(step.tx)), sources });
    return step;
  };
  const decree = ZERO32;
  const treeOf = (epoch) => payTree(epoch, [payoutsOf(`a ${epoch}`, 3), payoutsOf(`b ${epoch}`, 2)]);
  const artefact = hashOf('tree block');

  let { controller } = add('genesis', genesis(w.d, keysOf(w.who), origin));
  ({ controller } = add('open', w.open(controller, { first: 0, old: ZERO32, coin: coin() })));
  const trees = [0, 1, 2].map(treeOf);
  const file = (epoch, options = {}) => w.submit(controller, { root: trees[epoch].root, owed: 7n, artefact, fundSats: FUND_SATS, usesFreed: true, coin: coin(), ...options });
  const first = add('submit', file(0));
  ({ controller } = first);
  const crank = add('crank', w.pay(first.epoch, trees[0].batches[0], trees[0].proof(0)));
  add('crank-last', w.pay(crank.epoch, trees[0].batches[1], trees[0].proof(1)));
  const act = (name, options) => { ({ controller } = add(name, w.act(controller, { decree, coin: coin(), ...options }))); };
  act('hand-over', { kind: machine.HAND_OVER, end: 180, argument: hashOf('another distributor') });

  const vetoed = add('submit-again', file(1));
  ({ controller } = vetoed);
  ({ controller } = add('veto-guardian', w.veto(controller, { statement: vetoed.statement, epoch: vetoed.epoch, reason: H(utf8('reason')), coin: coin() })));
  const refiled = add('submit-refiled', file(1));
  ({ controller } = refiled);
  ({ controller } = add('veto-dao', w.veto(controller, { statement: refiled.statement, epoch: refiled.epoch, by: 'dao', reason: H(utf8('reason')), coin: coin() })));
  act('advance', { kind: machine.ADVANCE, argument: H(utf8('split')) });
  ({ controller } = add('submit-nothing', file(1, { root: { hash: ZERO32, sum: 0n }, owed: 9n })));
  ({ controller } = add('submit-late', file(1, { root: payTree(1, [payoutsOf('late', 1, 4n)]).root, owed: 5n, late: true })));

  const next = { oracles: oracleSet(2, vectorKeys(9)), guardian: keyOf('next guardian') };
  act('guardian', { kind: machine.GUARDIAN, argument: H(next.guardian.key), opened: next.guardian.key });
  act('rotate', { kind: machine.ROTATE, argument: next.oracles.hash, opened: next.oracles.bytes, key: next.guardian });
  return list;
}
