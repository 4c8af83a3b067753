/**
 * A breadth-first search over the pure state machine with small numbers: which classes of state can be reached, and by which
 * shortest way. A node is the controller's state and, of the newest statement, how many batches its epoch's UTXO has and
 * how many are paid. Older epochs' UTXOs are paid by themselves and touch nothing.
 */
import { ZERO32 } from './bytes.mjs';
import * as machine from './machine.mjs';

/** Rules small enough to be searched: terms of two epochs, three epochs of emission, two base units each. */
export const SMALL = Object.freeze({ supply: 6n, epochs: 3, term: 2, notice: 1, delayUnits: 43, longUnits: 1182, furthest: 5 });
/** Larger ones, which must show the same classes. */
export const WIDE = Object.freeze({ supply: 10n, epochs: 5, term: 3, notice: 2, delayUnits: 43, longUnits: 1182, furthest: 8 });

const KEYS = { version: 1, set: ZERO32, dao: ZERO32, guardian: ZERO32, acts: 0, target: ZERO32 };
const ANY = new Uint8Array(32).fill(1);

/** @typedef {{state: machine.State, batches: number, batch: number, epoch: number}} Node */

export const start = () => ({ state: machine.unopened(KEYS), batches: 0, batch: 0, epoch: 0 });

const attempt = (transition) => {
  try {
    return { state: transition() };
  } catch (error) {
    if (error instanceof machine.Refused) return { refused: error.message };
    throw error;
  }
};

/** The end that a hand-over decided now would take: the first boundary with notice. */
export function nextBoundary({ start: begin, next }, { term, notice }) {
  const least = Math.max(next + notice, begin + 1);
  return begin + Math.ceil((least - begin) / term) * term;
}

const withStatement = (state, sum) => ({ state, batches: Number(sum), batch: 0, epoch: state.next - 1 });
const without = (state) => ({ state, batches: 0, batch: 0, epoch: 0 });

/**
 * All that can be tried in a node, whether or not it is allowed: `{path, options, node}` or `{path, options, refused}`.
 * The options are those of lib/transactions.mjs, with `sum` in place of the root.
 */
export function* tries({ state, batches, batch, epoch }, rules) {
  const now = machine.matured(state);
  for (const late of [false, true]) {
    for (const sum of [0n, 1n, 2n]) {
      const growth = late ? 0n : machine.emission(rules, machine.submittedEpoch(state, late));
      const rest = state.owed + growth - sum;
      for (const owed of new Set([0n, rest > 0n ? rest : 0n])) {
        const { refused, state: next } = attempt(() => machine.submit(state, rules, { sum, owed, late, digest: ANY }));
        yield { path: late ? 'late' : 'submit', options: { sum, owed, late }, refused, node: next && withStatement(next, sum) };
      }
    }
  }
  for (const by of ['guardian', 'dao']) {
    const gone = batch > 0 ? 'its epoch, and no batch is paid' : undefined;
    const { refused, state: next } = attempt(() => machine.veto(state, epoch, by, ANY));
    yield { path: `veto ${by}`, options: { by }, refused: refused ?? gone, node: refused || gone ? undefined : without(next) };
  }
  for (const first of [now.next, now.next + 1]) {
    const { refused, state: next } = attempt(() => machine.open(state, { first, digest: ANY }));
    yield { path: 'open', options: { first }, refused, node: next && without(next) };
  }
  const end = nextBoundary(state, rules);
  const handed = attempt(() => machine.act(state, rules, { kind: machine.HAND_OVER, end, argument: ANY }));
  yield { path: 'hand over', options: { kind: machine.HAND_OVER, end }, ...acted(handed, { batches, batch, epoch }) };
  const advanced = attempt(() => machine.act(state, rules, { kind: machine.ADVANCE, argument: ANY, digest: ANY }));
  yield { path: 'advance', options: { kind: machine.ADVANCE }, refused: advanced.refused, node: without(advanced.state) };
  if (batch < batches) yield { path: 'crank', options: {}, node: { state, batches, batch: batch + 1, epoch } };
}

/** Acts are counted without end; their number is no part of a class. */
function acted({ refused, state }, statement) {
  return refused ? { refused } : { node: { ...statement, state: { ...state, keys: KEYS } } };
}

const identity = ({ state, batches, batch, epoch }) =>
  [state.pending, state.spent, state.start, state.next, state.end, state.opening, state.owed, state.owedBefore, batches, batch, epoch].join(' ');

const PENDING = ['nothing', 'an epoch', 'a late statement', 'an OPEN'];

function rangeOf({ next, end }) {
  if (end === 0) return 'never opened';
  if (end === machine.OPEN_ENDED) return 'open-ended';
  return next < end ? 'ending' : 'complete';
}

function utxoOf({ state, batches, batch }) {
  if (state.pending === machine.NONE || state.pending === machine.OPEN) return 'none';
  if (batches === 0) return 'none';
  if (batch === 0) return 'whole';
  return batch < batches ? 'partly paid' : 'paid';
}

/** The class of a node: what decides who can do what, apart from whether something is owed. */
export const classOf = (node) => ({
  pending: PENDING[node.state.pending], spent: node.state.spent === 1, range: rangeOf(node.state), utxo: utxoOf(node),
});

export const className = ({ pending, spent, range, utxo }) => [pending, spent ? 'veto used' : 'veto unused', range, utxo].join(', ');

/**
 * Searches until nothing new comes.
 * @returns {Map<string, {class: object, owed: boolean, node: Node, way: object[]}>} by class and whether something is owed, each with a shortest way
 */
export function search(rules) {
  const seen = new Set();
  const found = new Map();
  let layer = [{ node: start(), way: [] }];
  while (layer.length > 0) {
    const next = [];
    for (const { node, way } of layer) {
      const id = identity(node);
      if (seen.has(id)) continue;
      seen.add(id);
      const owed = node.state.owed > 0n;
      const key = `${className(classOf(node))}, ${owed ? 'something' : 'nothing'} owed`;
      if (!found.has(key)) found.set(key, { class: classOf(node), owed, node, way });
      for (const { path, options, node: after } of tries(node, rules)) {
        if (!after || after.state.next > rules.furthest || after.state.opening > rules.furthest) continue;
        next.push({ node: after, way: [...way, { path, options }] });
      }
    }
    layer = next;
  }
  return { found, states: seen.size };
}
