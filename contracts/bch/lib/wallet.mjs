/** The funder's real coins on a chain, for tests that go through blocks. */
import { controllerOutput } from './deployment.mjs';
import { unopened } from './machine.mjs';
import { funderScript, inputOf, signFunder, utxoOf } from './transactions.mjs';
import { encode } from './vm.mjs';

const COIN = 10_000_000n;

/** Mines until a coinbase can be spent and splits it. @returns {object[]} coins of 0.1 BCH, the first from output 0 */
export function coinsOn(chain, count = 60) {
  for (let block = 0; block < 101; block += 1) chain.mine(funderScript);
  const [txid] = chain.blocks[1].txids;
  const coinbase = { txid, vout: 0, output: chain.coin(txid, 0).output };
  const tx = { version: 2, locktime: 0, inputs: [inputOf(coinbase)], outputs: Array.from({ length: count }, () => ({ lockingBytecode: funderScript, valueSatoshis: COIN })) };
  signFunder(tx, [coinbase.output], 0);
  chain.submit(encode(tx));
  chain.mine(funderScript);
  return tx.outputs.map((_, vout) => utxoOf(tx, vout));
}

/**
 * The genesis of a deployment: the whole supply and the only minting NFT go to the controller. The category is the id of
 * `coin`'s transaction, whose output 0 the coin must be.
 */
export function genesis(d, keys, coin) {
  const state = unopened(keys);
  const tx = {
    version: 2, locktime: 0, inputs: [inputOf(coin)],
    outputs: [controllerOutput(d, state, d.rules.supply, d.rules.floorSats), { lockingBytecode: funderScript, valueSatoshis: coin.output.valueSatoshis - d.rules.floorSats - 2000n }],
  };
  signFunder(tx, [coin.output], 0);
  return { tx, sources: [coin.output], controller: { state, utxo: utxoOf(tx, 0) } };
}
