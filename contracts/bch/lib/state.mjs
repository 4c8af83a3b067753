/** The two commitments and the keys, byte by byte as the headers of src/*.cash say. */
import { H, cat, toBigInt, toNumber, u32, u64, u8 } from './bytes.mjs';

/** 137 bytes. */
export const encodeKeys = ({ version, set, dao, guardian, acts, target }) =>
  cat(u32(version), set, dao, guardian, u32(acts), target);

/** The controller's commitment, 99 bytes. @param {import('./machine.mjs').State} state */
export const encodeController = ({ pending, spent, start, next, end, opening, owed, owedBefore, head, keys }) =>
  cat(u8(1), u8(pending), u8(spent), u32(start), u32(next), u32(end), u32(opening), u64(owed), u64(owedBefore), head, H(encodeKeys(keys)));

/** An epoch's commitment, 49 bytes. */
export const encodeEpoch = ({ epoch, batch, refiled, root, sum }) => cat(u32(epoch), u32(batch), u8(refiled), root, u64(sum));

export const decodeEpoch = (bytes) => ({
  epoch: toNumber(bytes.slice(0, 4)),
  batch: toNumber(bytes.slice(4, 8)),
  refiled: bytes[8],
  root: bytes.slice(9, 41),
  sum: toBigInt(bytes.slice(41, 49)),
});
