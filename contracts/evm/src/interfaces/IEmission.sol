// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title What a distributor accepts, and when it becomes payable
/// @notice Epochs are filed in order, by the quorum of the oracle set, over the distributor's head, inside a range that
/// it holds. What is accepted waits for its delay, open to veto; then it is payable. Whatever the roots say, *issued*
/// (root sum plus owed) grows by at most the epoch's emission.
/// @dev Assumed of others: fewer than a quorum of the oracles lie (else the bounds above still hold, not the shares);
/// `block.timestamp` is the sequencer's, within its limits; the DAO authority is a timelock whose delay, with the
/// vote's, is shorter than `longDelay`.
/// Time moves the books lazily: what is past its delay *is* payable, every view of this interface says so, and the next
/// call of any kind (or {settle}) writes it down.
interface IEmission {
    // ---------------------------------------------------------------------------------------------------- types

    /// @notice What waits for its delay.
    enum Kind {
        None,
        Epoch,
        Late,
        Open
    }

    /// @notice A point of secp256k1, an oracle's public key.
    struct PublicKey {
        uint256 x;
        uint256 y;
    }

    /// @notice Everything that is fixed for ever when the contract is created, and who starts.
    /// @param network Network id: hash of the genesis.
    /// @param genesis Start of epoch 0, Unix seconds.
    /// @param supply Base units that all epochs together may issue, below 2^63.
    /// @param epochs Number of epochs that issue something.
    /// @param epochLength Seconds of an epoch.
    /// @param term Epochs of a term: hand-overs happen at its multiples.
    /// @param epochDelay Seconds from acceptance until an epoch is payable.
    /// @param longDelay Seconds that an OPEN and a refiled statement wait.
    /// @param notice Fewest epochs between the next one to be filed and a hand-over.
    /// @param guardedUntil Unix seconds until which rotation, hand-over and change of guardian need the guardian's consent.
    /// @param authority The DAO authority: the DAO's timelock.
    /// @param guardian Who may veto a statement once.
    /// @param oracleSetVersion Version of the first oracle set.
    /// @param oracles Its keys, strictly ascending in compressed form, 5 to 15.
    struct Deployment {
        bytes32 network;
        uint64 genesis;
        uint64 supply;
        uint32 epochs;
        uint32 epochLength;
        uint32 term;
        uint32 epochDelay;
        uint32 longDelay;
        uint32 notice;
        uint64 guardedUntil;
        address authority;
        address guardian;
        uint32 oracleSetVersion;
        PublicKey[] oracles;
    }

    /// @notice What the oracles say of an epoch; the rest of the signed statement the contract knows itself.
    /// @param epoch The next epoch of the range, or the last filed one again for late pay.
    /// @param rootHash Hash of the reward tree's root.
    /// @param rootSum Its sum in base units, cumulative over the distributor's life.
    /// @param owed Base units earned but not in the tree.
    /// @param artefact Hash of the filing's tree block.
    struct Summary {
        uint32 epoch;
        bytes32 rootHash;
        uint64 rootSum;
        uint64 owed;
        bytes32 artefact;
    }

    /// @notice The statement that waits; all zero where nothing does.
    /// @param kind What it is.
    /// @param epoch Its epoch, or the first of the range that it opens.
    /// @param payableAt Unix seconds from which on it counts, and can't be vetoed any more.
    /// @param digest Its digest, which is the head.
    /// @param rootHash Hash of its root (EPOCH and late).
    /// @param rootSum Sum of its root (EPOCH and late).
    /// @param owed Its owed (EPOCH and late).
    struct Pending {
        Kind kind;
        uint32 epoch;
        uint64 payableAt;
        bytes32 digest;
        bytes32 rootHash;
        uint64 rootSum;
        uint64 owed;
    }

