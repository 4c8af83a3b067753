//! What a Bitcoin Cash node answers, what transactions of a distributor say, and what a journal kept.

use crate::{Target, choose, chosen, same};
use liaise_chain_bch::fuzz;

pub const BCH: Target = Target {
    name: "bch",
    decoders: "Bitcoin Cash: kept transactions, a node's answers to each question, steps of a distributor's thread with their scripts, commitments, sets, batches, decimals of BCH",
    longest: 8 * 1024,
    memory: 512,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => same(rest, fuzz::kept(rest)),
            1 => fuzz::body(rest),
            2 => choose(rest).is_some_and(|(question, answers)| {
                std::str::from_utf8(answers).is_ok_and(|answers| fuzz::answered(question, answers))
            }),
            3 => choose(rest).is_some_and(|(number, bytes)| fuzz::follows(number, bytes) == Some(true)),
            4 => unlocked(rest),
            5 => pushes(rest),
            6 => same(rest, fuzz::commitment(rest)),
            7 => same(rest, fuzz::set(false, rest)) || same(rest, fuzz::set(true, rest)),
            8 => batch(rest),
            9 => std::str::from_utf8(rest).is_ok_and(decimal),
            _ => false,
        }
    },
    seeds,
    refused: || {
        let answers = |question: u8, lines: &str| [&[question], lines.as_bytes()].concat();
        let deep = "[".repeat(8_000);
        let nulls = format!("[{}null]", "null,".repeat(1_000));
        let [controller, _] = fuzz::prepared();
        let mut other = controller.clone();
        other[5] = 3;
        [
            chosen(0, [other, controller[..60].to_vec(), vec![1; 14]]),
            chosen(1, [deep.clone().into_bytes(), br#"{"error":{"code":-5},"id":0}"#.to_vec(), b"{\"id\":0}".to_vec()]),
            chosen(2, [answers(0, &nulls), answers(8, &nulls), answers(0, &deep), answers(0, "!-5"), answers(9, "")]),
            // pushes that announce more than follows
            chosen(5, [vec![0x4d, 0xff, 0xff, 1], vec![0x4e, 0xff, 0xff, 0xff, 0xff], vec![75]]),
            chosen(7, [vec![0; 519]]),
            chosen(9, [b"1e2147483647".to_vec(), b"1e-2147483648".to_vec(), b"9".repeat(8_000)]),
        ]
        .concat()
    },
};

fn seeds() -> Vec<Vec<u8>> {
    let answers = fuzz::answers().into_iter().map(|(question, lines)| [vec![question], lines.into_bytes()].concat());
    let following = fuzz::following();
    let (number, shortest) = following.iter().min_by_key(|(_, bytes)| bytes.len()).expect("a life has steps");
    // one of each path, and the last two acts: the others differ in numbers alone
    let mut unlocking: Vec<(u8, u8, Vec<Vec<u8>>)> = Vec::new();
    let all = fuzz::unlocking();
    let last = all.len() - 2;
    for (at, step) in all.into_iter().enumerate() {
        if at >= last || !unlocking.iter().any(|(_, path, _)| *path == step.1) {
            unlocking.push(step);
        }
    }
    let arguments = |(number, path, arguments): (u8, u8, Vec<Vec<u8>>)| {
        let one = |bytes: &Vec<u8>| [&u16::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat();
        [vec![number, path], arguments.iter().flat_map(one).collect()].concat()
    };
    [
        chosen(0, fuzz::prepared()),
        chosen(1, [br#"{"result":null,"error":null,"id":0}"#.to_vec()]),
        chosen(2, answers),
        chosen(3, [[&[*number], &shortest[..]].concat()]),
        chosen(4, unlocking.into_iter().map(arguments)),
        chosen(5, [vec![0, 0x51, 0x4f, 2, 7, 8, 0x4c, 1, 9]]),
        chosen(6, [fuzz::committed()]),
        chosen(7, fuzz::sets()),
        chosen(8, [fuzz::paid()]),
        chosen(9, ["0.00001000", "1e-5", "20999999.9769"].map(|text| text.as_bytes().to_vec())),
    ]
    .concat()
}

/// A step, a path, and arguments, each after its length in two bytes.
fn unlocked(input: &[u8]) -> bool {
    let &[number, path, ref rest @ ..] = input else { return false };
    let (mut rest, mut arguments) = (rest, Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let Some((argument, after)) = after.split_at_checked(u16::from_be_bytes(*length).into()) else { return false };
        arguments.push(argument);
        rest = after;
    }
    fuzz::unlocked(number, path, &arguments) == Some(true)
}

fn pushes(script: &[u8]) -> bool {
    let Some([items, again]) = fuzz::pushes(script) else { return false };
    assert_eq!(items, again, "what was pushed is read again as the same");
    !items.is_empty()
}

/// What is paid and what is left are what there was.
fn batch(bytes: &[u8]) -> bool {
    let Some([before, paid, left]) = fuzz::batch(bytes) else { return false };
    assert_eq!(paid.checked_add(left), Some(before), "base units are neither made nor lost");
    true
}

/// Eight decimals more are the same amount, and no amount is above all that there will ever be.
fn decimal(text: &str) -> bool {
    let Some(sats) = fuzz::sats(text) else { return false };
    assert!(sats <= 2_100_000_000_000_000, "{text} is more than all");
    assert_eq!(fuzz::sats(&format!("{sats}e-8")), Some(sats), "it is written again as the same");
    true
}
