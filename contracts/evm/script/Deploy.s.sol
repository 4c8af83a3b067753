// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IEmission} from "../src/interfaces/IEmission.sol";
import {IXLV} from "../src/interfaces/IXLV.sol";
import {vm} from "../test/support/Vm.sol";

/// @title Deploys timelock, XLV and governor, checks them, and writes down where they are
/// @notice Three transactions from one key, which never holds a role: the timelock is created for the governor's address,
/// which is known from the key's nonce.
///
///   LIAISE_NETWORK=local LIAISE_DEPLOYMENT=deployment.json \
///   forge script script/Deploy.s.sol --rpc-url URL --private-key KEY --broadcast
///
/// The file holds the constructor's values and the DAO's; README.md lists them. Without `--broadcast` it is a rehearsal.
contract Deploy {
    bool public constant IS_SCRIPT = true;

    /// @notice What the DAO is built with.
    struct Dao {
        uint256 timelockDelay;
        uint48 votingDelay;
        uint32 votingPeriod;
        uint256 proposalThreshold;
    }

    /// @notice Where everything is.
    struct Addresses {
        address timelock;
        address xlv;
        address governor;
    }

    /// @notice The deployment is not what it should be; `what` says where.
    error NotAsDeployed(bytes32 what);

    function run() external {
        string memory name = vm.envString("LIAISE_NETWORK");
        string memory json = vm.readFile(vm.envString("LIAISE_DEPLOYMENT"));
        Addresses memory at = deploy(msg.sender, _deployment(json), _dao(json));
        _write(name, at);
    }

    /// @notice Creates the three contracts from `deployer`'s key and checks them.
    function deploy(address deployer, IEmission.Deployment memory d, Dao memory dao)
        public
        returns (Addresses memory at)
    {
        uint256 nonce = vm.getNonce(deployer);
        at.timelock = vm.computeCreateAddress(deployer, nonce);
        at.xlv = vm.computeCreateAddress(deployer, nonce + 1);
        at.governor = vm.computeCreateAddress(deployer, nonce + 2);
        d.authority = at.timelock;
        address[] memory governors = new address[](1);
        governors[0] = at.governor;

        vm.startBroadcast(deployer);
        _create("TimelockController.sol:TimelockController", abi.encode(dao.timelockDelay, governors, governors, 0));
        _create("XLV.sol:XLV", abi.encode(d));
        _create(
            "XLVGovernor.sol:XLVGovernor",
            abi.encode(at.xlv, at.timelock, dao.votingDelay, dao.votingPeriod, dao.proposalThreshold)
        );
        vm.stopBroadcast();
        check(deployer, at);
    }

    /// @notice Refuses unless the governor alone acts through the timelock, the timelock alone administers itself and is
    /// XLV's authority, and the deployer is nobody.
    function check(address deployer, Addresses memory at) public view {
        TimelockController timelock = TimelockController(payable(at.timelock));
        IXLV xlv = IXLV(at.xlv);
        if (at.timelock.code.length == 0) revert NotAsDeployed("timelock");
        if (at.xlv.code.length == 0) revert NotAsDeployed("xlv");
        if (at.governor.code.length == 0) revert NotAsDeployed("governor");
        if (xlv.authority() != at.timelock) revert NotAsDeployed("authority");
        if (xlv.guardian() == deployer) revert NotAsDeployed("guardian");
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        bytes32[4] memory roles = [timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE(), timelock.EXECUTOR_ROLE(), admin];
        for (uint256 i = 0; i < 4; ++i) {
            address holder = roles[i] == admin ? at.timelock : at.governor;
            if (!timelock.hasRole(roles[i], holder)) revert NotAsDeployed("role");
            if (timelock.hasRole(roles[i], deployer)) revert NotAsDeployed("deployer's role");
            if (timelock.hasRole(roles[i], address(0))) revert NotAsDeployed("open role");
        }
    }

    function _create(string memory artifact, bytes memory arguments) private {
        bytes memory init = abi.encodePacked(vm.getCode(artifact), arguments);
        assembly ("memory-safe") {
            if iszero(create(0, add(init, 32), mload(init))) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    function _deployment(string memory json) private pure returns (IEmission.Deployment memory d) {
        d.network = vm.parseBytes32(vm.parseJsonString(json, ".network"));
        d.genesis = uint64(vm.parseJsonUint(json, ".genesis_s"));
        d.supply = uint64(vm.parseJsonUint(json, ".supply"));
        d.epochs = uint32(vm.parseJsonUint(json, ".epochs"));
        d.epochLength = uint32(vm.parseJsonUint(json, ".epoch_s"));
        d.term = uint32(vm.parseJsonUint(json, ".term_epochs"));
        d.epochDelay = uint32(vm.parseJsonUint(json, ".epoch_delay_s"));
        d.longDelay = uint32(vm.parseJsonUint(json, ".long_delay_s"));
        d.notice = uint32(vm.parseJsonUint(json, ".notice_epochs"));
        d.guardedUntil = uint64(vm.parseJsonUint(json, ".guarded_until_s"));
        d.guardian = vm.parseJsonAddress(json, ".guardian");
        d.oracleSetVersion = uint32(vm.parseJsonUint(json, ".oracle_set_version"));
        bytes memory oracles = vm.parseJsonTypeArray(json, ".oracles", "PublicKey(uint256 x,uint256 y)");
        d.oracles = abi.decode(oracles, (IEmission.PublicKey[]));
    }

    function _dao(string memory json) private pure returns (Dao memory dao) {
        dao.timelockDelay = vm.parseJsonUint(json, ".timelock_delay_s");
        dao.votingDelay = uint48(vm.parseJsonUint(json, ".voting_delay_s"));
        dao.votingPeriod = uint32(vm.parseJsonUint(json, ".voting_period_s"));
        dao.proposalThreshold = vm.parseJsonUint(json, ".proposal_threshold");
    }

    function _write(string memory name, Addresses memory at) private {
        vm.serializeUint("addresses", "chain_id", block.chainid);
        vm.serializeBytes32("addresses", "distributor", IXLV(at.xlv).distributorId());
        vm.serializeAddress("addresses", "timelock", at.timelock);
        vm.serializeAddress("addresses", "governor", at.governor);
        string memory json = vm.serializeAddress("addresses", "xlv", at.xlv);
        vm.writeJson(json, string.concat("../../deploy/addresses/", name, ".json"));
    }
}
