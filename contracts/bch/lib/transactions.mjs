/**
 * Builds the transactions of every path, so that the virtual machine can judge them; what the product sends is built in
 * Rust. Each builder takes options by which a test spoils one thing:
 * - `mutate(tx, sources)` before anything is signed, `args(values)` to change what the unlocking script pushes;
 * - `sequence`, `locktime`: instead of the least that the path allows; `coin`: the output that pays the fee.
 *
 * @typedef {{txid: string, vout: number, output: object}} Utxo
 * @typedef {{state: import('./machine.mjs').State, utxo: Utxo}} Controller
 * @typedef {object} Step `tx`, `sources` (the outputs that it spends), `controller` afterwards, `epoch`: UTXO of the epoch or null
 */
import { encodeDataPush, generateSigningSerializationBch, hash160, hash256, secp256k1 } from '@bitauth/libauth';

import { H, ZERO32, cat, equal, toNumber, unhex, utf8, zeros } from './bytes.mjs';
import { controllerOutput, inventedUtxo, p2pkhOf, token } from './deployment.mjs';
import { first, keyOf, sign, signedBy } from './keys.mjs';
import * as machine from './machine.mjs';
import { decodeEpoch, encodeEpoch, encodeKeys } from './state.mjs';
import { daoStatement, epochStatement, openStatement, vetoMessage } from './statements.mjs';
import { txidOf } from './vm.mjs';

/** No relative lock, and not final, so that lock times count. */
export const NOT_FINAL = 0xfffffffe;
/** A relative lock of `units` of 512 s. */
export const relative = (units) => 0x400000 + units;

/** Fee of the controller's transactions, in satoshis; the largest has some 8 000 bytes. */
const CONTROLLER_FEE = 10_000n;
/** Fee of a crank that brings its own, in satoshis: the largest transaction that relays. */
const CRANK_FEE = 100_000n;

export const funder = keyOf('funder');
export const funderScript = p2pkhOf(hash160(funder.key));
export const newCoin = (valueSatoshis = 100_000_000n) => inventedUtxo({ lockingBytecode: funderScript, valueSatoshis });

export const inputOf = (utxo, sequenceNumber = NOT_FINAL) => ({
  outpointTransactionHash: unhex(utxo.txid), outpointIndex: utxo.vout, sequenceNumber, unlockingBytecode: zeros(0),
});
export const utxoOf = (tx, vout) => ({ txid: txidOf(tx), vout, output: tx.outputs[vout] });
const change = (valueSatoshis) => ({ lockingBytecode: funderScript, valueSatoshis });

/** SIGHASH_ALL | SIGHASH_FORKID | SIGHASH_UTXOS, Schnorr. */
export function signFunder(tx, sources, at) {
  const type = Uint8Array.of(0x61);
  const context = { inputIndex: at, sourceOutputs: sources, transaction: tx };
  const bytes = generateSigningSerializationBch(context, { coveredBytecode: funderScript, signingSerializationType: type });
  const signature = secp256k1.signMessageHashSchnorr(funder.secret, hash256(bytes));
  tx.inputs[at].unlockingBytecode = cat(encodeDataPush(cat(signature, type)), encodeDataPush(funder.key));
}

/** Unlocks input 0 by `unlock`, input 1 by `unlockSecond` where there is one, and signs the funder's inputs. */
function finished(tx, sources, { mutate, unlock, unlockSecond }) {
  mutate?.(tx, sources);
  tx.inputs[0].unlockingBytecode = unlock();
  if (unlockSecond) tx.inputs[1].unlockingBytecode = unlockSecond();
  sources.forEach(({ lockingBytecode }, at) => {
    if (equal(lockingBytecode, funderScript)) signFunder(tx, sources, at);
  });
  return { tx, sources };
}

