// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IClaims} from "../src/interfaces/IClaims.sol";
import {IEmission} from "../src/interfaces/IEmission.sol";
import {IXLV} from "../src/interfaces/IXLV.sol";
import {Statement} from "../src/libraries/Statement.sol";
import {Fixture} from "./support/Fixture.sol";
import {ILibraries} from "./support/ILibraries.sol";
import {Tree} from "./support/Tree.sol";
import {vm} from "./support/Vm.sol";

/// @notice The vectors that the Rust side writes and all chains read, in tests/vectors.
contract VectorsTest is Fixture {
    uint256 private constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;

    ILibraries private libraries;
    string private json; // the file that is read

    function setUp() public {
        oracleKeys = _privateKeys(7, 1);
        libraries = ILibraries(_create("Libraries.sol:Libraries", ""));
    }

    // ---------------------------------------------------------------------------------------------- reward tree

    function test_RewardTrees() public {
        json = vm.readFile("../../tests/vectors/reward-tree.json");
        uint256 proofs;
        uint256 runs;
        uint256 i = 0;
        for (; _has(_at(i, "")); ++i) {
            if (_has(_at(i, ".error"))) continue;
            Tree.Leaf[] memory leaves = _readLeaves(i);
            Tree.Node memory root = _readNode(_at(i, ".root"));
            Tree.Node memory built = Tree.root(leaves);
            vm.assertEq(built.hash, root.hash, "the tests' own tree: hash");
            vm.assertEq(built.sum, root.sum, "the tests' own tree: sum");
            proofs += _checkProofs(i, leaves, root);
            runs += _checkRuns(i, leaves, root);
        }
        vm.assertLe(14, i, "cases");
        vm.assertLe(30, proofs, "proofs");
        vm.assertLe(20, runs, "runs");
    }

    function test_RewardTreesWhoseSumIsTooLarge() public {
        json = vm.readFile("../../tests/vectors/reward-tree.json");
        uint256 found;
        for (uint256 i = 0; _has(_at(i, "")); ++i) {
            if (!_has(_at(i, ".error"))) continue;
            if (keccak256(bytes(vm.parseJsonString(json, _at(i, ".error")))) != keccak256("sum-too-large")) continue;
            Tree.Leaf[] memory leaves = _readLeaves(i);
            bytes memory packed;
            for (uint256 j = 0; j < leaves.length; ++j) {
                packed = abi.encodePacked(packed, leaves[j].payee, leaves[j].amount);
            }
            vm.expectRevert(abi.encodeWithSelector(IClaims.SumTooLarge.selector, uint256(1) << 63));
            libraries.runRoot(0, packed, "");
            ++found;
        }
        vm.assertEq(found, 2, "cases");
    }

    function _checkProofs(uint256 i, Tree.Leaf[] memory leaves, Tree.Node memory root)
        private
        view
        returns (uint256 n)
    {
        for (; _has(_at(i, ".proofs", n, "")); ++n) {
            uint256 index = vm.parseJsonUint(json, _at(i, ".proofs", n, ".index"));
            bytes memory packed = _readSiblings(_at(i, ".proofs", n, ".siblings"));
            (bytes32 hash, uint64 sum) = libraries.climb(leaves[index].payee, leaves[index].amount, index, packed);
            vm.assertEq(hash, root.hash, "proof: hash");
            vm.assertEq(sum, root.sum, "proof: sum");
            vm.assertEq(packed, Tree.proof(leaves, index, 0), "the tests' own proof");
        }
    }

    function _checkRuns(uint256 i, Tree.Leaf[] memory leaves, Tree.Node memory root) private view returns (uint256 n) {
        for (; _has(_at(i, ".ranges", n, "")); ++n) {
            uint256 first = vm.parseJsonUint(json, _at(i, ".ranges", n, ".first"));
            uint256 log2 = vm.parseJsonUint(json, _at(i, ".ranges", n, ".log2"));
            bytes memory packed = _readSiblings(_at(i, ".ranges", n, ".siblings"));
            (bytes32 hash, uint64 sum) = libraries.runRoot(first, Tree.run(leaves, first, log2), packed);
            vm.assertEq(hash, root.hash, "run: hash");
            vm.assertEq(sum, root.sum, "run: sum");
        }
    }

    function _readLeaves(uint256 i) private view returns (Tree.Leaf[] memory leaves) {
        bytes memory decoded = vm.parseJsonTypeArray(json, _at(i, ".leaves"), "Leaf(bytes32 payee,uint64 amount)");
        return abi.decode(decoded, (Tree.Leaf[]));
    }

    function _readNode(string memory key) private view returns (Tree.Node memory) {
        return
            Tree.Node(_bytes32(string.concat(key, ".hash")), uint64(vm.parseJsonUint(json, string.concat(key, ".sum"))));
    }

    function _readSiblings(string memory key) private view returns (bytes memory packed) {
        bytes memory decoded = vm.parseJsonTypeArray(json, key, "Node(bytes32 hash,uint64 sum)");
        Tree.Node[] memory siblings = abi.decode(decoded, (Tree.Node[]));
        for (uint256 j = 0; j < siblings.length; ++j) {
            packed = abi.encodePacked(packed, siblings[j].hash, siblings[j].sum);
        }
    }

    // ----------------------------------------------------------------------------------------------- statements

    function test_EpochSummaries() public {
        json = vm.readFile("../../tests/vectors/epoch-summary.json");
        uint256 i = 0;
        for (; _has(_at(i, "")); ++i) {
            IEmission.Summary memory summary = IEmission.Summary(
                uint32(_uint(i, ".fields.epoch")),
                _bytes32(_at(i, ".fields.root_hash")),
                uint64(_uint(i, ".fields.root_sum")),
                uint64(_uint(i, ".fields.owed")),
                _bytes32(_at(i, ".fields.artefact"))
            );
            bytes32 digest = libraries.epochDigest(_readPlace(i), summary);
            vm.assertEq(digest, _bytes32(_at(i, ".digest")), "digest");
            vm.assertEq(digest, sha256(_bytes(_at(i, ".bytes"))), "bytes");
            _checkSignatures(i, digest);
        }
        vm.assertLe(3, i, "cases");
    }

    function test_OpenStatements() public {
        json = vm.readFile("../../tests/vectors/statements.json");
        uint256 found;
        for (uint256 i = 0; _has(_at(i, "")); ++i) {
            bytes memory body = _bytes(_at(i, ".fields.body"));
            vm.assertEq(body.length, 80, "body");
            if (keccak256(bytes(vm.parseJsonString(json, _at(i, ".fields.tag")))) != keccak256("LIAISE/OPEN/01")) {
                continue;
            }
            bytes32 digest = libraries.openDigest(
                _readPlace(i),
                bytes32(_slice(body, 0)),
                uint32(bytes4(_slice(body, 40))),
                uint32(bytes4(_slice(body, 44))),
                bytes32(_slice(body, 48))
            );
            vm.assertEq(digest, _bytes32(_at(i, ".digest")), "digest");
            _checkSignatures(i, digest);
            ++found;
        }
        vm.assertLe(2, found, "cases");
    }

    function _readPlace(uint256 i) private view returns (Statement.Place memory) {
        return Statement.Place(
            _bytes32(_at(i, ".fields.network")),
            _bytes32(_at(i, ".fields.distributor")),
            uint32(_uint(i, ".fields.epoch")),
            uint32(_uint(i, ".fields.oracle_set")),
            _bytes32(_at(i, ".fields.head"))
        );
    }

    /// @dev The signers form a set; their signatures are a quorum of it, and not over another digest.
    function _checkSignatures(uint256 i, bytes32 digest) private {
        uint256 n;
        while (_has(_at(i, ".signatures", n, ""))) ++n;
        string[] memory keys = new string[](n);
        bytes memory packed;
        for (uint256 j = 0; j < n; ++j) {
            keys[j] = vm.parseJsonString(json, _at(i, ".signatures", j, ".public_key"));
            packed = bytes.concat(packed, _bytes(_at(i, ".signatures", j, ".signature")));
        }
        (address store,) = libraries.createSet(1, _points(keys));
        libraries.checkQuorum(store, digest, packed);
        vm.expectRevert();
        libraries.checkQuorum(store, keccak256("other"), packed);
    }

    // ---------------------------------------------------------------------------------------- sets, heads, ids

    function test_OracleSets() public {
        json = vm.readFile("../../tests/vectors/oracle-set.json");
        uint256 i = 0;
        for (; _has(_at(i, "")); ++i) {
            string[] memory keys = vm.parseJsonStringArray(json, _at(i, ".keys"));
            (, bytes32 hash) = libraries.createSet(uint32(_uint(i, ".version")), _points(keys));
            vm.assertEq(hash, _bytes32(_at(i, ".hash")), "hash");
        }
        vm.assertLe(4, i, "cases");
    }

    function test_VetoHeads() public {
        json = vm.readFile("../../tests/vectors/veto-head.json");
        uint256 i = 0;
        for (; _has(_at(i, "")); ++i) {
            bytes memory reason = _bytes(_at(i, ".reason"));
            bytes32 next = libraries.vetoHead(_bytes32(_at(i, ".head")), reason);
            vm.assertEq(next, _bytes32(_at(i, ".next")), "next");
        }
        vm.assertLe(4, i, "cases");
    }

    function test_DistributorIds() public {
        json = vm.readFile("../../tests/vectors/distributor-id.json");
        uint256 i = 0;
        for (; _has(_at(i, "")); ++i) {
            // eip155:<chain id>:0x<address>
            bytes memory account = bytes(vm.parseJsonString(json, _at(i, ".account")));
            uint256 chainId;
            uint256 at = 7;
            for (; account[at] != ":"; ++at) {
                chainId = chainId * 10 + uint8(account[at]) - 48;
            }
            bytes memory hexAddress = new bytes(40);
            for (uint256 j = 0; j < 40; ++j) {
                hexAddress[j] = account[at + 3 + j];
            }
            address distributor = address(bytes20(_hex(string(hexAddress))));
            vm.assertEq(libraries.distributorId(chainId, distributor), _bytes32(_at(i, ".id")), "id");
        }
        vm.assertLe(4, i, "cases");
    }

    // -------------------------------------------------------------------------------------------------- schedule

    function test_Schedules() public {
        json = vm.readFile("../../tests/vectors/schedule.json");
        IXLV deployed;
        uint256 i = 0;
        for (; _has(_at(i, "")); ++i) {
            (uint64 supply, uint32 epochs) = (uint64(_uint(i, ".supply")), uint32(_uint(i, ".epochs")));
            if (
                address(deployed) == address(0) || deployed.maxSupply() != supply || deployed.emissionEpochs() != epochs
            ) {
                IEmission.Deployment memory d = _deployment();
                (d.supply, d.epochs) = (supply, epochs);
                deployed = _deploy(d);
            }
            uint32 epoch = uint32(_uint(i, ".epoch"));
            vm.assertEq(deployed.emission(epoch), _uint(i, ".emission"), "emission");
            vm.assertEq(deployed.cumulativeEmissionFloor(epoch), _uint(i, ".cumulative"), "cumulative");
        }
        vm.assertLe(15, i, "cases");
    }

    function test_ScheduleIds() public {
        json = vm.readFile("../../tests/vectors/schedule-id.json");
        uint256 i = 0;
        for (; _has(_at(i, "")); ++i) {
            bytes32 id = libraries.scheduleId(
                _bytes32(_at(i, ".network")),
                uint64(_uint(i, ".genesis_s")),
                uint64(_uint(i, ".supply")),
                uint32(_uint(i, ".epochs")),
                uint32(_uint(i, ".epoch_s")),
                uint32(_uint(i, ".term"))
            );
            vm.assertEq(id, _bytes32(_at(i, ".id")), "id");
        }
        vm.assertLe(2, i, "cases");
    }

    // --------------------------------------------------------------------------------------------------- reading

    function _at(uint256 i, string memory rest) private pure returns (string memory) {
        return string.concat("$[", vm.toString(i), "]", rest);
    }

    function _at(uint256 i, string memory list, uint256 j, string memory rest) private pure returns (string memory) {
        return string.concat(_at(i, list), "[", vm.toString(j), "]", rest);
    }

    function _has(string memory key) private view returns (bool) {
        return vm.keyExistsJson(json, key);
    }

    function _uint(uint256 i, string memory rest) private view returns (uint256) {
        return vm.parseJsonUint(json, _at(i, rest));
    }

    function _bytes32(string memory key) private view returns (bytes32) {
        return vm.parseBytes32(vm.parseJsonString(json, key));
    }

    function _bytes(string memory key) private view returns (bytes memory) {
        return _hex(vm.parseJsonString(json, key));
    }

    function _hex(string memory digits) private pure returns (bytes memory) {
        if (bytes(digits).length == 0) return "";
        return vm.parseBytes(string.concat("0x", digits));
    }

    /// @dev The 32 bytes from `from` on.
    function _slice(bytes memory data, uint256 from) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), from))
        }
    }

    /// @dev The points of compressed keys.
    function _points(string[] memory keys) private view returns (IEmission.PublicKey[] memory points) {
        points = new IEmission.PublicKey[](keys.length);
        for (uint256 j = 0; j < keys.length; ++j) {
            bytes memory key = _hex(keys[j]);
            uint256 x = uint256(_slice(key, 1));
            uint256 y = _root(addmod(mulmod(mulmod(x, x, P), x, P), 7, P));
            if (y & 1 != uint8(key[0]) & 1) y = P - y;
            points[j] = IEmission.PublicKey(x, y);
        }
    }

    /// @dev Square root modulo P, which is 3 modulo 4.
    function _root(uint256 square) private view returns (uint256) {
        (bool done, bytes memory result) = address(5).staticcall(abi.encode(32, 32, 32, square, (P + 1) / 4, P));
        vm.assertTrue(done, "modexp");
        return abi.decode(result, (uint256));
    }
}
