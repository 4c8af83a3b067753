/** Ways to trip the requires that several paths of the controller share. `make(options, controller)` builds the path's transaction. */
import { unhex, zeros } from '../bytes.mjs';
import { inventedUtxo, token } from '../deployment.mjs';
import { swapped } from '../expect.mjs';
import { spoiled } from '../fixtures.mjs';
import { daoSet, oracleSet, vectorKeys } from '../keys.mjs';
import { funderScript, inputOf, signFunder } from '../transactions.mjs';

const ELSEWHERE = unhex('76a914' + '11'.repeat(20) + '88ac');
const foreign = { amount: 5n, category: unhex('33'.repeat(32)) };

/** A third input that carries a token of somebody's. */
function withToken(tx, sources) {
  const utxo = inventedUtxo({ lockingBytecode: funderScript, valueSatoshis: 10_000n, token: foreign });
  tx.inputs.push(inputOf(utxo));
  sources.push(utxo.output);
}

/** Requires of every path of the controller. `keep`: what the path says of reserve and satoshis. */
export function ofController(d, controller, make, { reserve, satoshis }) {
  const spoil = (mutate) => () => make({ mutate });
  const lessNft = { ...controller, utxo: inventedUtxo({ ...controller.utxo.output, token: { ...controller.utxo.output.token, nft: { ...controller.utxo.output.token.nft, capability: 'mutable' } } }) };
  return {
    'the controller is input 0': () => swapped(make({}), signFunder),
    'the controller holds the minting NFT': () => make({}, lessNft),
    'the keys of the state': () => make({ args: (values) => ({ ...values, keys: spoiled(values.keys) }) }),
    "the controller's script": spoil((tx) => { tx.outputs[0].lockingBytecode = ELSEWHERE; }),
    'the controller keeps the minting NFT': spoil((tx) => { tx.outputs[0].token.nft.capability = 'mutable'; }),
    "the controller's state": spoil((tx) => { tx.outputs[0].token.nft.commitment = spoiled(tx.outputs[0].token.nft.commitment, 3); }),
    [reserve]: spoil((tx) => { tx.outputs[0].token.amount -= 1n; }),
    [satoshis]: spoil((tx) => { tx.outputs[0].valueSatoshis -= 1n; }),
    'another input carries a token': spoil(withToken),
    'another output carries a token': spoil((tx) => { tx.outputs.at(-1).token = token(d, 0n, 'minting', zeros(0)); }),
  };
}

const SIX = vectorKeys(6);

/** Requires of the oracles' block. `make(options, state changes, who changes)`. */
export const ofOracles = (who, make) => ({
  '5 to 15 oracles': () => make({}, {}, { oracles: oracleSet(1, vectorKeys(4)) }),
  'an oracle set of this version': () => make({}, { version: 2 }, {}),
  'the oracle set of the keys': () => make({}, { set: oracleSet(1, vectorKeys(8)).hash }, {}),
  'oracle keys ascend': () => make({}, {}, { oracles: oracleSet(1, [...SIX.slice(0, 4), SIX[3], SIX[4], SIX[5]]) }),
  "an oracle's signature": () => make({ signed: (statement) => spoiled(statement, 199) }),
  "the oracles' quorum": () => make({ by: [0, 1, 2, 6] }),
});

/** Requires of the DAO's block; `signed` is the name of the option that changes what the DAO signs. */
export const ofDao = (who, make, signed = 'signed') => ({
  'the DAO set of the keys': () => make({}, { dao: daoSet(1, 2, vectorKeys(4)).hash }, {}),
  'DAO keys ascend': () => make({}, {}, { dao: daoSet(1, 2, [who.dao.keys[0], who.dao.keys[0]]) }),
  "a DAO member's signature": () => make({ [signed]: (statement) => spoiled(statement, 79) }),
  "the DAO's threshold": () => make({ members: [1] }),
});
