//! Sizes of accounts, and accounts that are missing, foreign, or another's.

use anchor_lang::error::ErrorCode;
use anchor_lang::{AccountSerialize, Space};
use emission::{
    Books, Claimed, Council, Distributor, EmissionError, Kind, Opening, Oracles, Pending, Root, instruction,
};
use emission_tests::calls::SYSTEM;
use emission_tests::world::{SPL_TOKEN, TOKEN_2022, budget};
use emission_tests::{Calls, DeepTree, Refusal, Setup, World};
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer;

fn written(account: &impl AccountSerialize) -> usize {
    let mut bytes = vec![];
    account.try_serialize(&mut bytes).expect("bytes");
    bytes.len()
}

/// Every field at its longest fills the account exactly; no field can ever be missing room.
#[test]
fn accounts_have_room_for_their_longest_content() {
    let root = Root { epoch: u32::MAX, hash: [1; 32], sum: u64::MAX };
    let pending = Pending { kind: Kind::Open, payable_at_s: u64::MAX, root, owed: u64::MAX };
    let world = World::new(Setup::default());
    let distributor = Distributor {
        books: Books { newest: Some(root), previous: Some(root), pending: Some(pending), ..Books::default() },
        approval: Some(Opening { first: 0, old: [1; 32], head: [1; 32] }),
        consents: vec![[1; 32]; 4],
        ..world.state()
    };
    assert_eq!((written(&distributor), Distributor::SPACE), (749, 749));
    let oracles = Oracles { version: 1, bump: 1, set_version: 1, keys: vec![[2; 33]; 15] };
    assert_eq!((written(&oracles), Oracles::SPACE), (513, 513));
    assert_eq!((written(&Claimed::default()), Claimed::SPACE, Claimed::INIT_SPACE), (19, 19, 11));
    let council = Council { version: 1, bump: 1, threshold: 1, members: vec![Address::default(); 11] };
    assert_eq!((written(&council), Council::SPACE), (367, 367));
}

#[test]
fn accounts_are_created_in_their_sizes_and_rent_exempt() {
    let mut world = World::opened(Setup { council: Some((1, 2)), ..Setup::default() });
    let tree = DeepTree::new(&[(Address::new_unique(), 5)], 2);
    world.file_payable(0, tree.root);
    world.claim(&tree, 0);
    let expected = [
        (world.calls.distributor, Distributor::SPACE),
        (world.calls.oracles, Oracles::SPACE),
        (world.calls.claimed(&tree.payee(0)), Claimed::SPACE),
        (world.deployment.rules.authority, Council::SPACE),
        (world.calls.vault, 165),
        // mint, pointer, metadata with three letters twice and the address
        (world.calls.mint, 234 + 4 + 64 + 7 + 7 + 4 + world.deployment.uri.len() + 4),
    ];
    for (address, size) in expected {
        let account = world.chain.svm.get_account(&address).expect("an account");
        assert_eq!(account.data.len(), size, "{address}");
        assert_eq!(account.lamports, world.chain.svm.minimum_balance_for_rent_exemption(size), "{address}");
    }
}

/// Epoch 0 is payable, and the same in a second distributor of the same program.
fn two_worlds() -> (World, DeepTree, Calls) {
    let first = World::opened(Setup::default());
    let other = first.calls.clone();
    let mut second = World::on(first.chain, Setup { network: [8; 32], ..Setup::default() });
    second.open_from(0);
    let tree = DeepTree::new(&[(Address::new_unique(), 70), (Address::new_unique(), 30)], 4);
    second.file_payable(0, tree.root);
    (second, tree, other)
}

