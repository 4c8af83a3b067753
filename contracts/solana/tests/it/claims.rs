//! P5: who is paid, how much, by which proof.

use emission::events::Paid;
use emission::{EmissionError, Held, HeldRoots, Kind, Root};
use emission_tests::world::{EPOCH_DELAY_S, SPL_TOKEN, TOKEN_2022};
use emission_tests::{DeepTree, Refusal, Setup, World};
use liaise_summary::{DistributorId, filler_payee};
use solana_address::Address;

fn payees(count: usize) -> Vec<Address> {
    (0..count).map(|_| Address::new_unique()).collect()
}

/// Each payee earns its place's number times `unit`.
fn tree(payees: &[Address], unit: u64, depth: usize) -> DeepTree {
    let leaves: Vec<_> = payees.iter().zip(1..).map(|(payee, place)| (*payee, place * unit)).collect();
    DeepTree::new(&leaves, depth)
}

#[test]
fn anybody_sends_a_claim_the_payee_is_paid() {
    for token_program in [SPL_TOKEN, TOKEN_2022] {
        let mut world = World::opened(Setup { token_program, ..Setup::default() });
        let payees = payees(5);
        let tree = tree(&payees, 100, 20);
        world.file_payable(0, tree.root);
        world.chain.use_table(world.calls.shared());
        let place = tree.place(&payees[3]);
        // Sender and payer of rents is a stranger; the books are settled on the way.
        let receipt = world.claim(&tree, place);
        let paid = receipt.event::<Paid>();
        assert_eq!((paid.payee, paid.amount, paid.total), (payees[3], 400, 400));
        assert_eq!(receipt.returned::<u64>(), 400);
        assert_eq!((world.balance(&payees[3]), world.claimed(&payees[3])), (400, 400));
        assert_eq!((world.supply(), world.unclaimed()), (tree.root.sum, tree.root.sum - 400));
        // Again: nothing more, and no error.
        let again = world.claim(&tree, place);
        assert!(again.events::<Paid>().is_empty());
        assert_eq!(again.returned::<u64>(), 0);
        assert_eq!(world.balance(&payees[3]), 400);
    }
}

#[test]
fn a_later_claim_pays_the_difference() {
    let mut world = World::opened(Setup::default());
    let payees = payees(4);
    let (first, second) = (tree(&payees, 100, 9), tree(&payees, 250, 9));
    world.file_payable(0, first.root);
    world.claim(&first, first.place(&payees[1]));
    world.file_payable(1, second.root);
    let paid = world.claim(&second, second.place(&payees[1])).event::<Paid>();
    assert_eq!((paid.amount, paid.total), (300, 500));
    assert_eq!(world.balance(&payees[1]), 500);
    // One that never claimed gets both at once.
    world.claim(&second, second.place(&payees[0]));
    assert_eq!(world.balance(&payees[0]), 250);
}

#[test]
fn the_root_before_the_newest_still_pays() {
    let mut world = World::opened(Setup::default());
    let payees = payees(3);
    let trees: Vec<DeepTree> = (1..=3).map(|times| tree(&payees, 10 * times, 5)).collect();
    world.file_payable(0, trees[0].root);
    world.file_payable(1, trees[1].root);
    world.claim(&trees[0], trees[0].place(&payees[0]));
    assert_eq!(world.balance(&payees[0]), 10);
    world.claim(&trees[1], trees[1].place(&payees[0]));
    assert_eq!(world.balance(&payees[0]), 20);
    // The older of two roots after the newer one: nothing more.
    world.claim(&trees[0], trees[0].place(&payees[0]));
    assert_eq!(world.balance(&payees[0]), 20);
    // A third root, and the first is forgotten.
    world.file_payable(2, trees[2].root);
    let old = world.claim_of(&trees[0], trees[0].place(&payees[1]));
    world.refuse(old, &[], EmissionError::InvalidProof);
}

#[test]
fn a_pending_root_pays_nothing_until_it_is_payable() {
    let mut world = World::opened(Setup::default());
    let tree = tree(&payees(3), 10, 5);
    world.file(0, tree.root, 0);
    world.later(EPOCH_DELAY_S - 1);
    let claim = world.claim_of(&tree, 1);
    world.refuse(claim, &[], EmissionError::InvalidProof);
    world.later(1);
    world.claim(&tree, 1);
    assert_eq!(world.balance(&tree.payee(1)), tree.amount(1));
}

