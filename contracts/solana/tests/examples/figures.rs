//! What each action costs on Solana, in real transactions of the built program in LiteSVM: one row a line, as
//! contracts/figures.json holds them. Run by `cargo xtask figures`.

use anchor_spl::associated_token::spl_associated_token_account::instruction::create_associated_token_account_idempotent;
use anchor_spl::token_interface::TokenAccount;
use emission::{Claimed, Held, instruction};
use emission_tests::calls::{council_address, create_council};
use emission_tests::chain::{MAX_TRANSACTION, program_file};
use emission_tests::world::{self, EPOCH_DELAY_S, SPL_TOKEN, TOKEN_2022, budget, key, summary};
use emission_tests::{Calls, DeepTree, OracleKeys, Receipt, Setup, World};
use liaise_summary::{Hash32, Node};
use serde_json::json;
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

/// The depth of a tree of 2^20 leaves.
const DEPTH: usize = 20;
/// Claims whose mean is a figure: what searching for an address costs is chance, 1 500 units a try.
const SAMPLE: usize = 32;
/// What holds for every row.
const RULES: &str = "LiteSVM, mainnet's features";

fn row(action: &str, unit: &str, value: u64, conditions: &str) {
    let conditions = format!("{RULES}; {conditions}");
    println!(
        "{}",
        json!({"chain": "solana", "action": action, "unit": unit, "value": value, "conditions": conditions})
    );
}

fn main() {
    creating();
    filing(7, "submit-5-of-7");
    filing(13, "submit-9-of-13");
    acts();
    claiming("", TOKEN_2022, "Token-2022");
    claiming("-spl-token", SPL_TOKEN, "SPL Token");
    runs();
    longest_run();
}

