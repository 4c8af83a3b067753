// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IEmission} from "./interfaces/IEmission.sol";

/// @title What a distributor remembers of its epochs, and how time passes over it
/// @dev What is settled and what is pending are kept apart, so a veto only forgets the latter. Three packed slots carry both;
/// the calls read them into memory, let time pass over them ({_mature}), change them, and write them back once. The day's
/// call, {submit}, writes the first two and not the third.
abstract contract Slots is IEmission {
    uint32 internal constant OPEN_ENDED = type(uint32).max;

    // {Kind} as the slot holds it: the compiler checks an enum's range wherever it is compared.
    uint8 internal constant NONE = uint8(Kind.None);
    uint8 internal constant EPOCH = uint8(Kind.Epoch);
    uint8 internal constant LATE = uint8(Kind.Late);
    uint8 internal constant OPEN = uint8(Kind.Open);

    // Where fields of the first slot begin in its word, for the calls that read it as one. The counter is the lowest.
    uint256 internal constant NEWEST_SUM_BIT = 64;
    uint256 internal constant PAYABLE_AT_BIT = 192;
    /// @dev Counted from the highest byte, as `byte` does.
    uint256 internal constant NEWEST_AT_BYTE = 1;

    /// @dev The slot that a claim reads and writes; in this order, the first field lowest.
    /// @param unclaimed The counter: payable and not yet paid.
    /// @param newestSum Sum of the newest payable root.
    /// @param filed Its epoch plus one; zero before the first.
    /// @param filedBefore Epoch of the root before the newest plus one; zero before the second.
    /// @param payableAt When what is pending counts; zero where nothing is.
    /// @param kind What is pending, as a number.
    /// @param newestAt Place of the newest payable root in `_rootHashes`.
    /// @param vetoUsed Whether the guardian's veto of the awaited or pending statement is used.
    struct Hot {
        uint64 unclaimed;
        uint64 newestSum;
        uint32 filed;
        uint32 filedBefore;
        uint40 payableAt;
        uint8 kind;
        uint8 newestAt;
        bool vetoUsed;
    }

    /// @dev The other sums.
    struct Sums {
        uint64 previousSum;
        uint64 pendingSum;
        uint64 owed;
        uint64 pendingOwed;
    }

    /// @dev The range, and who signs in it.
    /// @param opening First epoch of the pending OPEN's range; means nothing while none is pending.
    /// @param start First epoch of the range.
    /// @param end First epoch after it; zero before the first OPEN.
    /// @param oracles Where the oracle set is stored.
    struct Terms {
        uint32 opening;
        uint32 start;
        uint32 end;
        address oracles;
    }

    Hot internal _hot;
    Sums internal _sums;
    Terms internal _terms;
    /// @dev Pending, newest payable and the one before, in turns; settling moves `newestAt`, not the hashes.
    bytes32[3] internal _rootHashes;

    /// @dev `growth` base units have become payable: total supply and the votes' total take them.
    function _grow(uint64 growth) internal virtual;

    /// @dev The place of the next root: after the newest comes what is pending, then the one before the newest.
    function _after(uint8 place) internal pure returns (uint8) {
        return place == 2 ? 0 : place + 1;
    }

    /// @dev Lets time pass over the slots, and writes them back.
    /// @return word The first of them afterwards, as {_write} packs it.
    function _settledHot() internal returns (uint256 word) {
        word = _readHot();
        uint256 payableAt = uint40(word >> PAYABLE_AT_BIT);
        unchecked {
            // one comparison for both: below zero is above every time
            if (payableAt - 1 >= block.timestamp) return word;
        }
        (Hot memory hot, Sums memory sums, Terms memory terms) = (_hot, _sums, _terms);
        _settle(hot, sums, terms);
        _write(hot, sums);
        return _readHot();
    }

    function _readHot() internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(_hot.slot)
        }
    }

    function _writeHot(uint256 word) internal {
        assembly ("memory-safe") {
            sstore(_hot.slot, word)
        }
    }

    /// @dev What the slots say now, time having passed over them.
    function _now() internal view returns (Hot memory, Sums memory, Terms memory) {
        (Hot memory hot, Sums memory sums, Terms memory terms) = (_hot, _sums, _terms);
        _mature(hot, sums, terms);
        return (hot, sums, terms);
    }

    /// @dev Epoch, or first of the range, of what is pending. Only an OPEN names one of its own: an epoch is the next, a late
    /// one is the one before it, and neither moves while something is pending.
    function _pendingEpoch(Hot memory hot, Terms memory terms) internal pure returns (uint32) {
        if (hot.kind == OPEN) return terms.opening;
        uint32 awaited = _awaited(hot, terms);
        return hot.kind == LATE ? awaited - 1 : awaited;
    }

    /// @dev Lets time pass over what the slots hold; writes nothing, so that views say what calls would find.
    /// @return before What was pending and is no longer; none if nothing changed.
    function _mature(Hot memory hot, Sums memory sums, Terms memory terms) internal view returns (uint8 before) {
        uint256 payableAt = hot.payableAt;
        if (payableAt == 0 || block.timestamp < payableAt) return NONE;
        before = hot.kind;
        if (before == OPEN) {
            terms.start = terms.opening;
            terms.end = OPEN_ENDED;
        } else {
            uint64 sum = sums.pendingSum;
            uint32 awaited = _awaited(hot, terms);
            unchecked {
                // A root sum never falls, so this cannot wrap; and no sum passes the supply.
                hot.unclaimed += sum - hot.newestSum;
                hot.filedBefore = hot.filed;
                hot.filed = before == LATE ? awaited : awaited + 1;
            }
            sums.previousSum = hot.newestSum;
            sums.owed = sums.pendingOwed;
            hot.newestSum = sum;
            hot.newestAt = _after(hot.newestAt);
        }
        hot.kind = NONE;
        hot.payableAt = 0;
        hot.vetoUsed = false;
    }

    /// @dev As {_mature}, with the events and the growth of what matured. The caller writes the first two back; the third,
    /// which only an OPEN changes, is written here.
    function _settle(Hot memory hot, Sums memory sums, Terms memory terms) internal {
        uint8 kind = _mature(hot, sums, terms);
        if (kind == NONE) return;
        if (kind == OPEN) {
            _terms = terms;
            emit RangeOpened(terms.start);
            return;
        }
        unchecked {
            uint64 growth = hot.newestSum - sums.previousSum;
            emit EpochBecamePayable(hot.filed - 1, _rootHashes[hot.newestAt], hot.newestSum, growth);
            if (growth != 0) _grow(growth);
        }
    }

    /// @dev One store for each slot, where the compiler makes one for almost every field.
    function _write(Hot memory hot, Sums memory sums) internal {
        uint256 flags = uint256(hot.kind) | uint256(hot.newestAt) << 8 | (hot.vetoUsed ? 1 << 16 : 0);
        uint256 epochs = uint256(hot.filed) | uint256(hot.filedBefore) << 32 | uint256(hot.payableAt) << 64;
        uint256 hotWord = uint256(hot.unclaimed) | uint256(hot.newestSum) << 64 | epochs << 128 | flags << 232;
        uint256 sumsWord = uint256(sums.previousSum) | uint256(sums.pendingSum) << 64 | uint256(sums.owed) << 128
            | uint256(sums.pendingOwed) << 192;
        assembly ("memory-safe") {
            sstore(_hot.slot, hotWord)
            sstore(_sums.slot, sumsWord)
        }
    }

    /// @dev The epoch that is filed next, what is pending not counted.
    function _awaited(Hot memory hot, Terms memory terms) internal pure returns (uint32) {
        return hot.filed > terms.start ? hot.filed : terms.start;
    }

    /// @dev The epoch that is filed next, counting what is pending.
    function _next(Hot memory hot, Terms memory terms) internal pure returns (uint32) {
        uint32 awaited = _awaited(hot, terms);
        return hot.kind == EPOCH ? awaited + 1 : awaited;
    }
}
