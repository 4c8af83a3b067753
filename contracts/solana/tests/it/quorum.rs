//! P3, P7: who signs, and what a signature binds.

use emission::{EmissionError, Summary, instruction};
use emission_tests::keys::other_half;
use emission_tests::world::summary;
use emission_tests::{OracleKeys, Setup, World};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, NetworkId, Node, sha256};
use solana_signer::Signer;

const ROOT: Node = Node { hash: Hash32([3; 32]), sum: 1_000 };

/// Epoch 0 has ended; what the oracles sign, and its summary.
fn ready(oracles: usize) -> (World, Summary, Hash32) {
    let mut world = World::opened(Setup { oracles: OracleKeys::new(0, oracles), ..Setup::default() });
    world.end(0);
    let summary = summary(0, ROOT, 0);
    let digest = world.statement(&summary).digest();
    (world, summary, digest)
}

#[test]
fn a_quorum_is_two_thirds_rounded_up() {
    for (members, needed) in [(5, 4), (6, 4), (7, 5), (9, 6), (13, 9), (15, 10)] {
        let (mut world, summary, digest) = ready(members);
        let few = world.oracles.sign(&digest, 0..needed - 1);
        let submission = world.calls.submit(summary, few);
        world.refuse(submission, &[], EmissionError::NoQuorum);
        // The last members do as well as the first.
        let enough = world.oracles.sign(&digest, members - needed..members);
        world.pass(&[world.calls.submit(summary, enough)], &[]);
    }
}

#[test]
fn any_subset_in_order_is_a_quorum() {
    let (world, summary, digest) = ready(7);
    let mut chain = world;
    let subsets = (0u32..1 << 7).filter(|subset| subset.count_ones() >= 5);
    let before = chain.chain.svm.get_account(&chain.calls.distributor).expect("the distributor");
    for subset in subsets {
        let members = (0..7).filter(|member| subset >> member & 1 == 1);
        let signatures = chain.oracles.sign(&digest, members);
        chain.pass(&[chain.calls.submit(summary, signatures)], &[]);
        chain.chain.svm.set_account(chain.calls.distributor, before.clone()).expect("as before");
    }
}

#[test]
fn refuses_a_member_twice_or_out_of_order() {
    let (mut world, summary, digest) = ready(7);
    for members in [[0, 1, 2, 3, 3], [0, 0, 1, 2, 3], [1, 0, 2, 3, 4], [0, 1, 2, 4, 3]] {
        let signatures = world.oracles.sign(&digest, members);
        let submission = world.calls.submit(summary, signatures);
        world.refuse(submission, &[], EmissionError::SignaturesNotAscending);
    }
}

#[test]
fn refuses_strangers_and_other_bytes() {
    let (mut world, summary, digest) = ready(7);
    // Seven strangers, of whom each stands alone among four members.
    for stranger in OracleKeys::new(100, 7).sign(&digest, 0..7) {
        for place in 0..5 {
            let mut signatures = world.oracles.sign(&digest, 0..5);
            signatures[place] = stranger;
            let submission = world.calls.submit(summary, signatures);
            world.refuse(submission, &[], EmissionError::NotAMember);
        }
    }
    let signatures = world.oracles.quorum(&sha256(&[b"other bytes"]));
    let submission = world.calls.submit(summary, signatures);
    world.refuse(submission, &[], EmissionError::NotAMember);
}

#[test]
fn refuses_the_other_s_and_the_other_v() {
    let (mut world, summary, digest) = ready(7);
    let good = world.oracles.quorum(&digest);
    for place in 0..5 {
        let mut signatures = good.clone();
        signatures[place] = other_half(&good[place]);
        let submission = world.calls.submit(summary, signatures);
        world.refuse(submission, &[], EmissionError::HighS);
    }
    for v in [2, 3, 27, 28, 255] {
        let mut signatures = good.clone();
        signatures[4][64] = v;
        let submission = world.calls.submit(summary, signatures);
        world.refuse(submission, &[], EmissionError::InvalidV);
    }
    let mut signatures = good;
    signatures[4][64] ^= 1;
    let submission = world.calls.submit(summary, signatures);
    world.refuse(submission, &[], EmissionError::NotAMember);
}