    /// @notice The range of epochs that the distributor holds, or held last.
    /// @param opened Whether it was ever opened.
    /// @param start Its first epoch.
    /// @param next The epoch that is filed next, counting what is pending; late pay carries `next - 1`.
    /// @param end The first epoch that is no longer its own; 2^32 - 1 while it is open-ended.
    /// @param handedTo The distributor that was named to go on; zero while it is open-ended.
    struct Range {
        bool opened;
        uint32 start;
        uint32 next;
        uint32 end;
        bytes32 handedTo;
    }

    /// @notice The sums behind the bounds, counting what is payable now.
    /// @param issued Root sum plus owed of the newest statement that is not vetoed, pending or payable.
    /// @param owed Its owed.
    /// @param payableSum Sum of the newest payable root: the total supply once written down.
    /// @param unclaimed What is payable and not yet paid: the counter that every payment is subtracted from.
    struct Books {
        uint64 issued;
        uint64 owed;
        uint64 payableSum;
        uint64 unclaimed;
    }

    /// @notice The oracle set whose quorum counts now.
    /// @param version Its version, the same on all chains.
    /// @param hash H(`LIAISE/ORSET/01`, version, count, keys).
    /// @param members Addresses of the keys, in the keys' order.
    /// @param keys The compressed keys, 33 bytes each, ascending.
    struct OracleSet {
        uint32 version;
        bytes32 hash;
        address[] members;
        bytes keys;
    }

    // --------------------------------------------------------------------------------------------------- events

    /// @notice An epoch's statement was accepted; with `late` it carries pay only and issued did not grow.
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

    /// @notice An OPEN statement was accepted.
    event OpenAccepted(
        uint32 indexed first,
        bytes32 indexed digest,
        bytes32 previousHead,
        uint32 setVersion,
        uint64 payableAt,
        bytes32 old
    );

    /// @notice The books took a statement that had become payable; `growth` is now claimable besides what was.
    event EpochBecamePayable(uint32 indexed epoch, bytes32 rootHash, uint64 rootSum, uint64 growth);

    /// @notice An OPEN's delay had passed without a veto: epochs from `first` on belong to this distributor.
    event RangeOpened(uint32 indexed first);

    /// @notice The pending statement was struck out; the head moved, so that it can never be accepted again.
    event StatementVetoed(bytes32 indexed digest, address indexed by, bytes32 newHead, bytes reason);

    /// @notice The head moved on without a statement.
    event HeadAdvanced(bytes32 indexed previousHead, address indexed by, bytes32 newHead, bytes reason);

    /// @notice Epochs from `end` on are no longer this distributor's.
    event HandedOver(uint32 indexed end, bytes32 indexed newDistributor);

    /// @notice The DAO authority, or the guardian standing in for it, agreed to an opening.
    event OpenApproved(uint32 indexed first, bytes32 indexed old, bytes32 head, address indexed by);

    /// @notice From now on only this oracle set's quorum counts; `keys` are 33 bytes each.
    event OracleSetRotated(uint32 indexed version, bytes32 indexed setHash, bytes keys);

    /// @notice Another guardian.
    event GuardianChanged(address indexed previous, address indexed current);

    /// @notice The guardian agreed, or no longer agrees, to one exact call of the DAO authority.
    event ConsentChanged(address indexed guardian, bytes32 indexed callHash, bool given);

    // --------------------------------------------------------------------------------------------------- errors

