/** The 200 bytes that are signed, and the 80 bytes of a veto. */
import { H, ZERO32, cat, tag, u32, u64, zeros } from './bytes.mjs';

/**
 * @typedef {object} Place what every statement begins with, after its tag
 * @property {Uint8Array} network 32 bytes
 * @property {Uint8Array} distributor 32 bytes: the category as OP_UTXOTOKENCATEGORY pushes it
 * @property {number} version of the oracle set
 * @property {Uint8Array} head 32 bytes
 */

/** EPOCH, also a late one. @param {Place} place */
export const epochStatement = ({ network, distributor, version, head }, { epoch, root, sum, owed, artefact }) =>
  cat(tag('LIAISE/EPOCH/01'), network, distributor, u32(epoch), u32(version), head, root, u64(sum), u64(owed), artefact);

/** OPEN. `delayS` and `longS` in seconds. @param {Place} place */
export const openStatement = ({ network, distributor, version, head }, { first, old, delayS, longS, schedule }) =>
  cat(tag('LIAISE/OPEN/01'), network, distributor, u32(first), u32(version), head, old, zeros(8), u32(delayS), u32(longS), schedule);

/** DAO: `act` is the number of this act, `head` the head for kind 3 and else zero. */
export const daoStatement = ({ network, distributor }, { epoch, act, head = ZERO32, argument, kind, decree }) =>
  cat(tag('LIAISE/DAO/01'), network, distributor, u32(epoch), u32(act), head, argument, u32(kind), zeros(12), decree);

/** What is signed to veto the statement whose digest is `head`; its hash is the next head. `reason` is H(reason). */
export const vetoMessage = (head, reason) => cat(tag('LIAISE/VETO/01'), head, reason);

/** The schedule's id. */
export const scheduleId = ({ network, genesis, supply, epochs, epochS, term }) =>
  H(tag('LIAISE/SCHED/01'), network, u64(genesis), u64(supply), u32(epochs), u32(epochS), u32(term));