#[test]
fn refuses_what_is_no_signature() {
    let (mut world, summary, digest) = ready(7);
    let good = world.oracles.quorum(&digest);
    let mut zero_s = good.clone();
    zero_s[0][32..64].fill(0);
    let submission = world.calls.submit(summary, zero_s);
    world.refuse(submission, &[], EmissionError::HighS);
    for r in [[0; 32], [0xff; 32], [5; 32]] {
        let mut signatures = good.clone();
        signatures[0][..32].copy_from_slice(&r);
        let submission = world.calls.submit(summary, signatures);
        world.refuse(submission, &[], EmissionError::NotAMember);
    }
    let submission = world.calls.submit(summary, vec![]);
    world.refuse(submission, &[], EmissionError::NoQuorum);
}

/// Every field of the 200 bytes that the distributor knows itself, signed otherwise.
#[test]
fn signatures_bind_every_field() {
    let (mut world, summary, _) = ready(7);
    let signed = world.statement(&summary);
    let others = [
        EpochStatement { network: NetworkId([8; 32]), ..signed },
        EpochStatement { distributor: DistributorId([8; 32]), ..signed },
        EpochStatement { epoch: Epoch(1), ..signed },
        EpochStatement { oracle_set: 2, ..signed },
        EpochStatement { head: Hash32([8; 32]), ..signed },
        EpochStatement { root_hash: Hash32([8; 32]), ..signed },
        EpochStatement { root_sum: 999, ..signed },
        EpochStatement { owed: 1, ..signed },
        EpochStatement { artefact: Hash32([8; 32]), ..signed },
    ];
    for other in others {
        let signatures = world.oracles.quorum(&other.digest());
        let submission = world.calls.submit(summary, signatures);
        world.refuse(submission, &[], EmissionError::NotAMember);
    }
}

#[test]
fn another_distributor_of_the_same_program_refuses_the_firsts_signatures() {
    let (first, summary, digest) = ready(7);
    let signatures = first.oracles.quorum(&digest);
    let mut second = World::on(first.chain, Setup { network: [8; 32], ..Setup::default() });
    assert_ne!(second.calls.distributor, first.calls.distributor);
    second.open_from(0);
    second.end(0);
    let replay = second.calls.submit(summary, signatures.clone());
    second.refuse(replay, &[], EmissionError::NotAMember);
    // The first still takes them.
    second.pass(&[first.calls.submit(summary, signatures)], &[]);
}

#[test]
fn only_the_new_set_counts_after_a_rotation() {
    let (mut world, summary, old_digest) = ready(7);
    let next = OracleKeys::new(3, 7);
    let rotate = instruction::Rotate { version: 2, keys: next.compressed() };
    let authority = world.authority.insecure_clone();
    let call = world.calls.rotate(authority.pubkey(), &[authority.pubkey()], &rotate);
    world.pass(&[call], &[&authority]);
    let digest = world.statement(&summary).digest();
    // Old signatures, old members over the new bytes, and members of both sets mixed.
    for signatures in [world.oracles.quorum(&old_digest), world.oracles.quorum(&digest)] {
        let submission = world.calls.submit(summary, signatures);
        world.refuse(submission, &[], EmissionError::NotAMember);
    }
    let mut mixed: Vec<_> = next.compressed().into_iter().zip(next.sign(&digest, 0..7)).take(4).collect();
    let strangers = world.oracles.compressed().into_iter().zip(world.oracles.sign(&digest, 0..7));
    mixed.extend(strangers.filter(|(key, _)| !next.compressed().contains(key)).take(1));
    mixed.sort_by_key(|(key, _)| *key);
    let mixed = world.calls.submit(summary, mixed.into_iter().map(|(_, signature)| signature).collect());
    world.refuse(mixed, &[], EmissionError::NotAMember);
    world.pass(&[world.calls.submit(summary, next.quorum(&digest))], &[]);
}
