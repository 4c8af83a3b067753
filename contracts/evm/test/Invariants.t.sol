// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IClaims} from "../src/interfaces/IClaims.sol";
import {IEmission} from "../src/interfaces/IEmission.sol";
import {IXLV} from "../src/interfaces/IXLV.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";
import {vm} from "./support/Vm.sol";

/// @notice Drives two distributors through everything that anybody may do, with honest and dishonest roots, and keeps its own
/// books beside theirs.
contract Handler is Fixture {
    uint256 internal constant PAYEES = 6;

    /// @dev Own books of one distributor.
    struct Ghost {
        uint256 paid; // seen in claims
        uint256 payable_; // growth that became payable
        uint256 issuedBefore; // issued when the pending statement was accepted
        uint256 maxGrowth; // E of it; 0 if late
        bool counted; // whether the pending statement is still to be counted
        uint64 pendingSum;
    }

    IXLV[2] public distributors;
    mapping(uint256 distributor => Ghost) public ghosts;
    mapping(uint256 distributor => mapping(uint256 epoch => uint256)) public issuedIn;
    mapping(uint256 distributor => Tree.Leaf[]) private newestTree;
    mapping(uint256 distributor => Tree.Leaf[]) private previousTree;
    mapping(uint256 distributor => Tree.Leaf[]) private pendingTree;
    uint32 public highestEpoch;
    uint256 public accepted;
    uint256 public claims;
    string public broken;

    constructor() {
        vm.warp(GENESIS - 30 days);
        oracleKeys = _privateKeys(5, 1);
        for (uint256 i = 0; i < 2; ++i) {
            IEmission.Deployment memory d = _deployment();
            (d.supply, d.epochs, d.term, d.notice) = (10_007_000, 40, 8, 2);
            distributors[i] = _deploy(d);
        }
        xlv = distributors[0];
        _openRange(0, 0);
        for (uint256 i = 0; i < PAYEES; ++i) {
            if (i % 2 == 0) continue; // some vote, some do not
            for (uint256 j = 0; j < 2; ++j) {
                vm.prank(_payee(i));
                distributors[j].delegate(_payee(i / 2));
            }
        }
    }

    function wait(uint256 hoursPassed) external {
        vm.warp(_time() + _bound(hoursPassed, 1, 30) * 1 hours);
        _observe(0);
        _observe(1);
    }

    function submit(uint256 seed) external {
        uint256 i = _pick(seed);
        (IEmission.Summary memory summary, uint256 limit) = _plan(seed);
        uint256 issued = xlv.books().issued;
        if (summary.rootSum < xlv.books().payableSum) return;
        Tree.Leaf[] memory leaves = _share(i, summary.rootSum, seed);
        summary.rootHash = Tree.root(leaves).hash;
        if (seed % 13 == 0) summary.rootSum = summary.rootSum / 2; // and then the sums differ
        try xlv.submit(summary, _quorum(xlv.epochDigest(summary))) {
            ++accepted;
            if (uint256(summary.rootSum) + summary.owed > issued + limit) broken = "more than the epoch's emission";
            Ghost storage g = ghosts[i];
            (g.issuedBefore, g.maxGrowth, g.counted, g.pendingSum) = (issued, limit, true, summary.rootSum);
            _copy(pendingTree[i], leaves);
            if (summary.epoch > highestEpoch) highestEpoch = summary.epoch;
        } catch {}
    }

    /// @dev The next epoch, or the last one late, at its end or too early, with a growth up to the limit or above it, shared
    /// between the tree and what is owed.
    function _plan(uint256 seed) private returns (IEmission.Summary memory summary, uint256 limit) {
        IEmission.Range memory r = xlv.range();
        bool late = seed % 5 == 0 && r.next > 0;
        uint32 epoch = late ? r.next - 1 : r.next;
        if (seed % 7 != 0) _warpPast(epoch);
        _observe(0);
        _observe(1);
        limit = late ? 0 : xlv.emission(epoch);
        uint256 growth = seed % 11 == 0 ? limit + 1 + seed % 100 : _bound(seed >> 16, 0, limit);
        uint64 owed = uint64(_bound(seed >> 64, 0, xlv.books().owed + growth));
        uint64 sum = uint64(xlv.books().issued + growth - owed);
        summary = _summary(epoch, 0, sum, owed);
    }

    function veto(uint256 seed) external {
        uint256 i = _pick(seed);
        bytes32 digest = xlv.head();
        vm.prank(seed % 3 == 0 ? DAO : GUARDIAN);
        try xlv.veto(digest, "fuzz") {
            ghosts[i].counted = false;
        } catch {}
    }

    function advance(uint256 seed) external {
        _pick(seed);
        bytes32 head = xlv.head();
        vm.prank(seed % 3 == 0 ? GUARDIAN : DAO);
        try xlv.advance(head, "fuzz") {} catch {}
    }

    /// @dev Hands over from one distributor to the other, for an epoch that may or may not be right.
    function handOver(uint256 seed) external {
        _pick(seed);
        IEmission.Range memory r = xlv.range();
        uint32 end = r.start + uint32(_bound(seed >> 8, 1, 4)) * 8;
        bytes32 other = distributors[1 - seed % 2].distributorId();
        bytes memory call = abi.encodeCall(IEmission.handOver, (end, other));
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
        vm.prank(DAO);
        (bool done,) = address(xlv).call(call);
        done;
    }

    /// @dev As honest oracles do: opens where the other has handed over to, at the epoch that it handed over.
    function open(uint256 seed) external {
        uint256 i = _pick(seed);
        IXLV old = distributors[1 - i];
        IEmission.Range memory r = old.range();
        if (r.handedTo != xlv.distributorId()) return;
        if (xlv.range().opened && xlv.range().start == r.end) return;
        bytes32 head = xlv.head();
        bytes32 oldId = old.distributorId();
        vm.prank(DAO);
        try xlv.approveOpen(r.end, oldId, head) {} catch {}
        try xlv.open(r.end, oldId, _quorum(xlv.openDigest(r.end, oldId))) {} catch {}
    }

    function claim(uint256 seed) external {
        uint256 i = _pick(seed);
        _observe(i);
        Tree.Leaf[] memory leaves = seed % 3 == 0 ? previousTree[i] : newestTree[i];
        if (leaves.length == 0) return;
        uint32 index = uint32(_bound(seed >> 16, 0, leaves.length - 1));
        address payee = address(uint160(uint256(leaves[index].payee)));
        uint256 before = xlv.balanceOf(payee);
        try xlv.claim(payee, leaves[index].amount, index, Tree.proof(leaves, index, 0)) returns (uint64 paid) {
            ghosts[i].paid += paid;
            ++claims;
            if (xlv.balanceOf(payee) != before + paid) broken = "a claim paid another amount than it said";
        } catch {}
    }

    function claimRun(uint256 seed) external {
        uint256 i = _pick(seed);
        _observe(i);
        Tree.Leaf[] memory leaves = newestTree[i];
        if (leaves.length == 0) return;
        uint256 first = _bound(seed >> 16, 0, 1) * 4;
        try xlv.claimRange(uint32(first), Tree.run(leaves, first, 2), Tree.proof(leaves, first, 2)) returns (
            uint64 paid
        ) {
            ghosts[i].paid += paid;
        } catch {}
    }

    function transfer(uint256 seed) external {
        _pick(seed);
        address from = _payee(_bound(seed >> 8, 0, PAYEES - 1));
        address to = _payee(_bound(seed >> 16, 0, PAYEES - 1));
        uint256 value = _bound(seed >> 24, 0, xlv.balanceOf(from));
        vm.prank(from);
        xlv.transfer(to, value);
    }

    function delegate(uint256 seed) external {
        _pick(seed);
        address to = seed % 4 == 0 ? address(0) : _payee(_bound(seed >> 16, 0, PAYEES - 1));
        vm.prank(_payee(_bound(seed >> 8, 0, PAYEES - 1)));
        xlv.delegate(to);
    }

    function rotate(uint256 seed) external {
        // both together, one version ahead, with the same keys: what is counted is the version
        for (uint256 i = 0; i < 2; ++i) {
            xlv = distributors[i];
            bytes memory call = abi.encodeCall(IEmission.rotate, (xlv.oracleSet().version + 1, _publicKeys(oracleKeys)));
            if (seed % 4 == 0) _asGuardedDao(call);
        }
        xlv = distributors[0];
    }

    // --------------------------------------------------------------------------------------------------- helpers

    function payee(uint256 i) external pure returns (address) {
        return _payee(i);
    }

    function payees() external pure returns (uint256) {
        return PAYEES;
    }

    function _pick(uint256 seed) private returns (uint256 i) {
        i = seed % 2;
        xlv = distributors[i];
    }

    /// @dev Counts what has become payable by time.
    function _observe(uint256 i) private {
        Ghost storage g = ghosts[i];
        IXLV d = distributors[i];
        if (!g.counted || d.pending().kind != IEmission.Kind.None) return;
        g.counted = false;
        g.payable_ = g.pendingSum;
        _copy(previousTree[i], newestTree[i]);
        _copy(newestTree[i], pendingTree[i]);
    }

    /// @dev Cumulative: nobody's leaf falls, the rest goes to one by chance, in six leaves. A dishonest quorum (every ninth)
    /// gives all to one.
    function _share(uint256 i, uint64 sum, uint256 seed) private view returns (Tree.Leaf[] memory leaves) {
        leaves = new Tree.Leaf[](PAYEES);
        uint64 rest = sum;
        bool honest = seed % 9 != 0;
        for (uint256 j = 0; j < PAYEES; ++j) {
            uint64 had = honest && newestTree[i].length != 0 ? newestTree[i][j].amount : 0;
            if (had > rest) had = rest;
            leaves[j] = Tree.Leaf(_padded(_payee(j)), had);
            rest -= had;
        }
        leaves[(seed >> 32) % PAYEES].amount += rest;
    }

    function _copy(Tree.Leaf[] storage to, Tree.Leaf[] memory from) private {
        while (to.length > 0) to.pop();
        for (uint256 j = 0; j < from.length; ++j) {
            to.push(from[j]);
        }
    }
}

