// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IClaims} from "../src/interfaces/IClaims.sol";
import {IEmission} from "../src/interfaces/IEmission.sol";
import {IQuorumErrors} from "../src/interfaces/IQuorumErrors.sol";
import {IXLV} from "../src/interfaces/IXLV.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice Epochs: order, time, bounds, quorum, veto, head. Ranges are in Terms.t.sol.
contract EmissionTest is Fixture {
    event EpochAccepted(
        uint32 indexed epoch,
        bytes32 indexed digest,
        bytes32 previousHead,
        uint32 setVersion,
        bool late,
        uint64 payableAt,
        bytes32 rootHash,
        uint64 rootSum,
        uint64 owed,
        bytes32 artefact
    );
    event EpochBecamePayable(uint32 indexed epoch, bytes32 rootHash, uint64 rootSum, uint64 growth);
    event StatementVetoed(bytes32 indexed digest, address indexed by, bytes32 newHead, bytes reason);
    event HeadAdvanced(bytes32 indexed previousHead, address indexed by, bytes32 newHead, bytes reason);

    function setUp() public {
        _setUpXlv();
        _openRange(0, 0);
    }

    // -------------------------------------------------------------------------------------- acceptance (P1, P4)

    function test_AnEpochIsAcceptedAndPayableAfterItsDelay() public {
        Tree.Leaf[] memory leaves = _leaves(3, 1000);
        Tree.Node memory root = Tree.root(leaves);
        IEmission.Summary memory summary = _summary(0, root.hash, root.sum, 7);
        _warpPast(0);
        bytes32 before = xlv.head();
        bytes32 digest = xlv.epochDigest(summary);
        bytes memory signatures = _quorum(digest);
        uint64 payableAt = uint64(_time()) + EPOCH_DELAY;
        vm.expectEmit(true, true, true, true, address(xlv));
        emit EpochAccepted(0, digest, before, 1, false, payableAt, root.hash, root.sum, 7, summary.artefact);
        vm.prank(STRANGER);
        vm.assertEq(xlv.submit(summary, signatures), digest, "digest");

        vm.assertEq(xlv.head(), digest, "the head moved to the digest");
        IEmission.Pending memory p = xlv.pending();
        vm.assertEq(uint256(p.kind), uint256(IEmission.Kind.Epoch), "kind");
        vm.assertEq(p.epoch, 0, "epoch");
        vm.assertEq(p.payableAt, payableAt, "payable at");
        vm.assertEq(p.digest, digest, "pending digest");
        vm.assertEq(p.rootHash, root.hash, "pending root");
        vm.assertEq(p.rootSum, root.sum, "pending sum");
        vm.assertEq(p.owed, 7, "pending owed");
        vm.assertEq(xlv.range().next, 1, "next");
        _assertBooks(root.sum + 7, 7, 0, 0);
        vm.assertEq(xlv.totalSupply(), 0, "no supply before the delay");

        vm.warp(payableAt - 1);
        vm.assertEq(uint256(xlv.pending().kind), uint256(IEmission.Kind.Epoch), "pending to the last second");
        vm.warp(payableAt);
        vm.assertEq(uint256(xlv.pending().kind), uint256(IEmission.Kind.None), "views know it before anybody writes it");
        _assertBooks(root.sum + 7, 7, root.sum, root.sum);
        vm.expectEmit(true, true, true, true, address(xlv));
        emit EpochBecamePayable(0, root.hash, root.sum, root.sum);
        xlv.settle();
        vm.assertEq(xlv.totalSupply(), root.sum, "supply");
        _assertBooks(root.sum + 7, 7, root.sum, root.sum);
    }

    function test_AnEpochWithoutPayIsFiledLikeAnyOther() public {
        _fileAndPay(0, new Tree.Leaf[](0), 0);
        _fileAndPay(1, new Tree.Leaf[](0), 0);
        vm.assertEq(xlv.range().next, 2, "next");
        vm.assertEq(xlv.totalSupply(), 0, "supply");
    }

    function test_RefusesAnotherOrder() public {
        _fileAndPay(0, _leaves(2, 5), 0);
        _warpPast(3);
        _refuseSubmit(abi.encodeWithSelector(IEmission.EpochOutOfOrder.selector, 2, 1), _summary(2, "x", 11, 0));
        _fileAndPay(1, _leaves(2, 6), 0);
        _refuseSubmit(abi.encodeWithSelector(IEmission.EpochOutOfOrder.selector, 0, 2), _summary(0, "x", 13, 0));
        _refuseSubmit(
            abi.encodeWithSelector(IEmission.EpochOutOfOrder.selector, type(uint32).max, 2),
            _summary(type(uint32).max, "x", 13, 0)
        );
    }

    function test_RefusesAnEpochThatHasNotEnded() public {
        vm.warp(_endOf(0) - 1);
        _refuseSubmit(abi.encodeWithSelector(IEmission.EpochNotEnded.selector, 0, _endOf(0)), _summary(0, 0, 0, 0));
        vm.warp(_endOf(0));
        _submit(_summary(0, 0, 0, 0));
    }

    function test_RefusesASecondStatementWhileOneIsPending() public {
        _file(0, _leaves(1, 5), 0);
        IEmission.Pending memory p = xlv.pending();
        bytes memory busy = abi.encodeWithSelector(IEmission.StatementPending.selector, p.digest, p.payableAt);
        _refuseSubmit(busy, _summary(0, "x", 5, 0));
        _refuseSubmit(busy, _summary(1, "x", 5, 0));
        // past its delay the next statement settles it
        vm.warp(_endOf(1));
        _submit(_summary(1, "x", 5, 0));
        vm.assertEq(xlv.totalSupply(), 5, "the first is payable");
    }

    function test_RefusesBeforeTheFirstOpening() public {
        xlv = _deploy(_deployment());
        vm.warp(_endOf(5));
        _refuseSubmit(abi.encodeWithSelector(IEmission.NotOpened.selector), _summary(0, 0, 0, 0));
        vm.assertTrue(!xlv.range().opened, "not opened");
    }

    // --------------------------------------------------------------------------------------------- bounds (P2)

    function test_IssuedGrowsByTheEmissionAtMost() public {
        uint64 emission = xlv.emission(0);
        vm.assertEq(emission, 13_689_253_935_660, "E(0)");
        _warpPast(0);
        _refuseSubmit(
            abi.encodeWithSelector(IEmission.IssuedTooMuch.selector, emission + 1, emission),
            _summary(0, "x", emission - 9, 10)
        );
        _refuseSubmit(
            abi.encodeWithSelector(IEmission.IssuedTooMuch.selector, uint256(type(uint64).max) * 2, emission),
            _summary(0, "x", type(uint64).max, type(uint64).max)
        );
        _submit(_summary(0, "x", emission - 10, 10));
        _assertBooks(emission, 10, 0, 0);
        vm.warp(_endOf(1));
        uint64 second = xlv.emission(1);
        _refuseSubmit(
            abi.encodeWithSelector(IEmission.IssuedTooMuch.selector, second + 1, second),
            _summary(1, "y", emission + second + 1, 0)
        );
        _submit(_summary(1, "y", emission + second, 0));
        _assertBooks(emission + second, 0, emission - 10, emission - 10);
    }

    function test_TheRootSumNeverFalls() public {
        _fileAndPay(0, _leaves(1, 100), 50);
        _warpPast(1);
        _refuseSubmit(abi.encodeWithSelector(IEmission.RootSumFell.selector, 99, 100), _summary(1, "x", 99, 50));
        _submit(_summary(1, "x", 100, 0)); // owed may fall
        _assertBooks(100, 0, 100, 100);
    }

    function test_AfterTheLastEpochOnlyWhatIsOwedCanBePaid() public {
        IEmission.Deployment memory d = _deployment();
        (d.epochs, d.supply) = (2, 101);
        xlv = _deploy(d);
        _openRange(0, 0);
        _fileAndPay(0, _leaves(1, 30), 20);
        _fileAndPay(1, _leaves(1, 60), 41);
        _warpPast(2);
        _refuseSubmit(abi.encodeWithSelector(IEmission.IssuedTooMuch.selector, 1, 0), _summary(2, "x", 102, 0));
        _fileAndPay(2, _leaves(1, 101), 0);
        vm.assertEq(xlv.totalSupply(), 101, "the whole supply");
    }

    function testFuzz_IssuedIsBoundedWhateverIsSigned(uint64 sum0, uint64 owed0, uint64 sum1, uint64 owed1) public {
        uint64 twice = 2 * xlv.emission(0);
        if (sum0 % 4 != 0) (sum0, sum1) = (sum0 % twice, sum1 % (2 * twice));
        if (owed0 % 4 != 0) (owed0, owed1) = (owed0 % twice, owed1 % twice);
        _warpPast(0);
        uint256 issued = _trySubmit(_summary(0, "a", sum0, owed0));
        vm.assertLe(issued, xlv.cumulativeEmissionFloor(0), "F(0)");
        vm.warp(_endOf(1));
        xlv.settle();
        uint64 paidOut = uint64(xlv.totalSupply());
        issued = _trySubmit(_summary(xlv.range().next, "b", sum1, owed1));
        vm.assertLe(issued, xlv.cumulativeEmissionFloor(1), "F(1)");
        vm.warp(_endOf(2));
        xlv.settle();
        vm.assertLe(paidOut, xlv.totalSupply(), "never falls");
    }

    // ---------------------------------------------------------------------------------------- late statements

    function test_ALateStatementPaysWhatIsOwedAndIssuesNothing() public {
        _fileAndPay(0, _leaves(1, 100), 50);
        _refuseSubmit(abi.encodeWithSelector(IEmission.IssuedTooMuch.selector, 1, 0), _summary(0, "x", 130, 21));
        Tree.Leaf[] memory leaves = _leaves(1, 130);
        _file(0, leaves, 20);
        vm.assertEq(uint256(xlv.pending().kind), uint256(IEmission.Kind.Late), "kind");
        vm.assertEq(xlv.range().next, 1, "a late statement is no step");
        vm.warp(xlv.pending().payableAt);
        vm.assertEq(_claim(leaves, 0), 130, "paid");
        _assertBooks(150, 20, 130, 0);
        _fileAndPay(1, _leaves(1, 140), 20);
    }

    function test_ALateStatementIsTakenInAnyRangeState() public {
        _fileAndPay(0, _leaves(1, 100), 50);
        _asGuardedDao(abi.encodeCall(IEmission.handOver, (TERM, bytes32("other"))));
        for (uint32 epoch = 1; epoch < TERM; ++epoch) {
            _warpPast(epoch);
            _submit(_summary(epoch, "x", 100, 50));
        }
        vm.warp(_endOf(TERM) + DAY);
        _refuseSubmit(
            abi.encodeWithSelector(IEmission.EpochOutOfRange.selector, TERM, TERM), _summary(TERM, "x", 100, 50)
        );
        _submit(_summary(TERM - 1, "late", 150, 0));
        vm.assertEq(uint256(xlv.pending().kind), uint256(IEmission.Kind.Late), "kind");
    }

    // --------------------------------------------------------------------------------------------- quorum (P3)

    function test_AQuorumIsTwoThirdsRoundedUp() public {
        uint8[4] memory sizes = [5, 7, 13, 15];
        uint8[4] memory quorums = [4, 5, 9, 10];
        for (uint256 i = 0; i < 4; ++i) {
            oracleKeys = _privateKeys(sizes[i], 9);
            xlv = _deploy(_deployment());
            vm.assertEq(xlv.quorumSize(), quorums[i], "quorum");
            vm.prank(DAO);
            xlv.approveOpen(0, 0, 0);
            bytes32 digest = xlv.openDigest(0, 0);
            bytes memory tooFew = _signatures(oracleKeys, quorums[i] - 1, digest);
            vm.expectRevert(abi.encodeWithSelector(IQuorumErrors.NoQuorum.selector, quorums[i] - 1, quorums[i]));
            xlv.open(0, 0, tooFew);
            xlv.open(0, 0, _signatures(oracleKeys, quorums[i], digest));
        }
    }

    function testFuzz_AnySubsetInOrderIsAQuorum(uint256 seed) public {
        _warpPast(0);
        IEmission.Summary memory summary = _summary(0, "x", 1, 0);
        bytes32 digest = xlv.epochDigest(summary);
        // leave out two of seven
        uint256 a = seed % 7;
        uint256 b = (seed >> 128) % 7;
        bytes memory signatures;
        for (uint256 i = 0; i < 7; ++i) {
            if (i != a && i != b) signatures = abi.encodePacked(signatures, _signature(oracleKeys[i], digest));
        }
        xlv.submit(summary, signatures);
    }

    function test_RefusesTooFewSignatures() public {
        (IEmission.Summary memory summary, bytes32 digest, bytes memory four) = _fourSigned();
        bytes memory odd = abi.encodePacked(_quorum(digest), uint8(0));
        _refuse(summary, odd, abi.encodeWithSelector(IQuorumErrors.SignaturesLength.selector, 326));
        _refuse(summary, "", abi.encodeWithSelector(IQuorumErrors.NoQuorum.selector, 0, 5));
        _refuse(summary, four, abi.encodeWithSelector(IQuorumErrors.NoQuorum.selector, 4, 5));
    }

    function test_RefusesAMemberTwiceOrOutOfOrder() public {
        (IEmission.Summary memory summary, bytes32 digest, bytes memory four) = _fourSigned();
        bytes memory twice = abi.encodePacked(four, _signature(oracleKeys[3], digest));
        _refuseOrder(summary, twice, 4, 3);
        bytes memory order = abi.encodePacked(_signature(oracleKeys[4], digest), four);
        _refuseOrder(summary, order, 1, 0);
        // more than a quorum is fine, more than the set is somebody twice
        bytes memory eight = abi.encodePacked(_signatures(oracleKeys, 7, digest), _signature(oracleKeys[6], digest));
        _refuseOrder(summary, eight, 7, 6);
        xlv.submit(summary, _signatures(oracleKeys, 7, digest));
    }

    function test_RefusesStrangersAndOtherBytes() public {
        (IEmission.Summary memory summary, bytes32 digest, bytes memory four) = _fourSigned();
        bytes memory strange = abi.encodePacked(four, _signature(12345, digest));
        _refuse(summary, strange, abi.encodeWithSelector(IQuorumErrors.NotAMember.selector, 4, vm.addr(12345)));
        bytes memory other = abi.encodePacked(four, _signature(oracleKeys[4], keccak256("other")));
        _refuseSelector(summary, other, IQuorumErrors.NotAMember.selector);
    }

    function test_RefusesTheOtherSAndTheOtherV() public {
        (IEmission.Summary memory summary, bytes32 digest, bytes memory four) = _fourSigned();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(oracleKeys[4], digest);
        _refuseSelector(summary, abi.encodePacked(four, r, s, uint8(28 - v)), IQuorumErrors.NotAMember.selector);
        _refuse(summary, abi.encodePacked(four, r, s, v), abi.encodeWithSelector(IQuorumErrors.InvalidV.selector, 4, v));
        s = bytes32(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141 - uint256(s));
        bytes memory high = abi.encodePacked(four, r, s, uint8(28 - v));
        _refuse(summary, high, abi.encodeWithSelector(IQuorumErrors.HighS.selector, 4, s));
    }

    function test_RefusesWhatIsNoSignature() public {
        (IEmission.Summary memory summary,, bytes memory four) = _fourSigned();
        bytes memory zero = abi.encodePacked(four, bytes32(uint256(1)), bytes32(0), uint8(0));
        _refuse(summary, zero, abi.encodeWithSelector(IQuorumErrors.HighS.selector, 4, 0));
        bytes memory none = abi.encodePacked(four, bytes32(0), bytes32(uint256(1)), uint8(0));
        _refuse(summary, none, abi.encodeWithSelector(IQuorumErrors.NotAMember.selector, 4, address(0)));
    }

    // ----------------------------------------------------------------------------------------- no replay (P7)

    function test_SignaturesBindEveryField() public {
        _warpPast(0);
        IEmission.Summary memory summary = _summary(0, "x", 5, 6);
        bytes memory signatures = _quorum(xlv.epochDigest(summary));
        IEmission.Summary memory changed = _summary(0, "x", 5, 6);
        changed.rootHash = "y";
        _refuseSelector(changed, signatures, IQuorumErrors.NotAMember.selector);
        changed = _summary(0, "x", 4, 6);
        _refuseSelector(changed, signatures, IQuorumErrors.NotAMember.selector);
        changed = _summary(0, "x", 5, 5);
        _refuseSelector(changed, signatures, IQuorumErrors.NotAMember.selector);
        changed = _summary(0, "x", 5, 6);
        changed.artefact = "z";
        _refuseSelector(changed, signatures, IQuorumErrors.NotAMember.selector);

        // another deployment, another network, another head
        IXLV first = xlv;
        xlv = _deploy(_deployment());
        _openRange(0, 0);
        _warpPast(0);
        _refuseSelector(summary, signatures, IQuorumErrors.NotAMember.selector);
        xlv = first;
        bytes32 head = xlv.head();
        vm.prank(DAO);
        xlv.advance(head, "split");
        _refuseSelector(summary, signatures, IQuorumErrors.NotAMember.selector);
    }

    function test_AForkRefusesTheOriginalsSignatures() public {
        _warpPast(0);
        IEmission.Summary memory summary = _summary(0, "x", 5, 6);
        bytes32 home = xlv.distributorId();
        bytes memory signatures = _quorum(xlv.epochDigest(summary));
        vm.chainId(4242);
        vm.assertTrue(xlv.distributorId() != home, "another identity");
        _refuseSelector(summary, signatures, IQuorumErrors.NotAMember.selector);
        vm.chainId(31337);
        vm.assertEq(xlv.distributorId(), home, "home again");
        xlv.submit(summary, signatures);
    }

    // ---------------------------------------------------------------------------------------------- veto (P4)

    function test_AVetoGivesEverythingBackAndKillsTheStatement() public {
        _fileAndPay(0, _leaves(1, 100), 50);
        _warpPast(1);
        IEmission.Summary memory summary = _summary(1, "false", 200, 7);
        bytes memory signatures = _quorum(xlv.epochDigest(summary));
        bytes32 digest = xlv.submit(summary, signatures);
        _assertBooks(207, 7, 100, 100);
        bytes32 newHead = sha256(abi.encodePacked(bytes16("LIAISE/VETO/01"), digest, sha256("pays a stranger")));
        vm.expectEmit(true, true, true, true, address(xlv));
        emit StatementVetoed(digest, GUARDIAN, newHead, "pays a stranger");
        vm.prank(GUARDIAN);
        xlv.veto(digest, "pays a stranger");

        vm.assertEq(xlv.head(), newHead, "head");
        vm.assertEq(xlv.range().next, 1, "next went back");
        _assertBooks(150, 50, 100, 100);
        (IClaims.Root memory waiting, IClaims.Root memory newest,) = xlv.heldRoots();
        vm.assertTrue(!waiting.exists, "no pending root");
        vm.assertEq(newest.epoch, 0, "newest");
        _refuseSelector(summary, signatures, IQuorumErrors.NotAMember.selector);
        vm.warp(_time() + LONG_DELAY);
        xlv.settle();
        vm.assertEq(xlv.totalSupply(), 100, "nothing grew");
    }

    function test_TheGuardianVetoesOnceTheDaoAlways() public {
        bytes32 digest = _file(0, _leaves(1, 5), 0);
        vm.prank(GUARDIAN);
        xlv.veto(digest, "once");
        vm.assertTrue(xlv.guardianVetoUsed(), "used");

        digest = _submit(_summary(0, "again", 5, 0));
        vm.assertEq(xlv.pending().payableAt, _time() + LONG_DELAY, "the refiled one waits the long delay");
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IEmission.GuardianVetoUsed.selector, digest));
        xlv.veto(digest, "twice");
        vm.warp(xlv.pending().payableAt - 1);
        vm.prank(DAO);
        xlv.veto(digest, "the DAO's");

        digest = _submit(_summary(0, "third", 5, 0));
        vm.assertEq(xlv.pending().payableAt, _time() + LONG_DELAY, "still the long delay");
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IEmission.GuardianVetoUsed.selector, digest));
        xlv.veto(digest, "still once");
        vm.warp(xlv.pending().payableAt);
        vm.assertTrue(!xlv.guardianVetoUsed(), "free again once something became payable");

        digest = _submit(_summary(1, "next", 5, 0));
        vm.assertEq(xlv.pending().payableAt, _time() + EPOCH_DELAY, "the short delay");
        vm.prank(GUARDIAN);
        xlv.veto(digest, "a new one");
    }

    function test_NoVetoOfWhatIsPayable() public {
        bytes32 digest = _file(0, _leaves(1, 5), 0);
        vm.warp(xlv.pending().payableAt);
        vm.prank(DAO);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NothingPending.selector));
        xlv.veto(digest, "too late");
    }

    function test_AVetoNamesItsStatementAndItsRight() public {
        bytes32 digest = _file(0, _leaves(1, 5), 0);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotAuthorized.selector, STRANGER, true));
        xlv.veto(digest, "");
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IEmission.OtherStatementPending.selector, bytes32("other"), digest));
        xlv.veto("other", "");
    }

    function test_ALateStatementCanBeVetoed() public {
        _fileAndPay(0, _leaves(1, 100), 50);
        bytes32 digest = _submit(_summary(0, "late", 150, 0));
        vm.prank(GUARDIAN);
        xlv.veto(digest, "");
        _assertBooks(150, 50, 100, 100);
        vm.assertEq(xlv.range().next, 1, "next");
    }

    function testFuzz_AVetoRestoresWhatWasBefore(uint64 sum, uint64 owed, bytes calldata reason) public {
        _fileAndPay(0, _leaves(2, 1000), 500);
        _warpPast(1);
        bytes memory before = _state();
        uint64 limit = xlv.emission(1);
        sum = uint64(_bound(sum, 2001, 2501 + limit));
        owed = uint64(_bound(owed, 0, 2501 + limit - sum));
        bytes32 digest = _submit(_summary(1, "x", sum, owed));
        vm.prank(GUARDIAN);
        xlv.veto(digest, reason);
        vm.assertEq(_state(), before, "state");
        vm.assertEq(xlv.head(), sha256(abi.encodePacked(bytes16("LIAISE/VETO/01"), digest, sha256(reason))), "head");
    }

    // ------------------------------------------------------------------------------------------------- advance

    function test_TheDaoAdvancesTheHeadWhenNothingIsPending() public {
        bytes32 head = xlv.head();
        bytes32 newHead = sha256(abi.encodePacked(bytes16("LIAISE/VETO/01"), head, sha256("split")));
        vm.expectEmit(true, true, true, true, address(xlv));
        emit HeadAdvanced(head, DAO, newHead, "split");
        vm.prank(DAO);
        xlv.advance(head, "split");
        vm.assertEq(xlv.head(), newHead, "head");

        vm.prank(DAO);
        vm.expectRevert(abi.encodeWithSelector(IEmission.OtherHead.selector, head, newHead));
        xlv.advance(head, "again");
        bytes32 digest = _file(0, _leaves(1, 5), 0);
        uint64 payableAt = xlv.pending().payableAt;
        vm.prank(DAO);
        vm.expectRevert(abi.encodeWithSelector(IEmission.StatementPending.selector, digest, payableAt));
        xlv.advance(digest, "pending");
    }

    function test_TheGuardianAdvancesOnlyWhileNobodyCanVote() public {
        bytes32 head = xlv.head();
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotAuthorized.selector, STRANGER, true));
        xlv.advance(head, "");
        vm.prank(GUARDIAN);
        xlv.advance(head, "nobody can vote");
        _file(0, _leaves(1, 5), 0);
        vm.warp(xlv.pending().payableAt);
        head = xlv.head();
        // payable by time alone, written down by this very call
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IEmission.NotAuthorized.selector, GUARDIAN, false));
        xlv.advance(head, "now they can");
    }

    // -------------------------------------------------------------------------------------------------- helpers

    function _fourSigned() private returns (IEmission.Summary memory summary, bytes32 digest, bytes memory four) {
        _warpPast(0);
        summary = _summary(0, "x", 1, 0);
        digest = xlv.epochDigest(summary);
        four = _signatures(oracleKeys, 4, digest);
    }

    function _state() private view returns (bytes memory) {
        (IClaims.Root memory a, IClaims.Root memory b, IClaims.Root memory c) = xlv.heldRoots();
        return abi.encode(xlv.books(), xlv.range(), xlv.pending(), a, b, c, xlv.totalSupply());
    }

    function _assertBooks(uint256 issued, uint256 owed, uint256 payableSum, uint256 unclaimed) private view {
        IEmission.Books memory b = xlv.books();
        vm.assertEq(b.issued, issued, "issued");
        vm.assertEq(b.owed, owed, "owed");
        vm.assertEq(b.payableSum, payableSum, "payable sum");
        vm.assertEq(b.unclaimed, unclaimed, "unclaimed");
    }

    function _refuseSubmit(bytes memory reason, IEmission.Summary memory summary) private {
        _refuse(summary, _quorum(xlv.epochDigest(summary)), reason);
    }

    function _refuse(IEmission.Summary memory summary, bytes memory signatures, bytes memory reason) private {
        vm.expectRevert(reason);
        xlv.submit(summary, signatures);
    }

    function _refuseOrder(IEmission.Summary memory summary, bytes memory signatures, uint256 index, uint256 member)
        private
    {
        address signer = vm.addr(oracleKeys[member]);
        _refuse(
            summary, signatures, abi.encodeWithSelector(IQuorumErrors.SignaturesNotAscending.selector, index, signer)
        );
    }

    function _refuseSelector(IEmission.Summary memory summary, bytes memory signatures, bytes4 selector) private {
        (bool done, bytes memory result) = address(xlv).call(abi.encodeCall(IEmission.submit, (summary, signatures)));
        vm.assertTrue(!done && bytes4(result) == selector, "refused for another reason, or not at all");
    }

    /// @return issued What is issued afterwards, whether it was accepted or not.
    function _trySubmit(IEmission.Summary memory summary) private returns (uint256 issued) {
        try xlv.submit(summary, _quorum(xlv.epochDigest(summary))) {} catch {}
        return xlv.books().issued;
    }
}
