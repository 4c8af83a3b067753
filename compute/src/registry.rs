//! Kinds of primitives by name: the one place where a bundle becomes something that runs.

use std::collections::BTreeMap;

use crate::{
    bundle::Bundle,
    device::Device,
    error::{Error, Result},
    primitive::Primitive,
    retrieval::Retrieval,
    runtime::Runtime,
};

/// Makes a primitive of one kind from a checked bundle: bundle, runtime, threads, device.
pub type Factory = fn(Bundle, &Runtime, usize, Device) -> Result<Box<dyn Primitive>>;

/// The kinds that this program can run.
pub struct Registry(BTreeMap<String, Factory>);

impl Default for Registry {
    /// The built-in kinds.
    fn default() -> Self {
        let mut registry = Self::empty();
        registry.register(Retrieval::KIND, |bundle, runtime, threads, device| {
            Ok(Box::new(Retrieval::open(bundle, runtime, threads, device)?))
        });
        registry
    }
}

impl Registry {
    /// No kinds at all.
    pub fn empty() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a kind, or replaces it.
    pub fn register(&mut self, kind: &str, factory: Factory) -> &mut Self {
        self.0.insert(kind.to_string(), factory);
        self
    }

    /// The kinds, in order.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Opens a bundle with the factory of its kind.
    ///
    /// # Errors
    /// [`Error::UnknownKind`], or what the factory says.
    pub fn open(
        &self,
        bundle: Bundle,
        runtime: &Runtime,
        threads: usize,
        device: Device,
    ) -> Result<Box<dyn Primitive>> {
        let kind = &bundle.manifest().kind;
        let factory = self.0.get(kind).ok_or_else(|| Error::UnknownKind {
            kind: kind.clone(),
            known: self.kinds().collect::<Vec<_>>().join(", "),
        })?;
        factory(bundle, runtime, threads, device)
    }
}
