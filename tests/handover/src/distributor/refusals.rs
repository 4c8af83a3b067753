//! The program's numbered refusals, under the names that the simulation has for them.

use std::fmt::Display;

use liaise_emission::EmissionError;

use crate::calls::Refusal;

const NAMES: [(EmissionError, Refusal); 10] = [
    (EmissionError::StatementPending, Refusal::StatementPending),
    (EmissionError::NotOpened, Refusal::NotOpened),
    (EmissionError::EpochOutOfOrder, Refusal::EpochOutOfOrder),
    (EmissionError::EpochOutOfRange, Refusal::EpochOutOfRange),
    (EmissionError::EpochNotEnded, Refusal::EpochNotEnded),
    (EmissionError::RootSumFell, Refusal::RootSumFell),
    (EmissionError::IssuedTooMuch, Refusal::IssuedTooMuch),
    (EmissionError::AlreadyHandedOver, Refusal::AlreadyHandedOver),
    (EmissionError::InvalidHandOver, Refusal::InvalidHandOver),
    (EmissionError::OpenTooEarly, Refusal::OpenTooEarly),
];

/// What the program's books refused.
pub fn named<E: From<EmissionError> + PartialEq + Display>(error: E) -> Refusal {
    let known = NAMES.into_iter().find(|(code, _)| E::from(*code) == error);
    known.unwrap_or_else(|| panic!("a refusal without a name here: {error}")).1
}
