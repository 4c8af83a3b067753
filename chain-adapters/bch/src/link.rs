//! One transaction of the controller's thread, read: what was done, and the state that it left.

use bitcoincash::{OutPoint, Transaction, TxOut, Txid};
use liaise_chain_api::BlockRef;
use liaise_summary::{
    CompressedKey, DaoAct, DaoSet, DistributorId, Epoch, EpochStatement, Hash32, OpenStatement, OracleSet, Statement,
    sha256,
};

use crate::config::BchConfig;
use crate::moves::Opened;
use crate::script::read_number;
use crate::state::{Controller, Keys};
use crate::terms::Covenants;

/// A block that holds a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its time is the chain's clock: one second less than the median time past.
    pub(crate) block: BlockRef,
    /// The chain's clock at the block before, from which relative locks count.
    pub(crate) since_s: u64,
}

/// What a transaction of the thread did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Genesis,
    Filed { statement: EpochStatement, late: bool },
    Opened(OpenStatement),
    Vetoed { digest: Hash32 },
    Acted(DaoAct),
}

/// One transaction of the thread.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) txid: Txid,
    pub(crate) place: Place,
    pub(crate) step: Step,
    /// Afterwards.
    pub(crate) state: Controller,
    /// Afterwards, whose hashes the state's keys hold.
    pub(crate) oracle_set: OracleSet,
    pub(crate) dao: DaoSet,
    /// The controller's UTXO.
    pub(crate) output: TxOut,
    /// The epoch's UTXO, where the statement pays.
    pub(crate) epoch_output: Option<TxOut>,
}

impl Link {
    /// The controller's UTXO.
    pub(crate) fn outpoint(&self) -> OutPoint {
        OutPoint { txid: self.txid, vout: 0 }
    }

    /// The epoch's UTXO as the filing made it.
    pub(crate) fn epoch_outpoint(&self) -> OutPoint {
        OutPoint { txid: self.txid, vout: 1 }
    }

    /// The statement that it accepted.
    pub(crate) fn statement(&self) -> Option<Statement> {
        match &self.step {
            Step::Filed { statement, .. } => Some((*statement).into()),
            Step::Opened(statement) => Some((*statement).into()),
            Step::Genesis | Step::Vetoed { .. } | Step::Acted(_) => None,
        }
    }

