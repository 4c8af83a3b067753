//! The contracts' interfaces, read from their Solidity sources.
#![allow(missing_docs, clippy::too_many_arguments)]

use alloy::sol;

sol!("../../contracts/evm/src/interfaces/IEmission.sol");
sol!("../../contracts/evm/src/interfaces/IClaims.sol");
sol!("../../contracts/evm/src/interfaces/IQuorumErrors.sol");

sol! {
    /// Arbitrum's precompile at 0x6c.
    interface ArbGasInfo {
        function getPricesInWei() external view returns (
            uint256 perL2Tx,
            uint256 perL1CalldataByte,
            uint256 perStorageAllocation,
            uint256 perArbGasBase,
            uint256 perArbGasCongestion,
            uint256 perArbGasTotal
        );
    }
}

sol! {
    /// OpenZeppelin's access control, as the timelock has it.
    interface IAccessControl {
        function hasRole(bytes32 role, address account) external view returns (bool);
    }
}
