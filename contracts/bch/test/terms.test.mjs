/** Ranges and who decides them: OPEN, hand-over, rotation, guardian, DAO set, advance. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { H, cat, hex, zeros } from '../lib/bytes.mjs';
import { keysOf, signers } from '../lib/deployment.mjs';
import { accepted, refused } from '../lib/expect.mjs';
import { hashOf, oneBatch, spoiled, world } from '../lib/fixtures.mjs';
import { daoSet, first, keyOf, oracleSet, sign, vectorKey, vectorKeys } from '../lib/keys.mjs';
import * as machine from '../lib/machine.mjs';
import { act, relative, submit } from '../lib/transactions.mjs';

const w = world();
const { d, who } = w;
const [OPEN, ACT, SUBMIT] = ['Controller.open', 'Controller.act', 'Controller.submit'];
const { root } = oneBatch(0, 3000n);
const span = ({ state: { start, next, end, opening } }) => [start, next, end, opening];

// ------------------------------------------------------------------------------------------------------------- OPEN

test('opening needs the quorum, the DAO and the long delay', () => {
  const opened = accepted(d, w.open(w.fresh(), { first: 0 }));
  refused(d, w.open(w.fresh(), { first: 0, by: first(4) }), OPEN, "the oracles' quorum");
  refused(d, w.open(w.fresh(), { first: 0, members: [0] }), OPEN, "the DAO's threshold");
  refused(d, w.open(w.fresh(), { first: 0, members: [] }), OPEN, "the DAO's threshold");
  const file = (sequence) => w.submit(opened.controller, { root, owed: 0n, sequence });
  refused(d, file(relative(1181)), SUBMIT, 'what is pending is not payable yet');
  assert.deepEqual(span(accepted(d, file(relative(1182))).controller), [0, 1, machine.OPEN_ENDED, 0]);
});

test('an opening names its old distributor, delays and schedule', () => {
  accepted(d, w.open(w.fresh(), { first: 360, old: hashOf('old') }));
  refused(d, w.open(w.fresh(), { first: 0, schedule: hashOf('another') }), OPEN, "a DAO member's signature");
  for (const at of [83, 151, 159, 163, 167]) {
    const signed = (statement) => spoiled(statement, at);
    refused(d, w.open(w.fresh(), { first: 0, daoSigned: signed }), OPEN, "a DAO member's signature");
    refused(d, w.open(w.fresh(), { first: 0, signed }), OPEN, "an oracle's signature");
  }
});

test('an opening begins at the next epoch or later', () => {
  const complete = w.at({ start: 0, next: 180, end: 180 });
  for (const begin of [180, 360, 0xfffffffe]) accepted(d, w.open(complete, { first: begin }));
  for (const begin of [0, 179, machine.OPEN_ENDED]) refused(d, w.open(complete, { first: begin }), OPEN, 'the range begins at the next epoch or later');
});

test('nothing is filed while an opening is pending, and no second one', () => {
  const pending = w.at({ pending: machine.OPEN, opening: 4, owed: 10n });
  const early = { sequence: relative(1181) };
  refused(d, w.submit(pending, { root, owed: 0n, ...early }), SUBMIT, 'what is pending is not payable yet');
  refused(d, w.submit(pending, { root, owed: 0n, late: true, ...early }), SUBMIT, 'what is pending is not payable yet');
  refused(d, w.open(pending, { first: 9, ...early }), OPEN, 'what is pending is not payable yet');
  refused(d, w.act(pending, { kind: machine.ADVANCE, argument: hashOf('why'), ...early }), ACT, 'what is pending is not payable yet');
});

test('an opening waits until what is pending is payable', () => {
  const pending = w.at({ pending: machine.EPOCH, next: 180, end: 180 });
  accepted(d, w.open(pending, { first: 360 }));
  refused(d, w.open(pending, { first: 360, sequence: relative(42) }), OPEN, 'what is pending is not payable yet');
});

test('a later range is opened with the debt of the earlier, also where no hand-over closed it', () => {
  for (const end of [180, machine.OPEN_ENDED]) {
    const opened = accepted(d, w.open(w.at({ start: 0, next: 180, end, owed: 400n }), { first: 540 }));
    const filed = accepted(d, w.submit(opened.controller, { root: { hash: hashOf('root'), sum: 400n }, owed: machine.emission(d.rules, 540) }));
    assert.deepEqual(span(filed.controller), [540, 541, machine.OPEN_ENDED, 0]);
  }
});

test('an opening over one that counts already goes on from it', () => {
  const counted = w.at({ pending: machine.OPEN, opening: 360 });
  const second = accepted(d, w.open(counted, { first: 540 }));
  assert.deepEqual(span(second.controller), [360, 360, machine.OPEN_ENDED, 540]);
  const back = accepted(d, w.veto(second.controller, { statement: second.statement }));
  assert.deepEqual(span(back.controller), [360, 360, machine.OPEN_ENDED, 0]);
});

// -------------------------------------------------------------------------------------------------------- hand over

const handOver = (controller, options = {}) => w.act(controller, { kind: machine.HAND_OVER, end: 180, argument: hashOf('new'), ...options });

test('a hand-over ends the range irrevocably: the epochs from its end on are refused', () => {
  const step = accepted(d, handOver(w.running(165)));
  assert.equal(hex(step.controller.state.keys.target), hex(hashOf('new')));
  refused(d, handOver(step.controller, { end: 360 }), ACT, 'the range is open-ended');
  refused(d, handOver(step.controller, { end: machine.OPEN_ENDED }), ACT, 'the range is open-ended');
  const at = (next) => w.at({ ...step.controller.state, next });
  accepted(d, w.submit(at(179), { root, owed: 0n }));
  refused(d, w.submit(at(180), { root, owed: 0n }), SUBMIT, 'the epoch is inside the range');
  accepted(d, w.submit(w.at({ ...step.controller.state, next: 180, owed: 3000n }), { late: true, root, owed: 0n }));
});

test('a hand-over needs a boundary of the range\'s own terms, and notice', () => {
  const from = (start, next) => w.at({ start, next, end: machine.OPEN_ENDED });
  for (const [start, next, end] of [[0, 1, 180], [0, 173, 180], [0, 174, 360], [7, 20, 187], [7, 300, 367]]) {
    accepted(d, handOver(from(start, next), { end }));
    refused(d, handOver(from(start, next), { end: end + 1 }), ACT, 'the end of a term');
  }
  refused(d, handOver(from(0, 174)), ACT, 'notice');
  refused(d, handOver(from(7, 20), { end: 180 }), ACT, 'the end of a term');
  refused(d, handOver(from(180, 180), { end: 180 }), ACT, 'the end of a term');
  refused(d, handOver(from(360, 360), { end: 180 }), ACT, 'the end of a term');
});

test('a hand-over counts an epoch that is pending, and is refused while an OPEN is', () => {
  accepted(d, handOver(w.at({ pending: machine.EPOCH, next: 173, end: machine.OPEN_ENDED })));
  refused(d, handOver(w.at({ pending: machine.EPOCH, next: 174, end: machine.OPEN_ENDED })), ACT, 'notice');
  // Also past its delay, until the next acceptance: script cannot tell.
  refused(d, handOver(w.at({ pending: machine.OPEN, next: 5, end: machine.OPEN_ENDED, opening: 9 }), { sequence: relative(5000) }), ACT, 'not while an OPEN is pending');
  refused(d, handOver(w.fresh()), ACT, 'the range is open-ended');
});

// --------------------------------------------------------------------------------------------------------- rotation

const rotate = (controller, set, options = {}) => w.act(controller, { kind: machine.ROTATE, argument: set.hash, opened: set.bytes, ...options });
const filedBy = (oracles, controller, options = {}) => submit(d, { ...who, oracles }, controller, { root, owed: 0n, ...options });

test('after a rotation only the new set counts, also for what was vetoed before', () => {
  const next = oracleSet(2, vectorKeys(13));
  const step = accepted(d, rotate(w.running(0), next));
  accepted(d, filedBy(next, step.controller));
  refused(d, filedBy(who.oracles, step.controller), SUBMIT, 'an oracle set of this version');
  const filed = accepted(d, w.submit(w.running(0), { root, owed: 0n }));
  const vetoed = accepted(d, w.veto(filed.controller, { statement: filed.statement, epoch: filed.epoch }));
  accepted(d, filedBy(next, accepted(d, rotate(vetoed.controller, next)).controller));
});

test('members of two sets never mix', () => {
  const next = oracleSet(2, [...vectorKeys(6), vectorKey(9)].sort((a, b) => (hex(a.key) < hex(b.key) ? -1 : 1)));
  const { controller } = rotate(w.running(0), next);
  const left = vectorKey(6);
  const newcomer = next.keys.findIndex(({ key }) => hex(key) === hex(vectorKey(9).key));
  const mixed = { ...next, keys: next.keys.map((key, at) => (at === newcomer ? left : key)) };
  const four = first(7).filter((at) => at !== newcomer).slice(0, 4);
  refused(d, filedBy(mixed, controller, { by: [...four, newcomer].sort() }), SUBMIT, "an oracle's signature");
  refused(d, filedBy(next, controller, { by: four }), SUBMIT, "the oracles' quorum");
  accepted(d, filedBy(next, controller, { by: [...four, newcomer].sort() }));
});

test('sets are rotated one version at a time, each whole and usable', () => {
  for (const version of [0, 1, 3]) refused(d, rotate(w.running(0), oracleSet(version, vectorKeys(7))), ACT, 'the next version of the oracle set');
  accepted(d, rotate(rotate(w.running(0), oracleSet(2, vectorKeys(5))).controller, oracleSet(3, vectorKeys(15))));
  const keys = vectorKeys(7);
  for (const n of [0, 1, 4]) refused(d, rotate(w.running(0), oracleSet(2, vectorKeys(n))), ACT, '5 oracles at least');
  refused(d, rotate(w.running(0), oracleSet(2, vectorKeys(16))), ACT, 'count of keys');
  refused(d, rotate(w.running(0), oracleSet(2, [keys[0], ...keys])), ACT, 'new keys ascend');
  const cut = oracleSet(2, keys).bytes.slice(0, -1);
  refused(d, w.act(w.running(0), { kind: machine.ROTATE, argument: H(cut), opened: cut }), ACT, 'count of keys');
  const long = cat(oracleSet(2, keys).bytes, zeros(1));
  refused(d, w.act(w.running(0), { kind: machine.ROTATE, argument: H(long), opened: long }), 'Controller', /split|range|OP_SPLIT/i);
  const dao = daoSet(2, 2, vectorKeys(5));
  refused(d, w.act(w.running(0), { kind: machine.ROTATE, argument: dao.hash, opened: dao.bytes }), ACT, 'count of keys');
});

test('a rotation while something is pending leaves it pending', () => {
  const filed = w.submit(w.running(0), { root, owed: 0n });
  const next = oracleSet(2, vectorKeys(5));
  const { controller } = accepted(d, rotate(filed.controller, next));
  assert.equal(controller.state.pending, machine.EPOCH);
  accepted(d, w.veto(controller, { statement: filed.statement, epoch: filed.epoch }));
  refused(d, filedBy(next, controller, { sequence: relative(42) }), SUBMIT, 'what is pending is not payable yet');
});

// -------------------------------------------------------------------------------------------------------- who decides

const SET2 = oracleSet(2, vectorKeys(5));
const G2 = keyOf('next guardian');
const guarded = [
  ['hand-over', { kind: machine.HAND_OVER, end: 180, argument: hashOf('new') }],
  ['guardian', { kind: machine.GUARDIAN, argument: H(G2.key), opened: G2.key }],
  ['rotation', { kind: machine.ROTATE, argument: SET2.hash, opened: SET2.bytes }],
];

for (const [name, options] of guarded) {
  test(`until guardedUntil a ${name} needs the guardian's consent, to exactly this act`, () => {
    const make = (more) => w.act(w.running(0), { ...options, ...more });
    accepted(d, make({}));
    refused(d, make({ key: G2 }), ACT, "the guardian's consent");
    const other = make({ decree: hashOf('another decree') }).statement;
    const elsewhere = make({ args: (values) => ({ ...values, guardianSig: sign(who.guardian, other) }) });
    refused(d, elsewhere, ACT, "the guardian's consent");
    const before = { consent: false, locktime: d.rules.guardedUntil - 1 };
    refused(d, make(before), ACT, 'guarded until then');
    refused(d, make({ ...before, locktime: 0 }), ACT, 'guarded until then');
  });

  test(`from guardedUntil on a ${name} is the DAO's alone, and the guardian's consent is not enough`, () => {
    accepted(d, w.act(w.running(0), { ...options, consent: false }));
    refused(d, w.act(w.running(0), { ...options, consent: false, members: [0] }), ACT, "the DAO's threshold");
    refused(d, w.act(w.running(0), { ...options, members: [] }), ACT, "the DAO's threshold");
    refused(d, w.act(w.running(0), { ...options, consent: false, sequence: 0xffffffff }), ACT, 'guarded until then');
  });
}

test('the guardian stands in for nobody: neither opens nor advances', () => {
  const alone = { args: (values) => ({ ...values, daoSigs: zeros(3) }) };
  refused(d, w.open(w.fresh(), { first: 0, ...alone }), OPEN, "the DAO's threshold");
  refused(d, w.act(w.fresh(), { kind: machine.ADVANCE, argument: hashOf('why'), consent: true, ...alone }), ACT, "the DAO's threshold");
});

test('the next guardian takes the place of the old one', () => {
  const step = accepted(d, w.act(w.running(0), guarded[1][1]));
  const { controller } = step;
  const later = { ...who, guardian: G2 };
  accepted(d, act(d, later, controller, guarded[2][1]));
  refused(d, w.act(controller, guarded[2][1]), ACT, "the guardian's consent");
});

test('the next DAO set takes the place of the old one, and every later signature is its own', () => {
  const next = daoSet(2, 3, vectorKeys(5));
  const change = { kind: machine.DAO_SET, argument: next.hash, opened: next.bytes };
  const { controller } = accepted(d, w.act(w.running(0), change));
  const advance = { kind: machine.ADVANCE, argument: hashOf('why') };
  accepted(d, act(d, { ...who, dao: next }, controller, advance));
  refused(d, w.act(controller, advance), ACT, 'the DAO set of the keys');
  for (const bad of [daoSet(2, 0, vectorKeys(5)), daoSet(2, 6, vectorKeys(5)), daoSet(2, 0, [])]) {
    refused(d, w.act(w.running(0), { ...change, argument: bad.hash, opened: bad.bytes }), ACT, 'a threshold that can be met');
  }
  const twice = daoSet(2, 2, [vectorKey(0), vectorKey(0)]);
  refused(d, w.act(w.running(0), { ...change, argument: twice.hash, opened: twice.bytes }), ACT, 'new keys ascend');
});

test('an act is good once: the next has another number', () => {
  const advance = { kind: machine.ADVANCE, argument: hashOf('why') };
  const step = accepted(d, w.act(w.running(0), advance));
  const again = w.act(w.at({ ...w.running(0).state, keys: step.controller.state.keys }), { ...advance, signed: () => step.statement });
  refused(d, again, ACT, "a DAO member's signature");
});

test('the DAO advances the head where nothing is pending, or what was pending counts', () => {
  const advance = (controller, options) => w.act(controller, { kind: machine.ADVANCE, argument: hashOf('why'), ...options });
  const filed = w.submit(w.running(0), { root, owed: 0n });
  refused(d, advance(filed.controller, { sequence: relative(42) }), ACT, 'what is pending is not payable yet');
  const step = accepted(d, advance(filed.controller));
  assert.equal(step.controller.state.pending, machine.NONE);
  refused(d, w.veto(step.controller, { statement: filed.statement, epoch: filed.epoch }), 'Controller.veto', 'something to veto');
  const opened = w.open(w.fresh(), { first: 7 });
  assert.deepEqual(span(accepted(d, advance(opened.controller)).controller), [7, 7, machine.OPEN_ENDED, 0]);
  // What was signed over the head before is dead.
  const other = w.submit(step.controller, { root: oneBatch(1, 50n).root, owed: 0n, signed: () => w.submit(filed.controller, { root: oneBatch(1, 50n).root, owed: 0n }).statement });
  refused(d, other, SUBMIT, "an oracle's signature");
});

test('an advance is no refile: it leaves the guardian\'s veto as it is, used or not', () => {
  for (const spent of [0, 1]) {
    const idle = w.running(0, { spent });
    assert.equal(accepted(d, w.act(idle, { kind: machine.ADVANCE, argument: hashOf('why') })).controller.state.spent, spent);
    const counted = w.running(1, { spent, pending: machine.EPOCH });
    assert.equal(accepted(d, w.act(counted, { kind: machine.ADVANCE, argument: hashOf('why') })).controller.state.spent, 0);
  }
});

test('an advance binds the head, so that it does not fall on another one', () => {
  const elsewhere = w.running(0, { head: hashOf('another head') });
  const { statement } = w.act(elsewhere, { kind: machine.ADVANCE, argument: hashOf('why') });
  refused(d, w.act(w.running(0), { kind: machine.ADVANCE, argument: hashOf('why'), signed: () => statement }), ACT, "a DAO member's signature");
});

test('kinds below 1 and above 5 are none', () => {
  for (const kind of [0, 6, 7]) refused(d, w.act(w.running(0), { kind, argument: hashOf('x') }), ACT, 'a kind of act');
});

test('every state keeps its keys: a people\'s change shows in the commitment only', () => {
  const { controller } = w.act(w.running(0), guarded[2][1]);
  const expected = keysOf(signers({ oracles: SET2 }), { acts: 1 });
  assert.deepEqual(controller.state.keys, expected);
});