const same = (values) => values;
const placeOf = (d, { keys, head }) => ({ network: d.rules.network, distributor: d.distributor, version: keys.version, head });
const stateAfter = (transition, fallback) => {
  try {
    return transition();
  } catch (error) {
    // A test may want to see the covenant refuse what the machine does.
    if (error instanceof machine.Refused) return fallback;
    throw error;
  }
};

/**
 * EPOCH, or late. `signed` changes what is signed; with `usesFreed` what a veto gave back funds the epoch first.
 * @param {Controller} controller
 * @returns {Step & {statement: Uint8Array}}
 */
export function submit(d, who, controller, options) {
  const { root = { hash: ZERO32, sum: 0n }, owed = controller.state.owed, late = false, artefact = H(utf8('tree block')) } = options;
  const { by = first(who.oracles.needed), signed = same, args = same, fundSats = 3000n, usesFreed = false, coin = newCoin(), sequence, locktime } = options;
  const { state, utxo } = controller;
  const { rules } = d;
  const epoch = machine.submittedEpoch(state, late);
  const { sum } = root;
  const statement = epochStatement(placeOf(d, state), { epoch: Math.max(epoch, 0), root: root.hash, sum, owed, artefact });
  const fallback = { ...machine.matured(state), pending: late ? machine.LATE : machine.EPOCH, next: Math.min(epoch + 1, machine.OPEN_ENDED), owed, owedBefore: state.owed, head: H(statement) };
  const next = stateAfter(() => machine.submit(state, rules, { sum, owed, late, digest: H(statement) }), fallback);
  // What a veto gave back may fund the epoch, down to the controller's floor.
  const kept = utxo.output.valueSatoshis - (usesFreed && sum > 0n ? fundSats : 0n);
  const floor = kept < rules.floorSats ? rules.floorSats : kept;
  const outputs = [controllerOutput(d, next, utxo.output.token.amount - sum, floor)];
  const commitment = encodeEpoch({ epoch: Math.max(epoch, 0), batch: 0, refiled: next.spent, root: root.hash, sum });
  if (sum > 0n) outputs.push({ lockingBytecode: d.epoch.script, valueSatoshis: fundSats, token: token(d, sum, 'mutable', commitment) });
  const spentSats = outputs.reduce((all, { valueSatoshis }) => all + valueSatoshis, 0n) - utxo.output.valueSatoshis;
  outputs.push(change(coin.output.valueSatoshis - spentSats - CONTROLLER_FEE));
  const wait = machine.waitUnits(state, rules);
  const ended = rules.genesis + (epoch + 1) * rules.epochS;
  const tx = { version: 2, locktime: locktime ?? ended, inputs: [inputOf(utxo, sequence ?? relative(wait)), inputOf(coin)], outputs };
  const values = () => ({
    root: root.hash, sum, owed, artefact, late, keys: encodeKeys(state.keys), set: who.oracles.bytes,
    sigs: signedBy(who.oracles, signed(statement), by),
  });
  const unlock = () => d.controller.unlock('submit', args(values()));
  const sources = [utxo.output, coin.output];
  finished(tx, sources, { ...options, unlock });
  return {
    tx, sources, statement,
    controller: { state: next, utxo: utxoOf(tx, 0) },
    epoch: sum > 0n ? utxoOf(tx, 1) : null,
  };
}

