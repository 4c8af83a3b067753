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
    function claim(address payee, uint64 amount, uint32 index, bytes calldata proof) external returns (uint64 paid) {
        if (!_isAccount(_payee(payee))) revert NotAnAccount(payee);
        settle();
        bytes32 leaf = RewardTree.leafHash(_payee(payee), amount);
        (bytes32 hash, uint64 sum) = RewardTree.climb(leaf, amount, index, 0, proof);
        _requirePayable(hash, sum);
        paid = _pay(payee, amount);
        _take(paid);
    }

    /// @inheritdoc IClaims
    function claimRange(uint32 first, bytes calldata leaves, bytes calldata proof) external returns (uint64 paid) {
        settle();
        uint256 count = leaves.length / RewardTree.NODE_BYTES;
        bool aligned = count != 0 && count & (count - 1) == 0 && first % count == 0;
        if (!aligned || leaves.length != count * RewardTree.NODE_BYTES) revert RunNotAligned(first, leaves.length);
        (bytes32 hash, uint256 sum, uint256 level) = RewardTree.runNode(leaves);
        uint64 rootSum;
        (hash, rootSum) = RewardTree.climb(hash, sum, first >> level, level, proof);
        _requirePayable(hash, rootSum);

        // Each is below 2^64 and `leaves` bounds their number, so the sum cannot wrap; the counter bounds it in the end.
        uint256 total;
        for (uint256 i = 0; i < count; ++i) {
            (bytes32 payee, uint64 amount) = _leaf(leaves, i);
            if (_isAccount(payee)) total += _pay(address(uint160(uint256(payee))), amount);
        }
        paid = _take(total);
    }

    /// @inheritdoc IClaims
    function heldRoots() public view returns (Root memory pendingRoot, Root memory newest, Root memory previous) {
        (Hot memory hot, Sums memory sums, Terms memory terms) = _now();
        uint8 next = _after(hot.newestAt);
        if (hot.kind == Kind.Epoch || hot.kind == Kind.Late) {
            pendingRoot = Root(true, hot.pendingEpoch, _rootHashes[next], sums.pendingSum);
        }
        if (hot.filed != 0) newest = Root(true, hot.filed - 1, _rootHashes[hot.newestAt], hot.newestSum);
        if (terms.filedBefore != 0) {
            previous = Root(true, terms.filedBefore - 1, _rootHashes[_after(next)], sums.previousSum);
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
        (bytes32 hash, uint64 sum) = RewardTree.climb(RewardTree.leafHash(payee, amount), amount, index, 0, proof);
        return root.exists && hash == root.hash && sum == root.sum;
    }

    /// @inheritdoc IClaims
    function claimed(address payee) external view returns (uint128) {
        return _accounts[payee].claimed;
    }

    /// @dev `account` got `amount` out of what is unclaimed: votes and the event.
    function _credited(address account, uint64 amount, bool delegating) internal virtual;

    /// @dev Hash and sum are the newest payable root's or the one's before.
    function _requirePayable(bytes32 hash, uint64 sum) private view {
        uint8 newestAt = _hot.newestAt;
        if (hash == _rootHashes[newestAt] && sum == _hot.newestSum) return;
        if (hash == _rootHashes[_after(_after(newestAt))] && sum == _sums.previousSum) return;
        revert InvalidProof(hash, sum);
    }

    /// @dev Credits what the payee did not have yet; the caller takes it from the counter.
    function _pay(address payee, uint64 amount) private returns (uint64 due) {
        Account storage account = _accounts[payee];
        uint256 had = account.claimed;
        if (amount <= had) return 0;
        due = uint64(amount - had);
        account.claimed = amount;
        // The sum of all balances is at most the supply, a u64.
        account.balance += due;
        _credited(payee, due, account.delegating);
    }

    /// @dev Subtracts a payment from the counter: no claim pays what has not become payable.
    function _take(uint256 total) private returns (uint64) {
        uint64 unclaimed = _hot.unclaimed;
        if (total > unclaimed) revert CounterExhausted(total, unclaimed);
        if (total != 0) _hot.unclaimed = uint64(unclaimed - total);
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
