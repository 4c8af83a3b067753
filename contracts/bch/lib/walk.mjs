/**
 * A distributor driven by chance on a chain: honest and dishonest submissions, vetoes, acts, cranks, time and reorganisations.
 * After each step the chain's word is compared with the machine's and the clock's, and the books are checked.
 */
import assert from 'node:assert/strict';

import { Chain } from '../devnet/chain.mjs';
import { H } from './bytes.mjs';
import { keysOf } from './deployment.mjs';
import { hashOf, payTree, payoutsOf, world } from './fixtures.mjs';
import { oracleSet, vectorKeys } from './keys.mjs';
import * as machine from './machine.mjs';
import { nextBoundary } from './search.mjs';
import * as transactions from './transactions.mjs';
import { encode } from './vm.mjs';
import { coinsOn, genesis } from './wallet.mjs';

const HOUR = 3600;
const RULES = { supply: 700n, epochs: 9, term: 4, notice: 2, epochS: 6 * HOUR };

/** Numbers by chance that a seed repeats. */
export function dice(seed) {
  let state = BigInt(seed) * 2n + 1n;
  return (below) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
    return Number((state >> 33n) % BigInt(below));
  };
}

class Walk {
  constructor(seed) {
    this.roll = dice(seed);
    this.chain = new Chain();
    this.chain.mockTime = 1_767_225_600;
    this.coins = coinsOn(this.chain, 200);
    this.w = world({ ...RULES, category: this.coins[0].txid });
    this.people = this.w.who;
    const made = genesis(this.w.d, keysOf(this.people), this.coins.shift());
    this.chain.submit(encode(made.tx));
    this.mine(12);
    /** All places that the controller has been at, with what the books said; the last unspent one is where it is. */
    this.places = [{ controller: made.controller, filed: null, people: this.people, issued: 0n, allowed: 0n }];
    /** Each epoch's UTXO with its batches, one entry for each state that it has had. */
    this.epochs = [];
    this.count = { accepted: 0, refused: 0, reorganised: 0 };
  }

  /** Where the controller is: a reorganisation may have taken the last places back. */
  get place() {
    while (!this.#unspent(this.places.at(-1).controller.utxo)) this.places.pop();
    return this.places.at(-1);
  }

  #unspent = ({ txid, vout }) => this.chain.coin(txid, vout) !== undefined;
  /** Whether an output has stood for so many units of 512 s. */
  #stood({ txid, vout }, units) {
    return this.chain.coin(txid, vout).mtpBefore + units * 512 <= this.chain.mtp();
  }

  mine(blocks = 1) {
    for (let block = 0; block < blocks; block += 1) this.chain.mine(transactions.funderScript);
  }

  /** Sends a transaction that must be accepted exactly where `expected`. @returns {boolean} whether it was */
  send(name, step, expected) {
    let refusal = null;
    try {
      this.chain.submit(encode(step.tx));
    } catch (error) {
      refusal = error.message;
    }
    assert.equal(refusal === null, expected, `${name}: ${refusal ?? 'accepted'}`);
    this.count[expected ? 'accepted' : 'refused'] += 1;
    if (refusal === null && this.roll(3) > 0) this.mine();
    return refusal === null;
  }

  /** One act of the controller: what the machine says of it, and when. */
  controllerStep(name, path, options, { transition, wait = 0, ended = 0, after }) {
    const { place } = this;
    const { controller, people } = place;
    let allowed = true;
    try {
      transition(controller.state);
    } catch (error) {
      if (!(error instanceof machine.Refused)) throw error;
      allowed = false;
    }
    const step = transactions[path](this.w.d, people, controller, { coin: this.coins[0], ...options });
    const inTime = this.#stood(controller.utxo, wait) && ended < this.chain.mtp();
    if (!this.send(name, step, allowed && inTime)) return;
    this.coins.shift();
    this.places.push({ ...place, ...after(step), controller: step.controller });
  }

  submit() {
    const { controller, issued, allowed } = this.place;
    const { state } = controller;
    const { rules } = this.w.d;
    const late = this.roll(4) === 0;
    const epoch = machine.submittedEpoch(state, late);
    if (epoch < 0) return;
    const growth = late ? 0n : machine.emission(rules, epoch);
    // One in five asks for more than there is.
    const most = state.owed + growth + (this.roll(5) === 0 ? 1n : 0n);
    const sum = this.roll(4) === 0 ? 0n : BigInt(this.roll(Number(most) + 1));
    const owed = most - sum - (this.roll(2) === 0 && most > sum ? 1n : 0n);
    const batches = sum === 0n ? [] : Array.from({ length: Math.min(1 + this.roll(3), Number(sum)) }, (_, batch) => batch);
    const share = batches.length === 0 ? 0n : sum / BigInt(batches.length);
    const tree = payTree(epoch, batches.map((batch) => payoutsOf(`${epoch} ${batch}`, 1, batch === 0 ? sum - share * BigInt(batches.length - 1) : share)));
    const fundSats = 900n + BigInt(this.roll(9000));
    this.controllerStep(late ? 'late' : 'submit', 'submit', { root: tree.root, owed, late, fundSats }, {
      transition: () => machine.submit(state, rules, { sum, owed, late, digest: H() }),
      wait: machine.waitUnits(state, rules), ended: rules.genesis + (epoch + 1) * rules.epochS,
      after: (step) => {
        const line = step.epoch ? { tree, states: [{ utxo: step.epoch, batch: 0, refiled: step.controller.state.spent }] } : null;
        if (line) this.epochs.push(line);
        return { filed: { statement: step.statement, line, before: { issued, allowed } }, issued: issued + sum + owed - state.owed, allowed: allowed + growth };
      },
    });
  }

