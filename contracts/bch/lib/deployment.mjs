/** A network's covenants with their constructor values, and its genesis. */
import { binToHex } from '@bitauth/libauth';

import { H, cat, unhex, utf8, ZERO32 } from './bytes.mjs';
import { artifactOf, covenant } from './covenant.mjs';
import { daoSet, keyOf, oracleSet, vectorKeys } from './keys.mjs';
import { unopened } from './machine.mjs';
import { encodeController } from './state.mjs';
import { scheduleId } from './statements.mjs';

/** What a live network has, with the genesis of tests/vectors/schedule-id.json. Amounts in base units and satoshis. */
export const LIVE = Object.freeze({
  network: unhex('6a95e8702d40705629d3abfb065fb6a399afef14297e3fe5ab720d92e6b10c0b'),
  genesis: 1_767_225_600,
  supply: 10n ** 17n,
  epochs: 7305,
  epochS: 86_400,
  term: 180,
  notice: 7,
  guardedUntil: 1_767_225_600 + 180 * 86_400,
  delayS: 21_600,
  longS: 604_800,
  delayUnits: 43,
  longUnits: 1182,
  floorSats: 2000n,
  payoutSats: 675n,
  feeBase: 1950n,
  feePer: 84n,
  padTenths: 60,
});

/** The category of the vectors' statements, as node and wallet print it: the distributor reversed. */
export const VECTOR_CATEGORY = binToHex(unhex('770ce46e6ac354ee2fb2339cbcfbfb58d320c364f70a9b6272c5c47444f2e9bd').reverse());

const artifacts = { controller: artifactOf('Controller'), epoch: artifactOf('Epoch') };

/**
 * @typedef {object} Deployment
 * @property {typeof LIVE} rules
 * @property {string} category hex, as nodes print it
 * @property {Uint8Array} distributor 32 bytes, as scripts push it
 */

/** The two covenants of a network and the identity that statements carry. @returns {Deployment} */
export function deployment({ category = VECTOR_CATEGORY, ...changes } = {}) {
  const rules = { ...LIVE, ...changes };
  const epoch = covenant(artifacts.epoch, rules);
  const controller = covenant(artifacts.controller, { ...rules, epochScript: epoch.scriptHash });
  return { rules, category, distributor: unhex(category).reverse(), schedule: scheduleId(rules), epoch, controller, covenants: [controller, epoch] };
}

/** Who signs: oracles, DAO, guardian. Default: 7 oracles and 2 of 3 in the DAO, as in the vectors. */
export function signers({ oracles = oracleSet(1, vectorKeys(7)), dao = daoSet(1, 2, vectorKeys(3)), guardian = keyOf('guardian') } = {}) {
  return { oracles, dao, guardian };
}

/** The keys part of a state. */
export const keysOf = ({ oracles, dao, guardian }, changes = {}) => ({
  version: oracles.version, set: oracles.hash, dao: dao.hash, guardian: guardian.key, acts: 0, target: ZERO32, ...changes,
});

/** A token of the deployment's category, as an output has it. */
export const token = ({ category }, amount, capability, commitment) => ({
  amount,
  category: unhex(category),
  ...(capability === undefined ? {} : { nft: { capability, commitment } }),
});

export const controllerOutput = (d, state, amount, valueSatoshis) => ({
  lockingBytecode: d.controller.script,
  valueSatoshis,
  token: token(d, amount, 'minting', encodeController(state)),
});

let invented = 0;
/** An unspent output that no transaction made, for looking at one step alone. */
export function inventedUtxo(output, vout = 0) {
  invented += 1;
  return { txid: binToHex(H(utf8(`invented ${invented}`))), vout, output };
}

/** A controller in any state, as if transactions had led there. */
export const controllerAt = (d, state, { amount = d.rules.supply, valueSatoshis = d.rules.floorSats } = {}) => ({
  state,
  utxo: inventedUtxo(controllerOutput(d, state, amount, valueSatoshis)),
});

/** A controller as genesis makes it. */
export const newController = (d, who) => controllerAt(d, unopened(keysOf(who)));

export const p2pkhOf = (keyHash) => cat(unhex('76a914'), keyHash, unhex('88ac'));
