//! Accounts by number: an epoch names each many times, and a number is compared at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use liaise_ledger::Account;

use super::index::Index;
use super::state::{AccountState, LinkState};

/// An account's number, in the order of accounts; [`NOBODY`] for other authors.
pub type Person = u32;
/// No account.
pub const NOBODY: Person = Person::MAX;

/// Everybody whom a fold meets, by account, with what is known of them.
pub struct People {
    names: Vec<Account>,
    states: Vec<AccountState>,
    /// Those of whom something is known after this epoch.
    is_known: Vec<bool>,
    /// Of each author of the epoch, by its number there.
    of_author: Vec<Person>,
    /// Of everybody who is linked, all of its cluster, ascending.
    clusters: HashMap<Person, Arc<[Person]>>,
}

impl People {
    /// Those of a state, the epoch's authors, and others.
    pub fn new<'a>(
        before: &'a BTreeMap<Account, AccountState>,
        authors: &'a [Account],
        others: impl IntoIterator<Item = &'a Account>,
    ) -> People {
        let mut known = Index::with_capacity(before.len());
        before.keys().for_each(|account| _ = known.number(&account));
        let mut new: Vec<&Account> =
            authors.iter().chain(others).filter(|account| known.find(account).is_none()).collect();
        new.sort_unstable();
        new.dedup();
        let mut people = People {
            names: Vec::with_capacity(before.len() + new.len()),
            states: Vec::with_capacity(before.len() + new.len()),
            is_known: Vec::with_capacity(before.len() + new.len()),
            of_author: vec![],
            clusters: HashMap::new(),
        };
        let mut rest = new.as_slice();
        let mut of_known = Vec::with_capacity(before.len());
        for (account, state) in before {
            let first = rest.partition_point(|new| *new < account);
            rest[..first].iter().for_each(|new| people.push(new, None));
            rest = &rest[first..];
            of_known.push(people.len() as Person);
            people.push(account, Some(state));
        }
        rest.iter().for_each(|new| people.push(new, None));
        let of_author = |author: &Account| match known.find(&author) {
            Some(number) => of_known[number as usize],
            None => people.number(author),
        };
        people.of_author = authors.iter().map(of_author).collect();
        people
    }

    fn push(&mut self, account: &Account, state: Option<&AccountState>) {
        self.names.push(account.clone());
        self.is_known.push(state.is_some());
        self.states.push(state.cloned().unwrap_or_default());
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// An account's number.
    ///
    /// # Panics
    /// For an account that was not named at the start.
    pub fn number(&self, account: &Account) -> Person {
        self.find(account).expect("everybody is named at the start")
    }

    /// An account's number, if it was named at the start.
    pub fn find(&self, account: &Account) -> Option<Person> {
        Some(self.names.binary_search(account).ok()? as Person)
    }

    /// The number of an author, by its number in the epoch's part.
    pub fn of_author(&self, author: u32) -> Person {
        self.of_author[author as usize]
    }

    /// An account.
    pub fn name(&self, person: Person) -> &Account {
        &self.names[person as usize]
    }

    /// Something of an account's text, for whoever will need that soon.
    pub fn touch(&self, person: Person) -> u64 {
        self.name(person).as_str().len() as u64 ^ u64::from(self.name(person).as_str().as_bytes()[0])
    }

    /// What is known of a person.
    pub fn state(&self, person: Person) -> &AccountState {
        &self.states[person as usize]
    }

    /// The same, to be changed: from now on the person is known.
    pub fn state_mut(&mut self, person: Person) -> &mut AccountState {
        self.is_known[person as usize] = true;
        &mut self.states[person as usize]
    }

    /// Who stands for a person's cluster: its lowest account.
    pub fn head(&self, person: Person) -> Person {
        self.clusters.get(&person).map_or(person, |cluster| cluster[0])
    }

    /// The states of a person's cluster: one account for every cap and gate.
    pub fn cluster(&self, person: Person) -> impl Iterator<Item = &AccountState> {
        let members = self.clusters.get(&person).map_or(&[][..], |cluster| cluster);
        let alone = members.is_empty().then_some(person);
        alone.into_iter().chain(members.iter().copied()).map(|member| self.state(member))
    }

    /// Reads the clusters from what is known of everybody: who is linked is known.
    pub fn gather(&mut self) {
        self.clusters.clear();
        for (who, state) in (0..).zip(&self.states) {
            let Some(links) = state.links.as_deref().filter(|links| !links.with.is_empty()) else { continue };
            if !self.clusters.contains_key(&who) {
                let mut members: Vec<Person> = links.with.iter().map(|other| self.number(other)).collect();
                members.push(who);
                members.sort_unstable();
                let members: Arc<[Person]> = members.into();
                self.clusters.extend(members.iter().map(|member| (*member, Arc::clone(&members))));
            }
        }
    }

    /// What wallets said about other accounts, by person.
    pub fn links_mut(&mut self) -> impl Iterator<Item = (Person, &mut LinkState)> {
        (0..).zip(&mut self.states).filter_map(|(who, state)| Some((who, state.links.as_deref_mut()?)))
    }

    /// Forgets what wallets said where it matters no more.
    pub fn forget_links(&mut self, is_over: impl Fn(&LinkState) -> bool) {
        for state in &mut self.states {
            if state.links.as_deref().is_some_and(&is_over) {
                state.links = None;
            }
        }
    }

    /// The states of all who are known already.
    pub fn known_mut(&mut self) -> impl Iterator<Item = &mut AccountState> {
        self.states.iter_mut().zip(&self.is_known).filter(|(_, known)| **known).map(|(state, _)| state)
    }

    /// What is known of whom, for the next epoch.
    pub fn into_known(self) -> BTreeMap<Account, AccountState> {
        let known = self.names.into_iter().zip(self.states).zip(self.is_known);
        known.filter(|(_, known)| *known).map(|(row, _)| row).collect()
    }
}
