//! P5: claims of an aligned run with one proof.

use anchor_spl::associated_token::spl_associated_token_account::instruction::create_associated_token_account_idempotent;
use emission::events::Paid;
use emission::{EmissionError, NamedLeaf};
use emission_tests::{DeepTree, Setup, World};
use liaise_summary::{DistributorId, filler_payee};
use solana_address::Address;
use solana_instruction::Instruction;

/// Epoch 0 is payable with a tree of these payees, each of whom has a token account; amounts differ.
fn world_with(payees: &[Address], depth: usize) -> (World, DeepTree) {
    let mut world = World::opened(Setup::default());
    let leaves: Vec<_> = payees.iter().zip(1..).map(|(payee, place)| (*payee, 100 * place)).collect();
    let tree = DeepTree::new(&leaves, depth);
    world.file_payable(0, tree.root);
    for payee in payees {
        let (payer, mint, program) = (world.payer(), world.calls.mint, world.calls.token_program);
        world.pass(&[create_associated_token_account_idempotent(&payer, payee, &mint, &program)], &[]);
    }
    (world, tree)
}

fn payees(count: usize) -> Vec<Address> {
    (0..count).map(|_| Address::new_unique()).collect()
}

/// The claim of the 2^log2 leaves from `first` on, without the named ones' accounts.
fn run(world: &World, tree: &DeepTree, first: u32, log2: u8, named: &[u8]) -> Instruction {
    let places = first..first + (1 << log2);
    let unnamed = places.clone().filter(|place| !named.contains(&((place - first) as u8)));
    let payees: Vec<Address> = unnamed.map(|place| tree.payee(place)).collect();
    let named = named.iter().map(|at| NamedLeaf { at: *at, payee: tree.payee(first + u32::from(*at)) }).collect();
    let amounts = places.map(|place| tree.amount(place)).collect();
    world.calls.claim_range(world.payer(), &payees, first, amounts, named, tree.range_proof(first, log2))
}

#[test]
fn a_run_pays_all_its_leaves_with_one_proof() {
    let payees = payees(8);
    let (mut world, tree) = world_with(&payees, 20);
    world.chain.use_table([world.calls.shared(), accounts_of(&world, &payees)].concat());
    for (first, log2) in [(4, 2), (0, 1), (2, 0), (3, 0)] {
        let claim = run(&world, &tree, first, log2, &[]);
        let receipt = world.pass(&[claim], &[]);
        let expected: u64 = (first..first + (1 << log2)).map(|place| tree.amount(place)).sum();
        assert_eq!(receipt.returned::<u64>(), expected);
        assert_eq!(receipt.events::<Paid>().len(), 1 << log2);
    }
    for place in 0..8 {
        assert_eq!(world.balance(&tree.payee(place)), tree.amount(place));
        assert_eq!(world.claimed(&tree.payee(place)), tree.amount(place));
    }
    // All of them again, in one run: skipped.
    let claim = run(&world, &tree, 0, 3, &[]);
    let again = world.pass(&[claim], &[]);
    assert_eq!((again.returned::<u64>(), again.events::<Paid>().len()), (0, 0));
}

fn accounts_of(world: &World, payees: &[Address]) -> Vec<Address> {
    payees.iter().flat_map(|payee| [world.calls.destination(payee), world.calls.claimed(payee)]).collect()
}

#[test]
fn a_leaf_that_was_paid_is_skipped_and_the_others_are_paid() {
    let (mut world, tree) = world_with(&payees(4), 6);
    world.claim(&tree, 2);
    let claim = run(&world, &tree, 0, 2, &[]);
    let paid = world.pass(&[claim], &[]).events::<Paid>();
    assert_eq!(paid.len(), 3);
    assert!(paid.iter().all(|paid| paid.payee != tree.payee(2)));
}

