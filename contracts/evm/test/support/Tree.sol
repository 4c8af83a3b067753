// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Builds reward trees the plain way, apart from the code under test: every node in memory, Solidity only.
library Tree {
    struct Leaf {
        bytes32 payee;
        uint64 amount;
    }

    struct Node {
        bytes32 hash;
        uint64 sum;
    }

    function leaf(Leaf memory l) internal pure returns (Node memory) {
        return Node(sha256(abi.encodePacked(uint8(0), l.payee, l.amount)), l.amount);
    }

    function join(Node memory l, Node memory r) internal pure returns (Node memory) {
        return Node(sha256(abi.encodePacked(uint8(1), l.hash, l.sum, r.hash, r.sum)), l.sum + r.sum);
    }

    /// @notice All levels, padded; the last holds the root alone.
    function levels(Leaf[] memory leaves) internal pure returns (Node[][] memory all) {
        uint256 depth;
        while ((1 << depth) < leaves.length) ++depth;
        all = new Node[][](depth + 1);
        all[0] = new Node[](1 << depth);
        for (uint256 i = 0; i < leaves.length; ++i) {
            all[0][i] = leaf(leaves[i]);
        }
        for (uint256 d = 1; d <= depth; ++d) {
            all[d] = new Node[](1 << (depth - d));
            for (uint256 i = 0; i < all[d].length; ++i) {
                all[d][i] = join(all[d - 1][2 * i], all[d - 1][2 * i + 1]);
            }
        }
    }

    function root(Leaf[] memory leaves) internal pure returns (Node memory) {
        if (leaves.length == 0) return Node(0, 0);
        Node[][] memory all = levels(leaves);
        return all[all.length - 1][0];
    }

    /// @notice The packed siblings of the run of 2^log2 leaves that holds `index`.
    function proof(Leaf[] memory leaves, uint256 index, uint256 log2) internal pure returns (bytes memory packed) {
        Node[][] memory all = levels(leaves);
        for (uint256 d = log2; d + 1 < all.length; ++d) {
            Node memory sibling = all[d][(index >> d) ^ 1];
            packed = abi.encodePacked(packed, sibling.hash, sibling.sum);
        }
    }

    /// @notice The packed leaves of a run, zeros where the tree is padded.
    function run(Leaf[] memory leaves, uint256 first, uint256 log2) internal pure returns (bytes memory packed) {
        for (uint256 i = first; i < first + (1 << log2); ++i) {
            if (i < leaves.length) packed = abi.encodePacked(packed, leaves[i].payee, leaves[i].amount);
            else packed = abi.encodePacked(packed, bytes32(0), uint64(0));
        }
    }
}
