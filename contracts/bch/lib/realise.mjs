/** Carries a way of the search out with real transactions. */
import { H } from './bytes.mjs';
import { accepted } from './expect.mjs';
import { hashOf, payTree, payoutsOf } from './fixtures.mjs';
import { daoSet, keyOf, oracleSet, vectorKeys } from './keys.mjs';
import * as machine from './machine.mjs';

const GUARDIAN = keyOf('next guardian');
const DAO = daoSet(2, 2, vectorKeys(4));
const ORACLES = oracleSet(2, vectorKeys(5));

/** Acts that change who decides, in no class's way. */
export const PEOPLE = {
  'DAO set': { kind: machine.DAO_SET, argument: DAO.hash, opened: DAO.bytes },
  guardian: { kind: machine.GUARDIAN, argument: H(GUARDIAN.key), opened: GUARDIAN.key },
  rotate: { kind: machine.ROTATE, argument: ORACLES.hash, opened: ORACLES.bytes },
};

/** A place in the world: the controller, and what the newest statement left. */
export const origin = (w) => ({ controller: w.fresh(), filed: null });

/**
 * One step of a path of the search, from a place. `more` are further options of lib/transactions.mjs.
 * @returns {{step: object, place: object}}
 */
export function perform(w, { controller, filed }, { path, options }, more = {}) {
  if (path === 'submit' || path === 'late') {
    const epoch = Math.max(machine.submittedEpoch(controller.state, options.late), 0);
    const batches = Array.from({ length: Number(options.sum) }, (_, batch) => payoutsOf(`${epoch} ${batch}`, 1, 1n));
    const tree = payTree(epoch, batches);
    const step = w.submit(controller, { root: tree.root, owed: options.owed, late: options.late, fundSats: 20_000n, ...more });
    return { step, place: { controller: step.controller, filed: { statement: step.statement, epoch: step.epoch, tree, batch: 0 } } };
  }
  if (path.startsWith('veto')) {
    // Where nothing was ever filed there is still something to show: any 200 bytes.
    const { statement, epoch } = filed ?? { statement: new Uint8Array(200), epoch: null };
    const step = w.veto(controller, { statement, epoch, by: options.by, ...more });
    return { step, place: { controller: step.controller, filed: null } };
  }
  if (path === 'open') {
    const step = w.open(controller, { first: options.first, ...more });
    return { step, place: { controller: step.controller, filed: { statement: step.statement, epoch: null } } };
  }
  if (path === 'crank') {
    const { tree, epoch, batch } = filed;
    const step = w.pay(epoch, tree.batches[batch], tree.proof(batch), { ...more });
    return { step, place: { controller, filed: { ...filed, epoch: step.epoch, batch: batch + 1 } } };
  }
  const argument = options.kind === machine.HAND_OVER ? hashOf('new distributor') : hashOf('why');
  const step = w.act(controller, { argument, ...options, ...more });
  return { step, place: { controller: step.controller, filed: options.kind === machine.ADVANCE ? null : filed } };
}

/** Goes a way from genesis, every transaction accepted; ways share what they have in common. */
export function realiser(w) {
  const places = new Map([['', origin(w)]]);
  const named = (way) => way.map(({ path, options }) => `${path} ${Object.values(options).join(' ')}`).join('; ');
  return function realised(way) {
    const name = named(way);
    if (!places.has(name)) {
      const { step, place } = perform(w, realised(way.slice(0, -1)), way.at(-1));
      accepted(w.d, step);
      places.set(name, place);
    }
    return places.get(name);
  };
}
