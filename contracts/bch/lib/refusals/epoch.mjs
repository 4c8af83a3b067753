/** For each `require` of an epoch's paths a transaction that it alone refuses. */
import { unhex, zeros } from '../bytes.mjs';
import { inventedUtxo, token } from '../deployment.mjs';
import { swapped } from '../expect.mjs';
import { payTree, payoutsOf, spoiled, world } from '../fixtures.mjs';
import { OPEN_ENDED } from '../machine.mjs';
import { funderScript, inputOf, newCoin, relative, signFunder } from '../transactions.mjs';

const w = world();
const { d } = w;
const tree = payTree(0, [payoutsOf('a', 3), payoutsOf('b', 2)]);
const [batch0, batch1] = tree.batches;
const filed = w.submit(w.at({ end: OPEN_ENDED }), { root: tree.root, owed: 0n, fundSats: 20_000n });
const pay = (options = {}) => w.pay(filed.epoch, batch0, tree.proof(0), options);
const withFee = (options = {}) => pay({ feeCoin: newCoin(), ...options });
const last = (options = {}) => w.pay(pay().epoch, batch1, tree.proof(1), options);
const spoil = (make, mutate) => () => make({ mutate });

const payCases = {
  'the epoch is input 0': () => swapped(withFee(), signFunder),
  'version 2, no lock time': spoil(pay, (tx) => { tx.locktime = 500_000_000; }),
  'the delay before the first batch': () => pay({ sequence: relative(42) }),
  'one fee input at most': spoil(withFee, (tx, sources) => {
    const coin = newCoin();
    tx.inputs.push(inputOf(coin));
    sources.push(coin.output);
  }),
  'the fee input carries no token': spoil(withFee, (tx, sources) => {
    sources[1] = { ...sources[1], token: { amount: 1n, category: unhex('33'.repeat(32)) } };
  }),
  'the change carries no token': spoil(withFee, (tx) => { tx.outputs.at(-1).token = token(d, 0n, 'none', zeros(0)); }),
  padding: () => pay({ args: (values) => ({ ...values, pad: zeros(values.pad.length + 1) }) }),
  "a payout's category": spoil(pay, (tx) => { tx.outputs[1].token.category = unhex('33'.repeat(32)); }),
  "a payout's satoshis": spoil(pay, (tx) => { tx.outputs[1].valueSatoshis += 1n; }),
  'the batch is inside the tree': () => last({ args: (values) => ({ ...values, proof: zeros(0) }) }),
  'root hash and sum': spoil(pay, (tx) => { tx.outputs[2].token.amount += 1n; }),
  'the last batch leaves nothing': spoil(last, (tx) => {
    const { commitment } = filed.epoch.output.token.nft;
    tx.outputs.unshift({ lockingBytecode: d.epoch.script, valueSatoshis: 1000n, token: token(d, 0n, 'mutable', commitment) });
  }),
  "the epoch's script": spoil(pay, (tx) => { tx.outputs[0].lockingBytecode = funderScript; }),
  "the epoch's state": spoil(pay, (tx) => { tx.outputs[0].token.nft.commitment = spoiled(tx.outputs[0].token.nft.commitment, 7); }),
  "the epoch's tokens": spoil(pay, (tx) => { tx.outputs[0].token.amount -= 1n; }),
  "the epoch's satoshis": spoil(pay, (tx) => { tx.outputs[0].valueSatoshis -= 1n; }),
  "the epoch's satoshis with a fee input": spoil(withFee, (tx) => { tx.outputs[0].valueSatoshis -= 1n; }),
  // The tree's sum is the root's; so the epoch's UTXO must hold more than the root says, which no controller makes.
  'the last batch empties the epoch': () => {
    const only = payTree(0, [batch0]);
    const { output } = w.submit(w.at({ end: OPEN_ENDED }), { root: only.root, owed: 0n }).epoch;
    const rich = inventedUtxo({ ...output, token: { ...output.token, amount: output.token.amount + 1n }, valueSatoshis: 20_000n });
    return w.pay(rich, batch0, zeros(0), { mutate: (tx) => { tx.outputs.shift(); } });
  },
};

// --------------------------------------------------------------------------------------------------------- give back

/** The controller's own unlocking script comes first and would refuse first: here input 0 is anybody's output. */
const besideAnybody = (input0, output0, inputs = 2) => () => {
  const other = inventedUtxo({ lockingBytecode: funderScript, valueSatoshis: 100_000n, ...input0 });
  const tx = {
    version: 2, locktime: 0, inputs: [inputOf(other), inputOf(filed.epoch)],
    outputs: [{ lockingBytecode: funderScript, valueSatoshis: 5000n, ...output0 }],
  };
  const sources = [other.output, filed.epoch.output];
  if (inputs === 1) { tx.inputs.shift(); sources.shift(); }
  tx.inputs.at(-1).unlockingBytecode = d.epoch.unlock('giveBack', {});
  if (inputs === 2) signFunder(tx, sources, 0);
  return { tx, sources };
};
const held = filed.epoch.output.token.amount;
const minting = { token: token(d, 7n, 'minting', zeros(0)) };

const giveBackCases = {
  'the epoch is input 1': besideAnybody({}, {}, 1),
  'the controller is input 0': besideAnybody({}, { token: token(d, held) }),
  'the controller is output 0': besideAnybody(minting, { token: token(d, held + 7n) }),
  'all tokens return': besideAnybody(minting, { token: token(d, held + 6n, 'minting', zeros(0)) }),
};

export const covenants = d.covenants;
export const cases = { 'Epoch.pay': payCases, 'Epoch.giveBack': giveBackCases };
