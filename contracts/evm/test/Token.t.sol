// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {IXLV} from "../src/interfaces/IXLV.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice ERC-20, ERC-2612 and votes (P9: nothing else moves XLV that users own).
contract TokenTest is Fixture {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event DelegateVotesChanged(address indexed delegate, uint256 previousVotes, uint256 newVotes);

    uint256 private constant ALICE_KEY = 0xa11ce;
    address private alice;

    function setUp() public {
        _setUpXlv();
        alice = vm.addr(ALICE_KEY);
        _openRange(0, 0);
        Tree.Leaf[] memory tree = new Tree.Leaf[](1);
        tree[0] = Tree.Leaf(_padded(alice), 1000);
        _fileAndPay(0, tree, 0);
        _claim(tree, 0);
    }

    function test_Metadata() public view {
        vm.assertEq(xlv.name(), "XLV", "name");
        vm.assertEq(xlv.symbol(), "XLV", "symbol");
        vm.assertEq(xlv.decimals(), 8, "decimals");
        vm.assertEq(xlv.CLOCK_MODE(), "mode=timestamp", "clock mode");
        vm.assertEq(xlv.clock(), _time(), "clock");
    }

    // ---------------------------------------------------------------------------------------------------- ERC-20

    function test_TransfersMoveBalances() public {
        vm.expectEmit(true, true, true, true, address(xlv));
        emit Transfer(alice, STRANGER, 400);
        vm.prank(alice);
        vm.assertTrue(xlv.transfer(STRANGER, 400), "returns true");
        vm.assertEq(xlv.balanceOf(alice), 600, "alice");
        vm.assertEq(xlv.balanceOf(STRANGER), 400, "stranger");
        vm.prank(alice);
        xlv.transfer(alice, 600);
        vm.assertEq(xlv.balanceOf(alice), 600, "to oneself");
        vm.prank(STRANGER);
        xlv.transfer(alice, 0);
        vm.assertEq(xlv.claimed(alice), 1000, "what was claimed stays");
        vm.assertEq(xlv.claimed(STRANGER), 0, "and is not moved");
    }

    function test_TransfersThatAreRefused() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1000, 1001));
        xlv.transfer(STRANGER, 1001);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1000, type(uint256).max)
        );
        xlv.transfer(STRANGER, type(uint256).max);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        xlv.transfer(address(0), 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(xlv)));
        xlv.transfer(address(xlv), 1);
        vm.prank(address(0));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSender.selector, address(0)));
        xlv.transfer(alice, 0);
    }

    function test_Allowances() public {
        vm.expectEmit(true, true, true, true, address(xlv));
        emit Approval(alice, STRANGER, 500);
        vm.prank(alice);
        xlv.approve(STRANGER, 500);
        vm.prank(STRANGER);
        xlv.transferFrom(alice, GUARDIAN, 200);
        vm.assertEq(xlv.allowance(alice, STRANGER), 300, "left");
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, STRANGER, 300, 301));
        xlv.transferFrom(alice, GUARDIAN, 301);
        vm.prank(alice);
        xlv.approve(STRANGER, type(uint256).max);
        vm.prank(STRANGER);
        xlv.transferFrom(alice, GUARDIAN, 800);
        vm.assertEq(xlv.allowance(alice, STRANGER), type(uint256).max, "without end");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSpender.selector, address(0)));
        xlv.approve(address(0), 1);
        vm.prank(address(0));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidApprover.selector, address(0)));
        xlv.approve(alice, 1);
    }

    function test_NobodyMovesWhatAnotherOwns() public {
        address[4] memory powers = [DAO, GUARDIAN, STRANGER, address(xlv)];
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(powers[i]);
            vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, powers[i], 0, 1));
            xlv.transferFrom(alice, STRANGER, 1);
        }
        vm.prank(address(xlv));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(xlv), 0, 1));
        xlv.transfer(STRANGER, 1);
    }

    function testFuzz_TransfersKeepTheSum(uint64 value, bool back) public {
        value = uint64(_bound(value, 0, 1000));
        vm.prank(alice);
        xlv.transfer(STRANGER, value);
        if (back) {
            vm.prank(STRANGER);
            xlv.transfer(alice, value / 2);
        }
        vm.assertEq(xlv.balanceOf(alice) + xlv.balanceOf(STRANGER), 1000, "sum");
    }

    // -------------------------------------------------------------------------------------------------- ERC-2612

    function test_APermitIsAnApprovalOnce() public {
        uint256 deadline = _time() + 60;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, _permitDigest(STRANGER, 77, 0, deadline));
        xlv.permit(alice, STRANGER, 77, deadline, v, r, s);
        vm.assertEq(xlv.allowance(alice, STRANGER), 77, "allowance");
        vm.assertEq(xlv.nonces(alice), 1, "nonce");
        (bool done, bytes memory result) =
            address(xlv).call(abi.encodeCall(xlv.permit, (alice, STRANGER, 77, deadline, v, r, s)));
        vm.assertTrue(!done && bytes4(result) == IXLV.ERC2612InvalidSigner.selector, "once");
    }

    function test_PermitsThatAreRefused() public {
        uint256 deadline = _time();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, _permitDigest(STRANGER, 77, 0, deadline));
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IXLV.ERC2612ExpiredSignature.selector, deadline));
        xlv.permit(alice, STRANGER, 77, deadline, v, r, s);
        vm.warp(deadline);
        _refusePermit(GUARDIAN, 77, deadline, v, r, s); // another owner
        _refusePermit(alice, 78, deadline, v, r, s); // another value
        vm.chainId(4242); // a fork has another domain
        _refusePermit(alice, 77, deadline, v, r, s);
        vm.chainId(31337);
        xlv.permit(alice, STRANGER, 77, deadline, v, r, s);
    }

    // ----------------------------------------------------------------------------------------------------- votes

    function test_VotesFollowBalancesAndDelegates() public {
        vm.prank(alice);
        xlv.delegate(GUARDIAN);
        vm.assertEq(xlv.delegates(alice), GUARDIAN, "delegate");
        vm.assertEq(xlv.getVotes(GUARDIAN), 1000, "delegated");
        vm.prank(alice);
        xlv.transfer(STRANGER, 300);
        vm.assertEq(xlv.getVotes(GUARDIAN), 700, "the stranger has no delegate");
        vm.prank(STRANGER);
        xlv.delegate(STRANGER);
        vm.assertEq(xlv.getVotes(STRANGER), 300, "self");
        vm.expectEmit(true, true, true, true, address(xlv));
        emit DelegateVotesChanged(GUARDIAN, 700, 750);
        vm.prank(STRANGER);
        xlv.transfer(alice, 50);
        vm.assertEq(xlv.getVotes(STRANGER), 250, "moved");
        vm.prank(alice);
        xlv.delegate(address(0));
        vm.assertEq(xlv.getVotes(GUARDIAN), 0, "taken back");
        vm.prank(alice);
        xlv.transfer(STRANGER, 750);
        vm.assertEq(xlv.getVotes(STRANGER), 1000, "from nobody's to the stranger's");
    }

    function test_AClaimAddsToTheDelegatesVotes() public {
        vm.prank(alice);
        xlv.delegate(GUARDIAN);
        Tree.Leaf[] memory tree = new Tree.Leaf[](1);
        tree[0] = Tree.Leaf(_padded(alice), 1600);
        _fileAndPay(1, tree, 0);
        vm.assertEq(xlv.getVotes(GUARDIAN), 1000, "unclaimed XLV votes for nobody");
        _claim(tree, 0);
        vm.assertEq(xlv.getVotes(GUARDIAN), 1600, "claimed");
    }

    function test_TheVotesTotalGrowsWhenAnEpochBecomesPayable() public {
        uint256 before = _time();
        Tree.Leaf[] memory tree = new Tree.Leaf[](1);
        tree[0] = Tree.Leaf(_padded(alice), 1600);
        _file(1, tree, 0);
        uint256 accepted = _time();
        vm.warp(xlv.pending().payableAt);
        xlv.settle();
        vm.warp(_time() + 1);
        vm.assertEq(xlv.getPastTotalSupply(before), 1000, "before");
        vm.assertEq(xlv.getPastTotalSupply(accepted), 1000, "accepted is not payable");
        vm.assertEq(xlv.getPastTotalSupply(_time() - 1), 1600, "payable");
        uint256 now_ = _time();
        vm.expectRevert(abi.encodeWithSelector(Votes.ERC5805FutureLookup.selector, now_, now_));
        xlv.getPastTotalSupply(now_);
    }

    function test_DelegationBySignature() public {
        bytes32 content = keccak256(
            abi.encode(keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)"), STRANGER, 0, _time())
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, _typed(content));
        xlv.delegateBySig(STRANGER, 0, _time(), v, r, s);
        vm.assertEq(xlv.getVotes(STRANGER), 1000, "votes");
        uint256 expiry = _time();
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, alice, 1));
        xlv.delegateBySig(STRANGER, 0, expiry, v, r, s);
    }

    function _refusePermit(address owner, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) private {
        (bool done, bytes memory result) =
            address(xlv).call(abi.encodeCall(xlv.permit, (owner, STRANGER, value, deadline, v, r, s)));
        vm.assertTrue(!done && bytes4(result) == IXLV.ERC2612InvalidSigner.selector, "another signer");
    }

    function _permitDigest(address spender, uint256 value, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes32)
    {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        return _typed(keccak256(abi.encode(kind, alice, spender, value, nonce, deadline)));
    }

    function _typed(bytes32 content) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("XLV"),
                keccak256("1"),
                31337,
                address(xlv)
            )
        );
        vm.assertEq(xlv.DOMAIN_SEPARATOR(), domain, "domain");
        return keccak256(abi.encodePacked(hex"1901", domain, content));
    }
}
