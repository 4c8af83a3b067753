/** The calls of a BCHN node that an adapter needs, on a chain of this process. */
import { cashAddressToLockingBytecode, hashTransaction, hexToBin, isHex } from '@bitauth/libauth';

import { hex } from '../lib/bytes.mjs';
import { Rejected } from './chain.mjs';
import { blockShape, headerShape, inBch, outputShape, transactionShape } from './shapes.mjs';

/** An error as the node numbers it. */
export class RpcError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const TYPE = -3;
const NOT_FOUND = -5;
const PARAMETER = -8;
const DECODE = -22;
const MISSING = -25;
const REFUSED = -26;
const IN_CHAIN = -27;

function lockingBytecodeOf(address) {
  const found = cashAddressToLockingBytecode(String(address));
  if (typeof found === 'string') throw new RpcError(NOT_FOUND, 'Error: Invalid address');
  return found.bytecode;
}

function bytesOf(text) {
  if (typeof text !== 'string') throw new RpcError(TYPE, 'JSON value is not a string as expected');
  if (text.length === 0 || !isHex(text)) throw new RpcError(DECODE, 'TX decode failed');
  return hexToBin(text);
}

/** The script that a descriptor of scantxoutset names. */
function described(entry) {
  const text = typeof entry === 'string' ? entry : entry?.desc;
  const [, kind, value] = /^(addr|raw)\(([^)]*)\)/.exec(String(text)) ?? [];
  if (kind === 'addr') return lockingBytecodeOf(value);
  if (kind === 'raw' && isHex(value)) return hexToBin(value);
  throw new RpcError(NOT_FOUND, `Invalid descriptor '${text}'; this chain knows addr(...) and raw(...)`);
}

