//! Artefacts that others computed, and rows of this node's own disk.

use crate::sample;
use crate::{Target, bombs, choose, chosen, same, settles};
use cid::Cid;
use liaise_chain_api::{FeeLimit, Prepared, SubmissionId};
use liaise_ledger::eligibility::{Eligibility, Row as EligibleRow};
use liaise_ledger::hash::block_cid;
use liaise_ledger::{ChainId, Hash};
use liaise_oracle::artefact::{
    Blocks, HistoryBlock, HistoryParts, SealedRows, SnapshotRows, TreeBlock, read_car, read_distributor, read_history,
    read_state, write_car, write_history,
};
use liaise_oracle::fold::{FoldState, LeafRow, OwedRow, Shared, Statement, TaskRow};
use liaise_oracle::journal::{End, Past, Row, Stage};
use liaise_store::fuzz::{chain_row, log_frame, log_rows, session_row};
use std::sync::LazyLock;

pub const ARTEFACTS: Target = Target {
    name: "artefacts",
    decoders: "`artefact`: CAR files, history blocks, states, tree blocks, chunks of rows",
    longest: 16 * 1024,
    memory: 128,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => car(rest),
            1 => block::<HistoryBlock>(rest, |blocks, cid| drop(read_state(blocks, cid))),
            2 => block::<TreeBlock>(rest, |blocks, cid| drop(read_distributor(blocks, cid))),
            3 => block::<Shared>(rest, |_, _| {}),
            4 => block::<Vec<Statement>>(rest, |_, _| {}),
            5 => block::<Vec<TaskRow>>(rest, |_, _| {}),
            6..=10 => state(which - 6, rest),
            11 | 12 => tree(which - 11, rest),
            _ => false,
        }
    },
    seeds,
    refused: || {
        let twice = vec![Eligibility::of_genesis(&sample::genesis()).rows()[0].clone(); 2];
        let claims = b"\xff\xff\xff\xff\x7f".to_vec();
        let all = (1..=12).flat_map(|which| chosen(which, bombs()));
        all.chain(chosen(10, [encoded(&twice)])).chain(chosen(0, [claims, vec![], vec![0]])).collect()
    },
};

fn encoded(value: &impl serde::Serialize) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(value).expect("artefacts encode")
}

/// A block of some kind has one encoding; `then` reads what hangs on it.
fn block<T: serde::Serialize + serde::de::DeserializeOwned>(input: &[u8], then: impl Fn(&Blocks, &Cid)) -> bool {
    let mut blocks = Blocks::default();
    let cid = blocks.insert(input.to_vec());
    then(&blocks, &cid);
    same(input, blocks.read::<T>(&cid, "a block").ok().map(|value| encoded(&value)))
}

fn car(input: &[u8]) -> bool {
    let Ok((roots, blocks)) = read_car(input) else { return false };
    for root in &roots {
        drop((read_state(&blocks, root), read_distributor(&blocks, root)));
    }
    let mut written = Vec::new();
    write_car(&roots, &blocks, &mut written).expect("a vector can be written");
    assert_eq!(read_car(&written[..]).expect("what was written is a CAR file"), (roots, blocks));
    true
}

/// The sample network's history block of an epoch, and its blocks.
static HISTORY: LazyLock<(Cid, HistoryBlock, Blocks)> = LazyLock::new(|| {
    let genesis = sample::genesis();
    let eligibility = Eligibility::of_genesis(&genesis);
    let mut next = FoldState::of_genesis(&genesis);
    next.epoch = 0;
    next.snapshots.insert(0, eligibility.clone());
    next.chunks.insert(Hash::ZERO, true);
    next.accounts.insert(sample::account(1), Default::default());
    let parts = HistoryParts {
        network: sample::network(),
        parameters: &genesis.parameters,
        previous: None,
        seal: Hash::ZERO,
        next: &next,
        eligibility: &eligibility,
        statements: vec![],
        tasks: vec![],
    };
    let mut blocks = Blocks::default();
    let (id, block) = write_history(parts, &mut blocks).expect("memory does not fail");
    (id, block, blocks)
});

/// A state whose one kind of rows is the input.
fn state(kind: u8, input: &[u8]) -> bool {
    let (_, history, blocks) = &*HISTORY;
    let (mut history, mut blocks) = (history.clone(), blocks.clone());
    let rows = vec![blocks.insert(input.to_vec())];
    match kind {
        0 => history.states = rows,
        1 => history.carry = rows,
        2 => history.chunks = rows,
        3 => history.observed = vec![SealedRows { epoch: 0, rows }],
        _ => {
            // The root that honest rows would have, so that what is wrong lies in the rows.
            let read: Vec<EligibleRow> = blocks.read(&rows[0], "rows").unwrap_or_default();
            let ordered = read.is_sorted_by(|a, b| a.account.hash() < b.account.hash());
            let root = if ordered { Eligibility::new(read).root() } else { Hash::ZERO };
            history.snapshots = vec![SnapshotRows { epoch: 0, root, rows }];
        }
    }
    let cid = blocks.put(&history);
    let Ok(state) = read_state(&blocks, &cid) else { return false };
    assert_eq!((state.epoch, state.history), (history.epoch, Some(cid)));
    assert_eq!(read_history(&blocks, &cid).ok(), Some(history));
    true
}