#[test]
fn a_claim_refuses_every_account_that_is_not_the_right_one() {
    let (mut world, tree, other) = two_worlds();
    let good = world.claim_of(&tree, 0);
    let foreign = world.calls.destination(&tree.payee(1));
    let record = world.calls.claimed(&tree.payee(1));
    let own = |error: EmissionError| u32::from(error);
    let anchor = |error: ErrorCode| u32::from(error);
    // places: distributor, mint, vault, token program, payer, payee, destination, claimed, associated token, system
    let wrong = [
        (0, other.distributor, own(EmissionError::WrongMint)),
        (0, world.calls.mint, anchor(ErrorCode::AccountOwnedByWrongProgram)),
        (0, world.calls.oracles, anchor(ErrorCode::AccountDiscriminatorMismatch)),
        (0, Address::new_unique(), anchor(ErrorCode::AccountNotInitialized)),
        (1, other.mint, own(EmissionError::WrongMint)),
        (1, world.calls.vault, own(EmissionError::WrongMint)),
        (2, other.vault, own(EmissionError::WrongVault)),
        (2, foreign, own(EmissionError::WrongVault)),
        (3, SPL_TOKEN, own(EmissionError::WrongTokenProgram)),
        (3, SYSTEM, own(EmissionError::WrongTokenProgram)),
        (5, tree.payee(1), own(EmissionError::InvalidProof)),
        (6, foreign, own(EmissionError::WrongDestination)),
        (6, other.destination(&tree.payee(0)), own(EmissionError::WrongDestination)),
        (6, Address::new_unique(), own(EmissionError::WrongDestination)),
        (6, world.calls.vault, own(EmissionError::WrongDestination)),
        (7, record, own(EmissionError::WrongClaimed)),
        (7, other.claimed(&tree.payee(0)), own(EmissionError::WrongClaimed)),
        (7, world.calls.distributor, own(EmissionError::WrongClaimed)),
        (7, Address::new_unique(), own(EmissionError::WrongClaimed)),
        (8, TOKEN_2022, anchor(ErrorCode::InvalidProgramId)),
        (9, TOKEN_2022, anchor(ErrorCode::InvalidProgramId)),
    ];
    for (place, address, number) in wrong {
        let mut claim = good.clone();
        claim.accounts[place].pubkey = address;
        // one account twice, both to be written, is Anchor's to refuse
        let result = world.chain.send(&[budget(), claim.clone()], &[]).map(|_| ());
        let twice = Err(Refusal::Number(anchor(ErrorCode::ConstraintDuplicateMutableAccount)));
        assert!(result == Err(Refusal::Number(number)) || result == twice, "account {place}: {result:?}, not {number}");
    }
    for places in 0..good.accounts.len() {
        let mut claim = good.clone();
        claim.accounts.truncate(places);
        world.refuse_number(claim, &[], anchor(ErrorCode::AccountNotEnoughKeys));
    }
    assert_eq!(world.balance(&tree.payee(0)), 0);
    world.pass(&[good], &[]);
    assert_eq!(world.balance(&tree.payee(0)), 70);
}

#[test]
fn a_submission_refuses_another_oracle_set() {
    let (mut world, tree, other) = two_worlds();
    world.end(1);
    let summary = emission_tests::world::summary(1, tree.root, 0);
    let good = world.submission(summary);
    let last = good.accounts.len() - 1;
    for (address, number) in [
        (other.oracles, u32::from(EmissionError::WrongOracles)),
        (world.calls.distributor, u32::from(ErrorCode::AccountDiscriminatorMismatch)),
        (world.calls.mint, u32::from(ErrorCode::AccountOwnedByWrongProgram)),
    ] {
        let mut wrong = good.clone();
        wrong.accounts[last].pubkey = address;
        world.refuse_number(wrong, &[], number);
    }
    let rotate = instruction::Rotate { version: 2, keys: world.oracles.compressed() };
    let authority = world.authority.insecure_clone();
    let mut wrong = world.calls.rotate(authority.pubkey(), &[authority.pubkey()], &rotate);
    let last = wrong.accounts.len() - 1;
    wrong.accounts[last].pubkey = other.oracles;
    world.refuse(wrong, &[&authority], EmissionError::WrongOracles);
    world.pass(&[good], &[]);
}

