/**
 * A Bitcoin Cash chain in one process: unspent outputs, a pool of transactions, blocks that are made on demand and can be taken
 * back. Scripts are judged by libauth's virtual machine of May 2026 under the rules by which nodes relay. There is no proof
 * of work and no network.
 *
 * @typedef {{output: object, height: number, mtpBefore: number, coinbase: boolean}} Coin height is the next block's while unconfirmed
 */
import { binToHex, decodeTransactionBch, encodeTransactionBch, hash256, hashTransaction } from '@bitauth/libauth';

import { cat, u32, u64, utf8, zeros } from '../lib/bytes.mjs';
import { dustAt, feeOf, standardVm } from '../lib/vm.mjs';
import { isFinal, medianTimePast, relativeLocksOver } from './finality.mjs';

/** Satoshis of a block, fees apart. */
const SUBSIDY = 5_000_000_000n;
const COINBASE_MATURITY = 100;
/** Bytes of the largest transaction that relays. */
const LARGEST = 100_000;
/** The regtest chain's first block time, seconds. */
const FIRST_TIME = 1_296_688_602;

/** Why a transaction is refused: a node's reason and its code. */
export class Rejected extends Error {
  constructor(reason, code) {
    super(reason);
    this.code = code;
  }
}

const INVALID = 16;
const CONFLICT = 18;
const NONSTANDARD = 64;
const FEE = 66;

const outpoint = ({ outpointTransactionHash, outpointIndex }) => `${binToHex(outpointTransactionHash)}:${outpointIndex}`;

export class Chain {
  /** Unix seconds that the chain takes for now, or null for the machine's clock. */
  mockTime = null;
  /** What the chain calls itself. */
  name = 'regtest';
  /** Least fee that relays, satoshis for 1 000 bytes. */
  relayFee = 1000;
  blocks = [];
  /** @type {Map<string, Coin>} by outpoint: confirmed, spent in no block */
  #coins = new Map();
  /** @type {Map<string, object>} by id, in the order of arrival, which respects dependencies */
  pool = new Map();
  /** id of the pool's transaction that spends an outpoint */
  #spenders = new Map();
  /** @type {Map<string, object>} transactions of blocks, by id */
  #confirmed = new Map();
  #made = 0;

  constructor() {
    this.#append([], FIRST_TIME);
  }

  get height() {
    return this.blocks.length - 1;
  }

  /** Median time past of the newest block, or of an earlier one. */
  mtp(height = this.height) {
    return medianTimePast(this.blocks.slice(Math.max(0, height - 10), height + 1).map(({ time }) => time));
  }

  now() {
    return this.mockTime ?? Math.floor(Date.now() / 1000);
  }

  blockOf(hash) {
    return this.blocks.find((block) => block.hash === hash);
  }

  /** A transaction of a block or of the pool: `{tx, raw, height}`, height null while unconfirmed. */
  transaction(txid) {
    return this.#confirmed.get(txid) ?? this.pool.get(txid);
  }

  /** Confirmed unspent outputs, as `[outpoint, coin]`. */
  unspent() {
    return [...this.#coins.entries()];
  }

  /** An unspent output. @param {boolean} withPool whether the pool counts @returns {Coin | undefined} */
  coin(txid, vout, withPool = true) {
    const key = `${txid}:${vout}`;
    if (!withPool) return this.#coins.get(key);
    return this.#spenders.has(key) ? undefined : this.#spendable(key);
  }

  /** Also what a transaction of the pool spends already. */
  #spendable(key) {
    const confirmed = this.#coins.get(key);
    if (confirmed) return confirmed;
    const [txid, vout] = key.split(':');
    const output = this.pool.get(txid)?.tx.outputs[Number(vout)];
    return output && { output, height: this.height + 1, mtpBefore: this.mtp(), coinbase: false };
  }

