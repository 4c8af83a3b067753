// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {Claims} from "./Claims.sol";
import {Emission} from "./Emission.sol";
import {IXLV} from "./interfaces/IXLV.sol";

/// @title XLV: the token and its own distributor
/// @dev A small ERC-20 of its own, because an account's balance shares its slot with what the account has claimed.
contract XLV is IXLV, IERC20Errors, Claims, Votes {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    /// @inheritdoc IERC20
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    constructor(Deployment memory deployment) Emission(deployment) EIP712("XLV", "1") {}

    // ---------------------------------------------------------------------------------------------------- ERC-20

    /// @inheritdoc IERC20Metadata
    function name() external pure returns (string memory) {
        return "XLV";
    }

    /// @inheritdoc IERC20Metadata
    function symbol() external pure returns (string memory) {
        return "XLV";
    }

    /// @inheritdoc IERC20Metadata
    function decimals() external pure returns (uint8) {
        return 8;
    }

    /// @inheritdoc IERC20
    /// @dev All that became payable: the newest payable root's sum, as written down.
    function totalSupply() external view returns (uint256) {
        return _hot.newestSum;
    }

    /// @inheritdoc IERC20
    /// @dev The contract's own balance is what is unclaimed.
    function balanceOf(address account) public view returns (uint256) {
        return account == address(this) ? _hot.unclaimed : _accounts[account].balance;
    }

    /// @inheritdoc IERC20
    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    /// @inheritdoc IERC20
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) {
            if (allowed < value) revert ERC20InsufficientAllowance(msg.sender, allowed, value);
            allowance[from][msg.sender] = allowed - value;
        }
        _transfer(from, to, value);
        return true;
    }

    /// @inheritdoc IERC20
    function approve(address spender, uint256 value) external returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    // -------------------------------------------------------------------------------------------------- ERC-2612

    /// @inheritdoc IERC20Permit
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        if (block.timestamp > deadline) revert ERC2612ExpiredSignature(deadline);
        bytes32 content = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, _useNonce(owner), deadline));
        address signer = ECDSA.recover(_hashTypedDataV4(content), v, r, s);
        if (signer != owner) revert ERC2612InvalidSigner(signer, owner);
        _approve(owner, spender, value);
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(IERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @inheritdoc IERC20Permit
    // forge-lint: disable-next-line(mixed-case-function)
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // ---------------------------------------------------------------------------------------------------- votes

    /// @inheritdoc IERC6372
    /// @dev Seconds: Arbitrum's block number is the L1's.
    function clock() public view override(IERC6372, Votes) returns (uint48) {
        return Time.timestamp();
    }

    /// @inheritdoc IERC6372
    // forge-lint: disable-next-line(mixed-case-function)
    function CLOCK_MODE() public pure override(IERC6372, Votes) returns (string memory) {
        return "mode=timestamp";
    }

    /// @inheritdoc IVotes
    /// @dev The zero address and the contract itself can't choose: no look-up for them.
    function delegates(address account) public view override(IVotes, Votes) returns (address) {
        if (account == address(0) || account == address(this)) return address(0);
        return super.delegates(account);
    }

    /// @dev Remembers beside the balance whether there is a delegate at all.
    function _delegate(address account, address delegatee) internal override {
        super._delegate(account, delegatee);
        _accounts[account].delegating = delegatee != address(0);
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return balanceOf(account);
    }

    // --------------------------------------------------------------------------------------------------- heirs of

    /// @dev Enters the votes' total as the contract's own, which has no delegate.
    function _grow(uint64 growth) internal override {
        _transferVotingUnits(address(0), address(this), growth);
        emit Transfer(address(0), address(this), growth);
    }

    function _votesTotal() internal view override returns (uint256) {
        return _getTotalSupply();
    }

    function _credited(address account, uint256 amount, bool delegating) internal override {
        bytes32 transfer_ = Transfer.selector;
        assembly ("memory-safe") {
            mstore(0, amount)
            log3(0, 32, transfer_, address(), account)
        }
        if (delegating) _moveDelegateVotes(address(0), delegates(account), amount);
    }

    // ------------------------------------------------------------------------------------------------- own parts

    function _transfer(address from, address to, uint256 value) private {
        if (from == address(0)) revert ERC20InvalidSender(from);
        // What is sent to the contract would look unclaimed, and could never be moved.
        if (to == address(0) || to == address(this)) revert ERC20InvalidReceiver(to);
        Account storage sender = _accounts[from];
        Account storage receiver = _accounts[to];
        uint256 balance = sender.balance;
        if (value > balance) revert ERC20InsufficientBalance(from, balance, value);
        sender.balance = uint128(balance - value);
        // The sum of all balances is at most the supply, a u64.
        receiver.balance += uint128(value);
        emit Transfer(from, to, value);
        address before = sender.delegating ? delegates(from) : address(0);
        address afterwards = receiver.delegating ? delegates(to) : address(0);
        _moveDelegateVotes(before, afterwards, value);
    }

    function _approve(address owner, address spender, uint256 value) private {
        if (owner == address(0)) revert ERC20InvalidApprover(owner);
        if (spender == address(0)) revert ERC20InvalidSpender(spender);
        allowance[owner][spender] = value;
        emit Approval(owner, spender, value);
    }
}
