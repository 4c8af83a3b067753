/** The list of reachable states and who can take which path after how many days: STATES.md. */
import * as machine from './machine.mjs';
import { SMALL, className, search, tries } from './search.mjs';

/** Columns of the table, in its order. */
export const PATHS = ['submit', 'late', 'open', 'veto guardian', 'veto dao', 'hand over', 'people', 'advance', 'crank'];

/** Units of 512 s for which the UTXO must have stood before the path is open in this node. */
export function unitsOf(path, { state, batch }, rules) {
  if (['submit', 'late', 'open', 'advance'].includes(path)) return machine.waitUnits(state, rules);
  if (path === 'crank' && batch === 0) return state.spent ? rules.longUnits : rules.delayUnits;
  return 0;
}

/** Which paths a node has: path to units. */
export function openPaths(node, rules) {
  const open = new Map([['people', 0]]);
  for (const { path, node: after } of tries(node, rules)) if (after) open.set(path, unitsOf(path, node, rules));
  return open;
}

const DAYS = { 0: '0', [SMALL.delayUnits]: '0.25', [SMALL.longUnits]: '7' };

const HEAD = `# Reachable states

Written by \`node tools/states.mjs\`, compared by test/states.test.mjs. A breadth-first search over the pure state machine
([lib/machine.mjs](lib/machine.mjs)) with terms of two epochs and an emission of three finds every class of state that the
controller can be in; with terms of three and an emission of five (\`node tools/states.mjs --wide\`) it finds the same. The test
reaches each class from genesis by a shortest way of real transactions, with nothing and with something owed where both occur,
tries every path from there in libauth's virtual machine of May 2026, and a unit of time too early where there is a wait.

Read a row: in this state, who may take the path, how many days after the controller's last transaction (of \`crank\`: after the
epoch's UTXO was made). 0.25 days are 43 units of 512 s (6 h 7 min), 7 days are 1 182 (7 d 6 min). Empty: nobody, ever, in this
state. Who: *epoch* and *late* anybody with the oracles' quorum, an epoch after its end; *OPEN* anybody with the quorum and the
DAO; *guardian* and *DAO veto* that one; *hand over* the DAO, until guardedUntil with the guardian; *people* is the next DAO set by the DAO,
the next guardian or oracle set by the DAO, until guardedUntil with the guardian; *advance* the DAO; *crank* anybody, without a signature.

*late* needs something owed. A veto past the delay is possible until the next statement, for script knows no "not after".
Every transaction of the controller starts its days anew: that only lengthens waits.

| pending | guardian's veto | range | epoch's UTXO | epoch | late | OPEN | guardian veto | DAO veto | hand over | people | advance | crank |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
`;

/** @returns {{found: Map, states: number, rows: {class: object, open: Map}[]}} */
export function states(rules = SMALL) {
  const { found, states: count } = search(rules);
  const rows = new Map();
  for (const { class: kind, node } of found.values()) {
    const name = className(kind);
    const row = rows.get(name) ?? { class: kind, open: new Map() };
    for (const [path, units] of openPaths(node, rules)) row.open.set(path, units);
    rows.set(name, row);
  }
  return { found, count, rows: [...rows.values()] };
}

const ORDER = { pending: ['nothing', 'an epoch', 'a late statement', 'an OPEN'], range: ['never opened', 'open-ended', 'ending', 'complete'], utxo: ['none', 'whole', 'partly paid', 'paid'] };
const rank = ({ class: kind }) =>
  ORDER.pending.indexOf(kind.pending) * 64 + ORDER.range.indexOf(kind.range) * 16 + ORDER.utxo.indexOf(kind.utxo) * 2 + Number(kind.spent);

/** The text of STATES.md. */
export function render({ rows, count }) {
  const line = ({ class: { pending, spent, range, utxo }, open }) => {
    const cells = PATHS.map((path) => (open.has(path) ? DAYS[open.get(path)] : ''));
    return `| ${[pending, spent ? 'used' : 'unused', range, utxo, ...cells].join(' | ')} |`;
  };
  const sorted = [...rows].sort((a, b) => rank(a) - rank(b));
  return `${HEAD}${sorted.map(line).join('\n')}\n\n${rows.length} classes of ${count} states.\n`;
}
