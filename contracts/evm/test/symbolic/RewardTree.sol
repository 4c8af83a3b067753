// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {RewardTree} from "../../src/libraries/RewardTree.sol";

/// @notice The verifier's specification for halmos: every `check_` holds for all payees, amounts, hashes and sums, at every
/// place of the tree up to the depth that it names. SHA-256 is an uninterpreted function, so nothing rests on what it is;
/// only the last one assumes that it never collided. README.md says how to run it. Compiled by the IR pipeline, as XLV is.
contract RewardTreeSpec {
    struct Entry {
        bytes32 payee;
        uint64 amount;
    }

    struct Sibling {
        bytes32 hash;
        uint64 sum;
    }

    uint256 private constant LIMIT = 1 << 63;

    // ------------------------------------------------------------------------------------------------ the way up

    function check_WayUp0(Entry memory leaf) external view {
        _wayUp(leaf, new Sibling[](0));
    }

    function check_WayUp1(Entry memory leaf, Sibling[1] memory s) external view {
        Sibling[] memory way = new Sibling[](1);
        way[0] = s[0];
        _wayUp(leaf, way);
    }

    function check_WayUp2(Entry memory leaf, Sibling[2] memory s) external view {
        Sibling[] memory way = new Sibling[](2);
        (way[0], way[1]) = (s[0], s[1]);
        _wayUp(leaf, way);
    }

    function check_WayUp3(Entry memory leaf, Sibling[3] memory s) external view {
        Sibling[] memory way = new Sibling[](3);
        (way[0], way[1], way[2]) = (s[0], s[1], s[2]);
        _wayUp(leaf, way);
    }

    function check_WayUp4(Entry memory leaf, Sibling[4] memory s) external view {
        Sibling[] memory way = new Sibling[](4);
        (way[0], way[1], way[2], way[3]) = (s[0], s[1], s[2], s[3]);
        _wayUp(leaf, way);
    }

    /// @dev At every place: the verifier answers exactly where no sum reaches 2^63, and then with the hash and the sum that
    /// the definition gives; the leaf's amount is at most that sum.
    function _wayUp(Entry memory leaf, Sibling[] memory way) private view {
        bytes memory proof;
        for (uint256 i = 0; i < way.length; ++i) {
            proof = abi.encodePacked(proof, way[i].hash, way[i].sum);
        }
        for (uint256 place = 0; place < 1 << way.length; ++place) {
            (bytes32 hash, uint256 sum) = _defined(leaf, way, place);
            try this.climb(leaf.payee, leaf.amount, place, proof) returns (bytes32 rootHash, uint256 rootSum) {
                assert(sum < LIMIT);
                assert(rootHash == hash);
                assert(rootSum == sum);
                assert(leaf.amount <= rootSum);
            } catch {
                assert(sum >= LIMIT);
            }
        }
    }

    function climb(bytes32 payee, uint64 amount, uint256 index, bytes calldata proof)
        external
        view
        returns (bytes32, uint256)
    {
        return RewardTree.climb(RewardTree.leafHash(payee, amount), amount, index, 0, proof);
    }

    /// @dev The definition: leaf H(0x00, payee, amount), node H(0x01, left hash, left sum, right hash, right sum). Sums are
    /// added unbounded, and cut where they are packed: what was cut is refused in the end.
    function _defined(Entry memory leaf, Sibling[] memory way, uint256 place)
        private
        pure
        returns (bytes32 hash, uint256 sum)
    {
        (hash, sum) = (sha256(abi.encodePacked(uint8(0), leaf.payee, leaf.amount)), leaf.amount);
        for (uint256 i = 0; i < way.length; ++i) {
            hash = sha256(_node(hash, uint64(sum), way[i], place >> i & 1 == 1));
            sum += way[i].sum;
        }
    }

    function _node(bytes32 hash, uint64 sum, Sibling memory s, bool right) private pure returns (bytes memory) {
        return right
            ? abi.encodePacked(uint8(1), s.hash, s.sum, hash, sum)
            : abi.encodePacked(uint8(1), hash, sum, s.hash, s.sum);
    }

    // ----------------------------------------------------------------------------------------------------- a run

    function check_RunOf2(Entry[2] memory l) external view {
        Entry[] memory run = new Entry[](2);
        (run[0], run[1]) = (l[0], l[1]);
        _run(run);
    }

    function check_RunOf4(Entry[4] memory l) external view {
        Entry[] memory run = new Entry[](4);
        (run[0], run[1], run[2], run[3]) = (l[0], l[1], l[2], l[3]);
        _run(run);
    }

    /// @dev The node above a run is the one that the definition gives, padding of zeros included, or no answer.
    function _run(Entry[] memory run) private view {
        bytes memory packed;
        Sibling[] memory nodes = new Sibling[](run.length);
        uint256 sum;
        for (uint256 i = 0; i < run.length; ++i) {
            (bytes32 payee, uint64 amount) = (run[i].payee, run[i].amount);
            packed = abi.encodePacked(packed, payee, amount);
            bool padding = payee == 0 && amount == 0;
            nodes[i] = Sibling(padding ? bytes32(0) : sha256(abi.encodePacked(uint8(0), payee, amount)), amount);
            sum += amount;
        }
        for (uint256 count = run.length; count > 1; count /= 2) {
            for (uint256 i = 0; i < count / 2; ++i) {
                Sibling memory left = nodes[2 * i];
                bytes32 hash = sha256(_node(left.hash, left.sum, nodes[2 * i + 1], false));
                unchecked {
                    nodes[i] = Sibling(hash, left.sum + nodes[2 * i + 1].sum);
                }
            }
        }
        try this.runNode(packed) returns (bytes32 hash, uint256 runSum, uint256 level) {
            assert(sum < LIMIT);
            assert(hash == nodes[0].hash);
            assert(runSum == sum);
            assert(1 << level == run.length);
        } catch {
            assert(sum >= LIMIT);
        }
    }

    function runNode(bytes calldata leaves) external view returns (bytes32, uint256, uint256) {
        return RewardTree.runNode(leaves);
    }

    // ------------------------------------------------------------------------------------------------ one leaf

    /// @dev Two leaves that lead to one root from one place are one leaf, unless SHA-256 collides on the way up.
    function check_OneLeafAtAPlace(Entry memory a, Entry memory b, Sibling[2] memory s, Sibling[2] memory t)
        external
        pure
    {
        for (uint256 place = 0; place < 4; ++place) {
            _oneLeaf(a, b, s, t, place);
        }
    }

    /// @dev Zero and one for false and true: a branch would double what halmos looks at.
    function _oneLeaf(Entry memory a, Entry memory b, Sibling[2] memory s, Sibling[2] memory t, uint256 place)
        private
        pure
    {
        bytes32 x = sha256(abi.encodePacked(uint8(0), a.payee, a.amount));
        bytes32 y = sha256(abi.encodePacked(uint8(0), b.payee, b.amount));
        (uint64 m, uint64 n) = (a.amount, b.amount);
        uint256 same = _eq(uint256(a.payee), uint256(b.payee)) & _eq(m, n);
        uint256 collided = _eq(uint256(x), uint256(y)) & (same ^ 1);
        for (uint256 i = 0; i < 2; ++i) {
            bool right = place >> i & 1 == 1;
            uint256 equal = _eq(uint256(x), uint256(y)) & _eq(m, n);
            equal &= _eq(uint256(s[i].hash), uint256(t[i].hash)) & _eq(s[i].sum, t[i].sum);
            x = sha256(_node(x, m, s[i], right));
            y = sha256(_node(y, n, t[i], right));
            collided |= _eq(uint256(x), uint256(y)) & (equal ^ 1);
            unchecked {
                (m, n) = (m + s[i].sum, n + t[i].sum);
            }
        }
        uint256 oneRoot = _eq(uint256(x), uint256(y)) & _eq(m, n);
        assert(oneRoot & (collided ^ 1) & (same ^ 1) == 0);
    }

    function _eq(uint256 a, uint256 b) private pure returns (uint256 equal) {
        assembly ("memory-safe") {
            equal := eq(a, b)
        }
    }
}
