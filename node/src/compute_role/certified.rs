//! The table of work units that a network certified for an adapter, and whether a bundle has the same.

use liaise_compute::{Manifest, WorkUnits};
use liaise_ledger::Hash;
use liaise_ledger::genesis::{Adapter, Units};

/// A bundle that says something else of its adapter than the genesis does. Its node would claim other units than every
/// judge counts, and be refused each time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "adapter {adapter}: {field} is {found} in the bundle's manifest and {certified} in the genesis; serve the bundle that \
     this network certified, or take the genesis that belongs to the bundle"
)]
pub struct Uncertified {
    /// The id under which the bundle would be announced.
    pub adapter: Hash,
    /// The manifest's field.
    pub field: &'static str,
    /// What the manifest says.
    pub found: String,
    /// What the genesis says.
    pub certified: String,
}

/// A manifest's table, as a genesis writes it.
pub fn units_of(manifest: &Manifest) -> Units {
    let WorkUnits { base, per_item, max } = manifest.work_units;
    Units { base, per_item, max }
}

/// The table that an adapter's work is counted by. One that genesis does not know was certified by a decree, under an id
/// that is the hash of the manifest: there the manifest's table is the certified one.
///
/// # Errors
/// [`Uncertified`] names the first field in which the bundle differs from the genesis.
pub fn certified_units(certified: Option<&Adapter>, manifest: &Manifest) -> Result<Units, Uncertified> {
    let found = units_of(manifest);
    let Some(adapter) = certified else { return Ok(found) };
    let units = adapter.units;
    let fields = [
        ("kind", manifest.kind.clone(), adapter.kind.clone()),
        ("work_units.base", found.base.to_string(), units.base.to_string()),
        ("work_units.per_item", found.per_item.to_string(), units.per_item.to_string()),
        ("work_units.max", found.max.to_string(), units.max.to_string()),
    ];
    match fields.into_iter().find(|(_, found, certified)| found != certified) {
        Some((field, found, certified)) => Err(Uncertified { adapter: adapter.id, field, found, certified }),
        None => Ok(units),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_compute::{Json, Licence, Regions, RuntimeClass, Verification};

    fn manifest(units: WorkUnits) -> Manifest {
        let text = String::from;
        Manifest {
            schema: 1,
            kind: text("retrieval"),
            name: text("a model"),
            version: 1,
            files: Default::default(),
            licence: Licence { spdx: text("MIT"), attribution: text("somebody"), file: text("NOTICE") },
            regions: Regions { allow: vec![text("*")], exclude: vec![] },
            runtime: RuntimeClass {
                library: text("onnxruntime"),
                version: text("1"),
                optimisation: text("all"),
                prepacking: true,
                numeric: text("f32"),
            },
            schemas: Default::default(),
            work_units: units,
            verification: Verification {
                rule: text("recompute-sample"),
                sample_permille: Default::default(),
                tolerance_ppm: 1,
                evidence_tolerance: 1,
                cost_permille: 1,
            },
            config: Json::Null,
        }
    }

    fn refusal(change: impl FnOnce(&mut Adapter)) -> String {
        let units = Units { base: 10, per_item: 1, max: 1_034 };
        let mut adapter = Adapter { id: Hash([7; 32]), kind: "retrieval".into(), units };
        let own = manifest(WorkUnits { base: 10, per_item: 1, max: 1_034 });
        assert_eq!(certified_units(Some(&adapter), &own), Ok(units));
        change(&mut adapter);
        certified_units(Some(&adapter), &own).unwrap_err().to_string()
    }

    #[test]
    fn a_bundle_with_a_foreign_table_is_refused_by_its_field() {
        let cases = [
            (refusal(|adapter| adapter.kind = "text".into()), "kind is retrieval", "text in the genesis"),
            (refusal(|adapter| adapter.units.base = 100), "work_units.base is 10", "100 in the genesis"),
            (refusal(|adapter| adapter.units.per_item = 12), "work_units.per_item is 1", "12 in the genesis"),
            (refusal(|adapter| adapter.units.max = 9), "work_units.max is 1034", "9 in the genesis"),
        ];
        for (error, found, certified) in cases {
            assert!(error.contains(found) && error.contains(certified) && error.contains("0707"), "{error}");
        }
    }

    #[test]
    fn a_later_adapter_counts_by_its_own_manifest() {
        let own = manifest(WorkUnits { base: 0, per_item: 3, max: 30 });
        let units = certified_units(None, &own).unwrap();
        assert_eq!([0, 4, 40].map(|items| units.count(items)), [0, 12, 30]);
    }
}