  veto() {
    const { controller, filed } = this.place;
    if (filed === null) return;
    const by = this.roll(2) === 0 ? 'guardian' : 'dao';
    const newest = filed.line ? this.newest(filed.line) : null;
    const epoch = newest?.utxo ?? null;
    const paid = Boolean(filed.line) && newest?.batch !== 0;
    this.controllerStep(`veto ${by}`, 'veto', { statement: filed.statement, epoch, by }, {
      transition: (state) => {
        if (paid) throw new machine.Refused('paid');
        machine.veto(state, 0, by, H());
      },
      after: () => ({ filed: null, ...filed.before }),
    });
  }

  open() {
    const { controller: { state }, issued, allowed } = this.place;
    const first = machine.matured(state).next + this.roll(3) - 1;
    if (first < 0) return;
    this.controllerStep('open', 'open', { first }, {
      transition: () => machine.open(state, { first, digest: H() }), wait: machine.waitUnits(state, this.w.d.rules),
      after: (step) => ({ filed: { statement: step.statement, line: null, before: { issued, allowed } } }),
    });
  }

  act() {
    const { controller, people, filed } = this.place;
    const { state } = controller;
    const { rules } = this.w.d;
    const kind = [machine.HAND_OVER, machine.ADVANCE, machine.ROTATE][this.roll(3)];
    if (kind === machine.HAND_OVER) {
      const end = nextBoundary(state, rules) + this.roll(2);
      const argument = hashOf('new');
      this.controllerStep('hand over', 'act', { kind, end, argument }, { transition: () => machine.act(state, rules, { kind, end, argument }), after: () => ({}) });
    } else if (kind === machine.ADVANCE) {
      const argument = hashOf('why');
      const wait = machine.waitUnits(state, rules);
      this.controllerStep('advance', 'act', { kind, argument }, { transition: () => machine.act(state, rules, { kind, argument, digest: H() }), wait, after: () => ({ filed: null }) });
    } else {
      const oracles = oracleSet(state.keys.version + 1, vectorKeys(5 + this.roll(4)));
      this.controllerStep('rotate', 'act', { kind, argument: oracles.hash, opened: oracles.bytes }, { transition: () => {}, after: () => ({ people: { ...people, oracles }, filed }) });
    }
  }

  /** The state that an epoch's UTXO is in; nothing where it is paid, vetoed or taken back. */
  newest({ states }) {
    return [...states].reverse().find(({ utxo }) => utxo && this.#unspent(utxo));
  }

  crank() {
    const lines = this.epochs.filter((line) => this.newest(line));
    if (lines.length > 0) this.crankOne(lines[this.roll(lines.length)]);
  }

  crankOne(line) {
    const { tree } = line;
    const { utxo, batch, refiled } = this.newest(line);
    const { rules } = this.w.d;
    const rest = utxo.output.valueSatoshis - transactions.batchSats(this.w.d, tree.batches[batch].length);
    const last = batch === tree.batches.length - 1;
    const enough = last ? rest >= 0n : rest >= 1000n;
    const wait = batch > 0 ? 0 : refiled ? rules.longUnits : rules.delayUnits;
    const options = enough ? {} : { feeCoin: this.coins[0], left: rest > 1000n ? rest : 1000n };
    const step = transactions.pay(this.w.d, utxo, tree.batches[batch], tree.proof(batch), options);
    if (!this.send('crank', step, this.#stood(utxo, wait))) return;
    if (!enough) this.coins.shift();
    line.states.push({ utxo: step.epoch, batch: batch + 1, refiled });
  }

  time() {
    this.chain.mockTime += [HOUR, 6 * HOUR, 7 * HOUR, 3 * 24 * HOUR, 8 * 24 * HOUR][this.roll(5)];
    this.mine(12);
  }

  reorganise() {
    const depth = 1 + this.roll(4);
    const { hash } = this.chain.blocks.at(-depth);
    this.chain.invalidate(hash);
    this.mine(depth + 1);
    this.coins = this.coins.filter(({ txid, vout }) => this.chain.coin(txid, vout));
    this.count.reorganised += 1;
  }

  /** No unit is made or lost, and what was issued is within the schedule. */
  check() {
    const { controller, issued, allowed } = this.place;
    assert.ok(issued <= allowed, `${issued} issued of ${allowed}`);
    const held = controller.utxo.output.token.amount;
    const waiting = this.epochs.reduce((sum, line) => sum + (this.newest(line)?.utxo.output.token.amount ?? 0n), 0n);
    assert.ok(held + waiting <= RULES.supply);
    assert.ok(RULES.supply - held + controller.state.owed <= allowed, 'the reserve gave more than was emitted');
  }

  /** Every unit that was released reaches its payee. */
  payOut() {
    this.chain.mockTime += 8 * 24 * HOUR;
    this.mine(12);
    for (const line of this.epochs) while (this.newest(line)) this.crankOne(line);
    this.mine();
    const paid = this.chain.unspent().filter(([, { output }]) => output.token && !output.token.nft && output.lockingBytecode.length === 25);
    const sum = paid.reduce((all, [, { output }]) => all + output.token.amount, 0n);
    assert.equal(sum + this.place.controller.utxo.output.token.amount, RULES.supply);
  }
}

/** @returns {{accepted: number, refused: number, reorganised: number}} */
export function walk(seed, steps) {
  const drive = new Walk(seed);
  const actions = ['submit', 'submit', 'submit', 'veto', 'open', 'act', 'crank', 'crank', 'time', 'time', 'time', 'reorganise'];
  for (let step = 0; step < steps && drive.coins.length > 20; step += 1) {
    drive[actions[drive.roll(actions.length)]]();
    drive.check();
  }
  drive.payOut();
  return drive.count;
}
