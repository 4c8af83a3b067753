//! The parameters of a request: what they must be, and what is said when they aren't.

use serde::de::DeserializeOwned;
use serde_json::Value;
use solana_address::Address;
use solana_hash::Hash;
use solana_signature::Signature;

use super::error::RpcError;

/// Parameters by position.
pub struct Params(Vec<Value>);

impl Params {
    /// From a request's `params`. An object counts as one parameter only where `object` says so.
    pub fn new(params: Option<Value>, object: bool) -> Result<Self, RpcError> {
        match params {
            None | Some(Value::Null) => Ok(Self(Vec::new())),
            Some(Value::Array(list)) => Ok(Self(list)),
            Some(named @ Value::Object(_)) if object => Ok(Self(vec![named])),
            Some(_) => Err(RpcError::invalid_params("`params` should be an array")),
        }
    }

    /// Refuses more than this many.
    pub fn at_most(self, count: usize) -> Result<Self, RpcError> {
        let given = self.0.len();
        if given > count {
            let message = format!("Invalid parameters: at most {count} expected, {given} given");
            return Err(RpcError::invalid_params(message));
        }
        Ok(self)
    }

    /// The parameter at this place.
    pub fn required<T: DeserializeOwned>(&mut self, index: usize) -> Result<T, RpcError> {
        let value = self.0.get_mut(index).map(Value::take);
        let value = value.ok_or_else(|| {
            let count = index + 1;
            RpcError::invalid_params(format!("`params` should have at least {count} argument(s)"))
        })?;
        parse(value)
    }

    /// The parameter at this place, which may be missing or null.
    pub fn optional<T: DeserializeOwned>(&mut self, index: usize) -> Result<Option<T>, RpcError> {
        match self.0.get_mut(index).map(Value::take) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => parse(value).map(Some),
        }
    }

    pub fn address(&mut self, index: usize) -> Result<Address, RpcError> {
        address(&self.required::<String>(index)?)
    }

    pub fn signature(&mut self, index: usize) -> Result<Signature, RpcError> {
        signature(&self.required::<String>(index)?)
    }
}

fn parse<T: DeserializeOwned>(value: Value) -> Result<T, RpcError> {
    serde_json::from_value(value).map_err(|error| RpcError::invalid_params(format!("Invalid params: {error}.")))
}

pub fn address(text: &str) -> Result<Address, RpcError> {
    text.parse().map_err(|error| RpcError::invalid_params(format!("Invalid param: {error:?}")))
}

pub fn signature(text: &str) -> Result<Signature, RpcError> {
    text.parse().map_err(|error| RpcError::invalid_params(format!("Invalid param: {error:?}")))
}

pub fn hash(text: &str) -> Result<Hash, RpcError> {
    text.parse().map_err(|error| RpcError::invalid_params(format!("Invalid param: {error:?}")))
}
