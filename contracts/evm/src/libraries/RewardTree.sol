// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IClaims} from "../interfaces/IClaims.sol";

/// @title The Merkle-sum tree of rewards, from leaves to root
/// @notice Leaf: H(0x00, payee 32, amount u64). Node: H(0x01, left hash, left sum u64, right hash, right sum u64). Sums are
/// added in 256 bits and refused from 2^63 on before they are packed, so none is ever truncated.
/// @dev H is the SHA-256 precompile.
library RewardTree {
    /// @notice Bytes of a packed node or leaf: 32 and a u64.
    uint256 internal constant NODE_BYTES = 40;
    /// @notice An index has 32 bits.
    uint256 internal constant MAX_DEPTH = 32;

    /// @notice The node of one leaf; of `amount` the lowest 64 bits.
    function leafHash(bytes32 payee, uint256 amount) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            // 41 bytes of the 64 that are free for this; each store puts right what the one before wrote too low
            mstore(9, amount)
            mstore(1, payee)
            mstore8(0, 0)
            pop(staticcall(gas(), 2, 0, 41, 0, 32))
            hash := mload(0)
        }
    }

    /// @notice The root that a node leads to.
    /// @param hash The node's hash.
    /// @param sum The node's sum.
    /// @param index The node's place in its level.
    /// @param level How far above the leaves the node stands.
    /// @param proof Its siblings upwards, 40 bytes each.
    /// @return rootHash The root's hash.
    /// @return rootSum The root's sum, below 2^63.
    function climb(bytes32 hash, uint256 sum, uint256 index, uint256 level, bytes calldata proof)
        internal
        view
        returns (bytes32 rootHash, uint256 rootSum)
    {
        uint256 siblings = proof.length / NODE_BYTES;
        unchecked {
            // one branch for all that can be wrong; what is below zero has its highest bit
            uint256 depth = level + siblings;
            if (proof.length % NODE_BYTES | (MAX_DEPTH - depth) >> 255 | index >> siblings != 0) {
                _refuse(proof.length, depth, index, siblings);
            }
        }
        (rootHash, rootSum) = _climb(hash, sum, index, siblings, proof);
        if (rootSum >> 63 != 0) revert IClaims.SumTooLarge(rootSum);
    }

    /// @dev Says what is wrong with a proof.
    function _refuse(uint256 length, uint256 depth, uint256 index, uint256 siblings) private pure {
        if (length % NODE_BYTES != 0) revert IClaims.ProofLength(length);
        if (depth > MAX_DEPTH) revert IClaims.ProofTooDeep(depth);
        revert IClaims.IndexTooLarge(index, siblings);
    }

    /// @dev Scratch: 0x01 at 15, left node at 16, right node at 56, and the word at 96, which stays zero; the free pointer,
    /// which stands in between, is put back. Each hash is written where the next level wants it. The sum only grows and is
    /// kept in 256 bits, so the first one of 2^63 or more shows in the result, whatever was packed after it.
    ///
    /// Where each level's own node stands is worked out for all levels at once, a byte a level, the lowest level's lowest: 16
    /// where the index's bit is 0, 56 where it is 1. Jumps cost: levels go by one until four divide what is left, by four
    /// until sixteen do, then by sixteen.
    ///
    /// A call of SHA-256 fails only where less than its 96 gas can be passed on; then less than two are left, and the next
    /// instruction ends this call as well. So its success needs no look.
    function _climb(bytes32 hash, uint256 sum, uint256 index, uint256 siblings, bytes calldata proof)
        private
        view
        returns (bytes32 rootHash, uint256 rootSum)
    {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(15, 1)
            // Each of 32 bits goes to a byte of its own: seven at a time to every seventh byte, which is 49 bits further for
            // each seven, then each of the seven 7 bits further than the one before.
            index := and(
                mul(index, 0x10000000000008000000000004000000000002000000000001),
                0x7f0000000000007f0000000000007f0000000000007f0000000000007f
            )
            index := and(mul(index, 0x40810204081), 0x101010101010101010101010101010101010101010101010101010101010101)
            index := add(mul(index, 40), 0x1010101010101010101010101010101010101010101010101010101010101010)
            let own := byte(31, index)
            mstore(own, hash)
            let at := proof.offset
            for {} and(siblings, 3) { siblings := sub(siblings, 1) } {
                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), at, 40)
                sum := add(sum, shr(192, calldataload(add(at, 32))))
                own := byte(30, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))
                index := shr(8, index)
                at := add(at, 40)
            }
            for {} and(siblings, 12) { siblings := sub(siblings, 4) } {
                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), at, 40)
                sum := add(sum, shr(192, calldataload(add(at, 32))))
                own := byte(30, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 40), 40)
                sum := add(sum, shr(192, calldataload(add(at, 72))))
                own := byte(29, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 80), 40)
                sum := add(sum, shr(192, calldataload(add(at, 112))))
                own := byte(28, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 120), 40)
                sum := add(sum, shr(192, calldataload(add(at, 152))))
                own := byte(27, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))
                index := shr(32, index)
                at := add(at, 160)
            }
            for {} siblings { siblings := sub(siblings, 16) } {
                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), at, 40)
                sum := add(sum, shr(192, calldataload(add(at, 32))))
                own := byte(30, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 40), 40)
                sum := add(sum, shr(192, calldataload(add(at, 72))))
                own := byte(29, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 80), 40)
                sum := add(sum, shr(192, calldataload(add(at, 112))))
                own := byte(28, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 120), 40)
                sum := add(sum, shr(192, calldataload(add(at, 152))))
                own := byte(27, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 160), 40)
                sum := add(sum, shr(192, calldataload(add(at, 192))))
                own := byte(26, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 200), 40)
                sum := add(sum, shr(192, calldataload(add(at, 232))))
                own := byte(25, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 240), 40)
                sum := add(sum, shr(192, calldataload(add(at, 272))))
                own := byte(24, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 280), 40)
                sum := add(sum, shr(192, calldataload(add(at, 312))))
                own := byte(23, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 320), 40)
                sum := add(sum, shr(192, calldataload(add(at, 352))))
                own := byte(22, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 360), 40)
                sum := add(sum, shr(192, calldataload(add(at, 392))))
                own := byte(21, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 400), 40)
                sum := add(sum, shr(192, calldataload(add(at, 432))))
                own := byte(20, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 440), 40)
                sum := add(sum, shr(192, calldataload(add(at, 472))))
                own := byte(19, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 480), 40)
                sum := add(sum, shr(192, calldataload(add(at, 512))))
                own := byte(18, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 520), 40)
                sum := add(sum, shr(192, calldataload(add(at, 552))))
                own := byte(17, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 560), 40)
                sum := add(sum, shr(192, calldataload(add(at, 592))))
                own := byte(16, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))

                mstore(add(own, 32), shl(192, sum))
                calldatacopy(sub(72, own), add(at, 600), 40)
                sum := add(sum, shr(192, calldataload(add(at, 632))))
                own := byte(15, index)
                pop(staticcall(gas(), 2, 15, 81, own, 32))
                index := shr(128, index)
                at := add(at, 640)
            }
            rootHash := mload(own)
            rootSum := sum
            mstore(0x40, free)
        }
    }

    /// @notice The node above a run of 2^k packed leaves, and k.
    /// @dev 40 zero bytes are the tree's padding, (zero hash, 0), and are not hashed.
    function runNode(bytes calldata leaves) internal view returns (bytes32 hash, uint256 sum, uint256 level) {
        uint256 count = leaves.length / NODE_BYTES;
        (hash, sum) = _runNode(leaves, count);
        if (sum >> 63 != 0) revert IClaims.SumTooLarge(sum);
        while (count >> (level + 1) != 0) ++level;
    }

    /// @dev Nodes lie packed in memory, 40 bytes each, and every level overwrites the one below from the front. A parent's
    /// input is its pair with 0x01 in the byte before it, which belongs to the pair before, read already.
    function _runNode(bytes calldata leaves, uint256 count) private view returns (bytes32 hash, uint256 sum) {
        assembly ("memory-safe") {
            let base := add(mload(0x40), 64)
            let scratch := sub(base, 64)
            // two words of scratch, the nodes, and the overrun of the last sum: all above the free pointer, none kept
            mstore8(scratch, 0)
            let from := leaves.offset
            let to := base
            for { let end := add(from, leaves.length) } lt(from, end) { from := add(from, 40) } {
                calldatacopy(add(scratch, 1), from, 40)
                let amount := shr(192, calldataload(add(from, 32)))
                switch or(calldataload(from), amount)
                case 0 { mstore(to, 0) }
                default { if iszero(staticcall(gas(), 2, scratch, 41, to, 32)) { revert(0, 0) } }
                mstore(add(to, 32), shl(192, amount))
                sum := add(sum, amount)
                if shr(63, sum) { break }
                to := add(to, 40)
            }
            if iszero(shr(63, sum)) {
                for {} gt(count, 1) {} {
                    count := shr(1, count)
                    let pair := base
                    to := base
                    for { let end := add(base, mul(count, 40)) } lt(to, end) { to := add(to, 40) } {
                        mstore8(sub(pair, 1), 1)
                        // below 2^63 because the whole run's is
                        let parent := add(shr(192, mload(add(pair, 32))), shr(192, mload(add(pair, 72))))
                        if iszero(staticcall(gas(), 2, sub(pair, 1), 81, to, 32)) { revert(0, 0) }
                        mstore(add(to, 32), shl(192, parent))
                        pair := add(pair, 80)
                    }
                }
                hash := mload(base)
            }
        }
    }
}
