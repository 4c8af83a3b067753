// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IClaims} from "../src/interfaces/IClaims.sol";
import {IEmission} from "../src/interfaces/IEmission.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice Claims, runs, held roots and proofs (P2, P5).
contract ClaimsTest is Fixture {
    event Transfer(address indexed from, address indexed to, uint256 value);

    function setUp() public {
        _setUpXlv();
        _openRange(0, 0);
    }

    // --------------------------------------------------------------------------------------------------- claims

    function test_AnybodySendsAClaimThePayeeIsPaid() public {
        Tree.Leaf[] memory leaves = _leaves(5, 1000);
        _fileAndPay(0, leaves, 0);
        address payee = _payee(3);
        vm.assertEq(xlv.balanceOf(address(xlv)), 5010, "unclaimed");
        bytes memory proof = Tree.proof(leaves, 3, 0);
        vm.expectEmit(true, true, true, true, address(xlv));
        emit Transfer(address(xlv), payee, 1003);
        vm.prank(STRANGER);
        vm.assertEq(xlv.claim(payee, 1003, 3, proof), 1003, "paid");
        vm.assertEq(xlv.balanceOf(payee), 1003, "balance");
        vm.assertEq(xlv.claimed(payee), 1003, "claimed");
        vm.assertEq(xlv.balanceOf(STRANGER), 0, "the sender gets nothing");
        vm.assertEq(xlv.balanceOf(address(xlv)), 4007, "unclaimed after");
        vm.assertEq(xlv.totalSupply(), 5010, "no claim mints");

        vm.recordLogs();
        vm.assertEq(xlv.claim(payee, 1003, 3, proof), 0, "paying nothing is no error");
        vm.assertEq(vm.getRecordedLogs().length, 0, "and no event");
    }

    function test_ALaterClaimPaysTheDifference() public {
        Tree.Leaf[] memory leaves = _leaves(3, 1000);
        _fileAndPay(0, leaves, 0);
        _claim(leaves, 1);
        vm.prank(_payee(1));
        xlv.transfer(STRANGER, 1001);
        leaves = _leaves(3, 1500);
        _fileAndPay(1, leaves, 0);
        vm.assertEq(_claim(leaves, 1), 500, "difference, whatever became of the balance");
        vm.assertEq(xlv.balanceOf(_payee(1)), 500, "balance");
    }

    function test_TheRootBeforeTheNewestStillPays() public {
        Tree.Leaf[] memory first = _leaves(2, 1000);
        Tree.Leaf[] memory second = _leaves(3, 1100);
        Tree.Leaf[] memory third = _leaves(4, 1200);
        _fileAndPay(0, first, 0);
        _fileAndPay(1, second, 0);
        vm.assertEq(_claim(first, 0), 1000, "the one before");
        vm.assertEq(_claim(second, 0), 100, "the newest");
        vm.assertEq(_claim(first, 0), 0, "less than it had");
        _fileAndPay(2, third, 0);
        _refuse(first, 1, 0, IClaims.InvalidProof.selector);
        vm.assertEq(_claim(second, 1), 1101, "the one before again");
        vm.assertEq(_claim(third, 1), 100, "and the newest");
    }

    function test_APendingRootPaysNothingUntilItIsPayable() public {
        Tree.Leaf[] memory leaves = _leaves(2, 1000);
        _file(0, leaves, 0);
        vm.warp(xlv.pending().payableAt - 1);
        _refuse(leaves, 0, 0, IClaims.InvalidProof.selector);
        vm.warp(xlv.pending().payableAt);
        vm.assertEq(_claim(leaves, 0), 1000, "the claim itself settles");
    }

    function test_AVetoedRootNeverPays() public {
        Tree.Leaf[] memory leaves = _leaves(2, 1000);
        bytes32 digest = _file(0, leaves, 0);
        vm.prank(GUARDIAN);
        xlv.veto(digest, "");
        vm.warp(_time() + LONG_DELAY);
        _refuse(leaves, 0, 0, IClaims.InvalidProof.selector);
        // a vetoed root leaves its place to the next one
        Tree.Leaf[] memory right = _leaves(2, 900);
        _fileAndPay(0, right, 0);
        _refuse(leaves, 0, 0, IClaims.InvalidProof.selector);
        vm.assertEq(_claim(right, 0), 900, "the refiled one pays");
    }

    function test_WhatIsPaidIsBoundedByTheCounter() public {
        // a dishonest quorum signs a root with leaves of 2000, and says 1500
        Tree.Leaf[] memory lie = _leaves(2, 1000);
        Tree.Node memory root = Tree.root(lie);
        _warpPast(0);
        _submit(_summary(0, root.hash, 1500, 0));
        vm.warp(xlv.pending().payableAt);
        _refuse(lie, 0, 0, IClaims.InvalidProof.selector); // the sums differ

        // a second false root moves what another payee has not claimed yet, never more
        Tree.Leaf[] memory stolen = new Tree.Leaf[](1);
        stolen[0] = Tree.Leaf(_padded(STRANGER), 1500);
        _fileAndPay(1, stolen, 0);
        _claim(stolen, 0);
        vm.assertEq(xlv.balanceOf(address(xlv)), 0, "empty");
        Tree.Leaf[] memory third = _leaves(1, 1500);
        _fileAndPay(2, third, 0);
        uint64 amount = third[0].amount;
        vm.expectRevert(abi.encodeWithSelector(IClaims.CounterExhausted.selector, amount, 0));
        xlv.claim(_payee(0), amount, 0, "");
    }

    function test_NeitherZeroNorTheContractIsPaid() public {
        Tree.Leaf[] memory leaves = new Tree.Leaf[](2);
        leaves[0] = Tree.Leaf(0, 10);
        leaves[1] = Tree.Leaf(_padded(address(xlv)), 20);
        _fileAndPay(0, leaves, 0);
        for (uint32 i = 0; i < 2; ++i) {
            address payee = address(uint160(uint256(leaves[i].payee)));
            bytes memory proof = Tree.proof(leaves, i, 0);
            uint64 amount = leaves[i].amount;
            vm.expectRevert(abi.encodeWithSelector(IClaims.NotAnAccount.selector, payee));
            xlv.claim(payee, amount, i, proof);
        }
        vm.assertEq(xlv.claimRange(0, Tree.run(leaves, 0, 1), ""), 0, "a run skips them");
    }

    // ---------------------------------------------------------------------------------------------- proof errors

    function test_RefusesMalformedProofs() public {
        Tree.Leaf[] memory leaves = _leaves(4, 1000);
        _fileAndPay(0, leaves, 0);
        address payee = _payee(2);
        bytes memory proof = Tree.proof(leaves, 2, 0);
        vm.expectRevert(abi.encodeWithSelector(IClaims.ProofLength.selector, 81));
        xlv.claim(payee, 1002, 2, abi.encodePacked(proof, uint8(0)));
        vm.expectRevert(abi.encodeWithSelector(IClaims.IndexTooLarge.selector, 4, 2));
        xlv.claim(payee, 1002, 4, proof);
        vm.expectRevert(abi.encodeWithSelector(IClaims.IndexTooLarge.selector, 6, 2));
        xlv.claim(payee, 1002, 6, proof);
        vm.expectRevert(abi.encodeWithSelector(IClaims.ProofTooDeep.selector, 33));
        xlv.claim(payee, 1002, 2, new bytes(33 * 40));
        vm.expectRevert(abi.encodeWithSelector(IClaims.SumTooLarge.selector, uint256(1) << 63));
        xlv.claim(payee, uint64(1) << 63, 0, "");
        bytes memory large = abi.encodePacked(bytes32(0), uint64(1 << 63) - 1002);
        vm.expectRevert(abi.encodeWithSelector(IClaims.SumTooLarge.selector, uint256(1) << 63));
        xlv.claim(payee, 1002, 0, large);
        // a sum that would wrap in 64 bits, below or above others
        large = abi.encodePacked(bytes32(0), type(uint64).max);
        vm.expectRevert(abi.encodeWithSelector(IClaims.SumTooLarge.selector, uint256(type(uint64).max) + 1002));
        xlv.claim(payee, 1002, 0, large);
        large = abi.encodePacked(bytes32(0), type(uint64).max, bytes32(0), uint64(7));
        vm.expectRevert(abi.encodeWithSelector(IClaims.SumTooLarge.selector, uint256(type(uint64).max) + 1009));
        xlv.claim(payee, 1002, 0, large);
    }

    function test_AnInnerNodeIsNoLeafAndADeepProofIsTaken() public {
        // 32 levels: the leaf stands at the last place
        bytes memory proof;
        Tree.Node memory node = Tree.leaf(Tree.Leaf(_padded(_payee(0)), 7));
        for (uint256 level = 0; level < 32; ++level) {
            Tree.Node memory sibling = Tree.Node(keccak256(abi.encode(level)), uint64(level));
            node = Tree.join(sibling, node);
            proof = abi.encodePacked(proof, sibling.hash, sibling.sum);
        }
        _warpPast(0);
        _submit(_summary(0, node.hash, node.sum, 0));
        vm.warp(xlv.pending().payableAt);
        vm.assertEq(xlv.claim(_payee(0), 7, type(uint32).max, proof), 7, "paid");
    }

    function testFuzz_EveryLeafAndNoOtherIsPaid(uint8 count, uint8 index, uint64 amount, uint64 other) public {
        uint256 n = _bound(count, 1, 40);
        uint32 i = uint32(_bound(index, 0, n - 1));
        Tree.Leaf[] memory leaves = _leaves(n, uint64(_bound(amount, 1, 3e11)));
        _fileAndPay(0, leaves, 0);
        bytes memory proof = Tree.proof(leaves, i, 0);
        vm.assume(other != leaves[i].amount);
        (bool done,) = address(xlv).call(abi.encodeCall(IClaims.claim, (_payee(i), other, i, proof)));
        vm.assertTrue(!done, "another amount");
        (done,) = address(xlv).call(abi.encodeCall(IClaims.claim, (_payee(i + 1), leaves[i].amount, i, proof)));
        vm.assertTrue(!done, "another payee");
        vm.assertEq(_claim(leaves, i), leaves[i].amount, "paid");
    }

    // ----------------------------------------------------------------------------------------------------- runs

    function test_ARunPaysAllItsLeavesWithOneProof() public {
        Tree.Leaf[] memory leaves = _leaves(16, 1000);
        _fileAndPay(0, leaves, 0);
        _claim(leaves, 5); // paid already: skipped
        uint64 paid = xlv.claimRange(4, Tree.run(leaves, 4, 2), Tree.proof(leaves, 4, 2));
        vm.assertEq(paid, 1004 + 1006 + 1007, "paid");
        for (uint256 i = 4; i < 8; ++i) {
            vm.assertEq(xlv.balanceOf(_payee(i)), 1000 + i, "balance");
        }
        vm.assertEq(xlv.balanceOf(_payee(3)) + xlv.balanceOf(_payee(8)), 0, "nobody else");
        vm.assertEq(xlv.claimRange(0, Tree.run(leaves, 0, 4), ""), 16_120 - 3017 - 1005, "the whole tree");
        vm.assertEq(xlv.claimRange(9, Tree.run(leaves, 9, 0), Tree.proof(leaves, 9, 0)), 0, "a run of one");
        vm.assertEq(xlv.balanceOf(address(xlv)), 0, "all claimed");
    }

    function test_ARunSkipsADecreedLossAndThePadding() public {
        Tree.Leaf[] memory leaves = _leaves(3, 1000);
        bytes32 filler = sha256(abi.encodePacked(bytes16("LIAISE/FILLER/1"), xlv.distributorId()));
        leaves[2] = Tree.Leaf(filler, 5000);
        _fileAndPay(0, leaves, 0);
        vm.assertEq(xlv.claimRange(0, Tree.run(leaves, 0, 2), ""), 2001, "paid");
        vm.assertEq(xlv.balanceOf(address(xlv)), 5000, "the loss stays");
        // and `claim` can't even name it: its payee is an address
        bytes memory proof = Tree.proof(leaves, 2, 0);
        vm.assertTrue(xlv.isValidLeaf(IClaims.Held.Newest, filler, 5000, 2, proof), "it is a leaf");
        vm.expectRevert();
        xlv.claim(address(uint160(uint256(filler))), 5000, 2, proof);
    }

    function test_ARunOfTheOlderRoot() public {
        Tree.Leaf[] memory first = _leaves(8, 1000);
        _fileAndPay(0, first, 0);
        _fileAndPay(1, _leaves(9, 1000), 0);
        vm.assertEq(xlv.claimRange(4, Tree.run(first, 4, 1), Tree.proof(first, 4, 1)), 2009, "paid");
    }

    function test_RefusesRunsThatAreNone() public {
        Tree.Leaf[] memory leaves = _leaves(8, 1000);
        _fileAndPay(0, leaves, 0);
        bytes memory proof = Tree.proof(leaves, 4, 1);
        bytes memory run = Tree.run(leaves, 4, 1);
        _refuseRun(5, run, proof, abi.encodeWithSelector(IClaims.RunNotAligned.selector, 5, 80));
        _refuseRun(0, "", proof, abi.encodeWithSelector(IClaims.RunNotAligned.selector, 0, 0));
        bytes memory three = abi.encodePacked(run, Tree.run(leaves, 6, 0));
        _refuseRun(0, three, proof, abi.encodeWithSelector(IClaims.RunNotAligned.selector, 0, 120));
        bytes memory long = abi.encodePacked(run, uint8(0));
        _refuseRun(4, long, proof, abi.encodeWithSelector(IClaims.RunNotAligned.selector, 4, 81));
        _refuseRun(8, run, proof, abi.encodeWithSelector(IClaims.IndexTooLarge.selector, 4, 2));
        _refuseRun(4, run, new bytes(32 * 40), abi.encodeWithSelector(IClaims.ProofTooDeep.selector, 33));
        bytes memory large = abi.encodePacked(run, bytes32(0), type(uint64).max, bytes32(0), uint64(0));
        _refuseRun(4, large, "", abi.encodeWithSelector(IClaims.SumTooLarge.selector, uint256(type(uint64).max) + 2009));
        large = abi.encodePacked(bytes32(0), uint64(1) << 62, bytes32(0), uint64(1) << 62);
        _refuseRun(4, large, proof, abi.encodeWithSelector(IClaims.SumTooLarge.selector, uint256(1) << 63));
        bytes memory wrong = Tree.run(leaves, 2, 1);
        (bool done, bytes memory result) = address(xlv).call(abi.encodeCall(IClaims.claimRange, (4, wrong, proof)));
        vm.assertTrue(!done && bytes4(result) == IClaims.InvalidProof.selector, "other leaves");
    }

    function testFuzz_ARunPaysWhatItsLeavesWouldHavePaid(uint8 count, uint8 at, uint8 size, uint256 paidBefore) public {
        uint256 n = _bound(count, 1, 40);
        Tree.Leaf[] memory leaves = _leaves(n, 1000);
        _fileAndPay(0, leaves, 0);
        uint256 depth;
        while ((1 << depth) < n) ++depth;
        uint256 log2 = _bound(size, 0, depth);
        uint256 first = _bound(at, 0, (1 << (depth - log2)) - 1) << log2;
        uint256 expected;
        for (uint256 i = first; i < first + (1 << log2) && i < n; ++i) {
            if ((paidBefore >> i) & 1 == 1) _claim(leaves, uint32(i));
            else expected += leaves[i].amount;
        }
        uint64 paid = xlv.claimRange(uint32(first), Tree.run(leaves, first, log2), Tree.proof(leaves, first, log2));
        vm.assertEq(paid, expected, "paid");
        for (uint256 i = first; i < first + (1 << log2) && i < n; ++i) {
            vm.assertEq(xlv.balanceOf(_payee(i)), leaves[i].amount, "balance");
        }
    }

    // ------------------------------------------------------------------------------------------ views for others

    function test_AnyContractReadsTheHeldRootsAndChecksALeaf() public {
        (IClaims.Root memory waiting, IClaims.Root memory newest, IClaims.Root memory previous) = xlv.heldRoots();
        vm.assertTrue(!waiting.exists && !newest.exists && !previous.exists, "none at first");
        Tree.Leaf[][3] memory trees = [_leaves(3, 1000), _leaves(4, 1000), _leaves(5, 1000)];
        _fileAndPay(0, trees[0], 0);
        _fileAndPay(1, trees[1], 0);
        _file(2, trees[2], 0);
        (waiting, newest, previous) = xlv.heldRoots();
        vm.assertEq(abi.encode(waiting), _root(2, trees[2]), "pending");
        vm.assertEq(abi.encode(newest), _root(1, trees[1]), "newest");
        vm.assertEq(abi.encode(previous), _root(0, trees[0]), "previous");
        for (uint256 held = 0; held < 3; ++held) {
            for (uint256 tree = 0; tree < 3; ++tree) {
                bool valid =
                    xlv.isValidLeaf(IClaims.Held(held), _padded(_payee(1)), 1001, 1, Tree.proof(trees[tree], 1, 0));
                vm.assertTrue(valid == (tree == 2 - held), "valid only against its own root");
            }
        }
        // time alone moves them on
        vm.warp(xlv.pending().payableAt);
        (waiting, newest, previous) = xlv.heldRoots();
        vm.assertTrue(!waiting.exists, "nothing pending");
        vm.assertEq(abi.encode(newest), _root(2, trees[2]), "newest later");
        vm.assertEq(abi.encode(previous), _root(1, trees[1]), "previous later");
        vm.assertTrue(
            !xlv.isValidLeaf(IClaims.Held.Pending, _padded(_payee(1)), 1001, 1, Tree.proof(trees[2], 1, 0)), "gone"
        );
        bytes memory proof = new bytes(39);
        vm.expectRevert(abi.encodeWithSelector(IClaims.ProofLength.selector, 39));
        xlv.isValidLeaf(IClaims.Held.Newest, 0, 1, 0, proof);
    }

    function test_AnEmptyTreeHasNoLeaf() public {
        _fileAndPay(0, new Tree.Leaf[](0), 0);
        vm.assertTrue(!xlv.isValidLeaf(IClaims.Held.Newest, 0, 0, 0, ""), "no leaf");
        vm.assertEq(xlv.claimRange(0, new bytes(40), ""), 0, "padding pays nothing");
    }

    // -------------------------------------------------------------------------------------------------- helpers

    function _root(uint32 epoch, Tree.Leaf[] memory leaves) private pure returns (bytes memory) {
        Tree.Node memory root = Tree.root(leaves);
        return abi.encode(IClaims.Root(true, epoch, root.hash, root.sum));
    }

    function _refuse(Tree.Leaf[] memory leaves, uint32 index, uint256 log2, bytes4 selector) private {
        address payee = address(uint160(uint256(leaves[index].payee)));
        bytes memory call =
            abi.encodeCall(IClaims.claim, (payee, leaves[index].amount, index, Tree.proof(leaves, index, log2)));
        (bool done, bytes memory result) = address(xlv).call(call);
        vm.assertTrue(!done && bytes4(result) == selector, "refused for another reason, or not at all");
    }

    function _refuseRun(uint32 first, bytes memory run, bytes memory proof, bytes memory reason) private {
        vm.expectRevert(reason);
        xlv.claimRange(first, run, proof);
    }
}
