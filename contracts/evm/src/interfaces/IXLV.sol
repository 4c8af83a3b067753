// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IClaims} from "./IClaims.sol";
import {IEmission} from "./IEmission.sol";
import {IQuorumErrors} from "./IQuorumErrors.sol";

/// @title XLV: a token that is its own distributor
/// @notice Nobody holds a right to mint; only a proof mints. When an epoch becomes payable its growth enters total supply
/// and the votes' total, as the contract's own balance (`Transfer(0, this, growth)`); claims move it to payees. Nobody
/// can send XLV to the contract itself, so its balance is exactly what is unclaimed. Unclaimed XLV votes for nobody but
/// counts in the quorum. Balances, supply and votes follow what is written down ({IEmission-settle}).
/// @dev ERC-20 with 8 decimals, ERC-2612, ERC-5805 by timestamp (`CLOCK_MODE` "mode=timestamp").
interface IXLV is IEmission, IClaims, IQuorumErrors, IERC20Metadata, IERC20Permit, IERC5805 {
    /// @notice The permit is past its deadline.
    error ERC2612ExpiredSignature(uint256 deadline);
    /// @notice The permit is signed by another than the owner.
    error ERC2612InvalidSigner(address signer, address owner);
}