    /// @notice A constructor value makes no sense; `name` says which.
    error InvalidDeployment(bytes32 name);
    /// @notice Only the DAO authority may do this (or, where `guardianToo`, the guardian now).
    error NotAuthorized(address caller, bool guardianToo);
    /// @notice Only the guardian may do this.
    error NotGuardian(address caller);
    /// @notice Something waits until `payableAt`.
    error StatementPending(bytes32 digest, uint64 payableAt);
    /// @notice Nothing waits that could be vetoed.
    error NothingPending();
    /// @notice What waits is `pending`, not what the caller named.
    error OtherStatementPending(bytes32 named, bytes32 pending);
    /// @notice The guardian's one veto of this statement is used; only the DAO may veto its refiling.
    error GuardianVetoUsed(bytes32 digest);
    /// @notice The head is `head`, not what the caller named.
    error OtherHead(bytes32 named, bytes32 head);
    /// @notice The distributor was never opened.
    error NotOpened();
    /// @notice Neither the next epoch nor the last filed one.
    error EpochOutOfOrder(uint32 epoch, uint32 next);
    /// @notice The epoch is no longer this distributor's.
    error EpochOutOfRange(uint32 epoch, uint32 end);
    /// @notice The epoch ends at `endsAt`.
    error EpochNotEnded(uint32 epoch, uint256 endsAt);
    /// @notice A root sum never falls.
    error RootSumFell(uint64 rootSum, uint64 before);
    /// @notice Issued would grow by `growth`; at most `limit` is allowed.
    error IssuedTooMuch(uint256 growth, uint256 limit);
    /// @notice A hand-over needs a multiple of the term after the range's start, and notice.
    error InvalidHandOver(uint32 epoch, uint32 start, uint256 earliest);
    /// @notice The range has been handed over; that is irrevocable.
    error AlreadyHandedOver(uint32 end, bytes32 newDistributor);
    /// @notice A hand-over names a distributor.
    error ZeroDistributor();
    /// @notice The DAO authority has not approved this opening over this head.
    error OpenNotApproved(uint32 first, bytes32 old, bytes32 head);
    /// @notice An opening starts at the next epoch to be filed, or later, and below 2^32 - 1.
    error OpenTooEarly(uint32 first, uint32 next);
    /// @notice Sets are rotated one version at a time.
    error WrongSetVersion(uint32 version, uint256 expected);
    /// @notice Until `guardedUntil` this call needs the guardian's consent.
    error NoConsent(address guardian, bytes32 callHash);
    /// @notice Somebody must be named.
    error ZeroAddress();

    // ---------------------------------------------------------------------------------------------------- calls

    /// @notice Files an epoch. Anybody may; the signatures decide.
    /// @dev The contract rebuilds the 200 bytes: tag, network, its own identity, current set version and head come from
    /// itself. Signed bytes that name another are a wrong signature here.
    /// @param summary What the oracles say.
    /// @param signatures 65 bytes each (r, s, v; v 0 or 1, s low), in ascending order of the signers' compressed keys,
    /// a quorum or more.
    /// @return digest The statement's digest, the new head.
    function submit(Summary calldata summary, bytes calldata signatures) external returns (bytes32 digest);

    /// @notice Strikes out the pending statement: the guardian once, the DAO authority always.
    /// @param digest The statement that is meant, so that a late transaction strikes no other.
    /// @param reason Public; its hash enters the new head.
    function veto(bytes32 digest, bytes calldata reason) external;

    /// @notice Moves the head when nothing is pending, for oracles that split. DAO authority; the guardian while nobody
    /// can vote.
    /// @param head The head that is meant.
    /// @param reason Public; its hash enters the new head.
    function advance(bytes32 head, bytes calldata reason) external;

    /// @notice Ends the range before epoch `end`, irrevocably, in favour of `newDistributor`. DAO authority, with the
    /// guardian's consent until `guardedUntil`.
    function handOver(uint32 end, bytes32 newDistributor) external;

    /// @notice Agrees to the opening of a range over `head`; a later approval replaces it. DAO authority; the guardian
    /// while nobody can vote.
    /// @param first First epoch of the range.
    /// @param old Identity of the distributor that held the term, zero for the network's first.
    /// @param head The head over which the oracles sign.
    function approveOpen(uint32 first, bytes32 old, bytes32 head) external;

    /// @notice Opens the approved range by the oracles' OPEN statement. Anybody may.
    /// @param first First epoch of the range.
    /// @param old Identity of the distributor that held the term, zero for the network's first.
    /// @param signatures As in {submit}.
    /// @return digest The statement's digest, the new head.
    function open(uint32 first, bytes32 old, bytes calldata signatures) external returns (bytes32 digest);

