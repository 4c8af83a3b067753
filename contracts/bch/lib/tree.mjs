/** The reward tree of a UTXO chain: a leaf is a batch of payouts. */
import { H, ZERO32, cat, u32, u64, u8 } from './bytes.mjs';

/**
 * @typedef {object} Payout
 * @property {Uint8Array} script P2PKH, 25 bytes
 * @property {bigint} amount base units
 */

/** Payouts of a batch, the last one less. */
export const BATCH_PAYOUTS = 1170;

/** @param {Payout[]} payouts */
export function batchLeaf(epoch, batch, payouts) {
  let acc = cat(u32(epoch), u32(batch));
  for (const { script, amount } of payouts) acc = H(acc, u64(amount), script);
  return { hash: H(u8(2), acc), sum: payouts.reduce((sum, { amount }) => sum + amount, 0n) };
}

export const node = (left, right) => ({
  hash: H(u8(1), left.hash, u64(left.sum), right.hash, u64(right.sum)),
  sum: left.sum + right.sum,
});

const PADDING = { hash: ZERO32, sum: 0n };

/** A Merkle-sum tree over leaves, padded to a power of two. `proof(i)` are the siblings of leaf i, 40 bytes each, upwards. */
export function sumTree(leaves) {
  if (leaves.length === 0) return { root: PADDING, depth: 0 };
  let level = [...leaves];
  while (level.length & (level.length - 1)) level.push(PADDING);
  const levels = [level];
  while (level.length > 1) {
    level = level.filter((_, at) => at % 2 === 0).map((left, at) => node(left, levels.at(-1)[2 * at + 1]));
    levels.push(level);
  }
  const depth = levels.length - 1;
  const proof = (index) =>
    cat(...levels.slice(0, depth).map((nodes, height) => sibling(nodes[(index >> height) ^ 1])));
  return { root: level[0], depth, proof };
}

const sibling = ({ hash, sum }) => cat(hash, u64(sum));

/** A leaf at the far left of a tree of `depth`, without the other leaves: each sibling is a made-up one of sum 1. */
export function deepTree(leaf, depth, index = 0) {
  let root = leaf;
  let proof = new Uint8Array(0);
  for (let height = 0; height < depth; height += 1) {
    const other = { hash: H(u32(height)), sum: 1n };
    proof = cat(proof, sibling(other));
    const right = Math.floor(index / 2 ** height) % 2 === 1;
    root = right ? node(other, root) : node(root, other);
  }
  return { root, proof };
}