/** The calls by name. @param {import('./chain.mjs').Chain} chain */
export function calls(chain) {
  const tip = () => chain.blocks.at(-1);
  const block = (hash) => {
    const found = chain.blockOf(hash);
    if (!found) throw new RpcError(NOT_FOUND, 'Block not found');
    return found;
  };
  const known = (txid) => {
    const found = chain.transaction(txid);
    if (!found) throw new RpcError(NOT_FOUND, 'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.');
    return found;
  };
  const pooled = (txid) => {
    const found = chain.pool.get(txid);
    if (!found) throw new RpcError(NOT_FOUND, 'Transaction not in mempool');
    return found;
  };
  const entryShape = (txid) => {
    const { raw, fee, time, tx } = pooled(txid);
    const depends = [...new Set(tx.inputs.map(({ outpointTransactionHash }) => hex(outpointTransactionHash)))].filter((id) => chain.pool.has(id));
    return { size: raw.length, fee: inBch(fee), modifiedfee: inBch(fee), fees: { base: inBch(fee), modified: inBch(fee) }, time, depends };
  };

  /** The node's code for a refusal. One whose outputs are all spent looks to it like one whose inputs are missing. */
  function refusal(error, raw) {
    if (error.message === 'TX decode failed') return new RpcError(DECODE, error.message);
    if (error.message === 'txn-already-known') {
      const txid = hashTransaction(raw);
      const there = known(txid).tx.outputs.some((_, vout) => chain.coin(txid, vout) !== undefined);
      return there ? new RpcError(IN_CHAIN, 'transaction already in block chain') : new RpcError(MISSING, 'Missing inputs');
    }
    if (error.message === 'missing-inputs') return new RpcError(MISSING, 'Missing inputs');
    return new RpcError(REFUSED, `${error.message} (code ${error.code})`);
  }

  return {
    getblockchaininfo: () => ({
      chain: chain.name, blocks: chain.height, headers: chain.height, bestblockhash: tip().hash, mediantime: chain.mtp(),
      initialblockdownload: false, pruned: false, warnings: '',
    }),
    getnetworkinfo: () => ({ version: 0, subversion: '/liaise-devnet/', relayfee: inBch(chain.relayFee), warnings: '' }),
    getblockcount: () => chain.height,
    getbestblockhash: () => tip().hash,
    getblockhash: (height) => {
      if (!Number.isInteger(height) || height < 0 || height > chain.height) throw new RpcError(PARAMETER, 'Block height out of range');
      return chain.blocks[height].hash;
    },
    getblockheader: (hash) => headerShape(chain, block(hash)),
    getblock: (hash, verbosity = 1) => {
      const level = Number(verbosity);
      if (![1, 2, 3].includes(level)) throw new RpcError(PARAMETER, 'this chain has no serialised blocks: verbosity is 1, 2 or 3');
      return blockShape(chain, block(hash), level);
    },
    getrawtransaction: (txid, verbose = false) => {
      const { raw } = known(txid);
      return verbose ? transactionShape(chain, txid) : hex(raw);
    },
    gettxout: (txid, vout, withPool = true) => {
      const coin = chain.coin(txid, vout, withPool);
      if (!coin) return null;
      const confirmations = Math.max(chain.height - coin.height + 1, 0);
      return { bestblock: tip().hash, confirmations, ...outputShape(coin.output), coinbase: coin.coinbase };
    },
    scantxoutset: (action, descriptors = []) => {
      if (action !== 'start') throw new RpcError(PARAMETER, `this chain answers a scan at once: start, not '${action}'`);
      const scripts = new Map(descriptors.map((entry) => [hex(described(entry)), entry]));
      const found = chain.unspent().filter(([, { output }]) => scripts.has(hex(output.lockingBytecode)));
      const unspents = found.map(([key, { output, height, coinbase }]) => {
        const [txid, vout] = key.split(':');
        const { value, scriptPubKey, tokenData } = outputShape(output);
        return { txid, vout: Number(vout), scriptPubKey: scriptPubKey.hex, amount: value, coinbase, height, ...(tokenData ? { tokenData } : {}) };
      });
      const total = found.reduce((sum, [, { output }]) => sum + output.valueSatoshis, 0n);
      return { success: true, txouts: chain.unspent().length, height: chain.height, bestblock: tip().hash, unspents, total_amount: inBch(total) };
    },
    sendrawtransaction: (text) => {
      const raw = bytesOf(text);
      const txid = hashTransaction(raw);
      if (chain.pool.has(txid)) return txid;
      try {
        return chain.submit(raw);
      } catch (error) {
        throw error instanceof Rejected ? refusal(error, raw) : error;
      }
    },
    testmempoolaccept: (texts) => {
      if (!Array.isArray(texts) || texts.length !== 1) throw new RpcError(PARAMETER, 'Array must contain exactly one raw transaction for now');
      const raw = bytesOf(texts[0]);
      const txid = hashTransaction(raw);
      try {
        chain.check(raw);
        return [{ txid, allowed: true }];
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
        if (error.message === 'TX decode failed') throw new RpcError(DECODE, error.message);
        return [{ txid, allowed: false, 'reject-reason': error.code === null ? error.message : `${error.code}: ${error.message}` }];
      }
    },
    getrawmempool: (verbose = false) => (verbose ? Object.fromEntries([...chain.pool.keys()].map((txid) => [txid, entryShape(txid)])) : [...chain.pool.keys()]),
    getmempoolentry: (txid) => entryShape(txid),
    generatetoaddress: (count, address) => {
      const script = lockingBytecodeOf(address);
      return Array.from({ length: count }, () => chain.mine(script));
    },
    invalidateblock: (hash) => {
      block(hash);
      if (!chain.invalidate(hash)) throw new RpcError(PARAMETER, 'the first block stays');
      return null;
    },
    // The three that no node has, for tests: a pool that is lost, another chain under the same address, a dearer one.
    devnet_forget: (txids = []) => {
      if (!Array.isArray(txids)) throw new RpcError(TYPE, 'JSON value is not an array as expected');
      chain.forget(txids);
      return null;
    },
    devnet_rename: (name) => {
      if (typeof name !== 'string') throw new RpcError(TYPE, 'JSON value is not a string as expected');
      chain.name = name;
      return null;
    },
    devnet_relayfee: (satoshis) => {
      if (!Number.isInteger(satoshis) || satoshis < 1000) throw new RpcError(PARAMETER, 'satoshis for 1 000 bytes, 1000 at least');
      chain.relayFee = satoshis;
      return null;
    },
    setmocktime: (time) => {
      if (!Number.isInteger(time) || time < 0) throw new RpcError(PARAMETER, 'Timestamp must be 0 or greater');
      chain.mockTime = time === 0 ? null : time;
      return null;
    },
  };
}
