// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Claims against the payable roots
/// @notice A leaf is (payee, amount): all that the payee has earned at this distributor. A claim pays the difference to
/// what that payee had, to that payee, whoever sends it. Claims never expire.
/// @dev Proofs are packed: 40 bytes a sibling (hash 32, sum u64 big-endian), from the leaf upwards. The tree: leaf hash
/// H(0x00, payee 32, amount u64), node hash H(0x01, left hash, left sum, right hash, right sum), H = SHA-256; sums are
/// u64 below 2^63, checked at every node.
interface IClaims {
    // ---------------------------------------------------------------------------------------------------- types

    /// @notice Which of the three held roots.
    enum Held {
        Pending,
        Newest,
        Previous
    }

    /// @notice A held root. `exists` is false, and the rest zero, where there is none.
    struct Root {
        bool exists;
        uint32 epoch;
        bytes32 hash;
        uint64 sum;
    }

    // --------------------------------------------------------------------------------------------------- errors

    /// @notice The proof leads to neither payable root.
    error InvalidProof(bytes32 hash, uint64 sum);
    /// @notice A proof is a whole number of 40-byte siblings.
    error ProofLength(uint256 length);
    /// @notice The tree has at most 32 levels.
    error ProofTooDeep(uint256 depth);
    /// @notice The index does not fit the proof's depth.
    error IndexTooLarge(uint256 index, uint256 depth);
    /// @notice A node's sum reaches 2^63.
    error SumTooLarge(uint256 sum);
    /// @notice A run is 2^k leaves of 40 bytes that start at a multiple of 2^k.
    error RunNotAligned(uint256 first, uint256 length);
    /// @notice Neither zero nor the contract itself can be paid.
    error NotAnAccount(address payee);
    /// @notice More than what is payable and not yet paid.
    error CounterExhausted(uint256 amount, uint256 unclaimed);

    // ---------------------------------------------------------------------------------------------------- calls

    /// @notice Pays `payee` what the leaf holds above what it had. Emits `Transfer(this, payee, paid)` where that is not
    /// zero.
    /// @dev The types are wider than a leaf's u64 and u32 so that the selector is the lowest, 0x04c4fe8e: the dispatcher
    /// compares with one after the other, 22 gas each. What does not fit a leaf is refused.
    /// @param payee Whom the leaf names.
    /// @param amount The leaf's amount, below 2^63.
    /// @param index The leaf's place in the tree, below 2^32.
    /// @param proof Siblings from the leaf upwards, 40 bytes each.
    /// @return paid Base units paid now; zero is no error.
    function claim(address payee, uint128 amount, uint40 index, bytes calldata proof) external returns (uint64 paid);

    /// @notice Pays a run of 2^k neighbouring leaves with one proof.
    /// @dev A leaf that is paid already is skipped; so is one that names no account (a decreed loss, the padding).
    /// @param first Place of the first leaf: a multiple of the run's length.
    /// @param leaves 40 bytes each: payee 32, amount u64; 40 zero bytes stand for the tree's padding.
    /// @param proof Siblings from the run's own root upwards, 40 bytes each.
    /// @return paid Base units paid now, all together.
    function claimRange(uint32 first, bytes calldata leaves, bytes calldata proof) external returns (uint64 paid);

    // ---------------------------------------------------------------------------------------------------- views

    /// @notice The held roots with their epochs: what waits, what is payable, and what was before.
    function heldRoots() external view returns (Root memory pendingRoot, Root memory newest, Root memory previous);

    /// @notice Whether the leaf stands in that held root. A malformed proof reverts, a wrong one is false.
    function isValidLeaf(Held which, bytes32 payee, uint64 amount, uint32 index, bytes calldata proof)
        external
        view
        returns (bool);

    /// @notice What `payee` was paid so far, all claims together.
    function claimed(address payee) external view returns (uint128);
}
