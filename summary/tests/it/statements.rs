use liaise_summary::{
    DaoAct, DaoStatement, DistributorId, Epoch, EpochStatement, Hash32, NetworkId, OpenStatement, STATEMENT_BYTES,
    SettleStatement, Statement, StatementError,
};
use proptest::prelude::*;

fn hash() -> impl Strategy<Value = Hash32> {
    any::<[u8; 32]>().prop_map(Hash32)
}

fn distributor() -> impl Strategy<Value = DistributorId> {
    any::<[u8; 32]>().prop_map(DistributorId)
}

fn act() -> impl Strategy<Value = DaoAct> {
    prop_oneof![
        (any::<u32>(), distributor()).prop_map(|(epoch, new)| DaoAct::HandOver { epoch: Epoch(epoch), new }),
        hash().prop_map(|set| DaoAct::DaoSet { set }),
        (hash(), hash()).prop_map(|(head, reason)| DaoAct::AdvanceHead { head, reason }),
        hash().prop_map(|key| DaoAct::Guardian { key }),
        hash().prop_map(|set| DaoAct::Rotate { set }),
    ]
}

fn statement() -> impl Strategy<Value = Statement> {
    let common = (any::<[u8; 32]>().prop_map(NetworkId), distributor(), any::<u32>(), any::<u32>());
    let hashes = (hash(), hash(), hash());
    let numbers = (any::<u64>(), any::<u64>(), act(), 0..4u8);
    (common, hashes, numbers).prop_map(|((network, distributor, at_80, at_84), (a, b, c), (x, y, act, kind))| {
        let epoch = Epoch(at_80);
        match kind {
            0 => EpochStatement {
                network,
                distributor,
                epoch,
                oracle_set: at_84,
                head: a,
                root_hash: b,
                root_sum: x,
                owed: y,
                artefact: c,
            }
            .into(),
            1 => OpenStatement {
                network,
                distributor,
                first: epoch,
                oracle_set: at_84,
                head: a,
                old: DistributorId(b.0),
                epoch_delay_s: x as u32,
                long_delay_s: y as u32,
                schedule: c,
            }
            .into(),
            2 => SettleStatement {
                network,
                distributor,
                epoch,
                oracle_set: at_84,
                previous: a,
                root_hash: b,
                root_sum: x,
                leaves: y,
                artefact: c,
            }
            .into(),
            _ => DaoStatement { network, distributor, number: at_84, act, decree: c }.into(),
        }
    })
}

proptest! {
    #[test]
    fn bytes_and_value_stand_for_each_other(statement in statement()) {
        prop_assert_eq!(Statement::decode(&statement.encode()), Ok(statement));
    }

    /// Whatever decodes encodes to the same bytes, so no two byte strings mean the same statement.
    #[test]
    fn one_changed_byte_is_another_statement_or_none(
        statement in statement(),
        at in 0..STATEMENT_BYTES,
        flip in 1..=255u8,
    ) {
        let mut bytes = statement.encode();
        bytes[at] ^= flip;
        if let Ok(other) = Statement::decode(&bytes) {
            prop_assert_ne!(other, statement);
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_kept(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        match Statement::decode(&bytes) {
            Ok(statement) => prop_assert_eq!(statement.encode().to_vec(), bytes),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn length_tag_and_empty_fields_are_checked() {
    assert_eq!(Statement::decode(&[0; 199]), Err(StatementError::Length { found: 199 }));
    assert_eq!(Statement::decode(&[0; 200]), Err(StatementError::UnknownTag { found: [0; 16] }));
    let decree = Hash32([7; 32]);
    let act = DaoAct::DaoSet { set: Hash32([1; 32]) };
    let dao = DaoStatement { network: NetworkId::ZERO, distributor: DistributorId::ZERO, number: 1, act, decree };
    for offset in [80, 88, 156, 160] {
        let mut bytes = dao.encode();
        bytes[offset] = 1;
        assert_eq!(Statement::decode(&bytes), Err(StatementError::NotZero { offset }));
    }
    let mut bytes = dao.encode();
    bytes[155] = 9;
    assert_eq!(Statement::decode(&bytes), Err(StatementError::UnknownDaoAct { found: 9 }));
}