    /// The first of a thread: the whole supply and the only minting NFT under the covenant, with the founders' keys.
    ///
    /// # Errors
    /// What differs.
    pub(crate) fn genesis(
        config: &BchConfig,
        covenants: &Covenants,
        tx: &Transaction,
        place: Place,
    ) -> Result<Self, &'static str> {
        let state = Controller::unopened(config.founders.keys());
        let output = controller_output(config, covenants, tx, &state)?;
        let minted = output.token.as_ref().and_then(|token| u64::try_from(token.amount.to_int()).ok());
        if minted != Some(config.terms.schedule.emission.supply) {
            return Err("its genesis minted another supply");
        }
        let founders = &config.founders;
        Ok(Self {
            txid: tx.compute_txid(),
            place,
            step: Step::Genesis,
            state,
            oracle_set: founders.oracle_set.clone(),
            dao: founders.dao.clone(),
            output,
            epoch_output: None,
        })
    }

    /// The transaction that spends this link's controller.
    ///
    /// # Errors
    /// Why no covenant lets it.
    pub(crate) fn next(
        &self,
        config: &BchConfig,
        covenants: &Covenants,
        tx: &Transaction,
        place: Place,
    ) -> Result<Self, &'static str> {
        let first = tx.input.first().filter(|input| input.previous_output == self.outpoint());
        let unlocking = first.ok_or("it does not spend the controller")?.script_sig.as_bytes();
        let (path, arguments) = covenants.controller.read(unlocking).ok_or("it does not unlock the controller")?;
        let arguments = Arguments(&arguments);
        let mut sets = (self.oracle_set.clone(), self.dao.clone());
        let (step, state) = match path {
            "submit" => self.read_submit(config, &arguments)?,
            "veto" => self.read_veto(&arguments)?,
            "open" => self.read_open(config, &arguments)?,
            _ => {
                let (act, opened) = self.read_act(&arguments)?;
                let state = self.state.acted(&act, &opened);
                match opened {
                    Opened::Set(set) => sets.0 = set,
                    Opened::Dao(set) => sets.1 = set,
                    Opened::Nothing | Opened::Key(_) => {}
                }
                (Step::Acted(act), state)
            }
        };
        let output = controller_output(config, covenants, tx, &state)?;
        let pays = matches!(&step, Step::Filed { statement, .. } if statement.root_sum > 0);
        let epoch_output = match pays {
            true => Some(tx.output.get(1).ok_or("its epoch has no UTXO")?.clone()),
            false => None,
        };
        Ok(Self { txid: tx.compute_txid(), place, step, state, oracle_set: sets.0, dao: sets.1, output, epoch_output })
    }

    fn read_submit(&self, config: &BchConfig, arguments: &Arguments<'_>) -> Result<(Step, Controller), &'static str> {
        let late = arguments.flag(4)?;
        let next = self.state.matured().next;
        let statement = EpochStatement {
            network: config.terms.schedule.network,
            distributor: config.distributor,
            epoch: Epoch(if late { next.checked_sub(1).ok_or("late before any epoch")? } else { next }),
            oracle_set: self.state.keys.version,
            head: self.state.head,
            root_hash: Hash32(arguments.bytes(0)?),
            root_sum: arguments.number(1)?,
            owed: arguments.number(2)?,
            artefact: Hash32(arguments.bytes(3)?),
        };
        let state = self.state.submitted(&statement, late);
        Ok((Step::Filed { statement, late }, state))
    }

    fn read_open(&self, config: &BchConfig, arguments: &Arguments<'_>) -> Result<(Step, Controller), &'static str> {
        let statement = OpenStatement {
            network: config.terms.schedule.network,
            distributor: config.distributor,
            first: Epoch(u32::from_be_bytes(arguments.bytes(0)?)),
            oracle_set: self.state.keys.version,
            head: self.state.head,
            old: DistributorId(arguments.bytes(1)?),
            epoch_delay_s: config.terms.delays.epoch_s,
            long_delay_s: config.terms.delays.long_s,
            schedule: config.terms.schedule.id(),
        };
        Ok((Step::Opened(statement), self.state.opened(&statement)))
    }

    fn read_veto(&self, arguments: &Arguments<'_>) -> Result<(Step, Controller), &'static str> {
        let statement = arguments.0[0].as_slice();
        let epoch = statement.get(80..84).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        let epoch = Epoch(epoch.ok_or("it vetoes no statement")?);
        let by_guardian = !arguments.0[3].is_empty();
        let state = self.state.vetoed(epoch, by_guardian, Hash32(arguments.bytes(1)?));
        Ok((Step::Vetoed { digest: self.state.head }, state))
    }

    fn read_act(&self, arguments: &Arguments<'_>) -> Result<(DaoAct, Opened), &'static str> {
        let argument: [u8; 32] = arguments.bytes(2)?;
        let opened = arguments.0[4].as_slice();
        let hash = Hash32(argument);
        let kind = arguments.number(0)?;
        if matches!(kind, 2 | 4 | 5) && sha256(&[opened]) != hash {
            return Err("it shows something else than its argument is the hash of");
        }
        Ok(match kind {
            1 => {
                let epoch = Epoch(u32::from_be_bytes(arguments.bytes(1)?));
                (DaoAct::HandOver { epoch, new: DistributorId(argument) }, Opened::Nothing)
            }
            2 => (DaoAct::DaoSet { set: hash }, Opened::Dao(read_dao(opened).ok_or("it shows no DAO set")?)),
            3 => (DaoAct::AdvanceHead { head: self.state.head, reason: hash }, Opened::Nothing),
            4 => {
                let key: CompressedKey = opened.try_into().map_err(|_| "it shows no key")?;
                (DaoAct::Guardian { key: hash }, Opened::Key(key))
            }
            5 => {
                let set = read_oracles(opened).ok_or("it shows no oracle set")?;
                if Some(set.version()) != self.state.keys.version.checked_add(1) {
                    return Err("it shows an oracle set of another version than the next");
                }
                (DaoAct::Rotate { set: hash }, Opened::Set(set))
            }
            _ => return Err("it acts in a way that the covenant does not know"),
        })
    }
}

impl crate::config::Founders {
    /// The keys of the state at genesis.
    pub(crate) fn keys(&self) -> Keys {
        Keys {
            version: self.oracle_set.version(),
            set: self.oracle_set.hash(),
            dao: self.dao.hash(),
            guardian: self.guardian,
            acts: 0,
            target: DistributorId::ZERO,
        }
    }
}

/// Arguments of a path in the order of the source, as many as it has.
struct Arguments<'a>(&'a [Vec<u8>]);

impl Arguments<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> Result<[u8; N], &'static str> {
        self.0[at].as_slice().try_into().map_err(|_| "an argument has another length")
    }

    fn number(&self, at: usize) -> Result<u64, &'static str> {
        read_number(&self.0[at]).ok_or("an argument is no number")
    }

    fn flag(&self, at: usize) -> Result<bool, &'static str> {
        match self.0[at].as_slice() {
            [] => Ok(false),
            [1] => Ok(true),
            _ => Err("an argument is neither true nor false"),
        }
    }
}

