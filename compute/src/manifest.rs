//! What a bundle says about itself. The adapter id is a hash of exactly this.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical::Json;

/// `manifest.json` of a bundle (R10). Unknown and missing fields are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this schema: 1.
    pub schema: u32,
    /// Which primitive runs it, as [`crate::Registry`] knows it.
    pub kind: String,
    /// The model's name, for people.
    pub name: String,
    /// The bundle's version, from 1.
    pub version: u32,
    /// Every file but the manifest, by its path with `/`.
    pub files: BTreeMap<String, FileEntry>,
    /// Under which licence the model may be used.
    pub licence: Licence,
    /// Where it may be used.
    pub regions: Regions,
    /// What it must run on for its tolerances to hold.
    pub runtime: RuntimeClass,
    /// Names of the schemas of input and output.
    pub schemas: BTreeMap<String, String>,
    /// What a task counts; a network certifies the same table.
    pub work_units: WorkUnits,
    /// How others check a result.
    pub verification: Verification,
    /// Settings of the kind: files, names of inputs and outputs, limits.
    pub config: Json,
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

/// The table of work units: a task counts `min(base + per_item·items, max)`, and the kind says what its items are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkUnits {
    /// What every task counts.
    pub base: u64,
    /// What each item adds.
    pub per_item: u64,
    /// The most that a task counts.
    pub max: u64,
}

impl WorkUnits {
    /// The field that breaks the rule which a genesis holds its tables to, and how.
    pub(crate) fn fault(&self) -> Option<(&'static str, &'static str)> {
        if !(1..UNITS_LIMIT).contains(&self.max) {
            return Some(("work_units.max", "must be between 1 and 2^53 - 1"));
        }
        let above = [("work_units.base", self.base), ("work_units.per_item", self.per_item)];
        above.iter().find(|(_, value)| *value > self.max).map(|(field, _)| (*field, "is above work_units.max"))
    }
}

/// Units stay exact in every reader of JSON.
const UNITS_LIMIT: u64 = 1 << 53;

/// A model's licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// SPDX expression.
    pub spdx: String,
    /// Who made the model and where it came from.
    pub attribution: String,
    /// The bundle's file with the text or the notice.
    pub file: String,
}

/// ISO 3166 country codes, or `*` for everywhere; an excluded region wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regions {
    /// Allowed regions.
    pub allow: Vec<String>,
    /// Excluded regions.
    pub exclude: Vec<String>,
}

impl Regions {
    /// Whether a node that declares `region` may run the model. No region declared is allowed only where everywhere
    /// is and nothing is excluded (R22).
    pub fn admits(&self, region: Option<&str>) -> bool {
        let everywhere = self.allow.iter().any(|r| r == "*");
        match region {
            None => everywhere && self.exclude.is_empty(),
            Some(region) => {
                (everywhere || self.allow.iter().any(|r| r == region)) && !self.exclude.iter().any(|r| r == region)
            }
        }
    }
}

/// The conditions under which tolerances were measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeClass {
    /// `onnxruntime`.
    pub library: String,
    /// Its version.
    pub version: String,
    /// Graph optimisation: `all`.
    pub optimisation: String,
    /// Whether weights are prepacked.
    pub prepacking: bool,
    /// `f32` (no TF32), for instance.
    pub numeric: String,
}

/// How a judge checks a result of this adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// `recompute-sample`: draw a part by a seed, compute it again, compare.
    pub rule: String,
    /// Part of each task kind that is recomputed, in thousandths.
    pub sample_permille: BTreeMap<String, u32>,
    /// How far a score may be off, in millionths.
    pub tolerance_ppm: u32,
    /// How far two judges' evidence values may lie apart, in their own unit.
    pub evidence_tolerance: u32,
    /// Most model work of a check per thousand of the work judged, for tasks of usual size.
    pub cost_permille: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undeclared_or_excluded_region_is_not_admitted() {
        let regions = |allow: &[&str], exclude: &[&str]| Regions {
            allow: allow.iter().map(|r| r.to_string()).collect(),
            exclude: exclude.iter().map(|r| r.to_string()).collect(),
        };
        assert!(regions(&["*"], &[]).admits(None));
        assert!(!regions(&["*"], &["XX"]).admits(None));
        assert!(!regions(&["*"], &["XX"]).admits(Some("XX")));
        assert!(regions(&["*"], &["XX"]).admits(Some("CH")));
        assert!(regions(&["CH"], &[]).admits(Some("CH")));
        assert!(!regions(&["CH"], &[]).admits(Some("DE")));
        assert!(!regions(&["CH"], &[]).admits(None));
    }
}
