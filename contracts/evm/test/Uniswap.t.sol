// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IXLV} from "../src/interfaces/IXLV.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";
import {vm} from "./support/Vm.sol";

/// @notice What of a stock Uniswap v2 these tests call.
interface IFactory {
    function getPair(address a, address b) external view returns (address);
}

interface IPair {
    function token0() external view returns (address);
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 at);
    function totalSupply() external view returns (uint256);
    function balanceOf(address owner) external view returns (uint256);
    function approve(address spender, uint256 value) external returns (bool);
}

interface IRouter {
    function addLiquidityETH(
        address token,
        uint256 tokenDesired,
        uint256 tokenMin,
        uint256 ethMin,
        address to,
        uint256 deadline
    ) external payable returns (uint256 tokenIn, uint256 ethIn, uint256 liquidity);
    function removeLiquidityETH(
        address token,
        uint256 liquidity,
        uint256 tokenMin,
        uint256 ethMin,
        address to,
        uint256 deadline
    ) external returns (uint256 tokenOut, uint256 ethOut);
    function swapExactETHForTokens(uint256 outMin, address[] calldata path, address to, uint256 deadline)
        external
        payable
        returns (uint256[] memory amounts);
    function swapExactTokensForETH(
        uint256 exactIn,
        uint256 outMin,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external returns (uint256[] memory amounts);
}

/// @notice XLV in a Uniswap v2 pool: factory, pair, router and WETH as npm ships them compiled, unmodified.
contract UniswapTest is Fixture {
    string private constant BUILDS = "node_modules/@uniswap/";
    /// @dev The pair that every deployed router computes addresses for.
    bytes32 private constant PAIR_CODE_HASH = 0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f;
    uint256 private constant FOREVER = type(uint256).max;
    /// @dev Of the first liquidity this much is nobody's.
    uint256 private constant MINIMUM_LIQUIDITY = 1000;

    uint64 private constant CLAIMED = 1_000_000_000_007;
    uint256 private constant POOLED_XLV = 640_000_000_000;
    uint256 private constant POOLED_ETH = 10 ether;

    IFactory private factory;
    IRouter private router;
    IPair private pair;
    address private weth;
    address private immutable TRADER = _named("trader");
    Tree.Leaf[] private holders;

    function setUp() public {
        _setUpXlv();
        factory = IFactory(_deployBuild("v2-core/build/UniswapV2Factory.json", abi.encode(GUARDIAN)));
        weth = _deployBuild("v2-periphery/build/WETH9.json", "");
        router = IRouter(_deployBuild("v2-periphery/build/UniswapV2Router02.json", abi.encode(factory, weth)));

        _openRange(0, 0);
        holders.push(Tree.Leaf(_padded(STRANGER), CLAIMED));
        _fileAndPay(0, holders, 0);
        _claim(holders, 0);
        vm.deal(STRANGER, POOLED_ETH);
        vm.startPrank(STRANGER);
        xlv.approve(address(router), FOREVER);
        router.addLiquidityETH{value: POOLED_ETH}(address(xlv), POOLED_XLV, POOLED_XLV, POOLED_ETH, STRANGER, FOREVER);
        vm.stopPrank();
        pair = IPair(factory.getPair(address(xlv), weth));
    }

    function test_ThePairIsTheStockOne() public view {
        vm.assertEq(keccak256(_build("v2-core/build/UniswapV2Pair.json")), PAIR_CODE_HASH, "code of the pair");
    }

    function test_LiquidityIsTakenToTheUnit() public view {
        vm.assertEq(xlv.balanceOf(address(pair)), POOLED_XLV, "the pool's XLV");
        vm.assertEq(xlv.balanceOf(STRANGER), CLAIMED - POOLED_XLV, "the holder's rest");
        vm.assertEq(STRANGER.balance, 0, "the holder's ether");
        // the square root of 6.4e11 * 1e19 is 8e30's: 2 529 822 128 134 703
        vm.assertEq(pair.totalSupply(), 2_529_822_128_134_703, "liquidity");
        vm.assertEq(pair.balanceOf(STRANGER), 2_529_822_128_134_703 - MINIMUM_LIQUIDITY, "the holder's liquidity");
        _assertReserves(POOLED_XLV, POOLED_ETH);
    }

    function test_ABuyAndASellPayWhatTheFormulaSays() public {
        uint256 bought = _buy(TRADER, 1 ether);
        // 997 * 1e18 * 6.4e11 / (1000 * 1e19 + 997 * 1e18), rounded down
        vm.assertEq(bought, 58_023_097_208, "bought for an ether");
        vm.assertEq(xlv.balanceOf(TRADER), bought, "the trader's XLV");
        vm.assertEq(xlv.balanceOf(address(pair)), POOLED_XLV - bought, "the pool's XLV");
        _assertReserves(POOLED_XLV - bought, POOLED_ETH + 1 ether);

        uint256 sold = 8_023_097_208;
        uint256 expected = _out(sold, POOLED_XLV - bought, POOLED_ETH + 1 ether);
        vm.assertEq(_sell(TRADER, sold), expected, "ether for the sale");
        vm.assertEq(TRADER.balance, expected, "the trader's ether");
        vm.assertEq(xlv.balanceOf(TRADER), 50_000_000_000, "the trader's rest");
        _assertReserves(POOLED_XLV - 50_000_000_000, POOLED_ETH + 1 ether - expected);
        _assertConserved();
    }

    function testFuzz_EveryTradePaysWhatTheFormulaSays(uint64 etherIn, uint64 seed) public {
        uint256 spent = _bound(etherIn, 1e9, 18 ether);
        uint256 bought = _buy(TRADER, spent);
        vm.assertEq(bought, _out(spent, POOLED_ETH, POOLED_XLV), "bought");
        if (bought == 0) return;
        uint256 sold = _bound(seed, 1, bought);
        uint256 expected = _out(sold, POOLED_XLV - bought, POOLED_ETH + spent);
        vm.assertEq(_sell(TRADER, sold), expected, "ether for the sale");
        vm.assertEq(xlv.balanceOf(TRADER), bought - sold, "the trader's rest");
        _assertReserves(POOLED_XLV - bought + sold, POOLED_ETH + spent - expected);
        _assertConserved();
    }

    function test_LiquidityComesBackToTheUnit() public {
        uint256 bought = _buy(TRADER, 1 ether);
        uint256 liquidity = pair.balanceOf(STRANGER);
        uint256 total = pair.totalSupply();
        uint256 expected = liquidity * (POOLED_XLV - bought) / total;
        vm.startPrank(STRANGER);
        pair.approve(address(router), liquidity);
        (uint256 xlvOut, uint256 ethOut) = router.removeLiquidityETH(address(xlv), liquidity, 0, 0, STRANGER, FOREVER);
        vm.stopPrank();
        vm.assertEq(xlvOut, expected, "XLV of the share");
        vm.assertEq(ethOut, liquidity * (POOLED_ETH + 1 ether) / total, "ether of the share");
        vm.assertEq(xlv.balanceOf(STRANGER), CLAIMED - POOLED_XLV + expected, "the holder's XLV");
        _assertConserved();
    }

    /// @dev What was claimed is counted apart from what is held: selling all of it changes no later claim.
    function test_WhoSoldAllIsPaidTheDifference() public {
        vm.prank(STRANGER);
        xlv.transfer(TRADER, CLAIMED - POOLED_XLV);
        holders[0].amount = CLAIMED + 11;
        _fileAndPay(1, holders, 0);
        vm.assertEq(_claim(holders, 0), 11, "the difference");
        vm.assertEq(xlv.balanceOf(STRANGER), 11, "and nothing else");
        _assertConserved();
    }

    /// @dev A pool's XLV votes for nobody; a sale takes the seller's delegate's votes.
    function test_ASaleTakesVotesAndThePoolHasNone() public {
        vm.prank(STRANGER);
        xlv.delegate(GUARDIAN);
        vm.assertEq(xlv.getVotes(GUARDIAN), CLAIMED - POOLED_XLV, "without the pooled ones");
        _sell(STRANGER, 60_000_000_007);
        vm.assertEq(xlv.getVotes(GUARDIAN), CLAIMED - POOLED_XLV - 60_000_000_007, "less the sold ones");
        vm.assertEq(xlv.getVotes(address(pair)), 0, "the pool");
    }

    /// @dev Nor can liquidity be taken out to the token, where it would look unclaimed.
    function test_NoLiquidityIsPaidToTheTokenItself() public {
        uint256 liquidity = pair.balanceOf(STRANGER);
        vm.startPrank(STRANGER);
        pair.approve(address(router), liquidity);
        vm.expectRevert("TransferHelper: TRANSFER_FAILED");
        router.removeLiquidityETH(address(xlv), liquidity, 0, 0, address(xlv), FOREVER);
        vm.stopPrank();
    }

    // -------------------------------------------------------------------------------------------------- helpers

    function _buy(address trader, uint256 spent) private returns (uint256) {
        vm.deal(trader, spent);
        vm.prank(trader);
        return router.swapExactETHForTokens{value: spent}(0, _path(weth, address(xlv)), trader, FOREVER)[1];
    }

    function _sell(address trader, uint256 sold) private returns (uint256) {
        vm.startPrank(trader);
        xlv.approve(address(router), sold);
        uint256 out = router.swapExactTokensForETH(sold, 0, _path(address(xlv), weth), trader, FOREVER)[1];
        vm.stopPrank();
        return out;
    }

    /// @dev Uniswap's formula: 3 permille stay in the pool.
    function _out(uint256 given, uint256 reserveIn, uint256 reserveOut) private pure returns (uint256) {
        return given * 997 * reserveOut / (reserveIn * 1000 + given * 997);
    }

    function _assertReserves(uint256 ofXlv, uint256 ofEther) private view {
        (uint256 a, uint256 b,) = pair.getReserves();
        if (pair.token0() != address(xlv)) (a, b) = (b, a);
        vm.assertEq(a, ofXlv, "reserve of XLV");
        vm.assertEq(b, ofEther, "reserve of ether");
        vm.assertEq(xlv.balanceOf(address(pair)), ofXlv, "the pool's balance");
    }

    function _assertConserved() private view {
        uint256 held = xlv.balanceOf(STRANGER) + xlv.balanceOf(TRADER) + xlv.balanceOf(address(pair));
        vm.assertEq(held + xlv.balanceOf(address(xlv)), xlv.totalSupply(), "all balances");
    }

    function _path(address from, address to) private pure returns (address[] memory path) {
        path = new address[](2);
        (path[0], path[1]) = (from, to);
    }

    function _build(string memory name) private view returns (bytes memory) {
        string memory json = vm.readFile(string.concat(BUILDS, name));
        return vm.parseBytes(string.concat("0x", vm.parseJsonString(json, ".bytecode")));
    }

    function _deployBuild(string memory name, bytes memory arguments) private returns (address created) {
        bytes memory init = abi.encodePacked(_build(name), arguments);
        assembly ("memory-safe") {
            created := create(0, add(init, 32), mload(init))
        }
        vm.assertTrue(created != address(0), name);
    }
}