/** Veto of `statement`, whose UTXO is `epoch` where its sum is not zero. @returns {Step} */
export function veto(d, who, controller, { statement, epoch, ...options }) {
  const { by = 'guardian', key = who.guardian, reason = H(utf8('reason')), signed = same, args = same, coin = newCoin(), sequence } = options;
  const { members = first(who.dao.needed) } = options;
  const { state, utxo } = controller;
  const message = vetoMessage(state.head, reason);
  const number = toNumber(statement.slice(80, 84));
  const fallback = { ...state, pending: machine.NONE, spent: 1, head: H(message) };
  const next = stateAfter(() => machine.veto(state, number, by, H(message)), fallback);
  const returning = epoch ? [epoch] : [];
  const spent = [utxo, ...returning, coin];
  const amount = returning.reduce((sum, { output }) => sum + output.token.amount, utxo.output.token.amount);
  const valueSatoshis = returning.reduce((sum, { output }) => sum + output.valueSatoshis, utxo.output.valueSatoshis);
  const inputs = [inputOf(utxo, sequence), ...returning.map((each) => inputOf(each)), inputOf(coin)];
  const outputs = [controllerOutput(d, next, amount, valueSatoshis), change(coin.output.valueSatoshis - CONTROLLER_FEE)];
  const tx = { version: 2, locktime: 0, inputs, outputs };
  const values = () => ({
    statement, reason, keys: encodeKeys(state.keys),
    guardianSig: by === 'guardian' ? sign(key, signed(message)) : zeros(0),
    daoSet: who.dao.bytes,
    daoSigs: by === 'dao' ? signedBy(who.dao, signed(message), members) : zeros(0),
  });
  const unlock = () => d.controller.unlock('veto', args(values()));
  const unlockSecond = epoch ? () => d.epoch.unlock('giveBack', {}) : undefined;
  const sources = spent.map(({ output }) => output);
  finished(tx, sources, { ...options, unlock, unlockSecond });
  return { tx, sources, controller: { state: next, utxo: utxoOf(tx, 0) }, epoch: null };
}

/** OPEN. @returns {Step & {statement: Uint8Array}} */
export function open(d, who, controller, options) {
  const { first: begin, old = ZERO32, schedule = d.schedule, args = same, coin = newCoin(), sequence } = options;
  const { by = first(who.oracles.needed), members = first(who.dao.needed), signed = same, daoSigned = same } = options;
  const { state, utxo } = controller;
  const { rules } = d;
  const statement = openStatement(placeOf(d, state), { first: begin, old, delayS: rules.delayS, longS: rules.longS, schedule });
  const fallback = { ...machine.matured(state), pending: machine.OPEN, opening: begin, owedBefore: state.owed, head: H(statement) };
  const next = stateAfter(() => machine.open(state, { first: begin, digest: H(statement) }), fallback);
  const { amount } = utxo.output.token;
  const tx = {
    version: 2, locktime: 0,
    inputs: [inputOf(utxo, sequence ?? relative(machine.waitUnits(state, rules))), inputOf(coin)],
    outputs: [controllerOutput(d, next, amount, utxo.output.valueSatoshis), change(coin.output.valueSatoshis - CONTROLLER_FEE)],
  };
  const values = () => ({
    first: statement.slice(80, 84), old, keys: encodeKeys(state.keys), set: who.oracles.bytes,
    sigs: signedBy(who.oracles, signed(statement), by),
    daoSet: who.dao.bytes, daoSigs: signedBy(who.dao, daoSigned(statement), members),
  });
  const sources = [utxo.output, coin.output];
  finished(tx, sources, { ...options, unlock: () => d.controller.unlock('open', args(values())) });
  return { tx, sources, statement, controller: { state: next, utxo: utxoOf(tx, 0) }, epoch: null };
}

/**
 * A DAO act. `argument` and `opened` by kind: 1 the distributor; 2 and 5 a set's hash and bytes; 3 H(reason); 4 a key's hash
 * and bytes. `consent`: whether the guardian signs, else lock time guardedUntil.
 * @returns {Step & {statement: Uint8Array}}
 */
