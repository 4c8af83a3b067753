/** The local chain behind a node's JSON-RPC: shapes, error numbers, time, conflicts, reorganisations, and a distributor's life. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { lockingBytecodeToCashAddress } from '@bitauth/libauth';

import { Chain } from '../devnet/chain.mjs';
import { serve } from '../devnet/server.mjs';
import { hex } from '../lib/bytes.mjs';
import { keysOf } from '../lib/deployment.mjs';
import { payTree, payoutsOf, scriptOf, world } from '../lib/fixtures.mjs';
import { LIVE } from '../lib/deployment.mjs';
import { funderScript, inputOf, signFunder, utxoOf } from '../lib/transactions.mjs';
import { encode, txidOf } from '../lib/vm.mjs';
import { coinsOn, genesis } from '../lib/wallet.mjs';

const ADDRESS = lockingBytecodeToCashAddress({ bytecode: funderScript, prefix: 'bchreg' }).address;
const DAY = 86_400;
let server;
let chain;
let coins;

/** A call's result; a refusal is an error with the node's code. */
async function rpc(method, ...params) {
  const response = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: JSON.stringify({ jsonrpc: '1.0', id: 7, method, params }) });
  const { result, error, id } = await response.json();
  if (error) throw Object.assign(new Error(error.message), { code: error.code, status: response.status });
  assert.equal(id, 7);
  return result;
}
const fails = (call, code, message) => assert.rejects(call, (error) => {
  assert.deepEqual([error.code, message.test(error.message)], [code, true], error.message);
  return true;
});
const send = ({ tx }) => rpc('sendrawtransaction', hex(encode(tx)));
const mine = (count = 1) => rpc('generatetoaddress', count, ADDRESS);
const pass = async (seconds) => {
  chain.mockTime += seconds;
  await mine(12);
};
/** Spends a coin of the funder to itself, less a fee. */
function transfer(coin, { fee = 500n, locktime = 0, sequence, version = 2, to = funderScript } = {}) {
  const tx = { version, locktime, inputs: [inputOf(coin, sequence)], outputs: [{ lockingBytecode: to, valueSatoshis: coin.output.valueSatoshis - fee }] };
  signFunder(tx, [coin.output], 0);
  return { tx };
}

before(async () => {
  chain = new Chain();
  chain.mockTime = LIVE.genesis;
  coins = coinsOn(chain);
  server = await serve(chain, 0);
});
after(() => server.close());

test('what a node says of itself and its chain', async () => {
  const info = await rpc('getblockchaininfo');
  assert.deepEqual([info.chain, info.blocks, info.mediantime, info.initialblockdownload], ['regtest', chain.height, chain.mtp(), false]);
  assert.equal((await rpc('getnetworkinfo')).relayfee, 0.00001);
  assert.equal(await rpc('getblockhash', info.blocks), info.bestblockhash);
  assert.equal(await rpc('getbestblockhash'), info.bestblockhash);
  assert.equal(await rpc('getblockcount'), info.blocks);
  const header = await rpc('getblockheader', info.bestblockhash);
  assert.deepEqual([header.height, header.confirmations, header.previousblockhash], [info.blocks, 1, await rpc('getblockhash', info.blocks - 1)]);
  await fails(rpc('getblockhash', info.blocks + 1), -8, /out of range/);
  await fails(rpc('getblockheader', '00'.repeat(32)), -5, /Block not found/);
});

