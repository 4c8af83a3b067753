//! P11 and the DAO authority: who may do what, and until when the guardian must agree.

use emission::events::{ConsentChanged, GuardianChanged, HeadAdvanced};
use emission::{Council, EmissionError, MAX_CONSENTS, instruction};
use emission_tests::calls::{council_address, create_council};
use emission_tests::world::{LONG_DELAY_S, summary};
use emission_tests::{DeepTree, OracleKeys, Setup, World};
use liaise_summary::{Hash32, sha256, veto_head};
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

fn advance(world: &World, by: &Keypair) -> Instruction {
    let data = instruction::Advance { head: world.state().head, reason: b"split".to_vec() };
    world.calls.act(by.pubkey(), &[by.pubkey()], &data)
}

fn hand_over(world: &World) -> Instruction {
    world.dao(&instruction::HandOver { end: 180, new_distributor: [9; 32] })
}

/// A world whose guarded time lasts until its 180th epoch.
fn guarded() -> World {
    World::opened(Setup { guarded_s: 180 * 86_400, ..Setup::default() })
}

#[test]
fn the_dao_advances_the_head_when_nothing_is_pending() {
    let mut world = World::opened(Setup::default());
    let (authority, guardian) = (world.authority.insecure_clone(), world.guardian.insecure_clone());
    let head = world.state().head;
    let event = world.pass(&[advance(&world, &authority)], &[&authority]).event::<HeadAdvanced>();
    assert_eq!(event.new_head, veto_head(Hash32(head), b"split").0);
    assert_eq!((event.previous_head, event.new_head), (head, world.state().head));
    let stale = world.dao(&instruction::Advance { head, reason: vec![] });
    world.refuse(stale, &[&authority], EmissionError::OtherHead);
    let by_guardian = advance(&world, &guardian);
    world.refuse(by_guardian, &[&guardian], EmissionError::NotAuthorized);
    world.file(0, emission_tests::tree::NO_ROOT, 0);
    let busy = advance(&world, &authority);
    world.refuse(busy, &[&authority], EmissionError::StatementPending);
}

#[test]
fn until_guarded_until_the_guardian_must_consent_to_the_exact_call() {
    let mut world = guarded();
    let (authority, guardian) = (world.authority.insecure_clone(), world.guardian.insecure_clone());
    let rotate = |version, keys: &OracleKeys| {
        let data = instruction::Rotate { version, keys: keys.compressed() };
        world.calls.rotate(authority.pubkey(), &[authority.pubkey()], &data)
    };
    let next = OracleKeys::new(20, 7);
    let calls = [
        (rotate(2, &next), rotate(2, &OracleKeys::new(30, 7))),
        (hand_over(&world), world.dao(&instruction::HandOver { end: 360, new_distributor: [9; 32] })),
        (
            world.dao(&instruction::SetGuardian { guardian: Address::new_from_array([5; 32]) }),
            world.dao(&instruction::SetGuardian { guardian: Address::new_from_array([6; 32]) }),
        ),
    ];
    for (call, other) in calls {
        world.refuse(call.clone(), &[&authority], EmissionError::NoConsent);
        // Consent is given for the very bytes; another call with it is refused, and it is used up.
        world.consent(&call);
        world.refuse(other, &[&authority], EmissionError::NoConsent);
        let used = world.pass(std::slice::from_ref(&call), &[&authority]).event::<ConsentChanged>();
        assert_eq!((used.call_hash, used.given), (sha256(&[&call.data]).0, false));
        world.refuse(call, &[&authority], EmissionError::NoConsent);
    }
    // The last call named another guardian, who alone can consent now.
    let late = world.calls.consent(guardian.pubkey(), &[guardian.pubkey()], [1; 32], true);
    world.refuse(late, &[&guardian], EmissionError::NotGuardian);
}

#[test]
fn from_guarded_until_on_the_dao_acts_alone() {
    let mut world = guarded();
    let authority = world.authority.insecure_clone();
    let until_s = world.deployment.rules.guarded_until_s as i64;
    world.chain.set_time(until_s - 1);
    let early = hand_over(&world);
    world.refuse(early, &[&authority], EmissionError::NoConsent);
    world.chain.set_time(until_s);
    world.pass(&[hand_over(&world)], &[&authority]);
}

