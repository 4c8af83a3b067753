/**
 * The controller as a pure state machine: what each path does to the state, and why it refuses. It knows neither
 * transactions nor signatures; a reason is the text of the covenant's `require`.
 *
 * @typedef {object} State
 * @property {number} pending 0 nothing, 1 an epoch, 2 a late statement, 3 an OPEN
 * @property {number} spent 1 where the guardian's veto of the awaited or pending statement is used
 * @property {number} start @property {number} next @property {number} end @property {number} opening
 * @property {bigint} owed @property {bigint} owedBefore
 * @property {Uint8Array} head
 * @property {{version: number, set: Uint8Array, dao: Uint8Array, guardian: Uint8Array, acts: number, target: Uint8Array}} keys
 *
 * @typedef {object} Rules constructor values that the machine needs
 * @property {bigint} supply @property {number} epochs @property {number} term @property {number} notice
 * @property {number} delayUnits @property {number} longUnits
 */
import { ZERO32, equal } from './bytes.mjs';

export const NONE = 0;
export const EPOCH = 1;
export const LATE = 2;
export const OPEN = 3;
export const OPEN_ENDED = 0xffffffff;

export const HAND_OVER = 1;
export const DAO_SET = 2;
export const ADVANCE = 3;
export const GUARDIAN = 4;
export const ROTATE = 5;

/** A path's refusal, with the reason that the covenant's `require` names. */
export class Refused extends Error {}

function need(condition, reason) {
  if (!condition) throw new Refused(reason);
}

/** @returns {State} the state at genesis */
export const unopened = (keys) => ({
  pending: NONE, spent: 0, start: 0, next: 0, end: 0, opening: 0, owed: 0n, owedBefore: 0n, head: ZERO32, keys,
});

/** F(e): what may have been emitted up to and with epoch e. */
export function cumulative({ supply, epochs }, epoch) {
  const counted = epoch + 1 < epochs ? epoch + 1 : epochs;
  return (BigInt(counted) * BigInt(supply)) / BigInt(epochs);
}

/** E(e) */
export const emission = (rules, epoch) => cumulative(rules, epoch) - cumulative(rules, epoch - 1);

/** Units of 512 s for which the controller's UTXO must have stood before another statement is accepted. */
export function waitUnits({ pending, spent }, { delayUnits, longUnits }) {
  if (pending === NONE) return 0;
  return pending === OPEN || spent === 1 ? longUnits : delayUnits;
}

/** What the state says once its wait is over. @param {State} state @returns {State} */
export function matured(state) {
  const spent = state.pending === NONE ? state.spent : 0;
  if (state.pending !== OPEN) return { ...state, pending: NONE, spent };
  return { ...state, pending: NONE, spent, start: state.opening, next: state.opening, end: OPEN_ENDED, opening: 0 };
}

/** The number that a submission would carry. */
export function submittedEpoch(state, late) {
  const { next } = matured(state);
  return late ? next - 1 : next;
}

/** @param {State} state @param {Rules} rules @returns {State} */
export function submit(state, rules, { sum, owed, late, digest }) {
  const now = matured(state);
  const epoch = submittedEpoch(state, late);
  if (late) {
    need(now.next > 0, 'late: an epoch was filed');
    need(sum > 0n, 'late: it pays something');
  } else {
    need(now.next < now.end, 'the epoch is inside the range');
  }
  need(sum >= 0n && owed >= 0n, 'no negative sums');
  need(sum + owed <= state.owed + (late ? 0n : emission(rules, epoch)), 'issued grows by at most E(e)');
  return { ...now, pending: late ? LATE : EPOCH, next: epoch + 1, owed, owedBefore: state.owed, head: digest };
}

/** @param {State} state @param {number} epoch of the vetoed statement @param {'guardian' | 'dao'} by @returns {State} */
export function veto(state, epoch, by, digest) {
  need(state.pending !== NONE, 'something to veto');
  if (by === 'guardian') need(state.spent === 0, 'the guardian vetoes once');
  const owed = state.pending === OPEN ? state.owed : state.owedBefore;
  return {
    ...state,
    pending: NONE,
    spent: by === 'guardian' ? 1 : state.spent,
    next: state.pending === EPOCH ? epoch : state.next,
    opening: 0,
    owed,
    owedBefore: owed,
    head: digest,
  };
}

/** @param {State} state @returns {State} */
export function open(state, { first, digest }) {
  const now = matured(state);
  need(first !== OPEN_ENDED && first >= now.next, 'the range begins at the next epoch or later');
  return { ...now, pending: OPEN, opening: first, owedBefore: state.owed, head: digest };
}

/**
 * @param {State} state @param {Rules} rules
 * @param {object} act `argument` for all kinds; `end` for 1; `guardian` (33 bytes) for 4; `digest` (the next head) for 3
 * @returns {State}
 */
export function act(state, rules, { kind, end = 0, argument, guardian, digest }) {
  need(kind >= HAND_OVER && kind <= ROTATE, 'a kind of act');
  const keys = { ...state.keys, acts: state.keys.acts + 1 };
  if (kind === HAND_OVER) {
    need(state.pending !== OPEN, 'not while an OPEN is pending');
    need(state.end === OPEN_ENDED && end !== OPEN_ENDED, 'the range is open-ended');
    need(!equal(argument, ZERO32), 'a distributor to hand over to');
    need(end > state.start && (end - state.start) % rules.term === 0, 'the end of a term');
    need(end >= state.next + rules.notice, 'notice');
    return { ...state, end, keys: { ...keys, target: argument } };
  }
  if (kind === ADVANCE) return { ...matured(state), head: digest, keys };
  if (kind === DAO_SET) return { ...state, keys: { ...keys, dao: argument } };
  if (kind === GUARDIAN) return { ...state, keys: { ...keys, guardian } };
  return { ...state, keys: { ...keys, version: keys.version + 1, set: argument } };
}

/** Whether an act of this kind needs the guardian's consent until guardedUntil. */
export const needsConsent = (kind) => kind === HAND_OVER || kind === GUARDIAN || kind === ROTATE;
