//! A transaction before its coins: what a covenant is asked for. Coins and fee are added, and it is signed.

use bitcoincash::absolute::LockTime;
use bitcoincash::consensus::serialize;
use bitcoincash::hashes::Hash;
use bitcoincash::secp256k1::{Secp256k1, SecretKey};
use bitcoincash::sighash::SighashCache;
use bitcoincash::token::{Capability, OutputData, Structure, TokenAmount};
use bitcoincash::transaction::Version;
use bitcoincash::{Amount, OutPoint, ScriptBuf, Sequence, TokenID, Transaction, TxIn, TxOut, Witness, schnorr};

use crate::account::BchKeys;
use crate::coins::Coin;
use crate::script::push;

/// No relative lock, and not final, so that lock times count.
pub(crate) const NOT_FINAL: u32 = 0xffff_fffe;
/// The bit of a relative lock that counts units of 512 s.
const TIME_LOCK: u32 = 0x40_0000;
/// SIGHASH_ALL | SIGHASH_FORKID | SIGHASH_UTXOS: a signature covers all that is spent, tokens too.
const SIGHASH: u8 = 0x61;
/// Least satoshis of an output to a key.
pub(crate) const CHANGE_DUST: u64 = 546;

/// A relative lock of so many units of 512 s.
pub(crate) const fn relative(units: u32) -> u32 {
    TIME_LOCK + units
}

/// An output of a covenant that is spent.
#[derive(Clone, Debug)]
pub(crate) struct Spending {
    pub(crate) outpoint: OutPoint,
    pub(crate) output: TxOut,
    pub(crate) sequence: u32,
    pub(crate) unlocking: ScriptBuf,
}

/// A transaction before its coins.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) inputs: Vec<Spending>,
    pub(crate) outputs: Vec<TxOut>,
    /// Seconds, or 0.
    pub(crate) lock_time: u32,
    /// Which coins pay.
    pub(crate) coins: Coins,
}

/// Which coins a covenant lets pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coins {
    /// One at least, and its change.
    Some,
    /// One and its change.
    One,
    /// None where what it brings covers the fee, else one and its change.
    OneOrNone,
}

impl Draft {
    /// Satoshis that it brings itself.
    pub(crate) fn brings(&self) -> u64 {
        self.inputs.iter().map(|input| input.output.value.to_sat()).sum()
    }

    /// Satoshis that its outputs take.
    pub(crate) fn takes(&self) -> u64 {
        self.outputs.iter().map(|output| output.value.to_sat()).sum()
    }

    /// The whole transaction, without coins, as every byte of it is forced.
    pub(crate) fn bare(&self) -> Transaction {
        self.transaction(&[], None)
    }

    /// Bytes of the whole transaction with so many coins and their change.
    pub(crate) fn size(&self, coins: usize, script: &ScriptBuf) -> usize {
        // what signs a coin: 65 bytes of signature and 33 of key, each after a byte of length
        const UNLOCKING: usize = 100;
        let coin = TxIn { script_sig: ScriptBuf::from(vec![0; UNLOCKING]), ..TxIn::default() };
        let mut transaction = self.transaction(&[], Some(change(0, script)));
        transaction.input.extend(vec![coin; coins]);
        serialize(&transaction).len()
    }

    /// The whole transaction with coins, whose change is what neither outputs nor fee take.
    pub(crate) fn with_coins(&self, coins: &[Coin], keys: &BchKeys, change_sats: u64) -> Transaction {
        let mut transaction = self.transaction(coins, Some(change(change_sats, &keys.script())));
        let sources: Vec<TxOut> = self
            .inputs
            .iter()
            .map(|input| input.output.clone())
            .chain(coins.iter().map(|coin| coin.output.clone()))
            .collect();
        for at in self.inputs.len()..sources.len() {
            transaction.input[at].script_sig = unlock_coin(&transaction, &sources, at, keys);
        }
        transaction
    }

    fn transaction(&self, coins: &[Coin], change: Option<TxOut>) -> Transaction {
        let covenants = self.inputs.iter().map(|input| TxIn {
            previous_output: input.outpoint,
            script_sig: input.unlocking.clone(),
            sequence: Sequence(input.sequence),
            witness: Witness::default(),
        });
        let coins = coins.iter().map(|coin| TxIn {
            previous_output: coin.outpoint,
            script_sig: ScriptBuf::new(),
            sequence: Sequence(NOT_FINAL),
            witness: Witness::default(),
        });
        Transaction {
            version: Version::TWO,
            lock_time: LockTime::from_consensus(self.lock_time),
            input: covenants.chain(coins).collect(),
            output: self.outputs.iter().cloned().chain(change).collect(),
        }
    }
}

/// The script that unlocks a coin: a Schnorr signature and the key.
fn unlock_coin(transaction: &Transaction, sources: &[TxOut], at: usize, keys: &BchKeys) -> ScriptBuf {
    let coin = &sources[at];
    let hash = SighashCache::new(transaction)
        .bch_signature_hash(at, &coin.script_pubkey, coin.value, None, u32::from(SIGHASH), Some(sources))
        .expect("one source for each input");
    let secret = SecretKey::from_slice(&keys.coins().secret_bytes()).expect("the same curve");
    let mut signature = schnorr::sign(&Secp256k1::signing_only(), &hash.to_byte_array(), &secret).to_vec();
    signature.push(SIGHASH);
    ScriptBuf::from([push(&signature), push(&keys.public())].concat())
}

fn change(sats: u64, script: &ScriptBuf) -> TxOut {
    TxOut { value: Amount::from_sat(sats), script_pubkey: script.clone(), token: None }
}

/// Tokens of a category in an output: an amount, and an NFT where there is one.
///
/// # Panics
/// For 2^63 or more, which no checked amount is.
pub(crate) fn tokens(id: TokenID, amount: u64, nft: Option<(Capability, Vec<u8>)>) -> OutputData {
    let amount = i64::try_from(amount).ok().and_then(TokenAmount::from_int).expect("below 2^63");
    let mut bitfield = if amount == TokenAmount::ZERO { 0 } else { Structure::HasAmount as u8 };
    let commitment = match nft {
        None => Vec::new(),
        Some((capability, commitment)) => {
            bitfield |= Structure::HasNFT as u8 | capability as u8;
            if !commitment.is_empty() {
                bitfield |= Structure::HasCommitmentLength as u8;
            }
            commitment
        }
    };
    OutputData { id, bitfield, amount, commitment }
}

/// Least satoshis of an output: three times what it and its spending take, tokens counted, as nodes relay.
pub(crate) fn dust(output: &TxOut) -> u64 {
    3 * (serialize(output).len() as u64 + 148)
}
