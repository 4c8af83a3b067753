//! Rows on disk: read back, refused when damaged, readable for ever.

use liaise_chain_api::{FeeLimit, Prepared, SubmissionId};

use crate::journal::{End, JournalError, Past, Row, Stage};

/// The stages that version 1 knew.
fn rows() -> Vec<Row> {
    let chain = "eip155:42161".parse().expect("a chain");
    let id = SubmissionId("0xab".to_owned());
    // above 64 bits, which DAG-CBOR's integers can't hold
    let fee_max = FeeLimit(u128::MAX);
    let past = vec![Past { id: SubmissionId("0xcd".to_owned()), why: "reverted".to_owned() }];
    let stages = [
        Stage::Idle,
        Stage::Live(Prepared { chain, id: id.clone(), bytes: vec![0, 1, 255], fee_max }),
        Stage::Ended(End::Ours { id, sent: None }),
        Stage::Ended(End::Others),
    ];
    stages.into_iter().map(|stage| Row { stage, past: past.clone() }).collect()
}

/// What version 1 wrote, in hex: never regenerate it, or old journals become unreadable without anybody noticing.
const WRITTEN_BY_VERSION_1: [&str; 4] = [
    "a3617601647061737481a26269646430786364637768796872657665727465646573746167656469646c65",
    "a3617601647061737481a2626964643078636463776879687265766572746564657374616765a1646c697665a4626964\
     6430786162656279746573430001ff65636861696e6c6569703135353a3432313631676665655f6d6178782733343032\
     3832333636393230393338343633343633333734363037343331373638323131343535",
    "a3617601647061737481a2626964643078636463776879687265766572746564657374616765a165656e646564a1646f\
     7572736430786162",
    "a3617601647061737481a2626964643078636463776879687265766572746564657374616765a165656e646564666f74\
     68657273",
];

fn whole_end() -> Row {
    let Stage::Live(sent) = rows()[1].stage.clone() else { unreachable!("the second is live") };
    Row { stage: Stage::Ended(End::Ours { id: sent.id.clone(), sent: Some(sent) }), past: vec![] }
}

/// What version 2 wrote of an end by our own transaction.
const WRITTEN_BY_VERSION_2: &str = "a3617602647061737480657374616765a165656e646564a1646f757273a46269646430786162656279746573430001\
     ff65636861696e6c6569703135353a3432313631676665655f6d617878273334303238323336363932303933383436\
     33343633333734363037343331373638323131343535";

#[test]
fn rows_are_read_back() {
    for row in rows().into_iter().chain([whole_end()]) {
        assert_eq!(Row::decode(&row.encode()).expect("a row"), row);
    }
}

#[test]
fn rows_of_version_2_are_read_for_ever() {
    assert_eq!(Row::decode(&hex(WRITTEN_BY_VERSION_2)).expect("a row"), whole_end());
}

#[test]
fn rows_of_version_1_are_read_for_ever() {
    for (row, text) in rows().into_iter().zip(WRITTEN_BY_VERSION_1) {
        let bytes = hex(text);
        assert_eq!(Row::decode(&bytes).expect("a row"), row);
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

#[test]
fn damaged_and_newer_rows_are_refused() {
    let good = rows()[1].encode();
    assert!(matches!(Row::decode(&good[..good.len() - 1]), Err(JournalError::Damaged { .. })));
    assert!(matches!(Row::decode(&[&good[..], &[0]].concat()), Err(JournalError::Damaged { .. })));
    assert!(matches!(Row::decode(b""), Err(JournalError::Damaged { .. })));
    let mut newer = good;
    let at = newer.windows(2).position(|pair| pair == [0x61, b'v']).expect("the version's key") + 2;
    newer[at] = 3;
    assert!(matches!(Row::decode(&newer), Err(JournalError::Newer { found: 3, supported: 2 })));
}
