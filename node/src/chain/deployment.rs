//! A deployment's file: what a distributor's address does not say, and its readers need. TOML, without secrets.

use super::input;
use crate::config::ChainConfig;
use liaise_chain_api::ChainError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

const WHAT: &str = "the deployment's file";

/// Reads the file that a configuration names.
///
/// # Errors
/// None is named, or it can't be read.
pub(super) fn read<T: DeserializeOwned>(config: &ChainConfig) -> Result<T, ChainError> {
    let Some(path) = &config.deployment else {
        return Err(input(
            WHAT,
            "name it as `deployment` beside the distributor's address: whoever deployed it wrote it",
        ));
    };
    let told = |error: String| input(WHAT, format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
    toml::from_str(&text).map_err(|error| told(error.to_string()))
}

/// Writes such a file.
///
/// # Errors
/// It can't be written.
pub fn write(path: &Path, deployment: &impl Serialize) -> Result<(), ChainError> {
    let told = |error: String| input(WHAT, format!("{}: {error}", path.display()));
    let text = toml::to_string(deployment).map_err(|error| told(error.to_string()))?;
    std::fs::write(path, text).map_err(|error| told(error.to_string()))
}
