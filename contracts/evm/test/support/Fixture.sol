// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IEmission} from "../../src/interfaces/IEmission.sol";
import {IXLV} from "../../src/interfaces/IXLV.sol";
import {Tree} from "./Tree.sol";
import {Vm, vm} from "./Vm.sol";

/// @notice A deployed XLV with seven oracles whose keys the tests hold, and the few steps that all tests share.
abstract contract Fixture {
    bool public constant IS_TEST = true;

    bytes32 internal constant NETWORK = keccak256("a test network");
    uint64 internal constant GENESIS = 1_767_225_600;
    uint64 internal constant SUPPLY = 1e17;
    uint32 internal constant EPOCHS = 7305;
    uint32 internal constant DAY = 86_400;
    uint32 internal constant TERM = 180;
    uint32 internal constant EPOCH_DELAY = 21_600;
    uint32 internal constant LONG_DELAY = 604_800;
    uint32 internal constant NOTICE = 7;
    uint32 internal constant OPEN_ENDED = type(uint32).max;

    address internal immutable DAO = _named("dao");
    address internal immutable GUARDIAN = _named("guardian");
    address internal immutable STRANGER = _named("stranger");

    IXLV internal xlv;
    uint256[] internal oracleKeys; // private, in the order of their public keys

    function _setUpXlv() internal {
        vm.warp(GENESIS - 30 days);
        oracleKeys = _privateKeys(7, 1);
        xlv = _deploy(_deployment());
        vm.label(address(xlv), "XLV");
    }

    // ------------------------------------------------------------------------------------------------ deployment

    function _deployment() internal returns (IEmission.Deployment memory d) {
        d.network = NETWORK;
        d.genesis = GENESIS;
        d.supply = SUPPLY;
        d.epochs = EPOCHS;
        d.epochLength = DAY;
        d.term = TERM;
        d.epochDelay = EPOCH_DELAY;
        d.longDelay = LONG_DELAY;
        d.notice = NOTICE;
        d.guardedUntil = GENESIS + uint64(TERM) * DAY;
        d.authority = DAO;
        d.guardian = GUARDIAN;
        d.oracleSetVersion = 1;
        d.oracles = _publicKeys(oracleKeys);
    }

    function _deploy(IEmission.Deployment memory d) internal returns (IXLV) {
        return IXLV(_create("XLV.sol:XLV", abi.encode(d)));
    }

    /// @dev Creates from forge's artefact, so that a test compiles without the contract's source.
    function _create(string memory artifact, bytes memory arguments) internal returns (address created) {
        bytes memory init = abi.encodePacked(vm.getCode(artifact), arguments);
        assembly ("memory-safe") {
            created := create(0, add(init, 32), mload(init))
            if iszero(created) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------ keys

    /// @dev `n` private keys, sorted by their compressed public keys.
    function _privateKeys(uint256 n, uint256 seed) internal returns (uint256[] memory keys) {
        keys = new uint256[](n);
        bytes32[] memory order = new bytes32[](n);
        uint256[] memory odd = new uint256[](n);
        for (uint256 i = 0; i < n; ++i) {
            uint256 key = uint256(keccak256(abi.encode("oracle", seed, i))) >> 1;
            Vm.Wallet memory wallet = vm.createWallet(key);
            uint256 parity = wallet.publicKeyY & 1;
            bytes32 x = bytes32(wallet.publicKeyX);
            uint256 j = i;
            for (; j > 0 && (parity < odd[j - 1] || (parity == odd[j - 1] && x < order[j - 1])); --j) {
                (keys[j], order[j], odd[j]) = (keys[j - 1], order[j - 1], odd[j - 1]);
            }
            (keys[j], order[j], odd[j]) = (key, x, parity);
        }
    }

    function _publicKeys(uint256[] memory keys) internal returns (IEmission.PublicKey[] memory points) {
        points = new IEmission.PublicKey[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            Vm.Wallet memory wallet = vm.createWallet(keys[i]);
            points[i] = IEmission.PublicKey(wallet.publicKeyX, wallet.publicKeyY);
        }
    }

    function _signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v - 27);
    }

    /// @dev The first `count` of `keys` sign.
    function _signatures(uint256[] memory keys, uint256 count, bytes32 digest)
        internal
        pure
        returns (bytes memory packed)
    {
        for (uint256 i = 0; i < count; ++i) {
            packed = abi.encodePacked(packed, _signature(keys[i], digest));
        }
    }

    function _quorum(bytes32 digest) internal view returns (bytes memory) {
        return _signatures(oracleKeys, (2 * oracleKeys.length + 2) / 3, digest);
    }

    // ----------------------------------------------------------------------------------------------------- steps

    /// @dev Opens a range from `first` on and lets its delay pass.
    function _openRange(uint32 first, bytes32 old) internal {
        _acceptOpen(first, old);
        vm.warp(xlv.pending().payableAt);
        xlv.settle();
    }

    function _acceptOpen(uint32 first, bytes32 old) internal {
        bytes32 head = xlv.head();
        vm.prank(DAO);
        xlv.approveOpen(first, old, head);
        xlv.open(first, old, _quorum(xlv.openDigest(first, old)));
    }

    function _endOf(uint32 epoch) internal pure returns (uint256) {
        return GENESIS + (uint256(epoch) + 1) * DAY;
    }

    function _warpPast(uint32 epoch) internal {
        if (_time() < _endOf(epoch)) vm.warp(_endOf(epoch));
    }

    function _summary(uint32 epoch, bytes32 rootHash, uint64 rootSum, uint64 owed)
        internal
        pure
        returns (IEmission.Summary memory)
    {
        return IEmission.Summary(epoch, rootHash, rootSum, owed, keccak256(abi.encode("artefact", epoch, rootHash)));
    }

    function _submit(IEmission.Summary memory summary) internal returns (bytes32) {
        return xlv.submit(summary, _quorum(xlv.epochDigest(summary)));
    }

    /// @dev Files `epoch` at its end with a tree of `leaves`.
    function _file(uint32 epoch, Tree.Leaf[] memory leaves, uint64 owed) internal returns (bytes32) {
        _warpPast(epoch);
        Tree.Node memory root = Tree.root(leaves);
        return _submit(_summary(epoch, root.hash, root.sum, owed));
    }

    /// @dev Files `epoch` and lets its delay pass.
    function _fileAndPay(uint32 epoch, Tree.Leaf[] memory leaves, uint64 owed) internal {
        _file(epoch, leaves, owed);
        vm.warp(xlv.pending().payableAt);
        xlv.settle();
    }

    function _claim(Tree.Leaf[] memory leaves, uint32 index) internal returns (uint64) {
        address payee = address(uint160(uint256(leaves[index].payee)));
        return xlv.claim(payee, leaves[index].amount, index, Tree.proof(leaves, index, 0));
    }

    /// @dev `n` payees in ascending order, the i-th with `amount + i`.
    function _leaves(uint256 n, uint64 amount) internal pure returns (Tree.Leaf[] memory leaves) {
        leaves = new Tree.Leaf[](n);
        for (uint256 i = 0; i < n; ++i) {
            leaves[i] = Tree.Leaf(_padded(_payee(i)), amount + uint64(i));
        }
    }

    function _payee(uint256 i) internal pure returns (address) {
        return address(uint160((uint256(0xa0) << 152) + i * 0x10001));
    }

    function _padded(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    /// @dev The DAO's call, with the guardian's consent given first.
    function _asGuardedDao(bytes memory call) internal {
        _consent(call);
        _asDao(call);
    }

    function _consent(bytes memory call) internal {
        vm.prank(GUARDIAN);
        xlv.consent(keccak256(call), true);
    }

    function _asDao(bytes memory call) internal {
        vm.prank(DAO);
        (bool done, bytes memory result) = address(xlv).call(call);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }

    /// @dev The IR pipeline may read `block.timestamp` before a warp that stands above it.
    function _time() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function _bound(uint256 value, uint256 min, uint256 max) internal pure returns (uint256) {
        return min + value % (max - min + 1);
    }

    function _named(string memory name) internal pure returns (address) {
        return vm.addr(uint256(keccak256(bytes(name))));
    }
}