/// The controller's output, checked against the state that it must hold.
fn controller_output(
    config: &BchConfig,
    covenants: &Covenants,
    tx: &Transaction,
    state: &Controller,
) -> Result<TxOut, &'static str> {
    let output = tx.output.first().ok_or("it has no output")?;
    let token = output.token.as_ref().ok_or("it leaves no token to the controller")?;
    if output.script_pubkey != covenants.controller.locking() {
        return Err("it pays to another script than the controller's");
    }
    if token.id != config.category() || !token.is_minting_nft() {
        return Err("it leaves no minting NFT of the category");
    }
    if token.commitment != state.encode() {
        return Err("the controller's state is another than follows");
    }
    Ok(output.clone())
}

/// An oracle set from the bytes that its hash is of.
pub(crate) fn read_oracles(bytes: &[u8]) -> Option<OracleSet> {
    let version = u32::from_be_bytes(bytes.get(16..20)?.try_into().ok()?);
    let set = OracleSet::new(version, keys_of(bytes.get(24..)?)?).ok()?;
    (set.hash() == sha256(&[bytes])).then_some(set)
}

/// A DAO set from the bytes that its hash is of.
pub(crate) fn read_dao(bytes: &[u8]) -> Option<DaoSet> {
    let version = u32::from_be_bytes(bytes.get(16..20)?.try_into().ok()?);
    let threshold = u32::from_be_bytes(bytes.get(20..24)?.try_into().ok()?);
    let set = DaoSet::new(version, threshold, keys_of(bytes.get(28..)?)?).ok()?;
    (set.hash() == sha256(&[bytes])).then_some(set)
}

fn keys_of(bytes: &[u8]) -> Option<Vec<CompressedKey>> {
    let (keys, rest) = bytes.as_chunks::<33>();
    rest.is_empty().then(|| keys.to_vec())
}

/// The bytes that an oracle set's hash is of.
pub(crate) fn oracle_set_bytes(set: &OracleSet) -> Vec<u8> {
    let count = u32::try_from(set.keys().len()).expect("at most 15 keys");
    let tag = liaise_summary::tag16("LIAISE/ORSET/01");
    [&tag[..], &set.version().to_be_bytes(), &count.to_be_bytes(), set.keys().as_flattened()].concat()
}

/// The bytes that a DAO set's hash is of.
pub(crate) fn dao_set_bytes(set: &DaoSet) -> Vec<u8> {
    let count = u32::try_from(set.keys().len()).expect("at most 15 keys");
    let tag = liaise_summary::tag16("LIAISE/DAOSET/1");
    let numbers = [set.version(), set.threshold(), count].map(u32::to_be_bytes);
    [&tag[..], numbers.as_flattened(), set.keys().as_flattened()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(n: u8) -> Vec<CompressedKey> {
        (0..n).map(|i| [&[2][..], &[i; 32]].concat().try_into().expect("33 bytes")).collect()
    }

    #[test]
    fn sets_are_read_from_what_their_hash_is_of() {
        let oracles = OracleSet::new(4, keys(7)).expect("a set");
        assert_eq!(sha256(&[&oracle_set_bytes(&oracles)]), oracles.hash());
        assert_eq!(read_oracles(&oracle_set_bytes(&oracles)), Some(oracles.clone()));
        let dao = DaoSet::new(2, 3, keys(5)).expect("a set");
        assert_eq!(sha256(&[&dao_set_bytes(&dao)]), dao.hash());
        assert_eq!(read_dao(&dao_set_bytes(&dao)), Some(dao.clone()));
        // another's bytes, an odd length, and keys in another order
        assert_eq!(read_dao(&oracle_set_bytes(&oracles)), None);
        assert_eq!(read_oracles(&oracle_set_bytes(&oracles)[..120]), None);
        let mut swapped = dao_set_bytes(&dao);
        swapped[28..94].rotate_left(33);
        assert_eq!(read_dao(&swapped), None);
        assert_eq!(read_dao(&[]), None);
    }
}
