// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IEmission} from "../interfaces/IEmission.sol";
import {IQuorumErrors} from "../interfaces/IQuorumErrors.sol";

/// @title Oracle sets and their quorum
/// @notice A set is stored as the code of a contract that holds nothing else: reading it costs one cold account instead of a
/// cold slot for each member.
/// @dev Code: STOP, version u32, set hash 32, addresses 20 each, compressed keys 33 each.
library Quorum {
    bytes16 internal constant SET_TAG = "LIAISE/ORSET/01";
    uint256 internal constant MIN_MEMBERS = 5;
    uint256 internal constant MAX_MEMBERS = 15;
    uint256 internal constant SIGNATURE_BYTES = 65;

    /// @dev Field prime of secp256k1, and half its order, rounded down.
    uint256 private constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
    uint256 private constant HALF_N = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    uint256 private constant HEADER_BYTES = 37;

    /// @notice A set as it is needed to count.
    /// @param version Its version.
    /// @param count How many members it has.
    /// @param addresses Where their addresses stand in memory, 20 bytes each.
    struct Members {
        uint32 version;
        uint256 count;
        uint256 addresses;
    }

    /// @notice ceil(2n/3).
    function size(uint256 n) internal pure returns (uint256) {
        unchecked {
            // n has one byte
            return (2 * n + 2) / 3;
        }
    }

    /// @notice Checks the keys and stores the set.
    /// @return store Where it is stored.
    /// @return hash H(tag, version, count u32, keys).
    /// @return keys The compressed keys.
    function create(uint32 version, IEmission.PublicKey[] memory points)
        internal
        returns (address store, bytes32 hash, bytes memory keys)
    {
        uint256 n = points.length;
        if (n < MIN_MEMBERS || n > MAX_MEMBERS) revert IQuorumErrors.SetSize(n);
        bytes memory addresses;
        bytes memory previous;
        for (uint256 i = 0; i < n; ++i) {
            (uint256 x, uint256 y) = (points[i].x, points[i].y);
            if (!_onCurve(x, y)) revert IQuorumErrors.NotOnCurve(i, x, y);
            bytes memory key = abi.encodePacked(uint8(2 + (y & 1)), x);
            if (i > 0 && !_below(previous, key)) revert IQuorumErrors.KeysNotAscending(i);
            addresses = abi.encodePacked(addresses, address(uint160(uint256(keccak256(abi.encode(x, y))))));
            keys = abi.encodePacked(keys, key);
            previous = key;
        }
        hash = sha256(abi.encodePacked(SET_TAG, version, uint32(n), keys));
        store = _store(abi.encodePacked(bytes1(0x00), version, hash, addresses, keys));
    }

    /// @notice Version and addresses of a stored set.
    function members(address store) internal view returns (Members memory set) {
        assembly ("memory-safe") {
            let count := div(sub(extcodesize(store), 37), 53)
            let start := mload(0x40)
            let length := add(36, mul(count, 20))
            extcodecopy(store, start, 1, length)
            // up to the next word, and one more: the last address is read as a whole word
            mstore(0x40, add(start, and(add(length, 63), not(31))))
            mstore(set, shr(224, mload(start)))
            mstore(add(set, 32), count)
            mstore(add(set, 64), add(start, 36))
        }
    }

    /// @notice All that is stored.
    function load(address store) internal view returns (IEmission.OracleSet memory set) {
        Members memory packed = members(store);
        uint256 n = packed.count;
        set.version = packed.version;
        set.hash = bytes32(_read(store, 5, 32));
        set.members = new address[](n);
        for (uint256 i = 0; i < n; ++i) {
            set.members[i] = _member(packed.addresses, i);
        }
        set.keys = _read(store, HEADER_BYTES + 20 * n, 33 * n);
    }

    /// @notice Refuses unless `signatures` are a quorum's over `digest`: members, each once, in the keys' order.
    function check(Members memory set, bytes32 digest, bytes calldata signatures) internal view {
        uint256 count = signatures.length / SIGNATURE_BYTES;
        if (signatures.length % SIGNATURE_BYTES != 0) revert IQuorumErrors.SignaturesLength(signatures.length);
        if (count < size(set.count)) revert IQuorumErrors.NoQuorum(count, size(set.count));
        uint256 good = _countGood(set, digest, signatures);
        if (good < count) _refuse(set, digest, signatures, good);
    }

    /// @dev How many signatures, from the first one on, are low in s and of members in their order. It walks on past the
    /// members that did not sign, so that each is looked at once in all.
    ///
    /// The precompile finds digest, v, r, s in the four lowest words, of which the third and fourth are put back. Its answer
    /// comes where v was; for what is no signature it gives none, and v is no member's address.
    function _countGood(Members memory set, bytes32 digest, bytes calldata signatures)
        private
        view
        returns (uint256 good)
    {
        (uint256 member, uint256 end) = (set.addresses, set.addresses + 20 * set.count);
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(0, digest)
            let from := signatures.offset
            for { let last := add(from, signatures.length) } lt(from, last) { from := add(from, 65) } {
                mstore(32, add(27, byte(0, calldataload(add(from, 64)))))
                calldatacopy(64, from, 64)
                if iszero(staticcall(gas(), 1, 0, 128, 32, 32)) { revert(0, 0) }
                if gt(mload(96), HALF_N) { break }
                let found := 0
                for { let signer := mload(32) } lt(member, end) {} {
                    found := eq(shr(96, mload(member)), signer)
                    member := add(member, 20)
                    if found { break }
                }
                if iszero(found) { break }
            }
            good := div(sub(from, signatures.offset), 65)
            mstore(0x40, free)
            mstore(0x60, 0)
        }
    }

    /// @dev Says what is wrong with the i-th signature: its form, an earlier member again, or nobody's.
    function _refuse(Members memory set, bytes32 digest, bytes calldata signatures, uint256 i) private pure {
        bytes calldata signature = signatures[SIGNATURE_BYTES * i:SIGNATURE_BYTES * (i + 1)];
        (bytes32 r, bytes32 s, uint8 v) = (bytes32(signature[:32]), bytes32(signature[32:64]), uint8(signature[64]));
        if (v > 1) revert IQuorumErrors.InvalidV(i, v);
        if (uint256(s) > HALF_N || s == 0) revert IQuorumErrors.HighS(i, s);
        address signer = ecrecover(digest, 27 + v, r, s);
        for (uint256 j = 0; j < set.count; ++j) {
            if (_member(set.addresses, j) == signer) revert IQuorumErrors.SignaturesNotAscending(i, signer);
        }
        revert IQuorumErrors.NotAMember(i, signer);
    }

    function _member(uint256 addresses, uint256 i) private pure returns (address member) {
        assembly ("memory-safe") {
            member := shr(96, mload(add(addresses, mul(i, 20))))
        }
    }

    function _onCurve(uint256 x, uint256 y) private pure returns (bool) {
        if (x >= P || y >= P) return false;
        return mulmod(y, y, P) == addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
    }

    /// @dev Byte order of two compressed keys.
    function _below(bytes memory a, bytes memory b) private pure returns (bool) {
        if (a[0] != b[0]) return a[0] < b[0];
        uint256 ax;
        uint256 bx;
        assembly ("memory-safe") {
            ax := mload(add(a, 33))
            bx := mload(add(b, 33))
        }
        return ax < bx;
    }

    function _read(address store, uint256 from, uint256 length) private view returns (bytes memory data) {
        data = new bytes(length);
        assembly ("memory-safe") {
            extcodecopy(store, add(data, 32), from, length)
        }
    }

    /// @dev Creates a contract whose code is `data`: PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY,
    /// RETURNDATASIZE, RETURN, then the data.
    function _store(bytes memory data) private returns (address store) {
        bytes memory init = abi.encodePacked(hex"61", uint16(data.length), hex"80600a3d393df3", data);
        assembly ("memory-safe") {
            store := create(0, add(init, 32), mload(init))
        }
        // Nothing else can stop it than a lack of gas, which the caller then runs into as well.
        assert(store != address(0));
    }
}
