// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title What a quorum of signatures and an oracle set can be refused for
interface IQuorumErrors {
    /// @notice Signatures are 65 bytes each.
    error SignaturesLength(uint256 length);
    /// @notice Fewer signatures than the quorum.
    error NoQuorum(uint256 found, uint256 needed);
    /// @notice v is 0 or 1.
    error InvalidV(uint256 index, uint8 v);
    /// @notice s is above half the group's order, or zero.
    error HighS(uint256 index, bytes32 s);
    /// @notice Recovers to nobody in the set: another signer, or other signed bytes.
    error NotAMember(uint256 index, address recovered);
    /// @notice A member, but not after the one before: given twice or not in the keys' order.
    error SignaturesNotAscending(uint256 index, address recovered);
    /// @notice A set has 5 to 15 keys.
    error SetSize(uint256 found);
    /// @notice Not a point of secp256k1.
    error NotOnCurve(uint256 index, uint256 x, uint256 y);
    /// @notice Keys ascend strictly in compressed form.
    error KeysNotAscending(uint256 index);
}