export function act(d, who, controller, options) {
  const { kind, end = 0, argument, opened = zeros(0), decree = H(utf8('decree')), coin = newCoin() } = options;
  const { members = first(who.dao.needed), key = who.guardian, signed = same, args = same, sequence, locktime } = options;
  const { state, utxo } = controller;
  const { rules } = d;
  const guarded = machine.needsConsent(kind);
  const { consent = guarded } = options;
  const statement = daoStatement(placeOf(d, state), {
    epoch: kind === machine.HAND_OVER ? end : 0, act: state.keys.acts + 1,
    head: kind === machine.ADVANCE ? state.head : ZERO32, argument, kind, decree,
  });
  const digest = H(vetoMessage(state.head, argument));
  const transition = () => machine.act(state, rules, { kind, end, argument, guardian: opened, digest });
  const next = stateAfter(transition, { ...state, keys: { ...state.keys, acts: state.keys.acts + 1 } });
  const wait = kind === machine.ADVANCE ? relative(machine.waitUnits(state, rules)) : NOT_FINAL;
  const lock = guarded && !consent ? rules.guardedUntil : 0;
  const tx = {
    version: 2, locktime: locktime ?? lock,
    inputs: [inputOf(utxo, sequence ?? wait), inputOf(coin)],
    outputs: [controllerOutput(d, next, utxo.output.token.amount, utxo.output.valueSatoshis), change(coin.output.valueSatoshis - CONTROLLER_FEE)],
  };
  const values = () => ({
    kind, end: statement.slice(80, 84), argument, decree, opened, keys: encodeKeys(state.keys),
    guardianSig: consent ? sign(key, signed(statement)) : zeros(0),
    daoSet: who.dao.bytes, daoSigs: signedBy(who.dao, signed(statement), members),
  });
  const sources = [utxo.output, coin.output];
  finished(tx, sources, { ...options, unlock: () => d.controller.unlock('act', args(values())) });
  return { tx, sources, statement, controller: { state: next, utxo: utxoOf(tx, 0) }, epoch: null };
}

/** Satoshis that a batch takes from its epoch's UTXO: payouts and the forced fee. */
export const batchSats = ({ rules }, count) => BigInt(count) * (rules.payoutSats + rules.feePer) + rules.feeBase;

/**
 * A crank: pays `payouts`, the next batch of `epoch`. `feeCoin` is the second input, where there is one; `left` what stays
 * in the epoch's UTXO then.
 * @returns {{tx: object, sources: object[], epoch: Utxo | null}}
 */
export function pay(d, epoch, payouts, proof, options = {}) {
  const { feeCoin, left, sequence, args = same } = options;
  const { rules } = d;
  const { output } = epoch;
  const state = decodeEpoch(output.token.nft.commitment);
  const sum = payouts.reduce((all, { amount }) => all + amount, 0n);
  const last = sum === output.token.amount;
  const outputs = payouts.map(({ script, amount }) => ({ lockingBytecode: script, valueSatoshis: rules.payoutSats, token: token(d, amount) }));
  if (!last) {
    const rest = output.valueSatoshis - batchSats(d, payouts.length);
    const commitment = encodeEpoch({ ...state, batch: state.batch + 1 });
    outputs.unshift({ lockingBytecode: d.epoch.script, valueSatoshis: left ?? rest, token: token(d, output.token.amount - sum, 'mutable', commitment) });
  }
  const firstUnits = state.refiled ? rules.longUnits : rules.delayUnits;
  const inputs = [inputOf(epoch, sequence ?? (state.batch === 0 ? relative(firstUnits) : 0))];
  const sources = [output];
  if (feeCoin) {
    inputs.push(inputOf(feeCoin));
    sources.push(feeCoin.output);
    const out = outputs.reduce((all, { valueSatoshis }) => all + valueSatoshis, 0n);
    outputs.push(change(output.valueSatoshis + feeCoin.output.valueSatoshis - out - CRANK_FEE));
  }
  const tx = { version: 2, locktime: 0, inputs, outputs };
  const values = () => ({ proof, pad: zeros(Math.floor((rules.padTenths * payouts.length) / 10)) });
  finished(tx, sources, { ...options, unlock: () => d.epoch.unlock('pay', args(values())) });
  return { tx, sources, epoch: last ? null : utxoOf(tx, 0) };
}
