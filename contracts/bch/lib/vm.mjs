/** libauth's virtual machine of May 2026 with the rules by which nodes relay. */
import { createVirtualMachineBch2026, decodeTransactionBch, encodeTransactionBch, getDustThreshold, hashTransaction, isArbitraryDataOutput } from '@bitauth/libauth';

import { equal } from './bytes.mjs';

export const standardVm = createVirtualMachineBch2026(true);

export const encode = encodeTransactionBch;
export const sizeOf = (tx) => encode(tx).length;
/** Transaction id, as nodes print it. */
export const txidOf = (tx) => hashTransaction(encode(tx));

const satoshis = (outputs) => outputs.reduce((sum, { valueSatoshis }) => sum + valueSatoshis, 0n);
export const feeOf = ({ tx, sources }) => satoshis(sources) - satoshis(tx.outputs);

/** The transaction as it travels: an output's token of nothing is none, whatever the object in memory says. */
function travelled(tx) {
  const read = decodeTransactionBch(encode(tx));
  if (typeof read === 'string') throw new Error(read);
  return read;
}

/** The first output below its dust limit, or -1. */
export const dustAt = (tx) =>
  tx.outputs.findIndex((output) => !isArbitraryDataOutput(output.lockingBytecode) && output.valueSatoshis < getDustThreshold(output));

/**
 * Whether nodes would relay a transaction whose inputs are there and mature: dust, one satoshi a byte, consensus and
 * standard rules. Sizes and lock times against the chain are the chain's (devnet/chain.mjs).
 * @returns {true | string} why not
 */
export function verify({ tx: built, sources }) {
  const tx = travelled(built);
  const dust = dustAt(tx);
  if (dust >= 0) return `output ${dust} is dust`;
  const fee = feeOf({ tx, sources });
  if (fee < BigInt(sizeOf(tx))) return `a fee of ${fee} satoshis for ${sizeOf(tx)} bytes`;
  return standardVm.verify({ transaction: tx, sourceOutputs: sources });
}

/**
 * Which `require` refused: the first input whose evaluation fails, and there the `require` that ends at the instruction
 * where it stopped. Signature checks and time locks stop at their own instruction, one before their OP_VERIFY.
 * @param {object[]} covenants those whose scripts the sources may hold
 * @returns {{input: number, contract?: string, path?: string, message?: string, error: string} | null}
 */
export function refusal({ tx: built, sources }, covenants) {
  const tx = travelled(built);
  for (const input of sources.keys()) {
    const state = standardVm.evaluate({ inputIndex: input, transaction: tx, sourceOutputs: sources });
    if (state.error === undefined) continue;
    const error = String(state.error);
    const found = covenants.find(({ script }) => equal(script, sources[input].lockingBytecode));
    if (!found) return { input, error };
    const near = found.artifact.requires.filter(({ ip }) => ip === state.ip || ip === state.ip + 1 || ip === state.ip - 1);
    const [hit] = near.sort((a, b) => Math.abs(a.ip - state.ip) - Math.abs(b.ip - state.ip));
    return { input, contract: found.artifact.contractName, path: hit?.path, message: hit?.message, ip: state.ip, error };
  }
  return null;
}

/** What an input's evaluation cost, and its limits. Unlocking bytecode buys both: (41 + bytes) · 800 and / 2. */
export function costOf({ tx, sources }, input = 0) {
  const { metrics } = standardVm.evaluate({ inputIndex: input, transaction: tx, sourceOutputs: sources });
  const bought = 41 + tx.inputs[input].unlockingBytecode.length;
  return {
    operations: metrics.operationCost,
    operationLimit: bought * 800,
    hashes: metrics.hashDigestIterations,
    hashLimit: Math.floor(bought / 2),
  };
}