#[test]
fn a_run_skips_a_decreed_loss_named_leaves_and_the_padding() {
    let mut world = World::opened(Setup::default());
    let filler = filler_payee(&DistributorId(world.calls.distributor.to_bytes()));
    let filler = Address::new_from_array(filler.0);
    let (paid, homeless) = (Address::new_unique(), Address::new_unique());
    // Three leaves: the fourth place is padding.
    let tree = DeepTree::new(&[(paid, 10), (homeless, 20), (filler, 30)], 4);
    world.file_payable(0, tree.root);
    let (payer, mint, program) = (world.payer(), world.calls.mint, world.calls.token_program);
    world.pass(&[create_associated_token_account_idempotent(&payer, &paid, &mint, &program)], &[]);
    let mut named: Vec<NamedLeaf> =
        [homeless, filler].map(|payee| NamedLeaf { at: tree.place(&payee) as u8, payee }).to_vec();
    named.sort_by_key(|leaf| leaf.at);
    let mut amounts: Vec<u64> = (0..3).map(|place| tree.amount(place)).collect();
    amounts.push(0);
    // The whole tree is the run; what is left of the proof is the made-up part.
    let proof = tree.proof(0)[80..].to_vec();
    let claim = |named: Vec<NamedLeaf>| {
        world.calls.claim_range(world.payer(), &[paid], 0, amounts.clone(), named, proof.clone())
    };
    let (good, short, crooked) = (
        claim(named.clone()),
        claim(named[..1].to_vec()),
        claim({
            let mut named = named.clone();
            named.reverse();
            named
        }),
    );
    let beyond = claim([named.clone(), vec![NamedLeaf { at: 9, payee: filler }]].concat());
    world.refuse(short, &[], EmissionError::RunAccounts);
    world.refuse(crooked, &[], EmissionError::RunAccounts);
    world.refuse(beyond, &[], EmissionError::NamedLeafOutOfRun);
    assert_eq!(world.pass(&[good], &[]).returned::<u64>(), 10);
    assert_eq!((world.balance(&paid), world.balance(&homeless)), (10, 0));
    // Its own claim pays who was named.
    world.claim(&tree, tree.place(&homeless));
    assert_eq!(world.balance(&homeless), 20);
}

#[test]
fn a_run_is_aligned_and_a_power_of_two() {
    let (mut world, tree) = world_with(&payees(8), 6);
    let all: Vec<Address> = (0..8).map(|place| tree.payee(place)).collect();
    let amounts = |range: std::ops::Range<u32>| range.map(|place| tree.amount(place)).collect::<Vec<_>>();
    let proof = tree.range_proof(0, 1);
    let claims = [
        world.calls.claim_range(world.payer(), &all[1..3], 1, amounts(1..3), vec![], proof.clone()),
        world.calls.claim_range(world.payer(), &all[0..3], 0, amounts(0..3), vec![], proof.clone()),
        world.calls.claim_range(world.payer(), &[], 0, vec![], vec![], proof),
    ];
    for claim in claims {
        world.refuse(claim, &[], EmissionError::RunNotAligned);
    }
}

#[test]
fn a_run_pays_whom_its_accounts_and_its_proof_name() {
    let (mut world, tree) = world_with(&payees(4), 6);
    let good = run(&world, &tree, 0, 2, &[]);
    let accounts = good.accounts.len() - 8;
    // Two payees change places: their leaves hash to something else.
    let mut swapped = good.clone();
    swapped.accounts.swap(accounts, accounts + 2);
    swapped.accounts.swap(accounts + 1, accounts + 3);
    world.refuse(swapped, &[], EmissionError::InvalidProof);
    // Only the records change places.
    let mut records = good.clone();
    records.accounts.swap(accounts + 1, accounts + 3);
    world.refuse(records, &[], EmissionError::WrongClaimed);
    for missing in [accounts + 7, accounts + 6] {
        let mut short = good.clone();
        short.accounts.truncate(missing);
        world.refuse(short, &[], EmissionError::RunAccounts);
    }
    let mut long = good.clone();
    long.accounts.push(good.accounts[accounts].clone());
    world.refuse(long, &[], EmissionError::RunAccounts);
    // A payee without a token account.
    let mut nobody = good.clone();
    nobody.accounts[accounts].pubkey = world.calls.destination(&Address::new_unique());
    world.refuse(nobody, &[], EmissionError::NoDestination);
    world.pass(&[good], &[]);
}

#[test]
fn one_bad_leaf_refuses_the_run() {
    let (mut world, tree) = world_with(&payees(4), 6);
    let mut claim = run(&world, &tree, 0, 2, &[]);
    let proof = tree.range_proof(0, 2);
    let mut amounts: Vec<u64> = (0..4).map(|place| tree.amount(place)).collect();
    amounts[3] += 1;
    let all: Vec<Address> = (0..4).map(|place| tree.payee(place)).collect();
    let greedy = world.calls.claim_range(world.payer(), &all, 0, amounts.clone(), vec![], proof.clone());
    world.refuse(greedy, &[], EmissionError::InvalidProof);
    amounts[3] = u64::MAX;
    let huge = world.calls.claim_range(world.payer(), &all, 0, amounts, vec![], proof);
    world.refuse(huge, &[], EmissionError::SumTooLarge);
    claim.data.pop();
    assert!(world.chain.send(&[claim], &[]).is_err());
}
