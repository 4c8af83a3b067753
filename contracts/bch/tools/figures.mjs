#!/usr/bin/env node
// Prints what each action costs on Bitcoin Cash, one row a line, for `cargo xtask figures`: real transactions, judged by
// libauth's virtual machine of May 2026 under the rules by which nodes relay.
import { getDustThreshold } from '@bitauth/libauth';

import { accepted } from '../lib/expect.mjs';
import { fullBatch, hashOf, oneBatch, world } from '../lib/fixtures.mjs';
import { daoSet, first, oracleSet, vectorKeys } from '../lib/keys.mjs';
import * as machine from '../lib/machine.mjs';
import { batchSats } from '../lib/transactions.mjs';
import { BATCH_PAYOUTS } from '../lib/tree.mjs';
import { costOf, feeOf, sizeOf, verify } from '../lib/vm.mjs';

const VM = "libauth's 2026 VM, standard rules";
const RULES = `${VM}, one transaction with its fee input and change`;
const row = (action, unit, value, conditions) => console.log(JSON.stringify({ chain: 'bch', action, unit, value: Number(value), conditions }));
const bytes = (action, step, conditions) => row(action, 'bytes', sizeOf(step.tx), `${RULES}; ${conditions}`);

/** A network with so many oracles. */
const withOracles = (n) => world({}, { oracles: oracleSet(1, vectorKeys(n)) });
const filed = (w) => accepted(w.d, w.submit(w.running(6), { root: oneBatch(6, machine.emission(w.d.rules, 6)).root, owed: 0n }));

const w = withOracles(7);
const { d } = w;
const submitted = filed(w);
bytes('submit-5-of-7', submitted, 'an epoch with pay');
row('submit-5-of-7-operations', 'count', costOf(submitted).operations, `operation cost of the controller's input; its limit is ${costOf(submitted).operationLimit}`);
bytes('submit-9-of-13', filed(withOracles(13)), 'an epoch with pay');
bytes('submit-10-of-15', filed(withOracles(15)), 'an epoch with pay');
bytes('veto', accepted(d, w.veto(submitted.controller, { statement: submitted.statement, epoch: submitted.epoch })), "the guardian's, of an epoch with pay");
bytes('open', accepted(d, w.open(w.fresh(), { first: 0 })), '5 of 7 signatures, 2 of 3 of the DAO');
const largest = world({}, { oracles: oracleSet(1, vectorKeys(15)), dao: daoSet(1, 15, vectorKeys(15)) });
bytes('open-largest', accepted(largest.d, largest.open(largest.fresh(), { first: 0, by: first(15), members: first(15) })), '15 of 15 signatures, 15 of 15 of the DAO');
const act = (options) => accepted(d, w.act(w.running(6), options));
bytes('hand-over', act({ kind: machine.HAND_OVER, end: 180, argument: hashOf('new'), consent: false }), '2 of 3 of the DAO, after the guarded time');
const next = oracleSet(2, vectorKeys(7));
bytes('rotate', act({ kind: machine.ROTATE, argument: next.hash, opened: next.bytes, consent: false }), '2 of 3 of the DAO, to a set of 7, after the guarded time');

// -------------------------------------------------------------------------------------------------------- payouts

const DEPTH = 7;
const [small, full] = [fullBatch(d, 170, DEPTH), fullBatch(d, BATCH_PAYOUTS, DEPTH)].map((step) => accepted(d, step));
const each = (measure) => Math.ceil((measure(full) - measure(small)) / (BATCH_PAYOUTS - 170));
const NINE = 'amounts above 2^32 base units';
row('payout', 'bytes', each(({ tx }) => sizeOf(tx)), `one payout more in a batch, rounded up; ${NINE}`);
row('payout', 'satoshis', d.rules.payoutSats + d.rules.feePer, `${d.rules.payoutSats} go to the payee with the XLV, ${d.rules.feePer} are fee; a batch takes ${d.rules.feeBase} more`);
row('payout-operations', 'count', each((step) => costOf(step).operations), 'operation cost of one payout more, rounded up');
row('crank', 'bytes', sizeOf(full.tx), `${VM}; a batch of ${BATCH_PAYOUTS} at tree depth ${DEPTH}, no fee input; ${NINE}`);
row('crank', 'satoshis', feeOf(full), `fee of a batch of ${BATCH_PAYOUTS}, forced by the covenant`);
row('crank-operations', 'count', costOf(full).operations, `operation cost of a batch of ${BATCH_PAYOUTS} at tree depth ${DEPTH}; its limit is ${costOf(full).operationLimit}`);

/** The most payouts of a batch that still relays. */
function most(depth, fee) {
  let [fits, fails] = [BATCH_PAYOUTS, BATCH_PAYOUTS + 64];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (verify(fullBatch(d, middle, depth, { fee })) === true) fits = middle;
    else fails = middle;
  }
  return fits;
}
row('payouts-per-transaction', 'count', most(DEPTH, false), `the most that relay at tree depth ${DEPTH}; a batch has ${BATCH_PAYOUTS}`);
row('payouts-per-transaction-deepest', 'count', most(32, true), `the most that relay at tree depth 32 with a fee input; a batch has ${BATCH_PAYOUTS}`);

const HUNDRED_THOUSAND = 100_000;
const batches = Math.ceil(HUNDRED_THOUSAND / BATCH_PAYOUTS);
const lastBatch = HUNDRED_THOUSAND - (batches - 1) * BATCH_PAYOUTS;
const all = BigInt(batches - 1) * batchSats(d, BATCH_PAYOUTS) + batchSats(d, lastBatch);
row('payouts-100000', 'satoshis', all, `what an epoch's UTXO is funded with for 100 000 payouts in ${batches} batches`);

const outputs = { payout: full.tx.outputs[1], epoch: submitted.tx.outputs[1], controller: submitted.tx.outputs[0] };
for (const [name, output] of Object.entries(outputs)) row(`dust-${name}`, 'satoshis', getDustThreshold(output), 'the least that relays, by the size of the output');
for (const [name, { redeem }] of [['controller', d.controller], ['epoch', d.epoch]]) row(`script-${name}`, 'bytes', redeem.length, 'the redeem script with its constructor values');