test('a transaction from the pool into a block, and its tokens', async () => {
  const coin = coins.shift();
  const w = world({ category: coin.txid });
  const made = genesis(w.d, keysOf(w.who), coin);
  const txid = await send(made);
  assert.deepEqual(await rpc('getrawmempool'), [txid]);
  const entry = await rpc('getmempoolentry', txid);
  assert.deepEqual([entry.size, entry.fees.base], [encode(made.tx).length, 0.00002]);
  assert.equal((await rpc('gettxout', txid, 0)).confirmations, 0);
  assert.equal(await rpc('gettxout', txid, 0, false), null);
  assert.equal(await send(made), txid); // a resend of what is in the pool
  const [hash] = await mine();
  assert.deepEqual(await rpc('getrawmempool'), []);
  await fails(rpc('getmempoolentry', txid), -5, /not in mempool/);
  await fails(send(made), -27, /already in block chain/);
  const out = await rpc('gettxout', txid, 0);
  assert.deepEqual(out.tokenData, {
    category: coin.txid, amount: '100000000000000000', nft: { capability: 'minting', commitment: hex(made.tx.outputs[0].token.nft.commitment) },
  });
  const read = await rpc('getrawtransaction', txid, true);
  assert.deepEqual([read.blockhash, read.confirmations, read.vout[0].tokenData, read.vout[1].tokenData], [hash, 1, out.tokenData, undefined]);
  assert.equal(await rpc('getrawtransaction', txid), hex(encode(made.tx)));
  assert.deepEqual((await rpc('getblock', hash)).tx.slice(1), [txid]);
  assert.equal((await rpc('getblock', hash, 2)).tx[1].vin[0].prevout, undefined);
  const [{ prevout }] = (await rpc('getblock', hash, 3)).tx[1].vin;
  assert.deepEqual([prevout.value, prevout.generated], [0.1, false]);
  const scan = await rpc('scantxoutset', 'start', [`raw(${hex(w.d.controller.script)})`]);
  assert.deepEqual(scan.unspents.map(({ txid: id, vout, tokenData }) => [id, vout, tokenData]), [[txid, 0, out.tokenData]]);
  assert.ok((await rpc('scantxoutset', 'start', [`addr(${ADDRESS})`])).unspents.length > 50);
});

test('what a node refuses, with its numbers', async () => {
  const [a, b] = coins.splice(0, 2);
  await fails(rpc('sendrawtransaction', '00'), -22, /TX decode failed/);
  await fails(rpc('sendrawtransaction', 'xyz'), -22, /TX decode failed/);
  await fails(send(transfer({ ...a, txid: 'ab'.repeat(32) })), -25, /Missing inputs/);
  await fails(send(transfer(a, { fee: 100n })), -26, /^min relay fee not met \(code 66\)$/);
  await fails(send(transfer(a, { fee: a.output.valueSatoshis - 100n })), -26, /^dust \(code 64\)$/);
  await fails(send(transfer(a, { fee: -1000n })), -26, /^bad-txns-in-belowout \(code 16\)$/);
  await fails(send(transfer(a, { locktime: chain.mtp() + 1 })), -26, /^bad-txns-nonfinal \(code 64\)$/);
  await fails(send(transfer(a, { locktime: chain.height + 1 })), -26, /^bad-txns-nonfinal \(code 64\)$/);
  await fails(send(transfer(a, { sequence: 0x400000 + 1000 })), -26, /^non-BIP68-final \(code 64\)$/);
  await fails(send(transfer(a, { sequence: 5000 })), -26, /^non-BIP68-final \(code 64\)$/);
  const forged = transfer(a);
  forged.tx.inputs[0].unlockingBytecode[5] ^= 1;
  await fails(send(forged), -26, /^mandatory-script-verify-flag-failed .*\(code 16\)$/);
  const [coinbase] = chain.blocks.at(-1).txids;
  await fails(send(transfer({ txid: coinbase, vout: 0, output: chain.coin(coinbase, 0).output })), -26, /^bad-txns-premature-spend-of-coinbase \(code 16\)$/);
  assert.deepEqual(await rpc('testmempoolaccept', [hex(encode(transfer(a, { fee: 100n }).tx))]), [
    { txid: txidOf(transfer(a, { fee: 100n }).tx), allowed: false, 'reject-reason': '66: min relay fee not met' },
  ]);
  const [missing] = await rpc('testmempoolaccept', [hex(encode(transfer({ ...a, txid: 'ab'.repeat(32) }).tx))]);
  assert.deepEqual([missing.allowed, missing['reject-reason']], [false, 'missing-inputs']);

  const first = transfer(b);
  assert.deepEqual(await rpc('testmempoolaccept', [hex(encode(first.tx))]), [{ txid: txidOf(first.tx), allowed: true }]);
  await send(first);
  await fails(send(transfer(b, { fee: 9000n })), -26, /^txn-mempool-conflict \(code 18\)$/); // no replacement
  const child = transfer(utxoOf(first.tx, 0), { to: scriptOf('somebody') });
  await send(child);
  assert.deepEqual((await rpc('getmempoolentry', txidOf(child.tx))).depends, [txidOf(first.tx)]);
  await mine();
  await fails(send(transfer(b, { fee: 9000n })), -25, /Missing inputs/);
  await fails(send(first), -25, /Missing inputs/); // buried, and its outputs spent
  await fails(send(child), -27, /already in block chain/);
});

