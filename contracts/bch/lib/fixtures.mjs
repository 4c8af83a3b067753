/** Small worlds that many tests start from. */
import { H, cat, utf8 } from './bytes.mjs';
import { controllerAt, deployment, inventedUtxo, keysOf, newController, p2pkhOf, signers, token } from './deployment.mjs';
import { OPEN_ENDED, cumulative, unopened } from './machine.mjs';
import { encodeEpoch } from './state.mjs';
import * as transactions from './transactions.mjs';
import { batchLeaf, deepTree, sumTree } from './tree.mjs';

/** A payee of a test's own. */
export const scriptOf = (name) => p2pkhOf(H(utf8(name)).slice(0, 20));

/** `count` payouts, different from one another; the last takes what is left of `total` (base units). */
export function payoutsOf(name, count, total = BigInt(count) * 1000n) {
  const even = total / BigInt(count);
  return Array.from({ length: count }, (_, i) => ({
    script: scriptOf(`${name} ${i}`),
    amount: i === count - 1 ? total - even * BigInt(count - 1) : even,
  }));
}

/** A tree of `batches`, with their payouts. */
export function payTree(epoch, batches) {
  const tree = sumTree(batches.map((payouts, batch) => batchLeaf(epoch, batch, payouts)));
  return { ...tree, batches };
}

/** A live network's covenants, and the vectors' keys. */
export function world(changes = {}, people = {}) {
  const d = deployment(changes);
  const who = signers(people);
  const at = (state, options) => controllerAt(d, { ...unopened(keysOf(who)), ...state }, options);
  /** An open-ended range from 0 that has come to `next`, with nothing owed and the schedule's reserve left. */
  const running = (next = 0, state = {}, options = {}) =>
    at({ start: 0, next, end: OPEN_ENDED, ...state }, { amount: d.rules.supply - cumulative(d.rules, next - 1), ...options });
  const bound = Object.fromEntries(
    ['submit', 'veto', 'open', 'act'].map((path) => [path, (controller, options = {}) => transactions[path](d, who, controller, options)]),
  );
  return { d, who, at, running, fresh: () => newController(d, who), pay: (...rest) => transactions.pay(d, ...rest), ...bound };
}

/** Any 32 bytes, by name. */
export const hashOf = (name) => H(utf8(name));

/** The tree of one batch of three payouts with this total. */
export const oneBatch = (epoch, total) => payTree(epoch, [payoutsOf(`epoch ${epoch}`, 3, total)]);

/** One byte of a copy is another. */
export function spoiled(bytes, at = 0) {
  return cat(bytes.slice(0, at), Uint8Array.of(bytes[at] ^ 1), bytes.slice(at + 1));
}

/** A crank of `count` payouts of about 1 000 XLV at the far left of a tree of `depth`, with or without a fee input. */
export function fullBatch(d, count, depth, { fee = false } = {}) {
  const payouts = payoutsOf('full', count, 100_000_000_000n * BigInt(count));
  const { root, proof } = deepTree(batchLeaf(3, 0, payouts), depth);
  const commitment = encodeEpoch({ epoch: 3, batch: 0, refiled: 0, root: root.hash, sum: root.sum });
  const valueSatoshis = fee ? 1000n : transactions.batchSats(d, count) + 2000n;
  const epoch = inventedUtxo({ lockingBytecode: d.epoch.script, valueSatoshis, token: token(d, root.sum, 'mutable', commitment) });
  return transactions.pay(d, epoch, payouts, proof, fee ? { feeCoin: transactions.newCoin(), left: 1000n } : {});
}