#[test]
fn consent_can_be_withdrawn_and_a_few_can_be_given() {
    let mut world = guarded();
    let (authority, guardian) = (world.authority.insecure_clone(), world.guardian.insecure_clone());
    let call = hand_over(&world);
    world.consent(&call);
    world.consent(&call);
    let hash = sha256(&[&call.data]).0;
    assert_eq!(world.state().consents, [hash]);
    let consent =
        |world: &World, hash, given| world.calls.consent(guardian.pubkey(), &[guardian.pubkey()], hash, given);
    let withdraw = consent(&world, hash, false);
    world.pass(&[withdraw], &[&guardian]);
    world.refuse(call, &[&authority], EmissionError::NoConsent);
    for number in 0..MAX_CONSENTS as u8 {
        let give = consent(&world, [number; 32], true);
        world.pass(&[give], &[&guardian]);
    }
    let more = consent(&world, [99; 32], true);
    world.refuse(more, &[&guardian], EmissionError::TooManyConsents);
    for stranger in [Keypair::new(), authority] {
        let wrong = world.calls.consent(stranger.pubkey(), &[stranger.pubkey()], [1; 32], true);
        world.refuse(wrong, &[&stranger], EmissionError::NotGuardian);
    }
    let unsigned = world.calls.consent(guardian.pubkey(), &[], [1; 32], true);
    world.refuse(unsigned, &[], EmissionError::NotGuardian);
}

#[test]
fn another_guardian_needs_the_old_ones_consent_and_starts_with_none() {
    let mut world = guarded();
    let authority = world.authority.insecure_clone();
    let next = Keypair::new();
    let change = world.dao(&instruction::SetGuardian { guardian: next.pubkey() });
    let call = hand_over(&world);
    world.consent(&call);
    world.consent(&change);
    let event = world.pass(&[change], &[&authority]).event::<GuardianChanged>();
    assert_eq!((event.previous, event.current), (world.guardian.pubkey(), next.pubkey()));
    world.refuse(call, &[&authority], EmissionError::NoConsent);
    assert_eq!(world.state().consents, Vec::<[u8; 32]>::new());
    let nobody = world.dao(&instruction::SetGuardian { guardian: Address::default() });
    let hash = sha256(&[&nobody.data]).0;
    let consent = world.calls.consent(next.pubkey(), &[next.pubkey()], hash, true);
    world.pass(&[consent], &[&next]);
    world.refuse(nobody, &[&authority], EmissionError::ZeroKey);
}

/// Without a token DAO nobody ever stands in; with one, the guardian does until the first XLV is minted.
#[test]
fn the_guardian_stands_in_while_nobody_can_vote_in_opening_and_advance_only() {
    let mut world = World::new(Setup { token_dao: true, ..Setup::default() });
    let guardian = world.guardian.insecure_clone();
    let approve = |world: &World| {
        let data = instruction::ApproveOpen { first: 0, old: [0; 32], head: world.state().head };
        world.calls.act(guardian.pubkey(), &[guardian.pubkey()], &data)
    };
    world.pass(&[advance(&world, &guardian)], &[&guardian]);
    world.pass(&[approve(&world)], &[&guardian]);
    let digest = world.opening(0, [0; 32]).digest();
    world.pass(&[world.calls.open(0, [0; 32], world.oracles.quorum(&digest))], &[]);
    world.later(LONG_DELAY_S);
    // In nothing else.
    let hand_over = instruction::HandOver { end: 180, new_distributor: [9; 32] };
    let set_guardian = instruction::SetGuardian { guardian: guardian.pubkey() };
    for call in [
        world.calls.act(guardian.pubkey(), &[guardian.pubkey()], &hand_over),
        world.calls.act(guardian.pubkey(), &[guardian.pubkey()], &set_guardian),
    ] {
        world.refuse(call, &[&guardian], EmissionError::NotAuthorized);
    }
    let data = instruction::Rotate { version: 2, keys: OracleKeys::new(20, 7).compressed() };
    let rotate = world.calls.rotate(guardian.pubkey(), &[guardian.pubkey()], &data);
    world.refuse(rotate, &[&guardian], EmissionError::NotAuthorized);
    // The call that would come when the first epoch is payable already finds voters.
    let tree = DeepTree::new(&[(Address::new_unique(), 5)], 2);
    world.file_payable(0, tree.root);
    for call in [advance(&world, &guardian), approve(&world)] {
        world.refuse(call, &[&guardian], EmissionError::NotAuthorized);
    }
}

#[test]
fn without_a_token_dao_the_guardian_never_stands_in() {
    let mut world = World::new(Setup::default());
    let guardian = world.guardian.insecure_clone();
    let call = advance(&world, &guardian);
    world.refuse(call, &[&guardian], EmissionError::NotAuthorized);
}

