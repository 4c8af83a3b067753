// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {Deploy} from "../script/Deploy.s.sol";
import {IEmission} from "../src/interfaces/IEmission.sol";
import {IQuorumErrors} from "../src/interfaces/IQuorumErrors.sol";
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

    /// @dev Propose, vote, queue, execute: from then on the distributor's range has an end, and the last epoch before it is
    /// filed and the next one is not.
    function test_TheDaoHandsOverByAVote() public {
        _emitTo(10_000, 0);
        bytes memory call = abi.encodeCall(IEmission.handOver, (TERM, bytes32("other")));
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _proposal(call);
        _pass(targets, values, calls);
        vm.assertEq(xlv.range().end, TERM, "end");
        vm.assertEq(xlv.range().handedTo, "other", "to whom");
        for (uint32 epoch = 1; epoch < TERM; ++epoch) {
            _warpPast(epoch);
            if (xlv.pending().payableAt > _time()) vm.warp(xlv.pending().payableAt);
            _submit(_summary(epoch, "root", 10_000, 0));
        }
        vm.warp(xlv.pending().payableAt + 1 days);
        bytes memory signatures = _quorum(xlv.epochDigest(_summary(TERM, "root", 10_000, 0)));
        vm.expectRevert(abi.encodeWithSelector(IEmission.EpochOutOfRange.selector, TERM, TERM));
        xlv.submit(_summary(TERM, "root", 10_000, 0), signatures);
    }

    /// @dev The vote alone is not enough while the guarded time lasts; what was queued can be executed once the guardian
    /// agrees, and needs no guardian afterwards.
    function test_AVotedHandOverWaitsForTheGuardian() public {
        _emitTo(10_000, 0);
        bytes memory call = abi.encodeCall(IEmission.handOver, (2 * TERM, bytes32("other")));
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _proposal(call);
        _proposeAndVote(targets, values, calls);
        vm.warp(_time() + VOTING_PERIOD);
        governor.queue(targets, values, calls, keccak256("why"));
        vm.warp(_time() + TIMELOCK_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NoConsent.selector, GUARDIAN, keccak256(call)));
        governor.execute(targets, values, calls, keccak256("why"));
        vm.assertEq(xlv.range().end, OPEN_ENDED, "nothing happened");
        vm.warp(xlv.guardedUntil());
        governor.execute(targets, values, calls, keccak256("why"));
        vm.assertEq(xlv.range().end, 2 * TERM, "the DAO alone");
    }

    /// @dev Propose, vote, queue, execute: the next epoch is filed by the new set, and no longer by the old one.
    function test_TheDaoRotatesTheOraclesByAVote() public {
        _emitTo(10_000, 0);
        uint256[] memory next = _privateKeys(9, 2);
        bytes memory call = abi.encodeCall(IEmission.rotate, (2, _publicKeys(next)));
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _proposal(call);
        uint256 id = _proposeAndVote(targets, values, calls);
        vm.assertEq(xlv.oracleSet().version, 1, "a vote under way changes nothing");
        vm.warp(_time() + VOTING_PERIOD);
        governor.queue(targets, values, calls, keccak256("why"));
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Queued), "queued");
        vm.warp(_time() + TIMELOCK_DELAY);
        governor.execute(targets, values, calls, keccak256("why"));
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Executed), "executed");
        vm.assertEq(xlv.oracleSet().version, 2, "version");
        vm.assertEq(xlv.quorumSize(), 6, "quorum of nine");

        _warpPast(1);
        IEmission.Summary memory summary = _summary(1, "root", 10_000, 0);
        bytes32 digest = xlv.epochDigest(summary);
        bytes memory old = _signatures(oracleKeys, 6, digest);
        vm.expectRevert(abi.encodeWithSelector(IQuorumErrors.NotAMember.selector, 0, vm.addr(oracleKeys[0])));
        xlv.submit(summary, old);
        xlv.submit(summary, _signatures(next, 6, digest));
        vm.assertEq(xlv.pending().digest, digest, "filed by the new set");
    }

    /// @dev More votes against than for: nothing can be queued.
    function test_ARejectedRotationIsNotQueued() public {
        _emitTo(10_000, 0);
        vm.prank(STRANGER);
        xlv.transfer(GUARDIAN, 5001);
        vm.prank(GUARDIAN);
        xlv.delegate(GUARDIAN);
        bytes memory call = abi.encodeCall(IEmission.rotate, (2, _publicKeys(_privateKeys(7, 2))));
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _proposal(call);
        uint256 id = _proposeAndVote(targets, values, calls);
        vm.prank(GUARDIAN);
        governor.castVote(id, 0);
        vm.warp(_time() + VOTING_PERIOD);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated), "4 999 against 5 001");
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorUnexpectedProposalState.selector,
                id,
                IGovernor.ProposalState.Defeated,
                bytes32(uint256(1) << uint8(IGovernor.ProposalState.Succeeded))
            )
        );
        governor.queue(targets, values, calls, keccak256("why"));
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