  /**
   * What a node says of a transaction before it relays it.
   * @param {Uint8Array} raw
   * @returns {{txid: string, tx: object, raw: Uint8Array, fee: bigint}}
   * @throws {Rejected}
   */
  check(raw) {
    const tx = decodeTransactionBch(raw);
    if (typeof tx === 'string') throw new Rejected('TX decode failed', null);
    const txid = hashTransaction(raw);
    if (this.#confirmed.has(txid)) throw new Rejected('txn-already-known', CONFLICT);
    if (this.pool.has(txid)) throw new Rejected('txn-already-in-mempool', CONFLICT);
    if (raw.length > LARGEST) throw new Rejected('tx-size', NONSTANDARD);
    if (dustAt(tx) >= 0) throw new Rejected('dust', NONSTANDARD);
    const [height, mtp] = [this.height + 1, this.mtp()];
    if (!isFinal(tx, height, mtp)) throw new Rejected('bad-txns-nonfinal', NONSTANDARD);
    if (tx.inputs.some((input) => this.#spenders.has(outpoint(input)))) throw new Rejected('txn-mempool-conflict', CONFLICT);
    const coins = tx.inputs.map((input) => this.#spendable(outpoint(input)));
    if (coins.includes(undefined)) throw new Rejected('missing-inputs', null);
    if (!relativeLocksOver(tx, coins, height, mtp)) throw new Rejected('non-BIP68-final', NONSTANDARD);
    if (coins.some((coin) => coin.coinbase && height - coin.height < COINBASE_MATURITY)) {
      throw new Rejected('bad-txns-premature-spend-of-coinbase', INVALID);
    }
    const sources = coins.map(({ output }) => output);
    const fee = feeOf({ tx, sources });
    if (fee < 0n) throw new Rejected('bad-txns-in-belowout', INVALID);
    if (fee * 1000n < BigInt(raw.length) * BigInt(this.relayFee)) throw new Rejected('min relay fee not met', FEE);
    const verdict = standardVm.verify({ transaction: tx, sourceOutputs: sources });
    if (verdict !== true) throw new Rejected(`mandatory-script-verify-flag-failed (${verdict})`, INVALID);
    return { txid, tx, raw, fee };
  }

  /** Takes a transaction into the pool. @returns {string} its id @throws {Rejected} */
  submit(raw) {
    const { txid, tx, fee } = this.check(raw);
    tx.inputs.forEach((input) => this.#spenders.set(outpoint(input), txid));
    this.pool.set(txid, { tx, raw, fee, time: this.now(), height: null });
    return txid;
  }

  /** Makes a block of all that is in the pool. @returns {string} its hash */
  mine(lockingBytecode) {
    const entries = [...this.pool.values()];
    const fees = entries.reduce((sum, { fee }) => sum + fee, 0n);
    const height = this.height + 1;
    // The number of the block that was made, so that one made in another's place has another coinbase.
    this.#made += 1;
    const coinbase = {
      version: 1, locktime: 0, outputs: [{ lockingBytecode, valueSatoshis: SUBSIDY + fees }],
      inputs: [{ outpointTransactionHash: zeros(32), outpointIndex: 0xffffffff, sequenceNumber: 0xffffffff, unlockingBytecode: cat(u32(height), u64(this.#made)) }],
    };
    this.pool = new Map();
    this.#spenders = new Map();
    return this.#append([{ tx: coinbase, raw: encodeTransactionBch(coinbase) }, ...entries], Math.max(this.now(), this.mtp() + 1));
  }

  #append(entries, time) {
    const height = this.blocks.length;
    const previous = this.blocks.at(-1)?.hash ?? '00'.repeat(32);
    const mtpBefore = height === 0 ? time : this.mtp();
    const txids = entries.map(({ raw }) => hashTransaction(raw));
    const spent = [];
    entries.forEach(({ tx, raw }, at) => {
      const coinbase = at === 0;
      if (!coinbase) {
        for (const key of tx.inputs.map(outpoint)) {
          spent.push([key, this.#coins.get(key)]);
          this.#coins.delete(key);
        }
      }
      tx.outputs.forEach((output, vout) => this.#coins.set(`${txids[at]}:${vout}`, { output, height, mtpBefore, coinbase }));
      this.#confirmed.set(txids[at], { tx, raw, height });
    });
    const hash = binToHex(hash256(cat(utf8(previous), u64(time), utf8(txids.join('')))).reverse());
    this.blocks.push({ hash, height, time, previous, txids, spent });
    return hash;
  }

  /** Takes back a block and all that follow it; their transactions return to the pool where they are still good. */
  invalidate(hash) {
    const block = this.blockOf(hash);
    if (!block || block.height === 0) return false;
    const returning = [];
    while (this.height >= block.height) {
      const { txids, spent } = this.blocks.pop();
      const entries = txids.map((txid) => this.#confirmed.get(txid));
      entries.forEach(({ tx }, at) => tx.outputs.forEach((_, vout) => this.#coins.delete(`${txids[at]}:${vout}`)));
      txids.forEach((txid) => this.#confirmed.delete(txid));
      // The last spent first: an output may have been made and spent in the same block.
      for (const [key, coin] of spent.reverse()) if (!txids.includes(key.split(':')[0])) this.#coins.set(key, coin);
      returning.unshift(...entries.slice(1));
    }
    this.#refill([...returning, ...this.pool.values()]);
    return true;
  }

  /** Forgets transactions of the pool, as a node does that restarts without it; all where none is named. */
  forget(txids) {
    const kept = [...this.pool.entries()].filter(([txid]) => txids.length > 0 && !txids.includes(txid));
    this.#refill(kept.map(([, entry]) => entry));
  }

  /** Fills the pool anew with what is still good. */
  #refill(entries) {
    this.pool = new Map();
    this.#spenders = new Map();
    for (const { raw } of entries) {
      try {
        this.submit(raw);
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
      }
    }
  }
}
