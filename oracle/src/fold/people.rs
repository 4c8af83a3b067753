//! Accounts by number: an epoch names each many times, and a number is compared at once.

use std::collections::{BTreeMap, HashMap};

use liaise_ledger::Account;

use super::state::AccountState;

/// An account's number, in the order of accounts; [`NOBODY`] for other authors.
pub type Person = u32;
/// No account.
pub const NOBODY: Person = Person::MAX;

/// Everybody whom a fold meets, by account, with what is known of them.
pub struct People {
    names: Vec<Account>,
    numbers: HashMap<Account, Person>,
    states: Vec<AccountState>,
    /// Those of whom something is known after this epoch.
    is_known: Vec<bool>,
}

impl People {
    /// Those of a state, and others.
    pub fn new<'a>(before: &BTreeMap<Account, AccountState>, others: impl IntoIterator<Item = &'a Account>) -> People {
        let mut names: HashMap<&Account, Option<&AccountState>> =
            before.iter().map(|(account, state)| (account, Some(state))).collect();
        for account in others {
            names.entry(account).or_default();
        }
        let mut all: Vec<(&Account, Option<&AccountState>)> = names.into_iter().collect();
        all.sort_unstable_by_key(|(account, _)| *account);
        People {
            names: all.iter().map(|(account, _)| (*account).clone()).collect(),
            numbers: (0..).zip(&all).map(|(person, (account, _))| ((*account).clone(), person)).collect(),
            is_known: all.iter().map(|(_, state)| state.is_some()).collect(),
            states: all.into_iter().map(|(_, state)| state.cloned().unwrap_or_default()).collect(),
        }
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
        self.numbers[account]
    }

    /// An account.
    pub fn name(&self, person: Person) -> &Account {
        &self.names[person as usize]
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
