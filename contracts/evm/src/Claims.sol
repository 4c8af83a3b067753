// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Emission} from "./Emission.sol";
import {IClaims} from "./interfaces/IClaims.sol";
import {RewardTree} from "./libraries/RewardTree.sol";

/// @title Claims, held roots, proofs
abstract contract Claims is Emission, IClaims {
    /// @dev Balance and claimed total share one slot, so a later claim writes two slots: this one and the counter's.
    /// @param balance What the account holds.
    /// @param claimed What it was paid so far; a leaf's amount at most, which is a u64.
    /// @param delegating Whether it has chosen a delegate: spares the look-up where it has not.
    struct Account {
        uint128 balance;
        uint120 claimed;
        bool delegating;
    }

    mapping(address account => Account) internal _accounts;

    /// @inheritdoc IClaims
    function claim(address payee, uint128 amount, uint40 index, bytes calldata proof) external returns (uint64 paid) {
        uint256 nobody;
        assembly ("memory-safe") {
            nobody := or(iszero(payee), eq(payee, address()))
        }
        if (nobody != 0) revert NotAnAccount(payee);
        uint256 hot = _settledHot();
        // an amount of more than 64 bits, of which this is the hash of a part, is refused by `climb`
        bytes32 leaf = RewardTree.leafHash(_payee(payee), amount);
        (bytes32 hash, uint256 sum) = RewardTree.climb(leaf, amount, index, 0, proof);
        _requirePayable(hot, hash, sum);
        paid = _take(hot, _pay(payee, amount));
    }

    /// @inheritdoc IClaims
    function claimRange(uint32 first, bytes calldata leaves, bytes calldata proof) external returns (uint64 paid) {
        uint256 hot = _settledHot();
        uint256 count = leaves.length / RewardTree.NODE_BYTES;
        bool aligned = count != 0 && count & (count - 1) == 0 && first % count == 0;
        if (!aligned || leaves.length != count * RewardTree.NODE_BYTES) revert RunNotAligned(first, leaves.length);
        (bytes32 hash, uint256 sum, uint256 level) = RewardTree.runNode(leaves);
        (hash, sum) = RewardTree.climb(hash, sum, first >> level, level, proof);
        _requirePayable(hot, hash, sum);

        // Each is below 2^64 and `leaves` bounds their number, so the sum cannot wrap; the counter bounds it in the end.
        uint256 total;
        for (uint256 i = 0; i < count; ++i) {
            (bytes32 payee, uint64 amount) = _leaf(leaves, i);
            if (_isAccount(payee)) total += _pay(address(uint160(uint256(payee))), amount);
        }
        paid = _take(hot, total);
    }

    /// @inheritdoc IClaims
    function heldRoots() public view returns (Root memory pendingRoot, Root memory newest, Root memory previous) {
        (Hot memory hot, Sums memory sums, Terms memory terms) = _now();
        uint8 next = _after(hot.newestAt);
        if (hot.kind == EPOCH || hot.kind == LATE) {
            pendingRoot = Root(true, _pendingEpoch(hot, terms), _rootHashes[next], sums.pendingSum);
        }
        if (hot.filed != 0) newest = Root(true, hot.filed - 1, _rootHashes[hot.newestAt], hot.newestSum);
        if (hot.filedBefore != 0) {
            previous = Root(true, hot.filedBefore - 1, _rootHashes[_after(next)], sums.previousSum);
        }
    }

    /// @inheritdoc IClaims
    function isValidLeaf(Held which, bytes32 payee, uint64 amount, uint32 index, bytes calldata proof)
        external
        view
        returns (bool)
    {
        (Root memory root, Root memory newest, Root memory previous) = heldRoots();
        if (which == Held.Newest) root = newest;
        if (which == Held.Previous) root = previous;
        (bytes32 hash, uint256 sum) = RewardTree.climb(RewardTree.leafHash(payee, amount), amount, index, 0, proof);
        return root.exists && hash == root.hash && sum == root.sum;
    }

    /// @inheritdoc IClaims
    function claimed(address payee) external view returns (uint128) {
        return _accounts[payee].claimed;
    }

    /// @dev `account` got `amount` out of what is unclaimed: votes and the event.
    function _credited(address account, uint256 amount, bool delegating) internal virtual;

    /// @dev Hash and sum are the newest payable root's or the one's before.
    function _requirePayable(uint256 hot, bytes32 hash, uint256 sum) private view {
        uint256 newestAt;
        bytes32 newest;
        assembly ("memory-safe") {
            newestAt := byte(NEWEST_AT_BYTE, hot)
            newest := sload(add(_rootHashes.slot, newestAt))
        }
        // hash and sum at once: another branch costs more than it spares
        if (uint256(hash ^ newest) | (sum ^ uint64(hot >> NEWEST_SUM_BIT)) == 0) return;
        if (hash == _rootHashes[(newestAt + 2) % 3] && sum == _sums.previousSum) return;
        revert InvalidProof(hash, uint64(sum));
    }

    /// @dev Credits what the payee did not have yet; the caller takes it from the counter.
    function _pay(address payee, uint256 amount) private returns (uint256 due) {
        bool delegating;
        assembly ("memory-safe") {
            mstore(0, payee)
            mstore(32, _accounts.slot)
            let account := keccak256(0, 64)
            let word := sload(account)
            let had := shr(136, shl(8, word))
            if gt(amount, had) {
                due := sub(amount, had)
                // Balance and claimed total both grow by it. Either's sum over all accounts is at most the supply, a u64.
                sstore(account, add(word, mul(due, 0x100000000000000000000000000000001)))
                delegating := shr(248, word)
            }
        }
        if (due != 0) _credited(payee, due, delegating);
    }

    /// @dev Subtracts a payment from the counter: no claim pays what has not become payable.
    function _take(uint256 hot, uint256 total) private returns (uint64) {
        uint256 unclaimed = hot & type(uint64).max;
        if (total > unclaimed) revert CounterExhausted(total, uint64(unclaimed));
        unchecked {
            // the counter is the lowest field; where nothing is paid the slot gets what it has
            _writeHot(hot - total);
        }
        return uint64(total);
    }

    /// @dev A run skips what is no account: a decreed loss (a hash), the padding (zero) and the contract itself.
    function _isAccount(bytes32 payee) private view returns (bool) {
        return uint256(payee) >> 160 == 0 && payee != 0 && payee != _payee(address(this));
    }

    function _leaf(bytes calldata leaves, uint256 i) private pure returns (bytes32 payee, uint64 amount) {
        assembly ("memory-safe") {
            let at := add(leaves.offset, mul(i, 40))
            payee := calldataload(at)
            amount := shr(192, calldataload(add(at, 32)))
        }
    }

    function _payee(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
