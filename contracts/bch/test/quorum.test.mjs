/** Who signs, how many, and over what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { secp256k1 } from '@bitauth/libauth';

import { H, cat, toBigInt, u8, uint, unhex, zeros } from '../lib/bytes.mjs';
import { accepted, refused } from '../lib/expect.mjs';
import { hashOf, oneBatch, spoiled, world } from '../lib/fixtures.mjs';
import { daoSet, first, keyOf, oracleSet, packed, sign, signedBy, vectorKeys } from '../lib/keys.mjs';
import * as machine from '../lib/machine.mjs';
import { sizeOf } from '../lib/vm.mjs';

const SUBMIT = 'Controller.submit';
const { root } = oneBatch(0, 3000n);
const w = world();
const { d, who } = w;
const file = (options) => w.submit(w.running(0), { root, owed: 0n, ...options });
/** The same with signatures made by hand: `make(statement)` is a list, one for each key, null where it did not sign. */
const filedWith = (make, world_ = w) => {
  const { statement } = world_.submit(world_.running(0), { root, owed: 0n });
  return world_.submit(world_.running(0), { root, owed: 0n, args: (values) => ({ ...values, sigs: packed(make(statement)) }) });
};

for (let n = 5; n <= 15; n += 1) {
  const needed = Math.ceil((2 * n) / 3);
  test(`a quorum of ${n} is ${needed}: any so many, and no less`, () => {
    const some = world({}, { oracles: oracleSet(1, vectorKeys(n)) });
    const by = (signers) => some.submit(some.running(0), { root, owed: 0n, by: signers });
    accepted(some.d, by(first(needed)));
    accepted(some.d, by(first(n).slice(n - needed)));
    accepted(some.d, by(first(n)));
    refused(some.d, by(first(needed - 1)), SUBMIT, "the oracles' quorum");
    refused(some.d, by(first(n).slice(n - needed + 1)), SUBMIT, "the oracles' quorum");
  });
}

test('every subset of seven: five and more are a quorum', () => {
  for (let bits = 0; bits < 128; bits += 1) {
    const by = first(7).filter((at) => bits & (1 << at));
    if (by.length >= 5) accepted(d, file({ by }));
    else refused(d, file({ by }), SUBMIT, "the oracles' quorum");
  }
});

test('a set of four, or of sixteen, is none', () => {
  for (const n of [4, 16]) {
    const some = world({}, { oracles: oracleSet(1, vectorKeys(n)) });
    refused(some.d, some.submit(some.running(0), { root, owed: 0n }), SUBMIT, '5 to 15 oracles');
  }
});

test('a quorum of one key repeated is none, though the set says so', () => {
  const [key] = vectorKeys(1);
  const some = world({}, { oracles: oracleSet(1, [key, key, key, key, key]) });
  refused(some.d, some.submit(some.running(0), { root, owed: 0n }), SUBMIT, 'oracle keys ascend');
});

test('a set whose keys do not ascend is none', () => {
  const keys = vectorKeys(7);
  const some = world({}, { oracles: oracleSet(1, [keys[1], keys[0], ...keys.slice(2)]) });
  refused(some.d, some.submit(some.running(0), { root, owed: 0n }), SUBMIT, 'oracle keys ascend');
});

test('one signature counts once, at its own key', () => {
  refused(d, filedWith((statement) => who.oracles.keys.map(() => sign(who.oracles.keys[0], statement))), SUBMIT, "an oracle's signature");
});

test('strangers and other bytes are refused', () => {
  const stranger = keyOf('stranger');
  refused(d, filedWith((statement) => who.oracles.keys.map((key, at) => sign(at === 6 ? stranger : key, statement))), SUBMIT, "an oracle's signature");
  refused(d, filedWith(() => who.oracles.keys.map((key) => sign(key, zeros(200)))), SUBMIT, "an oracle's signature");
});

test('signatures of another set of the same version are refused', () => {
  const other = oracleSet(1, vectorKeys(8));
  refused(d, file({ args: (values) => ({ ...values, set: other.bytes, sigs: values.sigs }) }), SUBMIT, 'the oracle set of the keys');
});

test('signatures bind every byte of the statement', () => {
  for (let at = 0; at < 200; at += 1) {
    refused(d, file({ signed: (statement) => spoiled(statement, at) }), SUBMIT, "an oracle's signature");
  }
});

test('a statement for another network or another category is refused', () => {
  for (const other of [world({ network: hashOf('another network') }), world({ category: '44'.repeat(32) })]) {
    const { statement } = other.submit(other.running(0), { root, owed: 0n });
    refused(d, file({ signed: () => statement }), SUBMIT, "an oracle's signature");
  }
});

