// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IClaims} from "../src/interfaces/IClaims.sol";
import {RewardTree} from "../src/libraries/RewardTree.sol";
import {Fixture} from "./support/Fixture.sol";
import {ILibraries} from "./support/ILibraries.sol";
import {Tree} from "./support/Tree.sol";
import {vm} from "./support/Vm.sol";

/// @notice The verifier, which is assembly, against the plain tree of the tests, and what it must leave alone.
contract RewardTreeTest is Fixture {
    ILibraries private libraries;

    function setUp() public {
        _setUpXlv();
        libraries = ILibraries(_create("Libraries.sol:Libraries", ""));
    }

    /// @dev Any depth that an index can have, odd and even, on any way up.
    function testFuzz_AnyWayUpIsThePlainOne(bytes32 payee, uint64 amount, uint32 index, uint256 seed) public view {
        Tree.Leaf memory leaf = Tree.Leaf(payee, amount >> 2);
        uint256 depth = seed % 33;
        (bytes memory proof, Tree.Node memory root) = _wayUp(leaf, index, depth, seed);
        uint256 place = index % (1 << depth);
        (bytes32 hash, uint64 sum) = libraries.climb(leaf.payee, leaf.amount, place, proof);
        vm.assertEq(hash, root.hash, "hash");
        vm.assertEq(sum, root.sum, "sum");
    }

    /// @dev The scratch lies over the free pointer and up to the word that must be zero.
    function testFuzz_MemoryIsAsBefore(bytes32 payee, uint64 amount, uint32 index, uint256 seed) public view {
        Tree.Leaf memory leaf = Tree.Leaf(payee, amount >> 2);
        uint256 depth = seed % 33;
        (bytes memory proof, Tree.Node memory root) = _wayUp(leaf, index, depth, seed);
        bytes32 hash = this.climbHere(leaf.payee, leaf.amount, index % (1 << depth), proof);
        vm.assertEq(hash, root.hash, "hash");
    }

    /// @dev An external call, for the verifier reads calldata; its memory holds a word and an empty string meanwhile.
    function climbHere(bytes32 payee, uint64 amount, uint256 index, bytes calldata proof)
        external
        view
        returns (bytes32 hash)
    {
        bytes memory kept = abi.encodePacked(payee);
        bytes memory empty;
        uint256 free = _word(0x40);
        (hash,) = RewardTree.climb(RewardTree.leafHash(payee, amount), amount, index, 0, proof);
        vm.assertEq(_word(0x40), free, "free pointer");
        vm.assertEq(_word(0x60), 0, "zero word");
        vm.assertEq(bytes32(kept), payee, "what was allocated");
        vm.assertEq(empty.length, 0, "what is empty");
    }

    /// @dev The calls of SHA-256 are not looked at one by one: with any gas the answer is right, or there is none.
    function test_LackOfGasNeverLooksLikeARoot() public view {
        Tree.Leaf memory leaf = Tree.Leaf(_padded(STRANGER), 1_234_567);
        (bytes memory proof, Tree.Node memory root) = _wayUp(leaf, 0x5a5a5, 20, 1);
        bytes memory call = abi.encodeCall(ILibraries.climb, (leaf.payee, leaf.amount, 0x5a5a5, proof));
        uint256 answers;
        uint256 refusals;
        for (uint256 given = 300; given < 12_000; given += 3) {
            (bool done, bytes memory answer) = address(libraries).staticcall{gas: given}(call);
            if (!done) ++refusals;
            else ++answers;
            if (done) vm.assertEq(keccak256(answer), keccak256(abi.encode(root.hash, root.sum)), "another answer");
        }
        vm.assertLt(1000, refusals, "too little gas");
        vm.assertLt(100, answers, "enough gas");
    }

    /// @dev `claim` takes wider types than a leaf has: what does not fit is refused, not cut.
    function testFuzz_WhatIsWiderThanALeafIsRefused(uint128 amount, uint40 index) public {
        uint128 wide = amount | 1 << 63;
        vm.expectRevert(abi.encodeWithSelector(IClaims.SumTooLarge.selector, wide));
        xlv.claim(STRANGER, wide, 0, "");
        uint40 far = index | 1 << 32;
        vm.expectRevert(abi.encodeWithSelector(IClaims.IndexTooLarge.selector, far, 32));
        xlv.claim(STRANGER, 1, far, new bytes(32 * 40));
    }

    /// @dev Siblings by chance from the leaf at `index` upwards, and the root that the plain tree gives.
    function _wayUp(Tree.Leaf memory leaf, uint256 index, uint256 depth, uint256 seed)
        private
        pure
        returns (bytes memory proof, Tree.Node memory node)
    {
        node = Tree.leaf(leaf);
        for (uint256 level = 0; level < depth; ++level) {
            bytes32 chance = keccak256(abi.encode(seed, level));
            Tree.Node memory sibling = Tree.Node(chance, uint64(uint256(chance)) >> 7);
            proof = abi.encodePacked(proof, sibling.hash, sibling.sum);
            node = index >> level & 1 == 0 ? Tree.join(node, sibling) : Tree.join(sibling, node);
        }
    }

    function _word(uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(at)
        }
    }
}