#[test]
fn a_council_acts_when_enough_of_its_members_sign() {
    let mut world = World::new(Setup { council: Some((2, 3)), ..Setup::default() });
    let council = world.deployment.rules.authority;
    let keys: Vec<Keypair> = world.council.iter().map(|member| member.insecure_clone()).collect();
    let stranger = Keypair::new();
    let call = |world: &World, signers: &[&Keypair]| {
        let data = instruction::Advance { head: world.state().head, reason: vec![] };
        let signers: Vec<Address> = signers.iter().map(|signer| signer.pubkey()).collect();
        world.calls.act(council, &signers, &data)
    };
    for signers in [vec![], vec![&keys[1]], vec![&keys[1], &stranger], vec![&stranger]] {
        let few = call(&world, &signers);
        world.refuse(few, &signers, EmissionError::NotAuthorized);
    }
    // The same member twice is one member.
    let mut twice = call(&world, &[&keys[1]]);
    twice.accounts.push(twice.accounts.last().expect("the member").clone());
    world.refuse(twice, &[&keys[1]], EmissionError::NotAuthorized);
    // Named, but one of the two did not sign.
    let mut unsigned = call(&world, &[&keys[1], &keys[2]]);
    unsigned.accounts.last_mut().expect("the member").is_signer = false;
    world.refuse(unsigned, &[&keys[1]], EmissionError::NotAuthorized);
    for pair in [[0, 1], [2, 0], [1, 2]] {
        let signers = pair.map(|member: usize| &keys[member]);
        let call = call(&world, &signers);
        world.pass(&[call], &signers);
    }
    world.pass(&[call(&world, &[&keys[0], &keys[1], &keys[2]])], &[&keys[0], &keys[1], &keys[2]]);
}

#[test]
fn a_council_has_ascending_members_and_a_threshold_among_them() {
    let mut world = World::new(Setup::default());
    let mut members: Vec<Address> = (0..12).map(|_| Address::new_unique()).collect();
    members.sort();
    let mut crooked = members[..3].to_vec();
    crooked.swap(0, 1);
    let cases = [
        (0, members[..3].to_vec()),
        (4, members[..3].to_vec()),
        (1, vec![]),
        (2, members.clone()),
        (2, vec![members[0], members[0], members[1]]),
        (2, crooked),
    ];
    for (threshold, members) in cases {
        let create = create_council(world.payer(), threshold, members);
        world.refuse(create, &[], EmissionError::InvalidCouncil);
    }
    let mut elsewhere = create_council(world.payer(), 2, members[..3].to_vec());
    elsewhere.accounts[1].pubkey = council_address(1, &members[..3]);
    world.refuse(elsewhere, &[], EmissionError::WrongCouncil);
    let create = create_council(world.payer(), 11, members[..11].to_vec());
    world.pass(std::slice::from_ref(&create), &[]);
    let council = world.chain.read::<Council>(&council_address(11, &members[..11]));
    assert_eq!((council.threshold, council.members), (11, members[..11].to_vec()));
    world.refuse(create, &[], EmissionError::AlreadyExists);
}

/// An account that looks like a council but is another program's.
#[test]
fn a_council_of_another_program_is_nobody() {
    let mut world = World::new(Setup { council: Some((1, 1)), ..Setup::default() });
    let council = world.deployment.rules.authority;
    let member = world.council[0].insecure_clone();
    let mut account = world.chain.svm.get_account(&council).expect("the council");
    account.owner = Address::new_unique();
    world.chain.svm.set_account(council, account).expect("an account");
    let data = instruction::Advance { head: [0; 32], reason: vec![] };
    let call = world.calls.act(council, &[member.pubkey()], &data);
    world.refuse(call, &[&member], EmissionError::NotAuthorized);
}

/// A council may be the guardian as well.
#[test]
fn a_council_can_be_the_guardian() {
    let mut world = World::opened(Setup { council: Some((2, 2)), ..Setup::default() });
    let council = world.deployment.rules.authority;
    let members: Vec<Keypair> = world.council.iter().map(|member| member.insecure_clone()).collect();
    let signers = [&members[0], &members[1]];
    let addresses = signers.map(|member| member.pubkey());
    let change = world.calls.act(council, &addresses, &instruction::SetGuardian { guardian: council });
    world.pass(&[change], &signers);
    let submission = {
        world.end(0);
        world.submission(summary(0, emission_tests::tree::NO_ROOT, 0))
    };
    world.pass(&[submission], &[]);
    let veto = instruction::Veto { digest: world.state().head, reason: vec![] };
    let call = world.calls.act(council, &addresses, &veto);
    world.pass(&[call], &signers);
    assert_eq!(world.state().books.pending, None);
}
