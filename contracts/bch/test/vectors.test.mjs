/** The vectors of Rust, of the EVM and of everybody else: same bytes, same keys, same signatures, judged by the covenants. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { H, ZERO32, hex, unhex } from '../lib/bytes.mjs';
import { inventedUtxo, keysOf, p2pkhOf, signers, token } from '../lib/deployment.mjs';
import { accepted, refused } from '../lib/expect.mjs';
import { world } from '../lib/fixtures.mjs';
import { daoSet, first, oracleSet, vectorKey, vectorKeys } from '../lib/keys.mjs';
import * as machine from '../lib/machine.mjs';
import { encodeEpoch } from '../lib/state.mjs';
import { scheduleId, vetoMessage } from '../lib/statements.mjs';
import { newCoin } from '../lib/transactions.mjs';
import { batchLeaf, deepTree } from '../lib/tree.mjs';
import { bodyOf, packedFrom, placeOf, vectors } from '../lib/vectors.mjs';

const ACCEPTED = 'accepted';

for (const { version, keys, hash } of vectors('oracle-set')) {
  test(`oracle set ${version} of ${keys.length} is rotated in`, () => {
    const set = oracleSet(version, keys.map((key) => ({ key: unhex(key) })));
    assert.equal(hex(set.hash), hash);
    const w = world();
    const controller = w.running(1, { keys: keysOf(w.who, { version: version - 1 }) });
    const step = w.act(controller, { kind: machine.ROTATE, argument: set.hash, opened: set.bytes });
    // A number of script has a sign: versions that a rotation writes end at 2^31 - 1.
    if (version < 2 ** 31) accepted(w.d, step);
    else refused(w.d, step, 'Controller', /OP_NUM2BIN/);
  });
}

for (const { version, threshold, keys, hash } of vectors('dao-set')) {
  test(`DAO set ${version}, ${threshold} of ${keys.length}, signs an act`, () => {
    const all = vectorKeys(15);
    const members = keys.map((key) => all.find((each) => hex(each.key) === key));
    const dao = daoSet(version, threshold, members);
    assert.equal(hex(dao.hash), hash);
    const w = world({}, { dao });
    accepted(w.d, w.act(w.running(1), { kind: machine.ADVANCE, argument: ZERO32 }));
    const oneLess = w.act(w.running(1), { kind: machine.ADVANCE, argument: ZERO32, members: first(threshold - 1) });
    refused(w.d, oneLess, 'Controller.act', "the DAO's threshold");
  });
}

for (const { name, fields, bytes, digest, signatures } of vectors('epoch-summary')) {
  test(`EPOCH: ${name}`, () => {
    const { epoch, version, head } = placeOf(fields);
    const oracles = oracleSet(version, vectorKeys({ 5: 7, 9: 13, 10: 15 }[signatures.length]));
    const people = signers({ oracles });
    const w = world({ network: unhex(fields.network) }, people);
    assert.equal(hex(w.d.distributor), fields.distributor);
    const [sum, owed] = [BigInt(fields.root_sum), BigInt(fields.owed)];
    const emission = machine.emission(w.d.rules, epoch);
    const before = sum + owed > emission && sum < 2n ** 62n ? sum + owed - emission : 0n;
    const controller = w.at({ next: epoch, end: machine.OPEN_ENDED, head, owed: before });
    const step = w.submit(controller, {
      root: { hash: unhex(fields.root_hash), sum }, owed, artefact: unhex(fields.artefact),
      locktime: epoch === machine.OPEN_ENDED ? 4_294_967_295 : undefined,
      mutate: (tx) => { if (epoch === machine.OPEN_ENDED) tx.outputs[0].token.amount = 0n; },
      args: (values) => ({ ...values, sigs: packedFrom(signatures, oracles) }),
    });
    assert.equal(hex(step.statement), bytes);
    assert.equal(hex(H(step.statement)), digest);
    if (epoch === machine.OPEN_ENDED) refused(w.d, step, 'Controller.submit', 'the epoch is inside the range');
    else accepted(w.d, step);
  });
}

for (const { name, fields, bytes, digest, signatures } of vectors('statements').filter((each) => each.fields.tag === 'LIAISE/OPEN/01')) {
  test(`OPEN: ${name}`, () => {
    const { epoch, version, head } = placeOf(fields);
    const oracles = oracleSet(version, vectorKeys(7));
    const w = world({}, { oracles });
    const step = w.open(w.at({ head }), {
      first: epoch, old: bodyOf(fields).argument, args: (values) => ({ ...values, sigs: packedFrom(signatures, oracles) }),
    });
    assert.equal(hex(step.statement), bytes);
    assert.equal(hex(H(step.statement)), digest);
    accepted(w.d, step);
  });
}

/** What the argument of each kind is the hash of. */
function openedBy(kind, argument) {
  if (kind === machine.DAO_SET) return daoSet(2, 2, vectorKeys(3)).bytes;
  if (kind === machine.ROTATE) return oracleSet(2, vectorKeys(7)).bytes;
  if (kind !== machine.GUARDIAN) return new Uint8Array(0);
  return Array.from({ length: 16 }, (_, i) => vectorKey(i).key).find((key) => hex(H(key)) === hex(argument));
}