test('calls and requests that are none', async () => {
  await fails(rpc('getwalletinfo'), -32601, /Method not found/);
  await fails(rpc('toString'), -32601, /Method not found/);
  await fails(rpc('generatetoaddress', 1, 'nobody'), -5, /Invalid address/);
  await fails(rpc('getrawtransaction', '00'.repeat(32)), -5, /No such mempool or blockchain transaction/);
  await fails(rpc('getblock', await rpc('getbestblockhash'), 0), -8, /verbosity/);
  await fails(rpc('testmempoolaccept', []), -8, /exactly one/);
  await fails(rpc('scantxoutset', 'start', ['pkh(xyz)']), -5, /Invalid descriptor/);
  await fails(rpc('sendrawtransaction', 5), -3, /not a string/);
  const post = (body) => fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body }).then(async (response) => [response.status, await response.json()]);
  assert.equal((await post('{'))[1].error.code, -32700);
  assert.equal((await post('{"id":1}'))[0], 400);
  const [status, batch] = await post('[{"id":1,"method":"getblockcount"},{"id":2,"method":"nothing"}]');
  assert.deepEqual([status, batch[0].result, batch[1].error.code], [200, chain.height, -32601]);
});

test('time is the median of eleven blocks, and the clock can be set', async () => {
  await rpc('setmocktime', chain.mockTime + 1000);
  const before_ = (await rpc('getblockchaininfo')).mediantime;
  await mine(5);
  assert.ok((await rpc('getblockchaininfo')).mediantime < chain.mockTime);
  await mine(1);
  const now = (await rpc('getblockchaininfo')).mediantime;
  assert.ok(now >= chain.mockTime && now > before_);
  const mocked = chain.mockTime;
  await rpc('setmocktime', 0);
  assert.ok(Math.abs(chain.now() - Date.now() / 1000) < 5);
  await rpc('setmocktime', mocked);
  await fails(rpc('setmocktime', -1), -8, /Timestamp/);
});

test('a reorganisation gives transactions back to the pool, or to nobody', async () => {
  const [a, b] = coins.splice(0, 2);
  const [first, second] = [transfer(a), transfer(b)];
  await send(first);
  const [hash] = await mine();
  await send(second);
  const [later] = await mine();
  assert.equal(await rpc('invalidateblock', hash), null);
  assert.deepEqual((await rpc('getrawmempool')).sort(), [txidOf(first.tx), txidOf(second.tx)].sort());
  await fails(rpc('getblock', later), -5, /Block not found/);
  assert.notEqual((await mine())[0], hash); // another block in its place
  assert.equal((await rpc('getrawtransaction', txidOf(first.tx), true)).confirmations, 1);
  // What spends a coinbase of a block that is gone is gone too.
  const [gone] = await rpc('generatetoaddress', 1, ADDRESS);
  const coinbase = chain.blockOf(gone).txids[0];
  await mine(99);
  const spending = transfer({ txid: coinbase, vout: 0, output: chain.coin(coinbase, 0).output });
  await send(spending);
  await rpc('invalidateblock', gone);
  assert.deepEqual(await rpc('getrawmempool'), []);
  assert.equal(await rpc('gettxout', coinbase, 0), null);
  await fails(rpc('invalidateblock', await rpc('getblockhash', 0)), -8, /first block/);
});

