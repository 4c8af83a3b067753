// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IEmission} from "../../src/interfaces/IEmission.sol";
import {Statement} from "../../src/libraries/Statement.sol";

/// @notice The libraries as calls.
interface ILibraries {
    function epochDigest(Statement.Place calldata place, IEmission.Summary calldata summary)
        external
        view
        returns (bytes32);
    function openDigest(
        Statement.Place calldata place,
        bytes32 old,
        uint32 epochDelay,
        uint32 longDelay,
        bytes32 schedule
    ) external pure returns (bytes32);
    function vetoHead(bytes32 head, bytes calldata reason) external pure returns (bytes32);
    function distributorId(uint256 chainId, address distributor) external pure returns (bytes32);
    function scheduleId(bytes32 network, uint64 genesis, uint64 supply, uint32 epochs, uint32 length, uint32 term)
        external
        pure
        returns (bytes32);
    function climb(bytes32 payee, uint64 amount, uint256 index, bytes calldata proof)
        external
        view
        returns (bytes32, uint64);
    function runRoot(uint256 first, bytes calldata leaves, bytes calldata proof) external view returns (bytes32, uint64);
    function createSet(uint32 version, IEmission.PublicKey[] calldata keys) external returns (address, bytes32);
    function checkQuorum(address store, bytes32 digest, bytes calldata signatures) external view;
}
