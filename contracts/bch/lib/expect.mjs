/** What a test expects of a transaction. */
import assert from 'node:assert/strict';

import { refusal, verify } from './vm.mjs';

/** The transaction passes consensus and relay rules. @returns the step */
export function accepted(d, step) {
  const verdict = verify(step);
  assert.equal(verdict, true, `${verdict}\n${JSON.stringify(refusal(step, d.covenants))}`);
  return step;
}

/**
 * The virtual machine refuses, at this `require` of this path (`Contract.path`), or where `what` is a pattern, with such
 * an error.
 */
export function refused(d, step, where, what) {
  const verdict = verify(step);
  assert.notEqual(verdict, true, `accepted, where it should refuse: ${what}`);
  const why = refusal(step, d.covenants);
  if (what instanceof RegExp) {
    assert.match(`${why?.error ?? verdict}`, what);
    if (where) assert.equal(why.contract, where);
    return;
  }
  assert.equal(`${why?.contract}.${why?.path}: ${why?.message}`, `${where}: ${what}`, why?.error ?? verdict);
}

/** The first two inputs change places: the covenant is no longer input 0. */
export function swapped({ tx, sources }, signFunder) {
  const swap = ([a, b, ...rest]) => [b, a, ...rest];
  const step = { tx: { ...tx, inputs: swap(tx.inputs) }, sources: swap(sources) };
  signFunder(step.tx, step.sources, 0);
  return step;
}
