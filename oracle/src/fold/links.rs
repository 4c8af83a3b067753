//! Which accounts are one owner's: what their wallets signed, and from which epoch on it is so.
//!
//! What was taken waits with the first of its signers until it comes into force. A cluster has at most one account a chain,
//! so it is no larger than the network has chains.

use cid::Cid;
use liaise_ledger::genesis::{Genesis, Parameters};
use liaise_ledger::link::{LINK_SKEW_MS, LINK_TEXT_MAX_S, LinkAct, LinkClaim};
use liaise_ledger::{Account, EpochNumber};

use super::book::Book;
use super::part::Place;
use super::people::{People, Person};
use super::said::Said;
use super::state::{ComingLink, Flaw, LinkState, WINDOW_EPOCHS};

/// Brings into force what is due in an epoch, in the order of observation, and gathers the clusters.
pub fn come_into_force(people: &mut People, genesis: &Genesis, epoch: EpochNumber) {
    // What is observed at this seal may have been said as long ago as messages are waited for.
    let waited_ms = (WINDOW_EPOCHS.unsigned_abs() + 1) * u64::from(genesis.fixed.epoch_s) * 1_000;
    let since_ms = genesis.epoch_end_ms(epoch).saturating_sub(waited_ms);
    let mut due: Vec<(u64, Cid, Person, ComingLink)> = vec![];
    for (who, links) in people.links_mut() {
        due.extend(
            links.coming.extract_if(.., |link| link.epoch <= epoch).map(|link| (link.at_ms, link.message, who, link)),
        );
    }
    due.sort_unstable_by_key(|(at_ms, message, ..)| (*at_ms, *message));
    for (_, _, signer, link) in due {
        // Whom nobody has heard of is in no cluster that it could leave.
        let Some(other) = people.find(&link.other) else { continue };
        if link.ends { part(people, signer, other) } else { join(people, signer, other) }
    }
    people.forget_links(|links| is_over(links, since_ms));
    people.gather();
}

/// Whether nothing of an account's links can matter any more: no text that is older than its newest can count at `since_ms` or
/// after.
fn is_over(links: &LinkState, since_ms: u64) -> bool {
    let last_ms = links.issued_s.saturating_add(LINK_TEXT_MAX_S).saturating_mul(1_000).saturating_add(LINK_SKEW_MS);
    links.with.is_empty() && links.coming.is_empty() && last_ms < since_ms
}

/// Everybody of a person's cluster, ascending.
fn cluster(people: &People, who: Person) -> Vec<Account> {
    let mut all = vec![people.name(who).clone()];
    all.extend(people.state(who).links.iter().flat_map(|links| links.with.iter().cloned()));
    all.sort_unstable();
    all
}

/// Writes down who belongs together.
fn settle(people: &mut People, members: &[Account]) {
    for member in members {
        let who = people.number(member);
        let with = members.iter().filter(|other| *other != member).cloned().collect();
        people.state_mut(who).links.get_or_insert_default().with = with;
    }
}

/// Makes one cluster of two, unless it would have two accounts on one chain, or they are one already.
fn join(people: &mut People, one: Person, other: Person) {
    let mut members = cluster(people, one);
    members.extend(cluster(people, other));
    members.sort_unstable();
    // Accounts of one chain stand side by side, and so does an account that is in both.
    if members.windows(2).all(|pair| pair[0].chain() != pair[1].chain()) {
        settle(people, &members);
    }
}

/// Puts somebody out of the signer's cluster, if it is in it.
fn part(people: &mut People, signer: Person, leaves: Person) {
    let mut members = cluster(people, signer);
    let left = people.name(leaves).clone();
    if members.len() > 1 && members.contains(&left) {
        members.retain(|member| *member != left);
        settle(people, &members);
        settle(people, &[left]);
    }
}

/// Takes in the links that a seal observed, in the order of observation; what can't count gets its flaw.
pub fn take(
    people: &mut People,
    genesis: &Genesis,
    parameters: &Parameters,
    book: &mut Book<'_>,
    fresh: &[(u64, Place)],
) {
    for (at_ms, place) in fresh {
        let (Some(Said::Link(joining)), None) = (book.says(*place), book.at(*place).flaw) else { continue };
        let counts = joining.outcome(genesis).filter(|claim| claim.is_timely(*at_ms) && is_newest(people, claim));
        let Some(claim) = counts else {
            book.at_mut(*place).flaw = Some(Flaw::Link);
            continue;
        };
        let observed = book.observation(*place).expect("it is fresh").epoch;
        let (ends, other) = match &claim.act {
            LinkAct::Link => (false, claim.signers[1].clone()),
            LinkAct::Unlink(other) => (true, other.clone()),
        };
        for signer in &claim.signers {
            let who = people.number(signer);
            people.state_mut(who).links.get_or_insert_default().issued_s = claim.issued_s;
        }
        let epoch = observed.saturating_add_unsigned(parameters.link_epochs);
        let coming = ComingLink { epoch, at_ms: *at_ms, message: book.cid(*place), other, ends };
        let first = people.number(&claim.signers[0]);
        people.state_mut(first).links.get_or_insert_default().coming.push(coming);
    }
}

/// Of an account's texts only one that was written after all that were taken counts: nobody can send an old one again.
fn is_newest(people: &People, claim: &LinkClaim) -> bool {
    claim.signers.iter().all(|signer| {
        let links = people.state(people.number(signer)).links.as_ref();
        links.is_none_or(|links| links.issued_s < claim.issued_s)
    })
}
