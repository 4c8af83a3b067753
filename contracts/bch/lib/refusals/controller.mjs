/** For each `require` of the controller's paths a transaction that it alone refuses. */
import { H, cat, zeros } from '../bytes.mjs';
import { keysOf, signers } from '../deployment.mjs';
import { swapped } from '../expect.mjs';
import { hashOf, oneBatch, spoiled, world } from '../fixtures.mjs';
import { daoSet, keyOf, oracleSet, vectorKeys } from '../keys.mjs';
import * as machine from '../machine.mjs';
import * as transactions from '../transactions.mjs';
import { ofController, ofDao, ofOracles } from './outputs.mjs';

const w = world();
const { d, who } = w;
const E0 = machine.emission(d.rules, 0);
const { root } = oneBatch(0, 3000n);
const ELSEWHERE = transactions.funderScript;

/** Builds a path over `state` with other people and other keys in the state than the usual ones. */
const builder = (path, state, usual, amount) => (options = {}, keyChanges = {}, people = {}, controller = undefined) => {
  const all = { ...signers(), ...people };
  const from = controller ?? w.at({ ...state, keys: keysOf(all, keyChanges) }, amount ? { amount } : {});
  return transactions[path](d, all, from, { ...usual, ...options });
};

const range = { start: 0, next: 0, end: machine.OPEN_ENDED };
const submit = builder('submit', range, { root, owed: 0n });
const submitFrom = (state, options = {}, more = {}) => w.submit(w.at({ ...range, ...state }, more), { root, owed: 0n, ...options });
const outputOne = (change) => () => submit({ mutate: (tx) => change(tx.outputs[1]) });

const submitCases = {
  ...ofController(d, w.at(range), (options, from) => submit(options, {}, {}, from), {
    reserve: 'the reserve pays the root sum', satoshis: "the controller's floor",
  }),
  ...ofOracles(who, submit),
  lengths: () => submit({ args: (values) => ({ ...values, root: cat(values.root, zeros(1)) }) }),
  'what is pending is not payable yet': () => submitFrom({ pending: 1 }, { sequence: transactions.relative(42) }),
  'late: an epoch was filed': () => submitFrom({ owed: 5000n }, { late: true, locktime: d.rules.genesis }),
  'late: it pays something': () => submitFrom({ next: 1, owed: 5000n }, { late: true, root: undefined, owed: 4999n }),
  'the epoch is inside the range': () => submitFrom({ next: 180, end: 180 }),
  'the epoch has ended': () => submit({ locktime: d.rules.genesis + d.rules.epochS - 1 }),
  'no negative sums': () => submit({ args: (values) => ({ ...values, owed: -1n }) }),
  'issued grows by at most E(e)': () => submit({ owed: E0 - 2999n }),
  "the epoch's script": outputOne((output) => { output.lockingBytecode = ELSEWHERE; }),
  "the epoch's NFT is mutable": outputOne((output) => { output.token.nft.capability = 'none'; }),
  "the epoch's state": outputOne((output) => { output.token.nft.commitment = spoiled(output.token.nft.commitment, 8); }),
  'the epoch holds the root sum': outputOne((output) => { output.token.amount += 1n; }),
  "the controller's satoshis stay or fund the epoch": () =>
    submitFrom({}, { mutate: (tx) => { tx.outputs[0].valueSatoshis = 2000n; } }, { valueSatoshis: 9000n }),
};

// ------------------------------------------------------------------------------------------------------------- veto

const pendingEpoch = submit();
const veto = (options = {}, keyChanges = {}, people = {}, controller = undefined) => {
  const all = { ...signers(), ...people };
  const filed = submit({}, keyChanges, people);
  const { statement, epoch } = filed;
  return transactions.veto(d, all, controller ?? filed.controller, { statement, epoch, ...options });
};
const vetoByDao = (options, ...rest) => veto({ by: 'dao', ...options }, ...rest);