    /// @notice Replaces the oracle set by the next version. DAO authority, with the guardian's consent until
    /// `guardedUntil`.
    /// @param version The present version plus one.
    /// @param keys 5 to 15 points of secp256k1, strictly ascending in compressed form.
    function rotate(uint32 version, PublicKey[] calldata keys) external;

    /// @notice Names another guardian. DAO authority, with the present guardian's consent until `guardedUntil`.
    function setGuardian(address newGuardian) external;

    /// @notice The guardian agrees (or no longer agrees) to one exact call of {rotate}, {handOver} or {setGuardian}. The
    /// call uses the consent up.
    /// @param callHash keccak256 of the call's data, selector included.
    function consent(bytes32 callHash, bool given) external;

    /// @notice Writes down what has become payable. Anybody may; every other call does it too.
    function settle() external;

    // ---------------------------------------------------------------------------------------------------- views

    /// @notice Network id.
    function network() external view returns (bytes32);
    /// @notice Start of epoch 0, Unix seconds.
    function genesis() external view returns (uint64);
    /// @notice Base units that all epochs together may issue.
    function maxSupply() external view returns (uint64);
    /// @notice Number of epochs that issue something.
    function emissionEpochs() external view returns (uint32);
    /// @notice Seconds of an epoch.
    function epochLength() external view returns (uint32);
    /// @notice Epochs of a term.
    function term() external view returns (uint32);
    /// @notice Seconds from acceptance until an epoch is payable.
    function epochDelay() external view returns (uint32);
    /// @notice Seconds that an OPEN and a refiled statement wait.
    function longDelay() external view returns (uint32);
    /// @notice Fewest epochs between the next one to be filed and a hand-over.
    function notice() external view returns (uint32);
    /// @notice Unix seconds until which the guardian's consent is needed.
    function guardedUntil() external view returns (uint64);
    /// @notice H(`LIAISE/SCHED/01`, network, genesis, supply, epochs, epoch length, term).
    function scheduleId() external view returns (bytes32);
    /// @notice The DAO authority.
    function authority() external view returns (address);
    /// @notice The guardian.
    function guardian() external view returns (address);
    /// @notice This distributor's identity: H of `eip155:<chain id>:0x<address>`, on a fork another one.
    function distributorId() external view returns (bytes32);
    /// @notice The head: what the next statement must name.
    function head() external view returns (bytes32);
    /// @notice The statement that waits, if any.
    function pending() external view returns (Pending memory);
    /// @notice The range that is held, or was last; a pending OPEN does not count yet.
    function range() external view returns (Range memory);
    /// @notice The sums behind the bounds.
    function books() external view returns (Books memory);
    /// @notice The oracle set.
    function oracleSet() external view returns (OracleSet memory);
    /// @notice How many signatures a statement needs now: ceil(2n/3).
    function quorumSize() external view returns (uint256);
    /// @notice Whether the guardian's veto of the awaited or pending statement is used.
    function guardianVetoUsed() external view returns (bool);
    /// @notice keccak256(abi.encode(first, old, head)) of the approved opening; zero without one.
    function approvedOpening() external view returns (bytes32);
    /// @notice Whether `guardian_` has agreed to the call.
    function consents(address guardian_, bytes32 callHash) external view returns (bool);
    /// @notice E(epoch): base units that the epoch itself may issue.
    function emission(uint32 epoch) external view returns (uint64);
    /// @notice F(epoch) = floor(min(epoch + 1, T) * S / T).
    function cumulativeEmissionFloor(uint32 epoch) external view returns (uint64);
    /// @notice The digest that the oracles would sign for this summary now.
    function epochDigest(Summary calldata summary) external view returns (bytes32);
    /// @notice The digest that the oracles would sign for this opening now.
    function openDigest(uint32 first, bytes32 old) external view returns (bytes32);
}
