// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Slots} from "./Slots.sol";
import {IEmission} from "./interfaces/IEmission.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {Statement} from "./libraries/Statement.sol";

/// @title Ranges, schedule, epochs, quorum, veto
abstract contract Emission is Slots {
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
        (Hot memory hot, Sums memory sums, Terms memory terms) = (_hot, _sums, _terms);
        _settle(hot, sums, terms);
        if (hot.kind != NONE) revert StatementPending(head, hot.payableAt);
        (uint32 epoch, uint64 rootSum, uint64 owed) = (summary.epoch, summary.rootSum, summary.owed);
        bool late = _checkOrder(epoch, hot, terms);
        _checkGrowth(epoch, rootSum, owed, late, hot, sums);

        Quorum.Members memory members = Quorum.members(terms.oracles);
        bytes32 previousHead = head;
        digest = Statement.epochDigest(
            _place(epoch, members.version, previousHead), summary.rootHash, rootSum, owed, summary.artefact
        );
        Quorum.check(members, digest, signatures);

        head = digest;
        _rootHashes[_after(hot.newestAt)] = summary.rootHash;
        uint40 payableAt = _in(hot.vetoUsed ? longDelay : epochDelay);
        hot.kind = late ? LATE : EPOCH;
        hot.payableAt = payableAt;
        sums.pendingSum = rootSum;
        sums.pendingOwed = owed;
        _write(hot, sums);
        emit EpochAccepted(
            epoch,
            digest,
            previousHead,
            members.version,
            late,
            payableAt,
            summary.rootHash,
            rootSum,
            owed,
            summary.artefact
        );
    }

    /// @inheritdoc IEmission
    function veto(bytes32 digest, bytes calldata reason) external {
        settle();
        if (_hot.kind == NONE) revert NothingPending();
        bytes32 current = head;
        if (digest != current) revert OtherStatementPending(digest, current);
        if (msg.sender != authority) {
            if (msg.sender != guardian) revert NotAuthorized(msg.sender, true);
            if (_hot.vetoUsed) revert GuardianVetoUsed(digest);
            _hot.vetoUsed = true;
        }
        _hot.kind = NONE;
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
        if (_hot.kind == OPEN) revert StatementPending(head, _hot.payableAt);
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
        uint40 payableAt = _in(longDelay);
        _hot.kind = OPEN;
        _hot.payableAt = payableAt;
        _terms.opening = first;
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
        _settledHot();
    }

    // ---------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IEmission
    function distributorId() public view returns (bytes32) {
        return
            block.chainid == _homeChainId ? _homeDistributorId : Statement.distributorId(block.chainid, address(this));
    }

    /// @inheritdoc IEmission
    function pending() external view returns (Pending memory p) {
        (Hot memory hot, Sums memory sums, Terms memory terms) = _now();
        if (hot.kind == NONE) return p;
        p.kind = Kind(hot.kind);
        p.epoch = _pendingEpoch(hot, terms);
        p.payableAt = hot.payableAt;
        p.digest = head;
        if (hot.kind == OPEN) return p;
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
        bool root = hot.kind == EPOCH || hot.kind == LATE;
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
        unchecked {
            uint64 before = epoch == 0 ? 0 : cumulativeEmissionFloor(epoch - 1);
            return cumulativeEmissionFloor(epoch) - before;
        }
    }

    /// @inheritdoc IEmission
    function cumulativeEmissionFloor(uint32 epoch) public view returns (uint64) {
        unchecked {
            uint256 counted = uint256(epoch) + 1;
            if (counted > emissionEpochs) counted = emissionEpochs;
            // 32 and 63 bits; at most the supply, which is a u64
            return uint64(counted * maxSupply / emissionEpochs);
        }
    }

    /// @inheritdoc IEmission
    function epochDigest(Summary calldata summary) external view returns (bytes32) {
        return Statement.epochDigest(
            _place(summary.epoch, Quorum.members(_terms.oracles).version, head),
            summary.rootHash,
            summary.rootSum,
            summary.owed,
            summary.artefact
        );
    }

    /// @inheritdoc IEmission
    function openDigest(uint32 first, bytes32 old) external view returns (bytes32) {
        return _openDigest(first, old, Quorum.members(_terms.oracles).version, head);
    }

    // -------------------------------------------------------------------------------------------------- for heirs

    /// @dev The votes' total.
    function _votesTotal() internal view virtual returns (uint256);

    // ------------------------------------------------------------------------------------------------- own parts

    /// @return late Whether the epoch is the last filed one again.
    function _checkOrder(uint32 epoch, Hot memory hot, Terms memory terms) private view returns (bool late) {
        if (terms.end == 0) revert NotOpened();
        uint32 next = _next(hot, terms);
        late = uint256(epoch) + 1 == next;
        if (!late) {
            if (epoch != next) revert EpochOutOfOrder(epoch, next);
            if (epoch >= terms.end) revert EpochOutOfRange(epoch, terms.end);
        }
        unchecked {
            // 64 and 65 bits
            uint256 endsAt = genesis + (uint256(epoch) + 1) * epochLength;
            if (block.timestamp < endsAt) revert EpochNotEnded(epoch, endsAt);
        }
    }

    /// @dev Two bounds: the root sum never falls, and issued grows by at most E(epoch), by nothing where late.
    function _checkGrowth(uint32 epoch, uint64 rootSum, uint64 owed, bool late, Hot memory hot, Sums memory sums)
        private
        view
    {
        uint64 newestSum = hot.newestSum;
        if (rootSum < newestSum) revert RootSumFell(rootSum, newestSum);
        unchecked {
            // each two of 64 bits
            uint256 issued = uint256(rootSum) + owed;
            uint256 before = uint256(newestSum) + sums.owed;
            if (issued <= before) return;
            uint256 limit = late ? 0 : emission(epoch);
            if (issued - before > limit) revert IssuedTooMuch(issued - before, limit);
        }
    }

    function _place(uint32 epoch, uint32 setVersion, bytes32 head_) private view returns (Statement.Place memory) {
        return Statement.Place(network, distributorId(), epoch, setVersion, head_);
    }

    function _openDigest(uint32 first, bytes32 old, uint32 setVersion, bytes32 head_) private view returns (bytes32) {
        return Statement.openDigest(_place(first, setVersion, head_), old, epochDelay, longDelay, scheduleId);
    }

    function _setOracles(uint32 version, PublicKey[] memory keys) private {
        (address store, bytes32 hash, bytes memory compressed) = Quorum.create(version, keys);
        _terms.oracles = store;
        emit OracleSetRotated(version, hash, compressed);
    }

    /// @dev A timestamp plus 32 bits.
    function _in(uint32 delay) private view returns (uint40) {
        unchecked {
            return uint40(block.timestamp + delay);
        }
    }

    function _requireNothingPending() private view {
        if (_hot.kind != NONE) revert StatementPending(head, _hot.payableAt);
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