#[test]
fn every_leaf_and_no_other_is_paid() {
    let mut world = World::opened(Setup::default());
    let payees = payees(6);
    let tree = tree(&payees, 10, 4);
    world.file_payable(0, tree.root);
    for index in 0..6 {
        let (payee, amount, proof) = (tree.payee(index), tree.amount(index), tree.proof(index));
        let claim =
            |payee, amount, index, proof: &[u8]| world.calls.claim(world.payer(), payee, amount, index, proof.to_vec());
        let mut sum = proof.clone();
        sum[39] ^= 1;
        let mut hash = proof.clone();
        hash[40 * 2] ^= 1;
        let mut huge = proof.clone();
        huge[32] = 0xff;
        let wrong = [
            (claim(payee, amount + 1, index, &proof), EmissionError::InvalidProof),
            (claim(payee, amount - 1, index, &proof), EmissionError::InvalidProof),
            (claim(Address::new_unique(), amount, index, &proof), EmissionError::InvalidProof),
            (claim(payee, amount, index ^ 1, &proof), EmissionError::InvalidProof),
            (claim(payee, amount, index | 16, &proof), EmissionError::IndexTooLarge),
            (claim(payee, amount, index, &sum), EmissionError::InvalidProof),
            (claim(payee, amount, index, &hash), EmissionError::InvalidProof),
            (claim(payee, amount, index, &huge), EmissionError::SumTooLarge),
            (claim(payee, 1 << 63, index, &proof), EmissionError::SumTooLarge),
            (claim(payee, u64::MAX, index, &proof), EmissionError::SumTooLarge),
            (claim(payee, amount, index, &proof[..159]), EmissionError::ProofLength),
        ];
        for (claim, error) in wrong {
            world.refuse(claim, &[], error);
        }
        world.claim(&tree, index);
        assert_eq!(world.balance(&payee), amount);
    }
    // A proof one level short is refused for its index or for its root.
    let short = world.calls.claim(world.payer(), tree.payee(0), tree.amount(0), 0, tree.proof(0)[..120].to_vec());
    world.refuse(short, &[], EmissionError::InvalidProof);
    assert_eq!(world.unclaimed() + payees.iter().map(|payee| world.balance(payee)).sum::<u64>(), tree.root.sum);
}

#[test]
fn a_proof_has_at_most_32_levels() {
    let mut world = World::opened(Setup::default());
    let tree = tree(&payees(2), 10, 5);
    world.file_payable(0, tree.root);
    for (levels, error) in [(32, EmissionError::InvalidProof), (33, EmissionError::ProofTooDeep)] {
        // more than a transaction carries
        let deep = world.calls.claim(world.payer(), tree.payee(0), tree.amount(0), 0, vec![0; levels * 40]);
        let refused = world.chain.send_of_any_length(&[deep]).map(|_| ());
        assert_eq!(refused, Err(Refusal::Number(u32::from(error))));
    }
}

#[test]
fn a_proof_of_another_epoch_is_refused() {
    let mut world = World::opened(Setup::default());
    let payees = payees(3);
    let (first, second) = (tree(&payees, 10, 5), tree(&payees, 25, 5));
    world.file_payable(0, first.root);
    world.file_payable(1, second.root);
    let place = first.place(&payees[2]);
    let mixed = world.calls.claim(world.payer(), payees[2], first.amount(place), place, second.proof(place));
    world.refuse(mixed, &[], EmissionError::InvalidProof);
}

#[test]
fn a_claim_of_another_distributor_is_refused() {
    let mut first = World::opened(Setup::default());
    let tree = tree(&payees(3), 10, 5);
    first.file_payable(0, tree.root);
    let mut second = World::on(first.chain, Setup { network: [8; 32], ..Setup::default() });
    second.open_from(0);
    let claim = second.claim_of(&tree, 0);
    second.refuse(claim, &[], EmissionError::InvalidProof);
}

#[test]
fn a_decreed_loss_the_distributor_and_nobody_are_never_paid() {
    let mut world = World::opened(Setup::default());
    let filler = filler_payee(&DistributorId(world.calls.distributor.to_bytes()));
    let never = [Address::new_from_array(filler.0), world.calls.distributor, Address::default()];
    let leaves: Vec<_> = never.iter().map(|payee| (*payee, 50)).collect();
    let tree = DeepTree::new(&leaves, 6);
    world.file_payable(0, tree.root);
    for payee in never {
        let claim = world.claim_of(&tree, tree.place(&payee));
        world.refuse(claim, &[], EmissionError::NotAnAccount);
    }
}