test('a distributor\'s life over JSON-RPC alone', async () => {
  const founding = transfer(coins.shift());
  await send(founding);
  await mine();
  const coin = utxoOf(founding.tx, 0);
  const w = world({ category: coin.txid });
  const made = genesis(w.d, keysOf(w.who), coin);
  await send(made);
  const open = w.open(made.controller, { first: 0, coin: coins.pop() });
  await send(open); // on the unconfirmed genesis: nothing is pending, and a wait of zero units is over at once
  await mine();
  await pass(8 * DAY);
  const tree = payTree(0, [payoutsOf('a', 3), payoutsOf('b', 2)]);
  const filed = w.submit(open.controller, { root: tree.root, owed: 0n, fundSats: 20_000n, coin: coins.pop() });
  await send(filed);
  await mine();
  const crank = w.pay(filed.epoch, tree.batches[0], tree.proof(0));
  await fails(send(crank), -26, /^non-BIP68-final \(code 64\)$/);
  await pass(7 * 3600);
  await send(crank);
  const last = w.pay(crank.epoch, tree.batches[1], tree.proof(1));
  await send(last);
  await mine();
  for (const { script, amount } of tree.batches.flat()) {
    const { unspents } = await rpc('scantxoutset', 'start', [`raw(${hex(script)})`]);
    assert.deepEqual(unspents.map(({ tokenData }) => tokenData.amount), [amount.toString()]);
  }
});

test('for tests alone: a pool is forgotten with what stands on it, the chain goes by another name, fees rise', async () => {
  const [one, two] = [transfer(coins.pop()), transfer(coins.pop())];
  const child = transfer(utxoOf(one.tx, 0));
  for (const each of [one, child, two]) await send(each);
  await rpc('devnet_forget', [txidOf(one.tx)]);
  assert.deepEqual(await rpc('getrawmempool'), [txidOf(two.tx)]);
  await send(one);
  await rpc('devnet_forget');
  assert.deepEqual(await rpc('getrawmempool'), []);
  await fails(rpc('devnet_forget', 'all'), -3, /not an array/);
  await rpc('devnet_rename', 'main');
  assert.equal((await rpc('getblockchaininfo')).chain, 'main');
  await rpc('devnet_rename', 'regtest');
  await fails(rpc('devnet_rename', 7), -3, /not a string/);
  await rpc('devnet_relayfee', 4000);
  assert.equal((await rpc('getnetworkinfo')).relayfee, 0.00004);
  await fails(send(two), -26, /^min relay fee not met \(code 66\)$/);
  await rpc('devnet_relayfee', 1000);
  await send(two);
  await fails(rpc('devnet_relayfee', 1), -8, /1000 at least/);
});

test('the program serves until it is told to stop, and says what is wrong with its arguments', async () => {
  const program = fileURLToPath(new URL('../devnet/main.mjs', import.meta.url));
  const run = (...args) => spawn(process.execPath, [program, ...args]);
  const text = async (stream) => { let all = ''; for await (const part of stream) all += part; return all; };
  const child = run('0');
  const [line] = await once(child.stdout, 'data');
  const [, url] = /(http:\S+)/.exec(String(line));
  const response = await fetch(url, { method: 'POST', body: '{"method":"getblockcount"}' });
  assert.equal((await response.json()).result, 0);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  const wrong = run('many');
  assert.match(await text(wrong.stderr), /usage/);
  const taken = run(String(server.port));
  assert.match(await text(taken.stderr), /is taken/);
});
