//! The 200-byte statements that another implementation signs for the oracles.

use crate::{low_v, secret};
use liaise_chain_api::StatementSignature;
use liaise_oracle::quorum::{self, OracleKey, QuorumError, SignGuard, Tally};
use liaise_second_opinion::Other;
use liaise_summary::{
    CompressedKey, DistributorId, Epoch, EpochStatement, Hash32, NetworkId, OpenStatement, OracleSet, SettleStatement,
    Statement,
};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Seven oracles by their compressed keys, each with the secret and the other implementation's wallet.
fn oracles() -> BTreeMap<CompressedKey, ([u8; 32], Other)> {
    let secrets = (0..7).map(|n| secret(&format!("oracle {n}")));
    secrets.map(|secret| (Other::new(secret).public(), (secret, Other::new(secret)))).collect()
}

fn sign(statement: &Statement) -> Vec<StatementSignature> {
    let sign = |(key, (_, other)): (&CompressedKey, &([u8; 32], Other))| StatementSignature {
        key: *key,
        rsv: low_v(other.sign_digest(statement.digest().0)),
    };
    oracles().iter().map(sign).collect()
}

/// What an oracle may sign once, in memory.
#[derive(Default)]
struct Guard(RefCell<BTreeMap<Vec<u8>, Vec<u8>>>);

impl SignGuard for Guard {
    fn load(&self, slot: &[u8]) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.borrow().get(slot).cloned())
    }

    fn replace(&self, slot: &[u8], expected: Option<&[u8]>, value: &[u8]) -> Result<bool, String> {
        let mut rows = self.0.borrow_mut();
        let fits = rows.get(slot).map(Vec::as_slice) == expected;
        if fits {
            rows.insert(slot.to_vec(), value.to_vec());
        }
        Ok(fits)
    }
}

fn hash() -> impl Strategy<Value = Hash32> {
    any::<[u8; 32]>().prop_map(Hash32)
}

prop_compose! {
    fn epoch()(
        (network, distributor) in any::<([u8; 32], [u8; 32])>(),
        (epoch, oracle_set) in any::<(u32, u32)>(),
        (head, root_hash, artefact) in (hash(), hash(), hash()),
        (root_sum, owed) in any::<(u64, u64)>(),
    ) -> EpochStatement {
        let (network, distributor) = (NetworkId(network), DistributorId(distributor));
        EpochStatement {
            network, distributor, epoch: Epoch(epoch), oracle_set, head, root_hash, root_sum, owed, artefact,
        }
    }
}

prop_compose! {
    fn open()(
        epoch in epoch(),
        (old, schedule) in (any::<[u8; 32]>(), hash()),
        (epoch_delay_s, long_delay_s) in any::<(u32, u32)>(),
    ) -> Statement {
        let EpochStatement { network, distributor, epoch: first, oracle_set, head, .. } = epoch;
        let old = DistributorId(old);
        OpenStatement { network, distributor, first, oracle_set, head, old, epoch_delay_s, long_delay_s, schedule }.into()
    }
}

fn settle(epoch: EpochStatement) -> Statement {
    let EpochStatement { network, distributor, epoch, oracle_set, head: previous, root_hash, root_sum, owed, artefact } =
        epoch;
    let leaves = owed;
    SettleStatement { network, distributor, epoch, oracle_set, previous, root_hash, root_sum, leaves, artefact }.into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_verifier_takes_another_implementations_signatures(
        statement in prop_oneof![epoch().prop_map(Statement::from), open(), epoch().prop_map(settle)],
        bit in 0..1600usize,
    ) {
        let bytes = statement.encode();
        let mut altered = bytes;
        altered[bit / 8] ^= 1 << (bit % 8);
        for signature in sign(&statement) {
            prop_assert_eq!(quorum::recover(&bytes, &signature.rsv).unwrap(), signature.key);
            let alloys = alloy::primitives::Signature::from_raw(&signature.rsv).unwrap();
            let key = alloys.recover_from_prehash(&statement.digest().0.into()).unwrap();
            let point = key.to_encoded_point(true);
            prop_assert_eq!(point.as_bytes(), signature.key);
            prop_assert!(quorum::recover(&altered, &signature.rsv).ok() != Some(signature.key));
        }
    }

    #[test]
    fn a_quorum_of_another_implementation_files_an_epoch(statement in epoch()) {
        let signatures = sign(&statement.into());
        let set = OracleSet::new(statement.oracle_set, oracles().into_keys().collect()).unwrap();
        let quorum = &signatures[..set.quorum()];
        prop_assert!(quorum::check_signatures(&statement, &set, quorum).is_ok());
        let few = quorum::check_signatures(&statement, &set, &quorum[1..]);
        prop_assert!(matches!(few, Err(QuorumError::Set(_))), "{:?}", few);

        let statement = Statement::from(statement);
        let mut tally = Tally::new(&statement.encode(), set);
        for signature in quorum {
            prop_assert!(tally.add(&signature.key, &quorum::vote(&statement, signature, None, None)).unwrap());
        }
        prop_assert_eq!(tally.quorum().unwrap(), quorum);
    }

    #[test]
    fn both_sign_with_the_same_bytes_and_each_knows_the_others(statement in epoch()) {
        let statement = Statement::from(statement);
        for (key, (secret, other)) in oracles() {
            let oracle = OracleKey::from_bytes(secret).unwrap();
            let ours = quorum::sign(&oracle, &Guard::default(), &statement).unwrap();
            let theirs = other.sign_digest(statement.digest().0);
            prop_assert_eq!(ours, StatementSignature { key, rsv: low_v(theirs) });
            prop_assert!(other.has_signed(statement.digest().0, &theirs));
        }
    }
}