for (const { name, fields, bytes, digest, signatures } of vectors('statements').filter((each) => each.fields.tag === 'LIAISE/DAO/01')) {
  test(`DAO: ${name}`, () => {
    const { epoch, version: number, head } = placeOf(fields);
    const { argument, kind, decree } = bodyOf(fields);
    const w = world();
    const keys = keysOf(w.who, { acts: number - 1 });
    const step = w.act(w.running(3, { keys, head }), {
      kind, end: epoch, argument, decree, opened: openedBy(kind, argument),
      args: (values) => ({ ...values, daoSigs: packedFrom(signatures, w.who.dao) }),
    });
    assert.equal(hex(step.statement), bytes);
    assert.equal(hex(H(step.statement)), digest);
    accepted(w.d, step);
  });
}

for (const { head, reason, next } of vectors('veto-head')) {
  test(`the head after ${hex(unhex(head)).slice(0, 8)} for a reason of ${reason.length / 2} bytes`, () => {
    const w = world();
    const argument = H(unhex(reason));
    assert.equal(hex(H(vetoMessage(unhex(head), argument))), next);
    const step = accepted(w.d, w.act(w.running(1, { head: unhex(head) }), { kind: machine.ADVANCE, argument }));
    assert.equal(hex(step.controller.state.head), next);
  });
}

for (const { network, genesis_s: genesis, supply, epochs, epoch_s: epochS, term, id } of vectors('schedule-id')) {
  test(`schedule ${id.slice(0, 8)}: only this one can be opened`, () => {
    const rules = { network: unhex(network), genesis: Number(genesis), supply: BigInt(supply), epochs, epochS, term };
    assert.equal(hex(scheduleId(rules)), id);
    const w = world(rules);
    accepted(w.d, w.open(w.fresh(), { first: 0 }));
    const other = world({ ...rules, term: term + 1 });
    refused(other.d, other.open(other.fresh(), { first: 0, schedule: unhex(id) }), 'Controller.open', "a DAO member's signature");
  });
}

for (const { supply, epochs, epoch, emission } of vectors('schedule')) {
  test(`epoch ${epoch} of ${epochs} releases ${emission} of ${supply} and not a unit more`, () => {
    const E = BigInt(emission);
    // Lock times end in 2106: the largest epochs end in time only on a clock that begins at 0.
    const genesis = epoch < 3_000_000_000 ? 500_000_000 : 0;
    const w = world({ supply: BigInt(supply), epochs, genesis, epochS: 1 });
    const file = (sum) => w.submit(w.at({ next: epoch, end: machine.OPEN_ENDED }), { root: { hash: ZERO32, sum }, owed: 0n, locktime: Math.min(genesis + epoch + 1, 0xffffffff) });
    if (epoch === machine.OPEN_ENDED) {
      assert.equal(E, 0n);
      refused(w.d, file(0n), 'Controller.submit', 'the epoch is inside the range');
      return;
    }
    const step = accepted(w.d, file(E));
    assert.equal(step.sources[0].token.amount - step.tx.outputs[0].token.amount, E);
    refused(w.d, file(E + 1n), 'Controller.submit', 'issued grows by at most E(e)');
  });
}

for (const { name, epoch, batch, payouts: list, hash, sum, error } of vectors('bch-batch')) {
  test(`batch: ${name}: ${error ?? ACCEPTED}`, () => {
    const w = world();
    const payouts = list.map(({ pubkey_hash: keyHash, amount }) => ({ script: p2pkhOf(unhex(keyHash)), amount: BigInt(amount) }));
    const leaf = batchLeaf(epoch, batch, payouts);
    if (!error) assert.deepEqual([hex(leaf.hash), leaf.sum], [hash, BigInt(sum)]);
    // The last batch: the epoch holds exactly its sum.
    const depth = Math.ceil(Math.log2(batch + 1));
    const { root, proof } = deepTree(leaf, depth, batch);
    const commitment = encodeEpoch({ epoch, batch, refiled: 0, root: root.hash, sum: root.sum % 2n ** 64n });
    const amount = leaf.sum < 2n ** 63n ? leaf.sum : 2n ** 63n - 1n;
    const output = { lockingBytecode: w.d.epoch.script, valueSatoshis: 2_000_000n, token: token(w.d, amount, 'mutable', commitment) };
    const step = w.pay(inventedUtxo(output), payouts, proof, {
      feeCoin: error ? newCoin() : undefined,
      mutate: (tx) => { if (amount !== leaf.sum) tx.outputs.shift(); },
    });
    // A payout of nothing carries no token; without payouts the first output is the change.
    if (error === 'sum-too-large') refused(w.d, step, 'Epoch', /OP_NUM2BIN/);
    else if (error) refused(w.d, step, 'Epoch.pay', "a payout's category");
    else accepted(w.d, step);
  });
}
