// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title What oracles sign: 200 bytes, one form for every chain
/// @notice Offsets: tag 0, network 16, distributor 48, epoch 80, set version 84, head 88, root hash or old distributor
/// 120, root sum or zero 152, owed or both delays 160, artefact or schedule 168. What is signed is the SHA-256.
library Statement {
    bytes16 internal constant EPOCH_TAG = "LIAISE/EPOCH/01";
    bytes16 internal constant OPEN_TAG = "LIAISE/OPEN/01";
    bytes16 internal constant VETO_TAG = "LIAISE/VETO/01";
    bytes16 internal constant SCHEDULE_TAG = "LIAISE/SCHED/01";

    /// @notice What stands in front of every statement's own 80 bytes.
    struct Place {
        bytes32 network;
        bytes32 distributor;
        uint32 epoch;
        uint32 setVersion;
        bytes32 head;
    }

    /// @notice Digest of an EPOCH statement.
    function epochDigest(Place memory place, bytes32 rootHash, uint64 rootSum, uint64 owed, bytes32 artefact)
        internal
        view
        returns (bytes32)
    {
        return _sha256(
            abi.encodePacked(
                EPOCH_TAG,
                place.network,
                place.distributor,
                place.epoch,
                place.setVersion,
                place.head,
                rootHash,
                rootSum,
                owed,
                artefact
            )
        );
    }

    /// @notice Digest of an OPEN statement.
    function openDigest(Place memory place, bytes32 old, uint32 epochDelay, uint32 longDelay, bytes32 schedule)
        internal
        pure
        returns (bytes32)
    {
        return sha256(
            abi.encodePacked(
                OPEN_TAG,
                place.network,
                place.distributor,
                place.epoch,
                place.setVersion,
                place.head,
                old,
                uint64(0),
                epochDelay,
                longDelay,
                schedule
            )
        );
    }

    /// @notice The head after a veto or an advance: H(tag, head, H(reason)).
    function vetoHead(bytes32 head, bytes memory reason) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(VETO_TAG, head, sha256(reason)));
    }

    /// @notice Schedule id: a wrongly built distributor can't be opened.
    function scheduleId(bytes32 network, uint64 genesis, uint64 supply, uint32 epochs, uint32 epochLength, uint32 term)
        internal
        pure
        returns (bytes32)
    {
        return sha256(abi.encodePacked(SCHEDULE_TAG, network, genesis, supply, epochs, epochLength, term));
    }

    /// @notice Identity of an EVM distributor: H of its canonical account `eip155:<chain id>:0x<40 lower-case hex>`.
    function distributorId(uint256 chainId, address distributor) internal pure returns (bytes32) {
        return sha256(abi.encodePacked("eip155:", Strings.toString(chainId), ":", Strings.toHexString(distributor)));
    }

    /// @dev As the built-in, which copies what it is given once more.
    function _sha256(bytes memory content) private view returns (bytes32 hash) {
        assembly ("memory-safe") {
            // fails only for lack of gas, which then must not look like a hash
            if iszero(staticcall(gas(), 2, add(content, 32), mload(content), 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }
}
