// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IEmission} from "../src/interfaces/IEmission.sol";
import {IQuorumErrors} from "../src/interfaces/IQuorumErrors.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";
import {vm} from "./support/Vm.sol";

/// @notice Ranges, hand-over and opening; oracle sets; the guardian; what a constructor takes.
contract TermsTest is Fixture {
    event OpenAccepted(
        uint32 indexed first,
        bytes32 indexed digest,
        bytes32 previousHead,
        uint32 setVersion,
        uint64 payableAt,
        bytes32 old
    );
    event RangeOpened(uint32 indexed first);
    event HandedOver(uint32 indexed end, bytes32 indexed newDistributor);
    event OpenApproved(uint32 indexed first, bytes32 indexed old, bytes32 head, address indexed by);
    event OracleSetRotated(uint32 indexed version, bytes32 indexed setHash, bytes keys);
    event GuardianChanged(address indexed previous, address indexed current);
    event ConsentChanged(address indexed guardian, bytes32 indexed callHash, bool given);

    bytes32 private constant OTHER = "another distributor";

    function setUp() public {
        _setUpXlv();
    }

    // ------------------------------------------------------------------------------------------------ open (P6)

    function test_OpeningNeedsTheDaoAndTheQuorumAndTheLongDelay() public {
        bytes32 digest = xlv.openDigest(180, OTHER);
        bytes memory signatures = _quorum(digest);
        vm.expectRevert(abi.encodeWithSelector(IEmission.OpenNotApproved.selector, 180, OTHER, bytes32(0)));
        xlv.open(180, OTHER, signatures);

        vm.expectEmit(true, true, true, true, address(xlv));
        emit OpenApproved(180, OTHER, 0, DAO);
        vm.prank(DAO);
        xlv.approveOpen(180, OTHER, 0);
        vm.assertEq(xlv.approvedOpening(), keccak256(abi.encode(uint32(180), OTHER, bytes32(0))), "approved");

        // another range or predecessor than the approved one
        vm.expectRevert(abi.encodeWithSelector(IEmission.OpenNotApproved.selector, 181, OTHER, bytes32(0)));
        xlv.open(181, OTHER, signatures);
        vm.expectRevert(abi.encodeWithSelector(IEmission.OpenNotApproved.selector, 180, bytes32(0), bytes32(0)));
        xlv.open(180, 0, signatures);
        bytes memory tooFew = _signatures(oracleKeys, 4, digest);
        vm.expectRevert(abi.encodeWithSelector(IQuorumErrors.NoQuorum.selector, 4, 5));
        xlv.open(180, OTHER, tooFew);

        uint64 payableAt = uint64(_time()) + LONG_DELAY;
        vm.expectEmit(true, true, true, true, address(xlv));
        emit OpenAccepted(180, digest, 0, 1, payableAt, OTHER);
        vm.prank(STRANGER);
        vm.assertEq(xlv.open(180, OTHER, signatures), digest, "digest");
        vm.assertEq(xlv.head(), digest, "head");
        vm.assertEq(xlv.approvedOpening(), 0, "the approval is used up");
        vm.assertEq(uint256(xlv.pending().kind), uint256(IEmission.Kind.Open), "kind");
        vm.assertEq(xlv.pending().epoch, 180, "first");
        vm.assertTrue(!xlv.range().opened, "not before the delay");

        vm.warp(payableAt);
        IEmission.Range memory r = xlv.range();
        vm.assertTrue(r.opened && r.start == 180 && r.next == 180 && r.end == OPEN_ENDED, "range");
        vm.expectEmit(true, true, true, true, address(xlv));
        emit RangeOpened(180);
        xlv.settle();
        vm.assertEq(abi.encode(xlv.range()), abi.encode(r), "what is written is what was seen");
        _warpPast(180);
        _submit(_summary(180, "x", 1, 0));
    }

    function test_AnOpeningCanBeVetoedAndLeavesTheRangeAsItWas() public {
        _openRange(0, 0);
        _fileAndPay(0, _leaves(1, 10), 3);
        _asGuardedDao(abi.encodeCall(IEmission.handOver, (TERM, OTHER)));
        bytes memory range = abi.encode(xlv.range());
        bytes memory books = abi.encode(xlv.books());
        _acceptOpen(360, OTHER);
        bytes32 digest = xlv.head();
        vm.prank(GUARDIAN);
        xlv.veto(digest, "not yet");
        vm.assertEq(abi.encode(xlv.range()), range, "range");
        vm.assertEq(abi.encode(xlv.books()), books, "books");
        vm.assertTrue(xlv.head() != digest, "the head moved");
        // the refiled one waits the long delay too, and only the DAO may veto it
        _acceptOpen(360, OTHER);
        digest = xlv.head();
        vm.assertEq(xlv.pending().payableAt, _time() + LONG_DELAY, "delay");
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IEmission.GuardianVetoUsed.selector, digest));
        xlv.veto(digest, "");
        vm.prank(DAO);
        xlv.veto(digest, "");
        vm.assertEq(abi.encode(xlv.range()), range, "range again");
    }

    function test_AnApprovalIsForOneHead() public {
        bytes32 head = xlv.head();
        vm.prank(DAO);
        xlv.approveOpen(0, 0, head);
        vm.prank(DAO);
        xlv.advance(head, "split");
        bytes32 newHead = xlv.head();
        bytes memory signatures = _quorum(xlv.openDigest(0, 0));
        vm.expectRevert(abi.encodeWithSelector(IEmission.OpenNotApproved.selector, 0, bytes32(0), newHead));
        xlv.open(0, 0, signatures);
    }

    function test_NothingIsFiledWhileAnOpeningIsPending() public {
        _openRange(0, 0);
        _acceptOpen(360, OTHER);
        bytes32 digest = xlv.head();
        uint64 payableAt = xlv.pending().payableAt;
        bytes memory pending = abi.encodeWithSelector(IEmission.StatementPending.selector, digest, payableAt);
        vm.warp(payableAt - 1);
        IEmission.Summary memory summary = _summary(0, 0, 0, 0);
        bytes memory signatures = _quorum(xlv.epochDigest(summary));
        vm.expectRevert(pending);
        xlv.submit(summary, signatures);
        vm.prank(DAO);
        xlv.approveOpen(361, OTHER, digest);
        signatures = _quorum(xlv.openDigest(361, OTHER));
        vm.expectRevert(pending);
        xlv.open(361, OTHER, signatures);
        // P6: no hand-over while an OPEN is pending
        bytes memory call = abi.encodeCall(IEmission.handOver, (TERM, OTHER));
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
        vm.prank(DAO);
        vm.expectRevert(pending);
        xlv.handOver(TERM, OTHER);
    }

    function test_AnOpeningStartsAtTheNextEpochOrLater() public {
        _openRange(10, 0);
        _fileAndPay(10, _leaves(1, 10), 0);
        for (uint32 i = 0; i < 2; ++i) {
            uint32 first = i == 0 ? 10 : OPEN_ENDED;
            bytes32 head = xlv.head();
            vm.prank(DAO);
            xlv.approveOpen(first, OTHER, head);
            bytes memory signatures = _quorum(xlv.openDigest(first, OTHER));
            vm.expectRevert(abi.encodeWithSelector(IEmission.OpenTooEarly.selector, first, 11));
            xlv.open(first, OTHER, signatures);
        }
        _openRange(11, OTHER);
        vm.assertEq(xlv.range().start, 11, "start");
    }

    function test_ALaterRangeIsOpenedAgainWithTheSameTreeAndDebt() public {
        _openRange(0, 0);
        Tree.Leaf[] memory leaves = _leaves(2, 1000);
        _fileAndPay(0, leaves, 77);
        _asGuardedDao(abi.encodeCall(IEmission.handOver, (TERM, OTHER)));
        for (uint32 epoch = 1; epoch < TERM; ++epoch) {
            _fileAndPay(epoch, leaves, 77);
        }
        vm.assertEq(_claim(leaves, 0), 1000, "claimable after the hand-over");
        _openRange(3 * TERM, OTHER);
        IEmission.Range memory r = xlv.range();
        vm.assertTrue(r.start == 3 * TERM && r.next == 3 * TERM && r.end == OPEN_ENDED && r.handedTo == 0, "range");
        vm.assertEq(xlv.books().owed, 77, "what is owed carries over");
        vm.assertEq(_claim(leaves, 1), 1001, "claimable while the next range runs");
        leaves = _leaves(2, 1030);
        _fileAndPay(3 * TERM, leaves, 17);
        vm.assertEq(_claim(leaves, 0), 30, "cumulative over the distributor's life");
    }

    function test_TheGuardianStandsInForOpeningsWhileNobodyCanVote() public {
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotAuthorized.selector, STRANGER, true));
        xlv.approveOpen(0, 0, 0);
        vm.prank(GUARDIAN);
        xlv.approveOpen(0, 0, 0);
        xlv.open(0, 0, _quorum(xlv.openDigest(0, 0)));
        vm.warp(xlv.pending().payableAt);
        _fileAndPay(0, _leaves(1, 5), 0);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotAuthorized.selector, GUARDIAN, false));
        xlv.approveOpen(1, 0, 0);
    }

    function test_TheGuardianStandsInForNothingElse() public {
        _openRange(0, 0);
        bytes memory refused = abi.encodeWithSelector(IEmission.NotAuthorized.selector, GUARDIAN, false);
        vm.prank(GUARDIAN);
        vm.expectRevert(refused);
        xlv.handOver(TERM, OTHER);
        IEmission.PublicKey[] memory keys = _publicKeys(_privateKeys(5, 2));
        vm.prank(GUARDIAN);
        vm.expectRevert(refused);
        xlv.rotate(2, keys);
        vm.prank(GUARDIAN);
        vm.expectRevert(refused);
        xlv.setGuardian(STRANGER);
    }

    // ------------------------------------------------------------------------------------------- hand over (P6)

    function test_AHandOverEndsTheRangeIrrevocably() public {
        _openRange(0, 0);
        _consent(abi.encodeCall(IEmission.handOver, (TERM, OTHER)));
        vm.expectEmit(true, true, true, true, address(xlv));
        emit HandedOver(TERM, OTHER);
        _asDao(abi.encodeCall(IEmission.handOver, (TERM, OTHER)));
        IEmission.Range memory r = xlv.range();
        vm.assertTrue(r.end == TERM && r.handedTo == OTHER && r.start == 0, "range");
        _refuseGuarded(
            abi.encodeCall(IEmission.handOver, (2 * TERM, OTHER)),
            abi.encodeWithSelector(IEmission.AlreadyHandedOver.selector, TERM, OTHER)
        );
    }

    function test_AHandOverNeedsABoundaryAndNotice() public {
        _refuseGuarded(
            abi.encodeCall(IEmission.handOver, (TERM, OTHER)), abi.encodeWithSelector(IEmission.NotOpened.selector)
        );
        _openRange(20, 0);
        uint32[5] memory wrong = [20, TERM, 20 + TERM - 1, 20 + TERM + 1, OPEN_ENDED];
        for (uint256 i = 0; i < 5; ++i) {
            _refuseHandOver(wrong[i], 20, 27);
        }
        _refuseGuarded(
            abi.encodeCall(IEmission.handOver, (20 + TERM, 0)),
            abi.encodeWithSelector(IEmission.ZeroDistributor.selector)
        );

        for (uint32 epoch = 20; epoch < 20 + TERM - NOTICE; ++epoch) {
            _warpPast(epoch);
            _submit(_summary(epoch, 0, 0, 0));
        }
        // the pending one counts: next is now 193, the boundary 200
        vm.assertEq(uint256(xlv.pending().kind), uint256(IEmission.Kind.Epoch), "pending");
        _warpPast(20 + TERM - NOTICE);
        uint256 snapshot = _time();
        _submit(_summary(20 + TERM - NOTICE, 0, 0, 0));
        _refuseHandOver(20 + TERM, 20, 20 + TERM + 1);
        bytes32 digest = xlv.head();
        vm.prank(DAO);
        xlv.veto(digest, "");
        vm.assertEq(_time(), snapshot, "same second");
        _asGuardedDao(abi.encodeCall(IEmission.handOver, (20 + TERM, OTHER)));
        vm.assertEq(xlv.range().end, 20 + TERM, "end");
    }

    function testFuzz_AHandOverIsAtABoundaryWithNotice(uint32 end) public {
        _openRange(20, 0);
        bytes memory call = abi.encodeCall(IEmission.handOver, (end, OTHER));
        bool right = end > 20 && (end - 20) % TERM == 0 && end >= 27 && end != OPEN_ENDED;
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
        vm.prank(DAO);
        (bool done,) = address(xlv).call(call);
        vm.assertTrue(done == right, "boundary");
    }

    function test_OnlyTheDaoHandsOver() public {
        _openRange(0, 0);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotAuthorized.selector, STRANGER, false));
        xlv.handOver(TERM, OTHER);
    }

    // ---------------------------------------------------------------------------------------------- rotate (P8)

    function test_OnlyTheNewSetCountsAfterARotation() public {
        _openRange(0, 0);
        _warpPast(0);
        IEmission.Summary memory summary = _summary(0, "x", 1, 0);
        bytes memory old = _quorum(xlv.epochDigest(summary));
        uint256[] memory oldKeys = oracleKeys;

        oracleKeys = _privateKeys(9, 2);
        IEmission.PublicKey[] memory points = _publicKeys(oracleKeys);
        bytes memory compressed = _compressed(points);
        bytes32 hash = sha256(abi.encodePacked(bytes16("LIAISE/ORSET/01"), uint32(2), uint32(9), compressed));
        _consent(abi.encodeCall(IEmission.rotate, (2, points)));
        vm.expectEmit(true, true, true, true, address(xlv));
        emit OracleSetRotated(2, hash, compressed);
        _asDao(abi.encodeCall(IEmission.rotate, (2, points)));

        IEmission.OracleSet memory set = xlv.oracleSet();
        vm.assertEq(set.version, 2, "version");
        vm.assertEq(set.hash, hash, "hash");
        vm.assertEq(set.keys, compressed, "keys");
        vm.assertEq(set.members.length, 9, "members");
        for (uint256 i = 0; i < 9; ++i) {
            vm.assertEq(set.members[i], vm.addr(oracleKeys[i]), "derived address");
        }
        vm.assertEq(xlv.quorumSize(), 6, "quorum");

        vm.expectRevert(abi.encodeWithSelector(IQuorumErrors.NoQuorum.selector, 5, 6));
        xlv.submit(summary, old);
        bytes32 digest = xlv.epochDigest(summary);
        // old members over the new digest, and a mixture
        old = _signatures(oldKeys, 6, digest);
        vm.expectRevert(abi.encodeWithSelector(IQuorumErrors.NotAMember.selector, 0, vm.addr(oldKeys[0])));
        xlv.submit(summary, old);
        bytes memory mixed = abi.encodePacked(_signatures(oracleKeys, 5, digest), _signature(oldKeys[6], digest));
        vm.expectRevert(abi.encodeWithSelector(IQuorumErrors.NotAMember.selector, 5, vm.addr(oldKeys[6])));
        xlv.submit(summary, mixed);
        _submit(summary);
    }

    function test_SetsAreRotatedOneVersionAtATime() public {
        IEmission.PublicKey[] memory points = _publicKeys(_privateKeys(5, 2));
        uint32[3] memory wrong = [uint32(0), 1, 3];
        for (uint256 i = 0; i < 3; ++i) {
            _refuseGuarded(
                abi.encodeCall(IEmission.rotate, (wrong[i], points)),
                abi.encodeWithSelector(IEmission.WrongSetVersion.selector, wrong[i], 2)
            );
        }
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotAuthorized.selector, STRANGER, false));
        xlv.rotate(2, points);
    }

    function test_ASetHasFiveToFifteenAscendingPointsOfTheCurve() public {
        uint8[2] memory sizes = [4, 16];
        for (uint256 i = 0; i < 2; ++i) {
            _refuseRotate(
                _publicKeys(_privateKeys(sizes[i], 2)), abi.encodeWithSelector(IQuorumErrors.SetSize.selector, sizes[i])
            );
        }
        IEmission.PublicKey[] memory points = _publicKeys(_privateKeys(6, 2));
        IEmission.PublicKey memory kept = points[2];
        points[2] = points[1];
        _refuseRotate(points, abi.encodeWithSelector(IQuorumErrors.KeysNotAscending.selector, 2));
        (points[1], points[2]) = (kept, points[1]);
        _refuseRotate(points, abi.encodeWithSelector(IQuorumErrors.KeysNotAscending.selector, 2));
        (points[1], points[2]) = (points[2], kept);
        for (uint256 i = 0; i < 4; ++i) {
            (uint256 x, uint256 y) = (points[3].x, points[3].y);
            if (i == 0) y ^= 2;
            if (i == 1) (x, y) = (0, 0);
            if (i == 2) x += 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f - x;
            if (i == 3) y = type(uint256).max;
            kept = points[3];
            points[3] = IEmission.PublicKey(x, y);
            _refuseRotate(points, abi.encodeWithSelector(IQuorumErrors.NotOnCurve.selector, 3, x, y));
            points[3] = kept;
        }
        _asGuardedDao(abi.encodeCall(IEmission.rotate, (2, points)));
    }

    function test_EvenKeysComeBeforeOddOnes() public {
        uint256[] memory keys = _privateKeys(15, 3);
        IEmission.PublicKey[] memory points = _publicKeys(keys);
        uint256 changes;
        for (uint256 i = 1; i < 15; ++i) {
            if (points[i].y & 1 != points[i - 1].y & 1) ++changes;
        }
        vm.assertEq(changes, 1, "both kinds, the even ones first");
        _asGuardedDao(abi.encodeCall(IEmission.rotate, (2, points)));
    }

    // ------------------------------------------------------------------------------------- guardian, P11

    function test_UntilGuardedUntilTheGuardianMustConsentToTheExactCall() public {
        _openRange(0, 0);
        bytes memory call = abi.encodeCall(IEmission.handOver, (TERM, OTHER));
        bytes memory refused = abi.encodeWithSelector(IEmission.NoConsent.selector, GUARDIAN, keccak256(call));
        vm.prank(DAO);
        vm.expectRevert(refused);
        xlv.handOver(TERM, OTHER);

        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotGuardian.selector, STRANGER));
        xlv.consent(keccak256(call), true);

        vm.expectEmit(true, true, true, true, address(xlv));
        emit ConsentChanged(GUARDIAN, keccak256(call), true);
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
        vm.assertTrue(xlv.consents(GUARDIAN, keccak256(call)), "given");
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), false);
        vm.prank(DAO);
        vm.expectRevert(refused);
        xlv.handOver(TERM, OTHER);

        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
        bytes memory another = abi.encodeCall(IEmission.handOver, (2 * TERM, OTHER));
        vm.prank(DAO);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NoConsent.selector, GUARDIAN, keccak256(another)));
        xlv.handOver(2 * TERM, OTHER);
        vm.prank(DAO);
        xlv.handOver(TERM, OTHER);
        vm.assertTrue(!xlv.consents(GUARDIAN, keccak256(call)), "used up");
    }

    function test_FromGuardedUntilOnTheDaoActsAlone() public {
        IEmission.PublicKey[] memory points = _publicKeys(_privateKeys(5, 2));
        vm.warp(xlv.guardedUntil() - 1);
        bytes memory call = abi.encodeCall(IEmission.rotate, (2, points));
        vm.prank(DAO);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NoConsent.selector, GUARDIAN, keccak256(call)));
        xlv.rotate(2, points);
        vm.warp(xlv.guardedUntil());
        vm.prank(DAO);
        xlv.rotate(2, points);
        vm.prank(DAO);
        xlv.setGuardian(STRANGER);
        vm.assertEq(xlv.guardian(), STRANGER, "guardian");
    }

    function test_AnotherGuardianNeedsTheOldOnesConsentAndStartsWithNone() public {
        bytes memory call = abi.encodeCall(IEmission.setGuardian, (STRANGER));
        bytes32 other = keccak256("a consent that lapses with its guardian");
        vm.prank(GUARDIAN);
        xlv.consent(other, true);
        _consent(call);
        vm.expectEmit(true, true, true, true, address(xlv));
        emit GuardianChanged(GUARDIAN, STRANGER);
        _asDao(call);
        vm.assertTrue(!xlv.consents(STRANGER, other), "lapsed");
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotGuardian.selector, GUARDIAN));
        xlv.consent(other, true);
        _openRange(0, 0);
        _warpPast(0);
        bytes32 digest = _submit(_summary(0, "x", 1, 0));
        vm.prank(STRANGER);
        xlv.veto(digest, "the new guardian's");
    }

    function test_SomebodyIsTheGuardian() public {
        _refuseGuarded(
            abi.encodeCall(IEmission.setGuardian, (address(0))), abi.encodeWithSelector(IEmission.ZeroAddress.selector)
        );
    }

    // ----------------------------------------------------------------------------------------------- constructor

    function test_TheConstructorKeepsWhatItWasGiven() public {
        IEmission.Deployment memory d = _deployment();
        vm.assertEq(xlv.network(), d.network, "network");
        vm.assertEq(xlv.genesis(), d.genesis, "genesis");
        vm.assertEq(xlv.maxSupply(), d.supply, "supply");
        vm.assertEq(xlv.emissionEpochs(), d.epochs, "epochs");
        vm.assertEq(xlv.epochLength(), d.epochLength, "epoch length");
        vm.assertEq(xlv.term(), d.term, "term");
        vm.assertEq(xlv.epochDelay(), d.epochDelay, "epoch delay");
        vm.assertEq(xlv.longDelay(), d.longDelay, "long delay");
        vm.assertEq(xlv.notice(), d.notice, "notice");
        vm.assertEq(xlv.guardedUntil(), d.guardedUntil, "guarded until");
        vm.assertEq(xlv.authority(), d.authority, "authority");
        vm.assertEq(xlv.guardian(), d.guardian, "guardian");
        vm.assertEq(xlv.oracleSet().version, d.oracleSetVersion, "set version");
        vm.assertEq(xlv.oracleSet().keys, _compressed(d.oracles), "set");
        bytes memory schedule = abi.encodePacked(
            bytes16("LIAISE/SCHED/01"), d.network, d.genesis, d.supply, d.epochs, d.epochLength, d.term
        );
        vm.assertEq(xlv.scheduleId(), sha256(schedule), "schedule");
    }

    function test_TheConstructorRefusesNonsense() public {
        bytes32[6] memory names = [bytes32("network"), "supply", "epochs", "epochLength", "term", "longDelay"];
        for (uint256 i = 0; i < 6; ++i) {
            IEmission.Deployment memory d = _deployment();
            if (i == 0) d.network = 0;
            if (i == 1) d.supply = 1 << 63;
            if (i == 2) d.epochs = 0;
            if (i == 3) d.epochLength = 0;
            if (i == 4) d.term = 0;
            if (i == 5) d.longDelay = d.epochDelay - 1;
            _refuseDeploy(d, abi.encodeWithSelector(IEmission.InvalidDeployment.selector, names[i]));
        }
        IEmission.Deployment memory last = _deployment();
        last.supply = 0;
        _refuseDeploy(last, abi.encodeWithSelector(IEmission.InvalidDeployment.selector, bytes32("supply")));
        last = _deployment();
        last.authority = address(0);
        _refuseDeploy(last, abi.encodeWithSelector(IEmission.ZeroAddress.selector));
        last = _deployment();
        last.guardian = address(0);
        _refuseDeploy(last, abi.encodeWithSelector(IEmission.ZeroAddress.selector));
    }

    // --------------------------------------------------------------------------------------------------- helpers

    /// @dev External, so that a failing creation is a failing call.
    function deployExternally(IEmission.Deployment calldata d) external {
        _deploy(d);
    }

    function _refuseDeploy(IEmission.Deployment memory d, bytes memory reason) private {
        (bool done, bytes memory result) = address(this).call(abi.encodeCall(this.deployExternally, (d)));
        vm.assertTrue(!done, "deployed");
        vm.assertEq(result, reason, "reason");
    }

    /// @dev The DAO's call with consent is refused for `reason`.
    function _refuseGuarded(bytes memory call, bytes memory reason) private {
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
        vm.prank(DAO);
        (bool done, bytes memory result) = address(xlv).call(call);
        vm.assertTrue(!done, "done");
        vm.assertEq(result, reason, "reason");
    }

    function _refuseHandOver(uint32 end, uint32 start, uint256 earliest) private {
        _refuseGuarded(
            abi.encodeCall(IEmission.handOver, (end, OTHER)),
            abi.encodeWithSelector(IEmission.InvalidHandOver.selector, end, start, earliest)
        );
    }

    function _refuseRotate(IEmission.PublicKey[] memory points, bytes memory reason) private {
        _refuseGuarded(abi.encodeCall(IEmission.rotate, (2, points)), reason);
    }

    function _compressed(IEmission.PublicKey[] memory points) private pure returns (bytes memory packed) {
        for (uint256 i = 0; i < points.length; ++i) {
            packed = abi.encodePacked(packed, uint8(2 + points[i].y % 2), points[i].x);
        }
    }
}
