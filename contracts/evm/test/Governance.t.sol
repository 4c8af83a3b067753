// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {Deploy} from "../script/Deploy.s.sol";
import {IEmission} from "../src/interfaces/IEmission.sol";
import {IXLV} from "../src/interfaces/IXLV.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";
import {vm} from "./support/Vm.sol";

/// @notice What of the governor these tests call beyond its standard interface.
interface IXlvGovernor is IGovernor {
    function quorumNumerator() external view returns (uint256);
    function quorumDenominator() external view returns (uint256);
    function timelock() external view returns (address);
    function token() external view returns (address);
}

/// @notice The deployed DAO: who holds which role, how long a decision takes, what its quorum is (P4, P11).
contract GovernanceTest is Fixture {
    uint48 private constant VOTING_DELAY = 1 days;
    uint32 private constant VOTING_PERIOD = 3 days;
    uint256 private constant TIMELOCK_DELAY = 2 days;

    address private immutable DEPLOYER = _named("deployer");
    Deploy.Addresses private at;
    IXlvGovernor private governor;
    TimelockController private timelock;
    Tree.Leaf[] private holders;

    function setUp() public {
        vm.warp(GENESIS - 30 days);
        oracleKeys = _privateKeys(7, 1);
        Deploy script = new Deploy();
        Deploy.Dao memory dao = Deploy.Dao(TIMELOCK_DELAY, VOTING_DELAY, VOTING_PERIOD, 0);
        vm.setNonce(DEPLOYER, 5);
        at = script.deploy(DEPLOYER, _deployment(), dao);
        xlv = IXLV(at.xlv);
        governor = IXlvGovernor(at.governor);
        timelock = TimelockController(payable(at.timelock));
    }

    // ----------------------------------------------------------------------------------------------- roles (P11)

    function test_TheDeployerHoldsNothingAndTheGovernorAllItNeeds() public view {
        vm.assertEq(xlv.authority(), address(timelock), "authority");
        vm.assertEq(governor.timelock(), address(timelock), "timelock");
        vm.assertEq(governor.token(), address(xlv), "token");
        bytes32[4] memory roles = [
            timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE(), timelock.EXECUTOR_ROLE(), timelock.DEFAULT_ADMIN_ROLE()
        ];
        for (uint256 i = 0; i < 4; ++i) {
            bool governors = i < 3;
            vm.assertTrue(timelock.hasRole(roles[i], address(governor)) == governors, "governor");
            vm.assertTrue(!timelock.hasRole(roles[i], DEPLOYER), "deployer");
            vm.assertTrue(!timelock.hasRole(roles[i], GUARDIAN), "guardian");
            vm.assertTrue(!timelock.hasRole(roles[i], address(0)), "everybody");
            vm.assertTrue(timelock.hasRole(roles[i], address(timelock)) == !governors, "timelock");
        }
        vm.assertEq(timelock.getMinDelay(), TIMELOCK_DELAY, "delay");
        vm.assertTrue(xlv.guardian() != DEPLOYER && xlv.authority() != DEPLOYER, "of XLV neither");
    }

    function test_TheDeployersCallsAreRefused() public {
        vm.prank(DEPLOYER);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotAuthorized.selector, DEPLOYER, true));
        xlv.approveOpen(0, 0, 0);
        vm.prank(DEPLOYER);
        vm.expectRevert();
        timelock.schedule(address(xlv), 0, "", 0, 0, TIMELOCK_DELAY);
    }

    function test_TheCheckOfADeploymentFindsAnotherAuthority() public {
        Deploy script = new Deploy();
        IXLV foreign = _deploy(_deployment()); // its authority is no timelock of this DAO
        Deploy.Addresses memory wrong = at;
        wrong.xlv = address(foreign);
        vm.expectRevert(abi.encodeWithSelector(Deploy.NotAsDeployed.selector, bytes32("authority")));
        script.check(DEPLOYER, wrong);
        vm.expectRevert(abi.encodeWithSelector(Deploy.NotAsDeployed.selector, bytes32("deployer's role")));
        script.check(address(timelock), at);
    }

    // ---------------------------------------------------------------------------------------------- quorum (P11)

    function test_TheQuorumIsFortyPermilleOfWhatHasBeenEmitted() public {
        _emitTo(1000, 24_000);
        vm.warp(_time() + 1);
        vm.assertEq(xlv.totalSupply(), 25_000, "emitted, most of it unclaimed");
        vm.assertEq(governor.quorum(_time() - 1), 1000, "40 permille");
        vm.assertEq(governor.quorumNumerator(), 40, "numerator");
        vm.assertEq(governor.quorumDenominator(), 1000, "denominator");
    }

    function test_BelowTheQuorumAProposalIsDefeated() public {
        _emitTo(999, 24_001);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            _proposal(abi.encodeCall(IEmission.approveOpen, (180, bytes32("old"), xlv.head())));
        uint256 id = _proposeAndVote(targets, values, calls);
        vm.warp(_time() + VOTING_PERIOD + 1);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated), "999 of 25 000 are too few");
    }

    // ------------------------------------------------------------------------------------- time (P4, contracts.md)

    function test_TheDaoVetoesARefiledStatementInTime() public {
        vm.assertLt(uint256(VOTING_DELAY) + VOTING_PERIOD + TIMELOCK_DELAY, xlv.longDelay(), "six days in seven");
        _emitTo(10_000, 0);

        _warpPast(1);
        bytes32 digest = _submit(_summary(1, "false", 20_000, 0));
        vm.prank(GUARDIAN);
        xlv.veto(digest, "the first veto is the guardian's");
        digest = _submit(_summary(1, "false again", 20_000, 0));
        uint256 payableAt = xlv.pending().payableAt;

        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            _proposal(abi.encodeCall(IEmission.veto, (digest, "the DAO's")));
        _pass(targets, values, calls);

        vm.assertLt(_time(), payableAt, "in time");
        vm.assertEq(uint256(xlv.pending().kind), uint256(IEmission.Kind.None), "nothing pending");
        vm.assertTrue(xlv.head() != digest, "the head moved");
        vm.warp(payableAt);
        xlv.settle();
        vm.assertEq(xlv.totalSupply(), 10_000, "it never became payable");
    }

    function test_TheDaoOpensALaterRangeByAVote() public {
        _emitTo(10_000, 0);
        bytes32 head = xlv.head();
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            _proposal(abi.encodeCall(IEmission.approveOpen, (180, bytes32("old"), head)));
        _pass(targets, values, calls);
        xlv.open(180, "old", _quorum(xlv.openDigest(180, "old")));
        vm.assertEq(uint256(xlv.pending().kind), uint256(IEmission.Kind.Open), "pending");
    }

    function test_TheDaoHandsOverWithTheGuardiansConsent() public {
        _emitTo(10_000, 0);
        bytes memory call = abi.encodeCall(IEmission.handOver, (TERM, bytes32("other")));
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _proposal(call);
        _pass(targets, values, calls);
        vm.assertEq(xlv.range().end, TERM, "end");
    }

    function test_OnlyTheTimelockSpeaksForTheDao() public {
        _emitTo(10_000, 0);
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotAuthorized.selector, address(governor), false));
        xlv.approveOpen(180, 0, 0);
    }

    // -------------------------------------------------------------------------------------------------- helpers

    /// @dev Opens (the guardian standing in), files epoch 0 with `voting` for a holder who delegates to itself, and claims
    /// that; `silent` stays unclaimed.
    function _emitTo(uint64 voting, uint64 silent) private {
        vm.prank(GUARDIAN);
        xlv.approveOpen(0, 0, 0);
        xlv.open(0, 0, _quorum(xlv.openDigest(0, 0)));
        vm.warp(xlv.pending().payableAt);
        Tree.Leaf[] memory leaves = new Tree.Leaf[](silent == 0 ? 1 : 2);
        leaves[0] = Tree.Leaf(_padded(STRANGER), voting);
        if (silent != 0) leaves[1] = Tree.Leaf(_padded(_payee(1)), silent);
        _fileAndPay(0, leaves, 0);
        _claim(leaves, 0);
        vm.prank(STRANGER);
        xlv.delegate(STRANGER);
    }

    function _proposal(bytes memory call)
        private
        view
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calls)
    {
        targets = new address[](1);
        values = new uint256[](1);
        calls = new bytes[](1);
        (targets[0], calls[0]) = (address(xlv), call);
    }

    function _proposeAndVote(address[] memory targets, uint256[] memory values, bytes[] memory calls)
        private
        returns (uint256 id)
    {
        vm.warp(_time() + 1); // the proposer's votes are those of the second before
        vm.prank(STRANGER);
        id = governor.propose(targets, values, calls, "why");
        vm.warp(_time() + VOTING_DELAY + 1);
        vm.prank(STRANGER);
        governor.castVote(id, 1);
    }

    /// @dev Propose, vote, queue, execute, with all delays.
    function _pass(address[] memory targets, uint256[] memory values, bytes[] memory calls) private {
        _proposeAndVote(targets, values, calls);
        vm.warp(_time() + VOTING_PERIOD);
        governor.queue(targets, values, calls, keccak256("why"));
        vm.warp(_time() + TIMELOCK_DELAY);
        governor.execute(targets, values, calls, keccak256("why"));
    }
}
