/** When a transaction may be in the next block: lock times and relative locks against the median time past. Seconds. */

/** The median of the last eleven block times, which is the chain's clock. @param {number[]} times of all blocks up to one */
export function medianTimePast(times) {
  const last = times.slice(-11).sort((a, b) => a - b);
  return last[last.length >> 1];
}

const HEIGHTS_END = 500_000_000;

/** Whether the lock time is over in a block of `height` after a chain whose median time past is `mtp`. */
export function isFinal({ locktime, inputs }, height, mtp) {
  if (locktime === 0 || locktime < (locktime < HEIGHTS_END ? height : mtp)) return true;
  return inputs.every(({ sequenceNumber }) => sequenceNumber === 0xffffffff);
}

const DISABLED = 0x80000000;
const TIME = 0x400000;
const MASK = 0xffff;
const UNIT_S = 512;

/**
 * Whether all relative locks (BIP68) are over.
 * @param {object[]} coins what the inputs spend: `height` of its block, `mtpBefore` the median time past of the block before
 */
export function relativeLocksOver({ version, inputs }, coins, height, mtp) {
  if (version < 2) return true;
  return inputs.every(({ sequenceNumber }, at) => {
    if (sequenceNumber & DISABLED) return true;
    const value = sequenceNumber & MASK;
    const coin = coins[at];
    return sequenceNumber & TIME ? coin.mtpBefore + value * UNIT_S <= mtp : coin.height + value <= height;
  });
}