/// An associated token account whose owner was changed is no longer the payee's. Only SPL Token lets its owner do that.
#[test]
fn a_token_account_that_was_given_away_is_refused() {
    let mut world = World::opened(Setup { token_program: SPL_TOKEN, ..Setup::default() });
    let (payee, thief) = (Keypair::new(), Address::new_unique());
    let trees = [50, 90].map(|amount| DeepTree::new(&[(payee.pubkey(), amount)], 4));
    world.file_payable(0, trees[0].root);
    world.claim(&trees[0], 0);
    let destination = world.calls.destination(&payee.pubkey());
    let give = anchor_spl::token_2022::spl_token_2022::instruction::set_authority(
        &SPL_TOKEN,
        &destination,
        Some(&thief),
        anchor_spl::token_2022::spl_token_2022::instruction::AuthorityType::AccountOwner,
        &payee.pubkey(),
        &[],
    );
    world.pass(&[give.expect("a call")], &[&payee]);
    world.file_payable(1, trees[1].root);
    let claim = world.claim_of(&trees[1], 0);
    world.refuse(claim, &[], EmissionError::ForeignTokenAccount);
    // In a run its owner is taken for the payee, whose leaf is not there.
    let (amount, proof) = (vec![trees[1].amount(0)], trees[1].proof(0));
    let mut run = world.calls.claim_range(world.payer(), &[payee.pubkey()], 0, amount, vec![], proof);
    world.refuse(run.clone(), &[], EmissionError::InvalidProof);
    run.accounts.truncate(6);
    world.refuse(run, &[], EmissionError::RunAccounts);
}

#[test]
fn a_token_account_that_is_not_rent_exempt_is_refused() {
    let mut world = World::opened(Setup::default());
    let trees = [50, 90].map(|amount| DeepTree::new(&[(Address::new_from_array([4; 32]), amount)], 4));
    world.file_payable(0, trees[0].root);
    world.claim(&trees[0], 0);
    world.file_payable(1, trees[1].root);
    let destination = world.calls.destination(&trees[0].payee(0));
    let mut account = world.chain.svm.get_account(&destination).expect("the payee's");
    account.lamports -= 1;
    world.chain.svm.set_account(destination, account).expect("an account");
    let claim = world.claim_of(&trees[1], 0);
    world.refuse(claim, &[], EmissionError::NotRentExempt);
}

/// Lamports sent to a payee's record before its first claim stop nobody.
#[test]
fn a_gift_to_the_claimed_account_does_not_stop_a_claim() {
    let mut world = World::opened(Setup::default());
    let tree = DeepTree::new(&[(Address::new_unique(), 50), (Address::new_unique(), 60)], 4);
    world.file_payable(0, tree.root);
    for (index, gift) in [(0, 890_880), (1, 50_000_000)] {
        world.chain.svm.airdrop(&world.calls.claimed(&tree.payee(index)), gift).expect("an airdrop");
        world.claim(&tree, index);
        assert_eq!(world.claimed(&tree.payee(index)), tree.amount(index));
    }
}

#[test]
fn who_cannot_pay_the_rent_gets_the_programs_own_refusal() {
    let mut world = World::opened(Setup::default());
    let tree = DeepTree::new(&[(Address::new_unique(), 50)], 4);
    world.file_payable(0, tree.root);
    let (create, poor) = {
        let (payer, mint, program) = (world.payer(), world.calls.mint, world.calls.token_program);
        let create =
            anchor_spl::associated_token::spl_associated_token_account::instruction::create_associated_token_account(
                &payer,
                &tree.payee(0),
                &mint,
                &program,
            );
        (create, Keypair::new())
    };
    world.pass(&[create], &[]);
    world.chain.svm.airdrop(&poor.pubkey(), 1_000_000).expect("an airdrop");
    let claim = world.calls.claim(poor.pubkey(), tree.payee(0), tree.amount(0), 0, tree.proof(0));
    world.refuse(claim, &[&poor], EmissionError::PayerTooPoor);
}

#[test]
fn everything_that_is_written_must_be_writable_and_who_pays_must_sign() {
    let mut world = World::opened(Setup::default());
    let tree = DeepTree::new(&[(Address::new_unique(), 50)], 4);
    world.file_payable(0, tree.root);
    let good = world.claim_of(&tree, 0);
    for place in [0, 1, 2, 6, 7] {
        let mut claim = good.clone();
        claim.accounts[place].is_writable = false;
        world.refuse_number(claim, &[], u32::from(ErrorCode::ConstraintMut));
    }
    let mut unsigned = world.calls.claim(world.guardian.pubkey(), tree.payee(0), tree.amount(0), 0, tree.proof(0));
    unsigned.accounts[4].is_signer = false;
    world.refuse_number(unsigned, &[], u32::from(ErrorCode::AccountNotSigner));
}
