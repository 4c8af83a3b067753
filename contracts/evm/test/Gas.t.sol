// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IEmission} from "../src/interfaces/IEmission.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";
import {vm} from "./support/Vm.sol";

/// @notice What each action costs as a transaction of its own, calldata included: run with --isolate, as `forge snapshot` is here.
contract GasTest is Fixture {
    uint256 private constant DEPTH = 20;
    string private constant GROUP = "calls";

    function _setUpWith(uint256 oracles) private {
        vm.warp(GENESIS - 30 days);
        oracleKeys = _privateKeys(oracles, 1);
        xlv = _deploy(_deployment());
        _openRange(0, 0);
    }

    // --------------------------------------------------------------------------------------------------- filing

    function test_Submit5Of7() public {
        _submitSteadily(7, "submit-5-of-7");
    }

    function test_Submit9Of13() public {
        _submitSteadily(13, "submit-9-of-13");
    }

    /// @dev Every day one, after the sixth; it settles its predecessor, and both have pay.
    function _submitSteadily(uint256 oracles, string memory name) private {
        _setUpWith(oracles);
        for (uint32 epoch = 0; epoch < 6; ++epoch) {
            _warpPast(epoch);
            _submit(_steady(epoch));
        }
        _warpPast(6);
        IEmission.Summary memory summary = _steady(6);
        bytes memory signatures = _quorum(xlv.epochDigest(summary));
        xlv.submit(summary, signatures);
        vm.snapshotGasLastCall(GROUP, name);
    }

    function _steady(uint32 epoch) private pure returns (IEmission.Summary memory) {
        uint64 sum = (uint64(epoch) + 1) * 13e12;
        return _summary(epoch, keccak256(abi.encode(epoch)), sum, 5e11 + epoch);
    }

    // --------------------------------------------------------------------------------------------------- claims

    function test_Claim() public {
        _setUpWith(7);
        uint32 index = 0x5a5a5;
        Tree.Leaf memory leaf = Tree.Leaf(_padded(STRANGER), 1_234_567_890_123);
        bytes memory proof = _fileTree(0, leaf, index, 0);
        xlv.claim(STRANGER, leaf.amount, index, proof);
        vm.snapshotGasLastCall(GROUP, "claim-first");
        leaf.amount += 1_234_567_890_123;
        proof = _fileTree(1, leaf, index, 0);
        xlv.claim(STRANGER, leaf.amount, index, proof);
        vm.snapshotGasLastCall(GROUP, "claim-later");
        vm.prank(STRANGER);
        xlv.transfer(GUARDIAN, 1_000_000_007);
        vm.snapshotGasLastCall(GROUP, "transfer-first");
        vm.prank(STRANGER);
        xlv.transfer(GUARDIAN, 1_000_000_007);
        vm.snapshotGasLastCall(GROUP, "transfer-later");
    }

    function test_ClaimRange128() public {
        _runs(7, "claim-range-128");
    }

    function test_ClaimRange16() public {
        _runs(4, "claim-range-16");
    }

    /// @dev The value is a claim of the run: the transaction's gas over its leaves.
    function _runs(uint256 log2, string memory name) private {
        _setUpWith(7);
        uint32 first = uint32(0x2a << log2);
        Tree.Leaf[] memory leaves = new Tree.Leaf[](1 << log2);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] =
                Tree.Leaf(_padded(address(uint160(uint256(keccak256(abi.encode(i)))))), 20_123_456_789 + uint64(i));
        }
        for (uint32 epoch = 0; epoch < 2; ++epoch) {
            Tree.Node memory node = Tree.root(leaves);
            bytes memory proof = _file(epoch, node, first >> log2, log2);
            xlv.claimRange(first, Tree.run(leaves, 0, log2), proof);
            uint256 gasUsed = vm.lastCallGas().gasTotalUsed;
            vm.snapshotValue(GROUP, string.concat(name, epoch == 0 ? "-first" : ""), gasUsed / leaves.length);
            for (uint256 i = 0; i < leaves.length; ++i) {
                leaves[i].amount += 20_123_456_789;
            }
        }
    }

    /// @dev Files a tree of 2^20 leaves of which only the way to one is known.
    function _fileTree(uint32 epoch, Tree.Leaf memory leaf, uint256 index, uint256 log2)
        private
        returns (bytes memory)
    {
        return _file(epoch, Tree.leaf(leaf), index, log2);
    }

    function _file(uint32 epoch, Tree.Node memory node, uint256 index, uint256 log2)
        private
        returns (bytes memory proof)
    {
        for (uint256 level = log2; level < DEPTH; ++level) {
            Tree.Node memory sibling =
                Tree.Node(keccak256(abi.encode(epoch, level)), uint64((1 << level) * 10_007 * (epoch + 1)));
            proof = abi.encodePacked(proof, sibling.hash, sibling.sum);
            node = index & 1 == 0 ? Tree.join(node, sibling) : Tree.join(sibling, node);
            index >>= 1;
        }
        _warpPast(epoch);
        _submit(_summary(epoch, node.hash, node.sum, 0));
        vm.warp(xlv.pending().payableAt);
        xlv.settle();
    }

    // --------------------------------------------------------------------------------------------------- the rest

    function test_Veto() public {
        _setUpWith(7);
        _warpPast(0);
        bytes32 digest = _submit(_steady(0));
        vm.prank(GUARDIAN);
        xlv.veto(digest, "epoch 0 pays a stranger");
        vm.snapshotGasLastCall(GROUP, "veto");
    }

    function test_TermsOf7() public {
        _setUpWith(7);
        vm.warp(xlv.guardedUntil());
        vm.prank(DAO);
        xlv.handOver(TERM, keccak256("another distributor"));
        vm.snapshotGasLastCall(GROUP, "hand-over");
        bytes32 head = xlv.head();
        bytes32 old = keccak256("another distributor");
        vm.prank(DAO);
        xlv.approveOpen(2 * TERM, old, head);
        vm.snapshotGasLastCall(GROUP, "approve-open");
        bytes memory signatures = _quorum(xlv.openDigest(2 * TERM, old));
        xlv.open(2 * TERM, old, signatures);
        vm.snapshotGasLastCall(GROUP, "open");
        IEmission.PublicKey[] memory keys = _publicKeys(_privateKeys(7, 2));
        vm.prank(DAO);
        xlv.rotate(2, keys);
        vm.snapshotGasLastCall(GROUP, "rotate");
    }
}
