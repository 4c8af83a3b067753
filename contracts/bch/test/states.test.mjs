/** Every class of reachable state is reached with real transactions and left by every path that it has, and by no other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { accepted, refused } from '../lib/expect.mjs';
import { world } from '../lib/fixtures.mjs';
import { PEOPLE, perform, realiser } from '../lib/realise.mjs';
import { SMALL, className, tries } from '../lib/search.mjs';
import { render, states, unitsOf } from '../lib/table.mjs';
import { newCoin, relative } from '../lib/transactions.mjs';

const list = states();
const w = world({ supply: SMALL.supply, epochs: SMALL.epochs, term: SMALL.term, notice: SMALL.notice });
const realised = realiser(w);

test('STATES.md is what the search finds', () => {
  assert.equal(readFileSync(new URL('../STATES.md', import.meta.url), 'utf8'), render(list), 'write it with `node tools/states.mjs` and read the difference');
});

const WHERE = { submit: 'submit', late: 'submit', open: 'open', 'veto guardian': 'veto', 'veto dao': 'veto', 'hand over': 'act', advance: 'act' };
const TOO_EARLY = 'what is pending is not payable yet';

/** A veto without its epoch's UTXO is refused for that first. */
function reasonFor({ path, refused: reason }, place) {
  return path.startsWith('veto') && place.filed?.tree && place.filed.epoch === null && reason.startsWith('its epoch') ? "the epoch's UTXO is input 1" : reason;
}

for (const { class: kind, owed, node, way } of list.found.values()) {
  test(`${className(kind)}, ${owed ? 'something' : 'nothing'} owed: after ${way.map(({ path }) => path).join(', ') || 'genesis'}`, () => {
    const place = realised(way);
    for (const attempt of tries(node, SMALL)) {
      const { path, refused: reason } = attempt;
      if (reason) {
        refused(w.d, perform(w, place, attempt).step, `Controller.${WHERE[path]}`, reasonFor(attempt, place));
        continue;
      }
      accepted(w.d, perform(w, place, attempt).step);
      const units = unitsOf(path, node, SMALL);
      if (units === 0) continue;
      const early = perform(w, place, attempt, { sequence: relative(units - 1) }).step;
      if (path === 'crank') refused(w.d, early, 'Epoch.pay', 'the delay before the first batch');
      else refused(w.d, early, `Controller.${WHERE[path]}`, TOO_EARLY);
    }
    for (const options of Object.values(PEOPLE)) {
      accepted(w.d, w.act(place.controller, options));
    }
    if (place.filed?.tree && place.filed.epoch) {
      // Satoshis that run dry stop nobody: a fee input pays.
      const dry = { ...place.filed.epoch, output: { ...place.filed.epoch.output, valueSatoshis: 900n } };
      const poor = { ...place, filed: { ...place.filed, epoch: dry } };
      accepted(w.d, perform(w, poor, { path: 'crank', options: {} }, { feeCoin: newCoin(), left: 1000n }).step);
    }
  });
}

test('no class is a dead end: within seven days something can be filed or opened, and every epoch\'s UTXO is paid out', () => {
  for (const { class: kind, open } of list.rows) {
    assert.ok(['submit', 'open'].some((path) => open.has(path)), className(kind));
    assert.equal(open.has('crank'), kind.utxo === 'whole' || kind.utxo === 'partly paid', className(kind));
  }
});

test('a hand-over is irrevocable: only an OPEN that counts begins another range', () => {
  for (const { node } of list.found.values()) {
    if (node.state.end === 0 || node.state.end === 0xffffffff) continue;
    for (const { path, node: after } of tries(node, SMALL)) {
      if (!after || after.state.end === node.state.end) continue;
      assert.equal(node.state.pending, 3, `${path} moved the end`);
    }
  }
});