#[test]
fn what_is_paid_is_bounded_by_the_counter() {
    // Roots whose sums claim to be small and whose leaves are not can't be made: sums are part of the nodes. So the
    // counter is emptied by hand, which no instruction can.
    let mut world = World::opened(Setup::default());
    let tree = tree(&payees(3), 10, 5);
    world.file_payable(0, tree.root);
    world.pass(&[world.calls.settle()], &[]);
    let mut vault = world.chain.svm.get_account(&world.calls.vault).expect("the vault");
    vault.data[64..72].copy_from_slice(&(tree.amount(0) - 1).to_le_bytes());
    world.chain.svm.set_account(world.calls.vault, vault).expect("the vault");
    let claim = world.claim_of(&tree, 0);
    world.refuse(claim, &[], EmissionError::CounterExhausted);
}

/// A dishonest quorum's roots: each payee's leaf goes to another one in the next epoch. All that was ever paid is at most the
/// sums of payable roots.
#[test]
fn no_more_is_paid_than_became_payable_whatever_the_roots_say() {
    let mut world = World::opened(Setup::default());
    let mut everybody = vec![];
    for epoch in 0..6 {
        let tree = tree(&payees(4), 1_000, 6);
        // The sum stays, the payees change: only the first ones can be paid.
        world.file_payable(epoch, tree.root);
        for index in 0..4 {
            let claim = world.claim_of(&tree, index);
            let outcome = world.chain.send(&[emission_tests::world::budget(), claim], &[]).map(|_| ());
            let exhausted = Refusal::Number(u32::from(EmissionError::CounterExhausted));
            assert!(outcome.is_ok() || outcome == Err(exhausted));
            everybody.push(tree.payee(index));
        }
        let paid: u64 = everybody.iter().map(|payee| world.balance(payee)).sum();
        assert_eq!(paid + world.unclaimed(), tree.root.sum);
        assert_eq!(world.supply(), tree.root.sum);
    }
}

#[test]
fn any_program_reads_the_held_roots_and_checks_a_leaf() {
    let mut world = World::opened(Setup::default());
    let none = world.pass(&[world.calls.held_roots()], &[]).returned::<HeldRoots>();
    assert_eq!(none, HeldRoots { pending: None, newest: None, previous: None });
    let payees = payees(3);
    let trees: Vec<DeepTree> = (1..=3).map(|times| tree(&payees, 10 * times, 5)).collect();
    for (epoch, tree) in (0..).zip(&trees) {
        world.file(epoch, tree.root, 0);
        if epoch < 2 {
            world.later(EPOCH_DELAY_S);
        }
    }
    let root = |epoch: u32| {
        let root = trees[epoch as usize].root;
        Some(Root { epoch, hash: root.hash.0, sum: root.sum })
    };
    let held = world.pass(&[world.calls.held_roots()], &[]).returned::<HeldRoots>();
    assert_eq!(held, HeldRoots { pending: root(2), newest: root(1), previous: root(0) });
    let check = |world: &mut World, which, tree: &DeepTree, amount: u64| {
        let call = world.calls.is_valid_leaf(which, tree.payee(1), amount, 1, tree.proof(1));
        world.pass(&[call], &[]).returned::<bool>()
    };
    for (place, which) in [Held::Previous, Held::Newest, Held::Pending].into_iter().enumerate() {
        assert!(check(&mut world, which, &trees[place], trees[place].amount(1)));
        assert!(!check(&mut world, which, &trees[place], trees[place].amount(1) + 1));
        assert!(!check(&mut world, which, &trees[(place + 1) % 3], trees[(place + 1) % 3].amount(1)));
    }
    // As of now, not as written down.
    world.later(EPOCH_DELAY_S);
    assert_eq!(world.state().books.pending.map(|pending| pending.kind), Some(Kind::Epoch));
    let held = world.pass(&[world.calls.held_roots()], &[]).returned::<HeldRoots>();
    assert_eq!(held, HeldRoots { pending: None, newest: root(2), previous: root(1) });
    let malformed = world.calls.is_valid_leaf(Held::Newest, trees[2].payee(1), 1, 1, vec![0; 41]);
    world.refuse(malformed, &[], EmissionError::ProofLength);
}
