// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IEmission} from "../../src/interfaces/IEmission.sol";
import {Quorum} from "../../src/libraries/Quorum.sol";
import {RewardTree} from "../../src/libraries/RewardTree.sol";
import {Statement} from "../../src/libraries/Statement.sol";
import {ILibraries} from "./ILibraries.sol";

/// @notice Compiled by the IR pipeline, as XLV is.
contract Libraries is ILibraries {
    function epochDigest(Statement.Place calldata place, IEmission.Summary calldata s) external view returns (bytes32) {
        return Statement.epochDigest(place, s.rootHash, s.rootSum, s.owed, s.artefact);
    }

    function openDigest(
        Statement.Place calldata place,
        bytes32 old,
        uint32 epochDelay,
        uint32 longDelay,
        bytes32 schedule
    ) external pure returns (bytes32) {
        return Statement.openDigest(place, old, epochDelay, longDelay, schedule);
    }

    function vetoHead(bytes32 head, bytes calldata reason) external pure returns (bytes32) {
        return Statement.vetoHead(head, reason);
    }

    function distributorId(uint256 chainId, address distributor) external pure returns (bytes32) {
        return Statement.distributorId(chainId, distributor);
    }

    function scheduleId(bytes32 network, uint64 genesis, uint64 supply, uint32 epochs, uint32 length, uint32 term)
        external
        pure
        returns (bytes32)
    {
        return Statement.scheduleId(network, genesis, supply, epochs, length, term);
    }

    function climb(bytes32 payee, uint64 amount, uint256 index, bytes calldata proof)
        external
        view
        returns (bytes32, uint64)
    {
        (bytes32 hash, uint256 sum) = RewardTree.climb(RewardTree.leafHash(payee, amount), amount, index, 0, proof);
        return (hash, uint64(sum));
    }

    function runRoot(uint256 first, bytes calldata leaves, bytes calldata proof)
        external
        view
        returns (bytes32, uint64)
    {
        (bytes32 hash, uint256 sum, uint256 level) = RewardTree.runNode(leaves);
        (hash, sum) = RewardTree.climb(hash, sum, first >> level, level, proof);
        return (hash, uint64(sum));
    }

    function createSet(uint32 version, IEmission.PublicKey[] calldata keys)
        external
        returns (address store, bytes32 hash)
    {
        (store, hash,) = Quorum.create(version, keys);
    }

    function checkQuorum(address store, bytes32 digest, bytes calldata signatures) external view {
        Quorum.check(Quorum.members(store), digest, signatures);
    }
}