const vetoCases = {
  ...ofController(d, pendingEpoch.controller, (options, from) => veto(options, {}, {}, from), {
    reserve: 'the tokens return', satoshis: 'the satoshis return',
  }),
  // Of an epoch without pay, for an epoch's UTXO insists on its place too.
  'the controller is input 0': () => {
    const { controller, statement } = submit({ root: undefined });
    return swapped(w.veto(controller, { statement }), transactions.signFunder);
  },
  ...ofDao(who, vetoByDao),
  lengths: () => veto({ args: (values) => ({ ...values, reason: cat(values.reason, zeros(1)) }) }),
  'something to veto': () => w.veto(w.at({ ...range, head: H(pendingEpoch.statement) }), { statement: pendingEpoch.statement, epoch: pendingEpoch.epoch }),
  'the newest statement': () => veto({ args: (values) => ({ ...values, statement: spoiled(values.statement, 199) }) }),
  'the guardian vetoes once': () => {
    const again = w.submit(w.at({ ...range, spent: 1 }), { root, owed: 0n });
    return w.veto(again.controller, { statement: again.statement, epoch: again.epoch });
  },
  "the guardian's signature": () => veto({ key: keyOf('somebody') }),
  "the epoch's UTXO is input 1": () => veto({ epoch: null }),
  'its epoch, and no batch is paid': () => {
    const other = w.submit(w.at(range), { root: oneBatch(0, 4000n).root, owed: 0n });
    return veto({ epoch: other.epoch });
  },
};

// ------------------------------------------------------------------------------------------------------------- open

const open = builder('open', {}, { first: 0 });
const openCases = {
  ...ofController(d, w.fresh(), (options, from) => open(options, {}, {}, from), {
    reserve: 'the reserve stays', satoshis: "the controller's satoshis",
  }),
  ...ofOracles(who, open),
  ...ofDao(who, open, 'daoSigned'),
  lengths: () => open({ args: (values) => ({ ...values, old: cat(values.old, zeros(1)) }) }),
  'what is pending is not payable yet': () => w.open(w.at({ pending: 3, opening: 4 }), { first: 9, sequence: transactions.relative(1181) }),
  'the range begins at the next epoch or later': () => w.open(w.at({ ...range, next: 5, end: 180 }), { first: 4 }),
};

// -------------------------------------------------------------------------------------------------------------- act

const advance = { kind: machine.ADVANCE, argument: hashOf('reason') };
const act = builder('act', range, advance);
const handOver = (options = {}, state = {}) => w.act(w.at({ ...range, ...state }), { kind: machine.HAND_OVER, end: 180, argument: hashOf('new'), ...options });
const opening = (kind, opened, options = {}) => w.act(w.at(range), { kind, opened, argument: H(opened), ...options });
const newSet = (n, version = 2, keys = vectorKeys(n)) => oracleSet(version, keys).bytes;
const upsideDown = [...vectorKeys(5)].reverse();
const uncompressed = vectorKeys(5).map(({ key }) => ({ key: cat(Uint8Array.of(4), key.slice(1)) }));

const actCases = {
  ...ofController(d, w.at(range), (options, from) => act(options, {}, {}, from), {
    reserve: 'the reserve stays', satoshis: "the controller's satoshis",
  }),
  ...ofDao(who, act),
  lengths: () => act({ args: (values) => ({ ...values, decree: cat(values.decree, zeros(1)) }) }),
  'a kind of act': () => act({ kind: 6 }),
  "the guardian's consent": () => handOver({ key: keyOf('somebody') }),
  'guarded until then': () => handOver({ consent: false, locktime: d.rules.guardedUntil - 1 }),
  'not while an OPEN is pending': () => handOver({}, { pending: 3, opening: 9 }),
  'the range is open-ended': () => handOver({ end: 360 }, { end: 180 }),
  'a distributor to hand over to': () => handOver({ argument: zeros(32) }),
  'the end of a term': () => handOver({ end: 181 }),
  notice: () => handOver({}, { next: 174 }),
  'what is pending is not payable yet': () => w.act(w.at({ ...range, pending: 1 }), { ...advance, sequence: transactions.relative(42) }),
  'what the argument is the hash of': () => opening(machine.ROTATE, newSet(5), { argument: hashOf('another') }),
  'a compressed key': () => opening(machine.GUARDIAN, cat(keyOf('next').key, zeros(1))),
  'count of keys': () => opening(machine.ROTATE, newSet(16)),
  'the next version of the oracle set': () => opening(machine.ROTATE, newSet(5, 3)),
  '5 oracles at least': () => opening(machine.ROTATE, newSet(4)),
  'a DAO set': () => opening(machine.DAO_SET, spoiled(daoSet(2, 2, vectorKeys(3)).bytes)),
  'a threshold that can be met': () => opening(machine.DAO_SET, daoSet(2, 4, vectorKeys(3)).bytes),
  'new keys are compressed': () => opening(machine.ROTATE, newSet(5, 2, uncompressed)),
  'new keys ascend': () => opening(machine.ROTATE, newSet(5, 2, upsideDown)),
};

export const covenants = d.covenants;
export const cases = {
  'Controller.submit': submitCases,
  'Controller.veto': vetoCases,
  'Controller.open': openCases,
  'Controller.act': actCases,
};