/// A distributor whose leaves, or what it owes, is the input.
fn tree(kind: u8, input: &[u8]) -> bool {
    let mut blocks = Blocks::default();
    let rows = blocks.insert(input.to_vec());
    let owed: u128 = blocks
        .read::<Vec<OwedRow>>(&rows, "rows")
        .map_or(0, |rows| rows.iter().map(|row| u128::from(row.amount)).sum());
    let (leaves, owing) = if kind == 0 { (vec![rows], vec![]) } else { (vec![], vec![rows]) };
    let block = TreeBlock {
        v: 1,
        distributor: Hash::ZERO,
        chain: chain(),
        epoch: 0,
        head: Hash::ZERO,
        previous: None,
        history: HISTORY.0,
        owed: if kind == 0 { 0 } else { u64::try_from(owed).unwrap_or_default() },
        unemitted: 0,
        leaves,
        owing,
    };
    let cid = blocks.put(&block);
    read_distributor(&blocks, &cid).is_ok_and(|state| {
        assert_eq!(state.owed(), u128::from(block.owed), "what is owed adds up");
        assert!(state.leaves.iter().all(|(payee, leaf)| *payee == leaf.payee));
        true
    })
}

fn chain() -> ChainId {
    "eip155:42161".parse().expect("a chain id")
}

fn seeds() -> Vec<Vec<u8>> {
    let (cid, history, blocks) = &*HISTORY;
    let mut file = Vec::new();
    write_car(&[*cid], blocks, &mut file).expect("a vector can be written");
    let rows = |chunks: &[Cid]| blocks.get(&chunks[0]).expect("a chunk of the sample").to_vec();
    let leaf = LeafRow { payee: Hash::ZERO, amount: 5, account: sample::account(1) };
    let owed =
        OwedRow { account: sample::account(1), epoch: 0, reason: liaise_oracle::fold::ReasonCode::ALL[0], amount: 7 };
    let block = TreeBlock {
        v: 1,
        distributor: Hash::ZERO,
        chain: chain(),
        epoch: 0,
        head: Hash::ZERO,
        previous: Some(block_cid(b"before")),
        history: *cid,
        owed: 0,
        unemitted: 3,
        leaves: vec![],
        owing: vec![],
    };
    let seeds = [
        (0, file),
        (1, encoded(history)),
        (2, encoded(&block)),
        (3, blocks.get(&history.shared).expect("the shared state").to_vec()),
        (4, encoded(&Vec::<Statement>::new())),
        (5, encoded(&Vec::<TaskRow>::new())),
        (6, rows(&history.states)),
        (8, rows(&history.chunks)),
        (10, rows(&history.snapshots[0].rows)),
        (11, encoded(&[leaf])),
        (12, encoded(&[owed])),
    ];
    seeds.into_iter().flat_map(|(which, seed)| chosen(which, [seed])).collect()
}

pub const ROWS: Target = Target {
    name: "rows",
    decoders: "rows of this node's disk: witness' chain, session key, submission journal; rows and frames of the store's log",
    longest: 4_096,
    memory: 64,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => same(rest, chain_row(rest)),
            1 => same(rest, session_row(rest)),
            2 => settles(journal(rest), |bytes| journal(bytes)),
            3 => same(rest, log_rows(rest)),
            4 => log_frame(rest).is_some_and(|frame| {
                assert!(rest.starts_with(&frame), "a frame has one encoding");
                true
            }),
            _ => false,
        }
    },
    seeds: || {
        let chain = [&[0, 3][..], &[0; 32], &[1, 1], &[7; 32]].concat();
        let session = [&[0b1111][..], &[1; 16]].concat();
        let id = || SubmissionId("0x00".into());
        let prepared = Prepared { chain: self::chain(), id: id(), bytes: vec![2], fee_max: FeeLimit(u128::MAX) };
        let past = vec![Past { id: id(), why: "its nonce was used".into() }];
        let ours = |sent| Stage::Ended(End::Ours { id: id(), sent });
        let stages =
            [Stage::Idle, Stage::Live(prepared.clone()), Stage::Ended(End::Others), ours(None), ours(Some(prepared))];
        let rows = stages.map(|stage| Row { stage, past: past.clone() }.encode());
        let put = [&[1][..], &[0, 0, 0, 3], &[0, 0, 0, 5], b"keyvalue"].concat();
        let removed = [&[0x81][..], &[0, 0, 0, 3], &[0; 4], b"key"].concat();
        // An empty frame, number 1, of a log that was on disk up to its header: CRC-32 of the last 20 bytes.
        let frame = [b"LFR1", &FRAME_SUM[..], &1u64.to_be_bytes(), &16u64.to_be_bytes(), &[0; 4]].concat();
        [
            chosen(0, [chain]),
            chosen(1, [session]),
            chosen(2, rows),
            chosen(3, [[put, removed].concat()]),
            chosen(4, [frame]),
        ]
        .concat()
    },
    refused: || {
        let claims = [&[1][..], &[0xff; 8], b"key"].concat();
        [
            chosen(0, [vec![0; 67], vec![0; 69]]),
            chosen(1, [vec![0; 16]]),
            chosen(2, bombs()),
            chosen(3, [claims, vec![0x7f; 9]]),
            chosen(4, [b"LFR1".to_vec(), [&b"LFR1"[..], &[0xff; 24]].concat()]),
        ]
        .concat()
    },
};

/// CRC-32 of the frame among the seeds.
const FRAME_SUM: [u8; 4] = [0xb2, 0xa3, 0xd5, 0x8a];

fn journal(bytes: &[u8]) -> Option<Vec<u8>> {
    Row::decode(bytes).ok().map(|row| row.encode())
}
