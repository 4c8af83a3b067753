// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IEmission} from "./interfaces/IEmission.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {Statement} from "./libraries/Statement.sol";

/// @title Ranges, schedule, epochs, quorum, veto
/// @dev What is settled and what is pending are kept apart, so a veto only forgets the latter. Three packed slots carry both;
/// the calls read them into memory, let time pass over them ({_mature}), change them, and write them back once.
abstract contract Emission is IEmission {
    uint32 internal constant OPEN_ENDED = type(uint32).max;

    /// @dev The slot that a claim reads and writes.
    /// @param unclaimed The counter: payable and not yet paid.
    /// @param newestSum Sum of the newest payable root.
    /// @param filed Its epoch plus one; zero before the first.
    /// @param pendingEpoch Epoch, or first of the range, of what is pending.
    /// @param payableAt When what is pending counts; zero where nothing is.
    /// @param kind What is pending.
    /// @param newestAt Place of the newest payable root in `_rootHashes`.
    /// @param vetoUsed Whether the guardian's veto of the awaited or pending statement is used.
    struct Hot {
        uint64 unclaimed;
        uint64 newestSum;
        uint32 filed;
        uint32 pendingEpoch;
        uint40 payableAt;
        Kind kind;
        uint8 newestAt;
        bool vetoUsed;
    }

    /// @dev The other sums.
    struct Sums {
        uint64 previousSum;
        uint64 pendingSum;
        uint64 owed;
        uint64 pendingOwed;
    }

    /// @dev The range, and who signs in it.
    /// @param filedBefore Epoch of the root before the newest plus one; zero before the second.
    /// @param start First epoch of the range.
    /// @param end First epoch after it; zero before the first OPEN.
    /// @param oracles Where the oracle set is stored.
    struct Terms {
        uint32 filedBefore;
        uint32 start;
        uint32 end;
        address oracles;
    }

    /// @inheritdoc IEmission
    bytes32 public immutable network;
    /// @inheritdoc IEmission
    uint64 public immutable genesis;
    /// @inheritdoc IEmission
    uint64 public immutable maxSupply;
    /// @inheritdoc IEmission
    uint32 public immutable emissionEpochs;
    /// @inheritdoc IEmission
    uint32 public immutable epochLength;
    /// @inheritdoc IEmission
    uint32 public immutable term;
    /// @inheritdoc IEmission
    uint32 public immutable epochDelay;
    /// @inheritdoc IEmission
    uint32 public immutable longDelay;
    /// @inheritdoc IEmission
    uint32 public immutable notice;
    /// @inheritdoc IEmission
    uint64 public immutable guardedUntil;
    /// @inheritdoc IEmission
    address public immutable authority;
    /// @inheritdoc IEmission
    bytes32 public immutable scheduleId;

    uint256 private immutable _homeChainId;
    bytes32 private immutable _homeDistributorId;

    Hot internal _hot;
    Sums internal _sums;
    Terms private _terms;
    /// @dev Pending, newest payable and the one before, in turns; settling moves `newestAt`, not the hashes.
    bytes32[3] internal _rootHashes;
    /// @inheritdoc IEmission
    bytes32 public head;
    bytes32 private _handedTo;
    /// @inheritdoc IEmission
    bytes32 public approvedOpening;
    /// @inheritdoc IEmission
    address public guardian;
    /// @inheritdoc IEmission
    mapping(address guardian_ => mapping(bytes32 callHash => bool given)) public consents;

    constructor(Deployment memory d) {
        _checkDeployment(d);
        network = d.network;
        genesis = d.genesis;
        maxSupply = d.supply;
        emissionEpochs = d.epochs;
        epochLength = d.epochLength;
        term = d.term;
        epochDelay = d.epochDelay;
        longDelay = d.longDelay;
        notice = d.notice;
        guardedUntil = d.guardedUntil;
        authority = d.authority;
        scheduleId = Statement.scheduleId(d.network, d.genesis, d.supply, d.epochs, d.epochLength, d.term);
        _homeChainId = block.chainid;
        _homeDistributorId = Statement.distributorId(block.chainid, address(this));
        guardian = d.guardian;
        emit GuardianChanged(address(0), d.guardian);
        _setOracles(d.oracleSetVersion, d.oracles);
    }

    // ---------------------------------------------------------------------------------------------------- calls

    /// @inheritdoc IEmission
    function submit(Summary calldata summary, bytes calldata signatures) external returns (bytes32 digest) {
        (Hot memory hot, Sums memory sums, Terms memory terms) = _matured();
        if (hot.kind != Kind.None) revert StatementPending(head, hot.payableAt);
        bool late = _checkOrder(summary.epoch, hot, terms);
        _checkGrowth(summary, late, hot, sums);

        Quorum.Members memory members = Quorum.members(terms.oracles);
        bytes32 previousHead = head;
        digest = _epochDigest(summary, members.version, previousHead);
        Quorum.check(members, digest, signatures);

        head = digest;
        hot.kind = late ? Kind.Late : Kind.Epoch;
        hot.pendingEpoch = summary.epoch;
        hot.payableAt = uint40(block.timestamp + (hot.vetoUsed ? longDelay : epochDelay));
        sums.pendingSum = summary.rootSum;
        sums.pendingOwed = summary.owed;
        _rootHashes[_after(hot.newestAt)] = summary.rootHash;
        (_hot, _sums, _terms) = (hot, sums, terms);
        emit EpochAccepted(
            summary.epoch,
            digest,
            previousHead,
            members.version,
            late,
            hot.payableAt,
            summary.rootHash,
            summary.rootSum,
            summary.owed,
            summary.artefact
        );
    }

    /// @inheritdoc IEmission
    function veto(bytes32 digest, bytes calldata reason) external {
        settle();
        if (_hot.kind == Kind.None) revert NothingPending();
        bytes32 current = head;
        if (digest != current) revert OtherStatementPending(digest, current);
        if (msg.sender != authority) {
            if (msg.sender != guardian) revert NotAuthorized(msg.sender, true);
            if (_hot.vetoUsed) revert GuardianVetoUsed(digest);
            _hot.vetoUsed = true;
        }
        _hot.kind = Kind.None;
        _hot.payableAt = 0;
        bytes32 newHead = Statement.vetoHead(current, reason);
        head = newHead;
        emit StatementVetoed(digest, msg.sender, newHead, reason);
    }

    /// @inheritdoc IEmission
    function advance(bytes32 head_, bytes calldata reason) external {
        settle();
        _onlyAuthorityOrStandIn();
        _requireNothingPending();
        bytes32 current = head;
        if (head_ != current) revert OtherHead(head_, current);
        bytes32 newHead = Statement.vetoHead(current, reason);
        head = newHead;
        emit HeadAdvanced(current, msg.sender, newHead, reason);
    }

    /// @inheritdoc IEmission
    function handOver(uint32 end, bytes32 newDistributor) external {
        settle();
        _onlyAuthorityWithConsent();
        Terms memory terms = _terms;
        if (terms.end == 0) revert NotOpened();
        if (_hot.kind == Kind.Open) revert StatementPending(head, _hot.payableAt);
        if (terms.end != OPEN_ENDED) revert AlreadyHandedOver(terms.end, _handedTo);
        if (newDistributor == 0) revert ZeroDistributor();
        uint256 earliest = uint256(_next(_hot, terms)) + notice;
        bool atBoundary = end > terms.start && (end - terms.start) % term == 0;
        if (!atBoundary || end < earliest || end == OPEN_ENDED) {
            revert InvalidHandOver(end, terms.start, earliest);
        }
        _terms.end = end;
        _handedTo = newDistributor;
        emit HandedOver(end, newDistributor);
    }

    /// @inheritdoc IEmission
    function approveOpen(uint32 first, bytes32 old, bytes32 head_) external {
        settle();
        _onlyAuthorityOrStandIn();
        approvedOpening = keccak256(abi.encode(first, old, head_));
        emit OpenApproved(first, old, head_, msg.sender);
    }

    /// @inheritdoc IEmission
    function open(uint32 first, bytes32 old, bytes calldata signatures) external returns (bytes32 digest) {
        settle();
        _requireNothingPending();
        bytes32 previousHead = head;
        if (approvedOpening != keccak256(abi.encode(first, old, previousHead))) {
            revert OpenNotApproved(first, old, previousHead);
        }
        uint32 next = _next(_hot, _terms);
        if (first < next || first == OPEN_ENDED) revert OpenTooEarly(first, next);

        Quorum.Members memory members = Quorum.members(_terms.oracles);
        digest = _openDigest(first, old, members.version, previousHead);
        Quorum.check(members, digest, signatures);

        delete approvedOpening;
        head = digest;
        uint40 payableAt = uint40(block.timestamp + longDelay);
        _hot.kind = Kind.Open;
        _hot.pendingEpoch = first;
        _hot.payableAt = payableAt;
        emit OpenAccepted(first, digest, previousHead, members.version, payableAt, old);
    }

    /// @inheritdoc IEmission
    function rotate(uint32 version, PublicKey[] calldata keys) external {
        settle();
        _onlyAuthorityWithConsent();
        uint32 current = Quorum.members(_terms.oracles).version;
        if (version != uint256(current) + 1) revert WrongSetVersion(version, uint256(current) + 1);
        _setOracles(version, keys);
    }

    /// @inheritdoc IEmission
    function setGuardian(address newGuardian) external {
        settle();
        _onlyAuthorityWithConsent();
        if (newGuardian == address(0)) revert ZeroAddress();
        emit GuardianChanged(guardian, newGuardian);
        guardian = newGuardian;
    }

    /// @inheritdoc IEmission
    function consent(bytes32 callHash, bool given) external {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        consents[msg.sender][callHash] = given;
        emit ConsentChanged(msg.sender, callHash, given);
    }

    /// @inheritdoc IEmission
    function settle() public {
        uint256 payableAt = _hot.payableAt;
        if (payableAt == 0 || block.timestamp < payableAt) return;
        (_hot, _sums, _terms) = _matured();
    }

    // ---------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IEmission
    function distributorId() public view returns (bytes32) {
        return
            block.chainid == _homeChainId ? _homeDistributorId : Statement.distributorId(block.chainid, address(this));
    }

    /// @inheritdoc IEmission
    function pending() external view returns (Pending memory p) {
        (Hot memory hot, Sums memory sums,) = _now();
        if (hot.kind == Kind.None) return p;
        p.kind = hot.kind;
        p.epoch = hot.pendingEpoch;
        p.payableAt = hot.payableAt;
        p.digest = head;
        if (hot.kind == Kind.Open) return p;
        p.rootHash = _rootHashes[_after(hot.newestAt)];
        p.rootSum = sums.pendingSum;
        p.owed = sums.pendingOwed;
    }

    /// @inheritdoc IEmission
    function range() external view returns (Range memory r) {
        (Hot memory hot,, Terms memory terms) = _now();
        r.opened = terms.end != 0;
        r.start = terms.start;
        r.next = _next(hot, terms);
        r.end = terms.end;
        if (terms.end != OPEN_ENDED) r.handedTo = _handedTo;
    }

    /// @inheritdoc IEmission
    function books() external view returns (Books memory b) {
        (Hot memory hot, Sums memory sums,) = _now();
        bool root = hot.kind == Kind.Epoch || hot.kind == Kind.Late;
        b.owed = root ? sums.pendingOwed : sums.owed;
        b.issued = (root ? sums.pendingSum : hot.newestSum) + b.owed;
        b.payableSum = hot.newestSum;
        b.unclaimed = hot.unclaimed;
    }

    /// @inheritdoc IEmission
    function oracleSet() external view returns (OracleSet memory) {
        return Quorum.load(_terms.oracles);
    }

    /// @inheritdoc IEmission
    function quorumSize() external view returns (uint256) {
        return Quorum.size(Quorum.members(_terms.oracles).count);
    }

    /// @inheritdoc IEmission
    function guardianVetoUsed() external view returns (bool) {
        (Hot memory hot,,) = _now();
        return hot.vetoUsed;
    }

    /// @inheritdoc IEmission
    function emission(uint32 epoch) public view returns (uint64) {
        uint64 before = epoch == 0 ? 0 : cumulativeEmissionFloor(epoch - 1);
        return cumulativeEmissionFloor(epoch) - before;
    }

    /// @inheritdoc IEmission
    function cumulativeEmissionFloor(uint32 epoch) public view returns (uint64) {
        uint256 counted = uint256(epoch) + 1;
        if (counted > emissionEpochs) counted = emissionEpochs;
        // at most the supply, which is a u64
        return uint64(counted * maxSupply / emissionEpochs);
    }

    /// @inheritdoc IEmission
    function epochDigest(Summary calldata summary) external view returns (bytes32) {
        return _epochDigest(summary, Quorum.members(_terms.oracles).version, head);
    }

    /// @inheritdoc IEmission
    function openDigest(uint32 first, bytes32 old) external view returns (bytes32) {
        return _openDigest(first, old, Quorum.members(_terms.oracles).version, head);
    }

    // -------------------------------------------------------------------------------------------------- for heirs

    /// @dev `growth` base units have become payable: total supply and the votes' total take them.
    function _grow(uint64 growth) internal virtual;

    /// @dev The votes' total.
    function _votesTotal() internal view virtual returns (uint256);

    /// @dev The place of the next root: after the newest comes what is pending, then the one before the newest.
    function _after(uint8 place) internal pure returns (uint8) {
        return place == 2 ? 0 : place + 1;
    }

    /// @dev What the slots say now, time having passed over them.
    function _now() internal view returns (Hot memory, Sums memory, Terms memory) {
        return _mature(_hot, _sums, _terms);
    }

    // ------------------------------------------------------------------------------------------------- own parts

    /// @dev Lets time pass over what the slots hold; writes nothing, so that views say what calls would find.
    function _mature(Hot memory hot, Sums memory sums, Terms memory terms)
        private
        view
        returns (Hot memory, Sums memory, Terms memory)
    {
        if (hot.payableAt == 0 || block.timestamp < hot.payableAt) return (hot, sums, terms);
        if (hot.kind == Kind.Open) {
            terms.start = hot.pendingEpoch;
            terms.end = OPEN_ENDED;
        } else {
            // A root sum never falls, so this cannot wrap; and no sum passes the supply.
            hot.unclaimed += sums.pendingSum - hot.newestSum;
            sums.previousSum = hot.newestSum;
            sums.owed = sums.pendingOwed;
            terms.filedBefore = hot.filed;
            hot.newestSum = sums.pendingSum;
            hot.filed = hot.pendingEpoch + 1;
            hot.newestAt = _after(hot.newestAt);
        }
        hot.kind = Kind.None;
        hot.payableAt = 0;
        hot.vetoUsed = false;
        return (hot, sums, terms);
    }

    /// @dev The slots after time has passed, with the events and the growth of what matured; the caller writes them back.
    function _matured() private returns (Hot memory hot, Sums memory sums, Terms memory terms) {
        hot = _hot;
        Kind kind = hot.kind;
        uint64 before = hot.newestSum;
        (hot, sums, terms) = _mature(hot, _sums, _terms);
        if (kind == hot.kind) return (hot, sums, terms);
        if (kind == Kind.Open) {
            emit RangeOpened(terms.start);
        } else {
            uint64 growth = hot.newestSum - before;
            emit EpochBecamePayable(hot.filed - 1, _rootHashes[hot.newestAt], hot.newestSum, growth);
            if (growth != 0) _grow(growth);
        }
    }

    /// @dev The epoch that is filed next, counting what is pending.
    function _next(Hot memory hot, Terms memory terms) private pure returns (uint32) {
        if (hot.kind == Kind.Epoch) return hot.pendingEpoch + 1;
        return hot.filed > terms.start ? hot.filed : terms.start;
    }

    /// @return late Whether the epoch is the last filed one again.
    function _checkOrder(uint32 epoch, Hot memory hot, Terms memory terms) private view returns (bool late) {
        if (terms.end == 0) revert NotOpened();
        uint32 next = _next(hot, terms);
        late = uint256(epoch) + 1 == next;
        if (!late) {
            if (epoch != next) revert EpochOutOfOrder(epoch, next);
            if (epoch >= terms.end) revert EpochOutOfRange(epoch, terms.end);
        }
        uint256 endsAt = genesis + (uint256(epoch) + 1) * epochLength;
        if (block.timestamp < endsAt) revert EpochNotEnded(epoch, endsAt);
    }

    /// @dev Two bounds: the root sum never falls, and issued grows by at most E(epoch), by nothing where late.
    function _checkGrowth(Summary calldata summary, bool late, Hot memory hot, Sums memory sums) private view {
        if (summary.rootSum < hot.newestSum) revert RootSumFell(summary.rootSum, hot.newestSum);
        uint256 issued = uint256(summary.rootSum) + summary.owed;
        uint256 before = uint256(hot.newestSum) + sums.owed;
        if (issued <= before) return;
        uint256 limit = late ? 0 : emission(summary.epoch);
        if (issued - before > limit) revert IssuedTooMuch(issued - before, limit);
    }

    function _epochDigest(Summary calldata summary, uint32 setVersion, bytes32 head_) private view returns (bytes32) {
        return Statement.epochDigest(
            Statement.Place(network, distributorId(), summary.epoch, setVersion, head_),
            summary.rootHash,
            summary.rootSum,
            summary.owed,
            summary.artefact
        );
    }

    function _openDigest(uint32 first, bytes32 old, uint32 setVersion, bytes32 head_) private view returns (bytes32) {
        return Statement.openDigest(
            Statement.Place(network, distributorId(), first, setVersion, head_), old, epochDelay, longDelay, scheduleId
        );
    }

    function _setOracles(uint32 version, PublicKey[] memory keys) private {
        (address store, bytes32 hash, bytes memory compressed) = Quorum.create(version, keys);
        _terms.oracles = store;
        emit OracleSetRotated(version, hash, compressed);
    }

    function _requireNothingPending() private view {
        if (_hot.kind != Kind.None) revert StatementPending(head, _hot.payableAt);
    }

    /// @dev The guardian stands in while nobody can vote, in OPEN and advance, in nothing else.
    function _onlyAuthorityOrStandIn() private view {
        if (msg.sender == authority) return;
        bool standIn = _votesTotal() == 0;
        if (!standIn || msg.sender != guardian) revert NotAuthorized(msg.sender, standIn);
    }

    /// @dev The guardian's consent is to this exact call, and is used up by it.
    function _onlyAuthorityWithConsent() private {
        if (msg.sender != authority) revert NotAuthorized(msg.sender, false);
        if (block.timestamp >= guardedUntil) return;
        address guardian_ = guardian;
        bytes32 callHash = keccak256(msg.data);
        if (!consents[guardian_][callHash]) revert NoConsent(guardian_, callHash);
        delete consents[guardian_][callHash];
        emit ConsentChanged(guardian_, callHash, false);
    }

    function _checkDeployment(Deployment memory d) private pure {
        if (d.network == 0) revert InvalidDeployment("network");
        if (d.supply == 0 || d.supply >> 63 != 0) revert InvalidDeployment("supply");
        if (d.epochs == 0) revert InvalidDeployment("epochs");
        if (d.epochLength == 0) revert InvalidDeployment("epochLength");
        if (d.term == 0) revert InvalidDeployment("term");
        if (d.longDelay < d.epochDelay) revert InvalidDeployment("longDelay");
        if (d.authority == address(0) || d.guardian == address(0)) revert ZeroAddress();
    }
}
