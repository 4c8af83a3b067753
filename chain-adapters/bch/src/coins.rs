//! An account's coins, and which of them pay.
//!
//! Only coins that are final pay: nothing but their own spending can take them away, so that what became of a transaction
//! that spends one can be proved from the blocks since it was signed.

use bitcoincash::{OutPoint, Script, TxOut};
use liaise_chain_api::ChainError;

use crate::rpc::{Info, Unspent};
use crate::thread::Chain;

/// A coin that may be spent.
#[derive(Clone, Debug)]
pub(crate) struct Coin {
    pub(crate) outpoint: OutPoint,
    pub(crate) output: TxOut,
}

impl Chain {
    /// Unspent outputs of a script without tokens, the largest first.
    pub(crate) async fn coins(&self, script: &Script) -> Result<Vec<Unspent>, ChainError> {
        let scan = self.endpoint.scan(script).await?;
        let mut coins: Vec<Unspent> = scan.unspents.into_iter().filter(|coin| coin.category.is_none()).collect();
        coins.sort_by_key(|coin| (std::cmp::Reverse(coin.sats), coin.outpoint));
        Ok(coins)
    }

    /// Coins of a script that are final and that nothing undecided spends.
    pub(crate) async fn free_coins(
        &self,
        tip: &Info,
        script: &Script,
        taken: &[OutPoint],
    ) -> Result<Vec<Unspent>, ChainError> {
        let last_final = self.final_height(tip);
        let coins = self.coins(script).await?;
        Ok(coins.into_iter().filter(|coin| coin.height <= last_final && !taken.contains(&coin.outpoint)).collect())
    }

    /// A coin as the transaction that made it says, whatever the scan said.
    pub(crate) async fn coin(&self, unspent: &Unspent, script: &Script) -> Result<Coin, ChainError> {
        let output = self.output(&unspent.outpoint).await?;
        if output.script_pubkey.as_script() != script || output.token.is_some() || output.value.to_sat() != unspent.sats
        {
            return Err(self.endpoint.nonsense(format!("{} is no such coin", unspent.outpoint)));
        }
        Ok(Coin { outpoint: unspent.outpoint, output })
    }

    /// An output, from the bytes of its transaction.
    pub(crate) async fn output(&self, outpoint: &OutPoint) -> Result<TxOut, ChainError> {
        let found = self.endpoint.transaction(&outpoint.txid).await?;
        let output = found.and_then(|found| found.tx.output.get(outpoint.vout as usize).cloned());
        output.ok_or_else(|| self.endpoint.nonsense(format!("no output {outpoint}, which a node with txindex=1 has")))
    }
}