/** The other root of the same equation: s is n - s. */
function highS(der) {
  const compact = secp256k1.signatureDERToCompact(der);
  const order = toBigInt(unhex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'));
  const s = uint(32, order - toBigInt(compact.slice(32)));
  const r = compact.slice(0, 32);
  const integer = (bytes) => cat(u8(2), u8(bytes.length + (bytes[0] >> 7)), zeros(bytes[0] >> 7), bytes);
  const body = cat(integer(r), integer(s));
  return cat(u8(0x30), u8(body.length), body);
}

test('a high s is refused', () => {
  const digest = H(zeros(200));
  const [key] = who.oracles.keys;
  const other = highS(sign(key, zeros(200)));
  assert.ok(secp256k1.verifySignatureDER(other, key.key, digest) && !secp256k1.verifySignatureDERLowS(other, key.key, digest));
  const step = filedWith((statement) => who.oracles.keys.map((key, at) => (at < 5 ? (at === 0 ? highS(sign(key, statement)) : sign(key, statement)) : null)));
  refused(d, step, SUBMIT, "an oracle's signature");
});

test('what is no signature is refused', () => {
  for (const garbage of [u8(1), zeros(64), zeros(65), zeros(71)]) {
    const step = filedWith((statement) => who.oracles.keys.map((key, at) => (at === 0 ? garbage : sign(key, statement))));
    refused(d, step, 'Controller', /./);
  }
  refused(d, file({ args: (values) => ({ ...values, sigs: zeros(3) }) }), 'Controller', /./);
});

test('a Schnorr signature of the same key over the same bytes counts, as the opcode has it', () => {
  const step = filedWith((statement) => who.oracles.keys.map((key, at) => {
    if (at >= 5) return null;
    return at === 0 ? secp256k1.signMessageHashSchnorr(key.secret, H(statement)) : sign(key, statement);
  }));
  accepted(d, step);
});

test('the same signed bytes, cut at other places, are refused: every length is pinned', () => {
  const longer = (name, other) => (values) => ({ ...values, [name]: cat(values[name], zeros(1)), ...(other ? { [other]: values[other].slice(1) } : {}) });
  for (const name of ['root', 'artefact']) refused(d, file({ args: longer(name) }), SUBMIT, 'lengths');
  refused(d, file({ args: (values) => ({ ...values, root: cat(values.root, u8(0)), artefact: values.artefact.slice(0, 31) }) }), SUBMIT, 'lengths');
  const opened = (args) => w.open(w.fresh(), { first: 0, args });
  for (const name of ['first', 'old']) refused(d, opened(longer(name)), 'Controller.open', 'lengths');
  refused(d, opened(longer('first', 'old')), 'Controller.open', 'lengths');
  const acted = (args) => w.act(w.running(0), { kind: machine.HAND_OVER, end: 180, argument: hashOf('new'), args });
  for (const name of ['end', 'argument', 'decree']) refused(d, acted(longer(name)), 'Controller.act', 'lengths');
  refused(d, acted(longer('argument', 'decree')), 'Controller.act', 'lengths');
  const filed = file({});
  const vetoed = (args) => w.veto(filed.controller, { statement: filed.statement, epoch: filed.epoch, args });
  refused(d, vetoed(longer('reason')), 'Controller.veto', 'lengths');
  refused(d, vetoed(longer('statement')), 'Controller.veto', 'the newest statement');
});

test('the largest transaction, OPEN by all of 15 and 15 of 15, is relayed', () => {
  const all = vectorKeys(15);
  const some = world({}, { oracles: oracleSet(1, all), dao: daoSet(1, 15, all) });
  const step = accepted(some.d, some.open(some.fresh(), { first: 0, by: first(15), members: first(15) }));
  assert.ok(step.tx.inputs[0].unlockingBytecode.length <= 10_000 && sizeOf(step.tx) < 8_000);
});

test('signatures of the DAO are counted like the oracles\'', () => {
  const advance = (options) => w.act(w.running(0), { kind: machine.ADVANCE, argument: hashOf('why'), ...options });
  for (const members of [[0, 1], [0, 2], [1, 2], [0, 1, 2]]) accepted(d, advance({ members }));
  for (const members of [[], [0], [1], [2]]) refused(d, advance({ members }), 'Controller.act', "the DAO's threshold");
  const twice = advance({ args: (values) => ({ ...values, daoSigs: packed([sign(who.dao.keys[0], advance({}).statement), sign(who.dao.keys[0], advance({}).statement), null]) }) });
  refused(d, twice, 'Controller.act', "a DAO member's signature");
  for (let at = 0; at < 200; at += 1) refused(d, advance({ signed: (statement) => spoiled(statement, at) }), 'Controller.act', "a DAO member's signature");
  assert.equal(signedBy(who.dao, zeros(200), []).length, 3);
});