/// @notice What holds whatever is called, in whatever order, whoever signs.
contract InvariantsTest {
    bool public constant IS_TEST = true;

    Handler private handler;

    function setUp() public {
        handler = new Handler();
    }

    /// @notice The handler is no idle one: by chance alone it files, pays, vetoes, hands over and opens again.
    function test_TheHandlerReachesEverything() public {
        uint256 seed = 1;
        for (uint256 step = 0; step < 800; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 what = (seed >> 200) % 10;
            if (what < 3) handler.submit(seed);
            else if (what == 3) handler.claim(seed);
            else if (what == 4) handler.claimRun(seed);
            else if (what == 5) handler.handOver(seed);
            else if (what == 6) handler.open(seed);
            else if (what == 7 && step % 3 == 0) handler.veto(seed);
            else if (what == 8) handler.rotate(seed);
            else handler.wait(seed);
        }
        vm.assertLe(40, handler.accepted(), "accepted");
        vm.assertLe(20, handler.claims(), "claims");
        vm.assertTrue(handler.distributors(1).range().opened, "the other one was opened");
        vm.assertLe(9, handler.distributors(1).books().payableSum, "and paid");
        invariant_Everything();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @notice One function, for forge runs the same calls again for each.
    function invariant_Everything() public {
        _issuedIsBoundedByTheSchedule();
        _allDistributorsTogetherStayWithinTheSchedule();
        _paidIsAtMostWhatBecamePayable();
        _balancesAddUpToTheSupply();
        _heldRootsAreInOrder();
        _votesFollowTheSupply();
    }

    /// @notice P2: what is issued up to the last filed epoch is at most F of it, and never more than the epoch's emission at
    /// once.
    function _issuedIsBoundedByTheSchedule() private view {
        for (uint256 i = 0; i < 2; ++i) {
            IXLV d = handler.distributors(i);
            uint32 next = d.range().next;
            uint256 bound = next == 0 ? 0 : d.cumulativeEmissionFloor(next - 1);
            vm.assertLe(d.books().issued, bound, "issued");
            (,, uint256 before, uint256 maxGrowth, bool counted,) = handler.ghosts(i);
            if (counted) vm.assertLe(d.books().issued, before + maxGrowth, "growth of one epoch");
        }
        vm.assertEq(handler.broken(), "", "broken");
    }

    /// @notice P6: ranges are disjoint, so all distributors together issue what the schedule allows.
    function _allDistributorsTogetherStayWithinTheSchedule() private view {
        IXLV a = handler.distributors(0);
        IXLV b = handler.distributors(1);
        uint256 issued = uint256(a.books().issued) + b.books().issued;
        vm.assertLe(issued, a.cumulativeEmissionFloor(handler.highestEpoch()), "issued by both");
        IEmission.Range memory r = a.range();
        IEmission.Range memory s = b.range();
        if (r.opened && s.opened) vm.assertTrue(r.end <= s.start || s.end <= r.start, "overlap");
    }

    /// @notice P2: paid and unclaimed are what became payable; total supply is that.
    function _paidIsAtMostWhatBecamePayable() private view {
        for (uint256 i = 0; i < 2; ++i) {
            IXLV d = handler.distributors(i);
            (uint256 paid, uint256 payable_,,,,) = handler.ghosts(i);
            vm.assertLe(paid, d.books().payableSum, "paid");
            vm.assertEq(paid + d.books().unclaimed, d.books().payableSum, "paid and unclaimed");
            vm.assertLe(payable_, d.books().payableSum, "counted");
        }
    }

    /// @notice Balances and what is unclaimed add up to the supply; what was claimed is what was paid.
    function _balancesAddUpToTheSupply() private view {
        for (uint256 i = 0; i < 2; ++i) {
            IXLV d = handler.distributors(i);
            uint256 balances;
            uint256 claimed;
            for (uint256 j = 0; j < handler.payees(); ++j) {
                balances += d.balanceOf(handler.payee(j));
                claimed += d.claimed(handler.payee(j));
            }
            (uint256 paid,,,,,) = handler.ghosts(i);
            vm.assertEq(balances + d.balanceOf(address(d)), d.totalSupply(), "supply");
            vm.assertEq(claimed, paid, "claimed");
        }
    }

    /// @notice The votes' total is the supply, and delegated votes are the balances of those who delegate.
    function _votesFollowTheSupply() private {
        vm.warp(vm.getBlockTimestamp() + 1);
        for (uint256 i = 0; i < 2; ++i) {
            IXLV d = handler.distributors(i);
            vm.assertEq(d.getPastTotalSupply(vm.getBlockTimestamp() - 1), d.totalSupply(), "votes' total");
            uint256 votes;
            uint256 delegated;
            for (uint256 j = 0; j < handler.payees(); ++j) {
                votes += d.getVotes(handler.payee(j));
                if (d.delegates(handler.payee(j)) != address(0)) delegated += d.balanceOf(handler.payee(j));
            }
            vm.assertEq(votes, delegated, "votes");
        }
    }

    /// @notice Three held roots, in the order of their epochs.
    function _heldRootsAreInOrder() private view {
        for (uint256 i = 0; i < 2; ++i) {
            (IClaims.Root memory waiting, IClaims.Root memory newest, IClaims.Root memory previous) =
                handler.distributors(i).heldRoots();
            if (previous.exists) vm.assertLe(previous.epoch, newest.epoch, "previous, newest");
            if (previous.exists) vm.assertLe(previous.sum, newest.sum, "a root sum never falls");
            if (waiting.exists && newest.exists) vm.assertLe(newest.epoch, waiting.epoch, "newest, pending");
            if (waiting.exists) vm.assertLe(newest.sum, waiting.sum, "pending sum");
            vm.assertTrue(newest.exists || !previous.exists, "no previous without a newest");
        }
    }
}
