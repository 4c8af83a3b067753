//! What a Solana node answers, what programs log and keep, and what a journal kept.

use crate::{Target, choose, chosen, sample};
use liaise_chain_solana::fuzz;
use liaise_summary::OracleSet;

pub const SOLANA: Target = Target {
    name: "solana",
    decoders: "Solana: kept transactions, the program's accounts, logs with events, the loader's records, a node's answers to each question",
    longest: 8 * 1024,
    memory: 512,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => kept(rest),
            1 => account(rest),
            2 => oracle_set(rest),
            3 => std::str::from_utf8(rest).is_ok_and(|lines| fuzz::log(lines).is_some_and(|events| events > 0)),
            4 => fuzz::code(rest).is_some(),
            5 => {
                let Some((question, answers)) = choose(rest) else { return false };
                std::str::from_utf8(answers).is_ok_and(|answers| fuzz::answered(question, answers))
            }
            _ => false,
        }
    },
    seeds: || {
        let (_, signed) = fuzz::signed();
        let accounts = fuzz::accounts().into_iter().zip(0u8..).map(|(bytes, which)| [vec![which], bytes].concat());
        let genesis = sample::genesis();
        let set = OracleSet::new(genesis.oracles.version, genesis.oracles.keys.clone()).expect("a genesis has a set");
        let answers =
            fuzz::answers().into_iter().map(|(question, lines)| [vec![question], lines.into_bytes()].concat());
        [
            chosen(0, [signed]),
            chosen(1, accounts),
            chosen(2, [fuzz::oracle_set_account(&set)]),
            chosen(3, [fuzz::logged().into_bytes()]),
            chosen(4, [fuzz::loader_record()]),
            chosen(5, answers),
        ]
        .concat()
    },
    refused: || {
        let [_, oracles, _] = fuzz::accounts();
        // a list that claims four thousand million keys
        let endless = [&oracles[..14], &[0xff; 4]].concat();
        let answers = |question: u8, lines: &str| [&[question], lines.as_bytes()].concat();
        let genesis = "\"5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d\"\n";
        let nulls = format!(r#"{genesis}{{"context":{{"slot":1}},"value":[{}null]}}"#, "null,".repeat(1_000));
        [
            chosen(0, [vec![1; 74], vec![0; 9]]),
            chosen(1, [[vec![1], endless.clone()].concat()]),
            chosen(2, [endless]),
            chosen(3, [b"Program data: ".repeat(500), b"Log truncated".to_vec()]),
            chosen(5, [answers(0, &nulls), answers(1, &"[".repeat(8_000)), answers(4, "!\n!\n!"), answers(9, "")]),
        ]
        .concat()
    },
};

/// The slot is what stands in front of the transaction.
fn kept(bytes: &[u8]) -> bool {
    let Some(slot) = fuzz::named(bytes) else { return false };
    assert_eq!(bytes.get(1..9), Some(&slot.to_be_bytes()[..]), "the slot of its birth");
    true
}

fn account(input: &[u8]) -> bool {
    let Some((which, data)) = choose(input) else { return false };
    let Some([first, second]) = fuzz::account(which, data) else { return false };
    assert_eq!(first, second, "what was written is read again as the same");
    true
}

fn oracle_set(data: &[u8]) -> bool {
    let Some(set) = fuzz::oracle_set(data) else { return false };
    assert_eq!(fuzz::oracle_set(&fuzz::oracle_set_account(&set)), Some(set), "a set has one account");
    true
}