/// Sends without asking for more compute than a transaction has by default, unless it needs more.
fn send(world: &mut World, instruction: Instruction, signers: &[&Keypair]) -> Receipt {
    let alone = world.chain.svm.clone();
    if let Ok(receipt) = world.chain.send(std::slice::from_ref(&instruction), signers) {
        return receipt;
    }
    world.chain.svm = alone;
    world.chain.send(&[budget(), instruction], signers).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn units(receipt: &Receipt) -> u64 {
    receipt.meta.compute_units_consumed
}

fn payees(count: usize) -> Vec<Address> {
    (0..count).map(|payee| key(&format!("payee {payee}")).pubkey()).collect()
}

/// Every payee has earned `amount` more than the one before it.
fn tree(payees: &[Address], amount: u64) -> DeepTree {
    let leaves: Vec<_> = payees.iter().zip(1..).map(|(payee, place)| (*payee, amount * place)).collect();
    DeepTree::new(&leaves, DEPTH)
}

fn creating() {
    let program = program_file().len();
    let svm = World::new(Setup::default()).chain.svm;
    // the loader keeps 36 bytes for the program and 45 before its code
    let rent = svm.minimum_balance_for_rent_exemption(36) + svm.minimum_balance_for_rent_exemption(45 + program);
    row("deploy", "bytes", program as u64, "the program");
    row("deploy", "lamports", rent, "rent of the program and its code");
    for (oracles, action) in [(7, "create-distributor-7"), (15, "create-distributor-15")] {
        let mut world = World::new(Setup::default());
        let mut deployment = world.deployment.clone();
        deployment.rules.network = [99; 32];
        deployment.oracles = OracleKeys::new(0, oracles).compressed();
        let calls = Calls::of(&deployment);
        let before = world.chain.svm.get_balance(&world.payer()).expect("the payer");
        let create = calls.create(world.payer(), &deployment);
        let receipt = send(&mut world, create, &[]);
        let after = world.chain.svm.get_balance(&world.payer()).expect("the payer");
        row(action, "compute-units", units(&receipt), "Token-2022 with metadata, every key found to be on the curve");
        row(action, "lamports", before - after - receipt.meta.fee, "rent of distributor, oracle set, mint and vault");
        row(action, "bytes", receipt.bytes as u64, "the transaction");
    }
    let mut world = World::new(Setup::default());
    let mut members = payees(3);
    members.sort();
    let create = create_council(world.payer(), 2, members.clone());
    let receipt = send(&mut world, create, &[]);
    row("create-council", "compute-units", units(&receipt), "2 of 3");
    let council = world.chain.svm.get_account(&council_address(2, &members)).expect("the council");
    row("create-council", "lamports", council.lamports, "rent, for up to 11 members");
}

/// A root of this sum from which nobody claims.
fn root(sum: u64) -> Node {
    Node { hash: Hash32([5; 32]), sum }
}

fn filing(oracles: usize, action: &str) {
    let mut world = World::opened(Setup { oracles: OracleKeys::new(0, oracles), ..Setup::default() });
    let mut last = None;
    for epoch in 0..7 {
        world.end(epoch);
        world.later(EPOCH_DELAY_S);
        let submission = world.submission(summary(epoch, root(1_000_000 * (u64::from(epoch) + 1)), 1));
        last = Some(send(&mut world, submission, &[]));
    }
    let receipt = last.expect("seven");
    row(action, "compute-units", units(&receipt), "the seventh day's; settles and mints the day before, both with pay");
    row(action, "bytes", receipt.bytes as u64, "the transaction, without a lookup table");
}

fn acts() {
    let mut world = World::new(Setup::default());
    let (authority, guardian) = (world.authority.insecure_clone(), world.guardian.insecure_clone());
    let approve = world.dao(&instruction::ApproveOpen { first: 0, old: [0; 32], head: [0; 32] });
    row(
        "approve-open",
        "compute-units",
        units(&send(&mut world, approve, &[&authority])),
        "the DAO authority's, a key",
    );
    let digest = world.opening(0, [0; 32]).digest();
    let open = world.calls.open(0, [0; 32], world.oracles.quorum(&digest));
    row("open", "compute-units", units(&send(&mut world, open, &[])), "5 of 7 signatures");
    world.later(world::LONG_DELAY_S);
    world.file(0, root(1_000), 1);
    let data = instruction::Veto { digest: world.state().head, reason: vec![b'x'; 64] };
    let veto = world.calls.act(guardian.pubkey(), &[guardian.pubkey()], &data);
    row(
        "veto",
        "compute-units",
        units(&send(&mut world, veto, &[&guardian])),
        "the guardian's, of an epoch, 64 bytes of reason",
    );
    let advance = world.dao(&instruction::Advance { head: world.state().head, reason: vec![b'x'; 64] });
    row(
        "advance",
        "compute-units",
        units(&send(&mut world, advance, &[&authority])),
        "the DAO authority's, 64 bytes of reason",
    );
    let hand_over = world.dao(&instruction::HandOver { end: 180, new_distributor: [9; 32] });
    let conditions = "after the guarded time";
    row("hand-over", "compute-units", units(&send(&mut world, hand_over, &[&authority])), conditions);
    let next = OracleKeys::new(20, 7);
    let data = instruction::Rotate { version: 2, keys: next.compressed() };
    let rotate = world.calls.rotate(authority.pubkey(), &[authority.pubkey()], &data);
    let conditions = "to a set of 7, every key found to be on the curve; after the guarded time";
    row("rotate", "compute-units", units(&send(&mut world, rotate, &[&authority])), conditions);
    world.oracles = next;
    let consent = world.calls.consent(guardian.pubkey(), &[guardian.pubkey()], [1; 32], true);
    row("consent", "compute-units", units(&send(&mut world, consent, &[&guardian])), "the guardian's, a key");
    let change = world.dao(&instruction::SetGuardian { guardian: authority.pubkey() });
    row("set-guardian", "compute-units", units(&send(&mut world, change, &[&authority])), "after the guarded time");
    let tree = tree(&payees(4), 10);
    world.file(0, tree.root, 0);
    world.later(world::LONG_DELAY_S);
    let settle = world.calls.settle();
    row("settle", "compute-units", units(&send(&mut world, settle, &[])), "an epoch with pay became payable");
    let roots = world.calls.held_roots();
    row(
        "held-roots",
        "compute-units",
        units(&send(&mut world, roots, &[])),
        "returned to another program or a simulation",
    );
    world.chain.use_table(world.calls.shared());
    let leaf = world.calls.is_valid_leaf(Held::Newest, tree.payee(1), tree.amount(1), 1, tree.proof(1));
    row("is-valid-leaf", "compute-units", units(&send(&mut world, leaf, &[])), "2^20 leaves");
}

fn create_account(world: &mut World, payee: &Address) {
    let (payer, mint, program) = (world.payer(), world.calls.mint, world.calls.token_program);
    world.pass(&[create_associated_token_account_idempotent(&payer, payee, &mint, &program)], &[]);
}

fn mean(figures: &[u64]) -> u64 {
    figures.iter().sum::<u64>().div_ceil(figures.len() as u64)
}

/// Claims of single leaves: of payees without a token account, of payees with one, and later ones.
fn claiming(suffix: &str, token_program: Address, name: &str) {
    let mut world = World::opened(Setup { token_program, ..Setup::default() });
    let all = payees(2 * SAMPLE);
    let (with, without) = all.split_at(SAMPLE);
    let trees = [tree(&all, 1_000), tree(&all, 3_000)];
    for payee in with {
        create_account(&mut world, payee);
    }
    world.chain.use_table(world.calls.shared());
    let measure = |world: &mut World, tree: &DeepTree, payees: &[Address]| {
        let mut figures = vec![];
        let mut bytes = 0;
        for payee in payees {
            let claim = world.claim_of(tree, tree.place(payee));
            let receipt = send(world, claim, &[]);
            figures.push(units(&receipt));
            bytes = receipt.bytes;
        }
        (mean(&figures), bytes as u64)
    };
    world.file_payable(0, trees[0].root);
    world.pass(&[world.calls.settle()], &[]);
    let conditions = format!("{name}, 2^20 leaves, the epoch settled before; mean of {SAMPLE} payees");
    let (first, bytes) = measure(&mut world, &trees[0], with);
    row(&format!("claim-first{suffix}"), "compute-units", first, &format!("{conditions}, who have a token account"));
    let (created, _) = measure(&mut world, &trees[0], without);
    row(
        &format!("claim-first-creating{suffix}"),
        "compute-units",
        created,
        &format!("{conditions}, whose token account it creates"),
    );
    let rent = |world: &World, address: &Address| world.chain.svm.get_account(address).expect("an account").lamports;
    let claimed = rent(&world, &world.calls.claimed(&with[0]));
    assert_eq!(world.chain.read::<Claimed>(&world.calls.claimed(&with[0])).amount, 1_000);
    row(&format!("claim-first{suffix}"), "lamports", claimed, "rent of the payee's claimed account");
    let destination = world.calls.destination(&without[0]);
    assert!(world.chain.read::<TokenAccount>(&destination).amount > 0);
    let both = claimed + rent(&world, &destination);
    row(
        &format!("claim-first-creating{suffix}"),
        "lamports",
        both,
        "rent of the payee's claimed account and token account",
    );
    row(
        &format!("claim-first{suffix}"),
        "bytes",
        bytes,
        "the transaction, with a lookup table of what all claims share",
    );
    world.file_payable(1, trees[1].root);
    world.pass(&[world.calls.settle()], &[]);
    let (later, _) = measure(&mut world, &trees[1], with);
    row(&format!("claim-later{suffix}"), "compute-units", later, &conditions);
}

/// A lookup table that holds the payees' accounts too.
fn look_up_all(world: &mut World, payees: &[Address]) {
    let own = payees.iter().flat_map(|payee| [world.calls.destination(payee), world.calls.claimed(payee)]);
    let all = world.calls.shared().into_iter().chain(own).collect();
    world.chain.use_table(all);
}

fn run(world: &World, tree: &DeepTree, log2: u8) -> Instruction {
    let places = 0..1u32 << log2;
    let payees: Vec<Address> = places.clone().map(|place| tree.payee(place)).collect();
    let amounts = places.map(|place| tree.amount(place)).collect();
    world.calls.claim_range(world.payer(), &payees, 0, amounts, vec![], tree.range_proof(0, log2))
}

/// The longest run, first and later.
fn runs() {
    const LOG2: u8 = 4;
    let mut world = World::opened(Setup::default());
    let payees = payees(1 << LOG2);
    for payee in &payees {
        create_account(&mut world, payee);
    }
    look_up_all(&mut world, &payees);
    let conditions = "Token-2022, 2^20 leaves, the epoch settled before; one claim of the run, payees";
    let times = [
        ("claim-range-16-first", "with a token account that never claimed"),
        ("claim-range-16", "that claimed before"),
    ];
    for (epoch, (action, who)) in (0..).zip(times) {
        let tree = tree(&payees, 1_000 * (2 * u64::from(epoch) + 1));
        world.file_payable(epoch, tree.root);
        world.pass(&[world.calls.settle()], &[]);
        let claim = run(&world, &tree, LOG2);
        let receipt = send(&mut world, claim, &[]);
        row(action, "compute-units", units(&receipt).div_ceil(1 << LOG2), &format!("{conditions} {who}"));
        row(action, "bytes", receipt.bytes as u64, "the transaction, with a lookup table of all accounts");
    }
}

/// How many leaves one transaction with a lookup table carries, by its length.
fn longest_run() {
    let mut world = World::opened(Setup::default());
    let payees = payees(64);
    look_up_all(&mut world, &payees);
    let tree = tree(&payees, 1_000);
    let fits = |world: &mut World, log2: &u8| {
        let claim = run(world, &tree, *log2);
        world.chain.length_of(&[budget(), claim]) <= MAX_TRANSACTION
    };
    let longest = (0..=6).rev().find(|log2| fits(&mut world, log2)).expect("one leaf fits");
    let depth = |depth: &usize| {
        let proof = vec![0; 40 * depth];
        let claim = world.calls.claim(world.payer(), payees[0], 1, 0, proof);
        world.chain.length_of(&[budget(), claim]) <= MAX_TRANSACTION
    };
    let deepest = (0..=32).rev().find(depth).expect("a lone leaf fits");
    let conditions = "levels above the leaf in one transaction, with a lookup table of what all claims share; payer and payee are two";
    row("claim-deepest", "count", deepest as u64, conditions);
    row(
        "claim-range-longest",
        "count",
        1 << longest,
        "2^20 leaves; by the transaction's 1 232 bytes, with a lookup table of all accounts",
    );
}
