/** Blocks, transactions and outputs as a BCHN node writes them in JSON. */
import { binToHex, lockingBytecodeToCashAddress } from '@bitauth/libauth';

/** Satoshis as the node writes them: BCH, a number with at most eight decimals. Exact, for all BCH are below 2^53 satoshis. */
export const inBch = (satoshis) => Number(satoshis) / 100_000_000;

function tokenData({ category, amount, nft }) {
  const held = nft ? { nft: { capability: nft.capability, commitment: binToHex(nft.commitment) } } : {};
  return { category: binToHex(category), amount: amount.toString(), ...held };
}

function scriptOf(lockingBytecode) {
  const found = lockingBytecodeToCashAddress({ bytecode: lockingBytecode, prefix: 'bchreg' });
  return { hex: binToHex(lockingBytecode), ...(typeof found === 'string' ? {} : { addresses: [found.address] }) };
}

export const outputShape = ({ lockingBytecode, valueSatoshis, token }) => ({
  value: inBch(valueSatoshis), scriptPubKey: scriptOf(lockingBytecode), ...(token ? { tokenData: tokenData(token) } : {}),
});

const isCoinbase = ({ inputs }) => inputs.length === 1 && inputs[0].outpointIndex === 0xffffffff;

function inputShape(chain, { outpointTransactionHash, outpointIndex, unlockingBytecode, sequenceNumber }, withPrevout) {
  const txid = binToHex(outpointTransactionHash);
  const shape = { txid, vout: outpointIndex, scriptSig: { hex: binToHex(unlockingBytecode) }, sequence: sequenceNumber };
  if (!withPrevout) return shape;
  const made = chain.transaction(txid);
  return { ...shape, prevout: { generated: isCoinbase(made.tx), height: made.height, ...outputShape(made.tx.outputs[outpointIndex]) } };
}

/** @param {boolean} withPrevouts whether inputs say what they spend */
export function transactionShape(chain, txid, withPrevouts = false) {
  const { tx, raw, height } = chain.transaction(txid);
  const block = height === null ? null : chain.blocks[height];
  const vin = isCoinbase(tx)
    ? [{ coinbase: binToHex(tx.inputs[0].unlockingBytecode), sequence: tx.inputs[0].sequenceNumber }]
    : tx.inputs.map((input) => inputShape(chain, input, withPrevouts));
  return {
    txid, hash: txid, version: tx.version, size: raw.length, locktime: tx.locktime, vin,
    vout: tx.outputs.map((output, n) => ({ n, ...outputShape(output) })),
    hex: binToHex(raw),
    ...(block ? { blockhash: block.hash, confirmations: chain.height - height + 1, time: block.time, blocktime: block.time } : {}),
  };
}

export function headerShape(chain, { hash, height, time, previous, txids }) {
  return {
    hash, confirmations: chain.height - height + 1, height, time, mediantime: chain.mtp(height), nTx: txids.length,
    ...(height > 0 ? { previousblockhash: previous } : {}),
    ...(height < chain.height ? { nextblockhash: chain.blocks[height + 1].hash } : {}),
  };
}

/** @param {number} verbosity 1: ids; 2: transactions; 3: with what their inputs spend */
export const blockShape = (chain, block, verbosity) => ({
  ...headerShape(chain, block),
  tx: verbosity === 1 ? block.txids : block.txids.map((txid) => transactionShape(chain, txid, verbosity >= 3)),
});
