//! How far two machines' results lie apart: what an adapter's tolerances are measured with.

use serde::{Deserialize, Serialize};

use super::{Passage, Retrieval, index::cosine_ppm};
use crate::{
    error::{Error, Result},
    hash::{AdapterId, BlobId, sha256},
    primitive::Primitive,
};

/// Every so many of the given passages is embedded: seconds on one core.
const STRIDE: usize = 8;
/// Texts that every other is scored against.
const QUESTIONS: usize = 16;

/// What one machine makes of a fixed set of texts, in the units that judges compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rounding {
    /// The adapter.
    pub adapter: AdapterId,
    /// SHA-256 of the texts.
    pub texts: BlobId,
    /// The device, in words.
    pub device: String,
    /// Cosines of every text with each of the first ones, in millionths.
    pub scores: Vec<i32>,
    /// Every text's evidence, in its own unit.
    pub evidence: Vec<i32>,
}

/// The largest differences between two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Apart {
    /// Of a score, in millionths: what `tolerance_ppm` must be well above.
    pub score_ppm: u32,
    /// Of a piece of evidence: what `evidence_tolerance` must be well above.
    pub evidence: u32,
}

impl Rounding {
    /// Embeds a part of the passages.
    ///
    /// # Errors
    /// [`Error::Onnx`], and [`Error::Input`] where the tokenizer refuses a text.
    pub fn measure(primitive: &Retrieval, passages: &[Passage]) -> Result<Rounding> {
        let texts: Vec<&str> = passages.iter().step_by(STRIDE).map(|passage| passage.text.as_str()).collect();
        let made = primitive.embedder().embed(&texts)?;
        let (questions, vectors) = (made.vectors.iter().take(QUESTIONS), &made.vectors);
        let scores = questions.flat_map(|question| vectors.iter().map(|vector| cosine_ppm(vector, question))).collect();
        let parts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        Ok(Rounding {
            adapter: primitive.adapter(),
            texts: BlobId(sha256(&parts)),
            device: primitive.device().to_string(),
            scores,
            evidence: made.fingerprints,
        })
    }

    /// How far two lie apart.
    ///
    /// # Errors
    /// [`Error::Input`] where they are not of the same adapter and texts.
    pub fn apart(&self, other: &Rounding) -> Result<Apart> {
        if self.adapter != other.adapter {
            return Err(Error::input("adapter", format!("{} and {} are two models", self.adapter, other.adapter)));
        }
        let lengths = |one: &Rounding| (one.texts, one.scores.len(), one.evidence.len());
        if lengths(self) != lengths(other) {
            return Err(Error::input("texts", "the two machines have other passages: run `cargo xtask setup` on both"));
        }
        let largest = |own: &[i32], others: &[i32]| {
            own.iter().zip(others).map(|(own, other)| own.abs_diff(*other)).max().unwrap_or(0)
        };
        Ok(Apart {
            score_ppm: largest(&self.scores, &other.scores),
            evidence: largest(&self.evidence, &other.evidence),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounding(scores: &[i32], evidence: &[i32]) -> Rounding {
        Rounding {
            adapter: AdapterId([1; 32]),
            texts: BlobId([2; 32]),
            device: "CPU".into(),
            scores: scores.to_vec(),
            evidence: evidence.to_vec(),
        }
    }

    #[test]
    fn the_largest_difference_counts_whichever_way() {
        let (a, b) = (rounding(&[10, -5, 7], &[1, 2]), rounding(&[12, -9, 7], &[9, 2]));
        assert_eq!(a.apart(&b).unwrap(), Apart { score_ppm: 4, evidence: 8 });
        assert_eq!(b.apart(&a).unwrap(), a.apart(&b).unwrap());
        assert_eq!(a.apart(&a).unwrap(), Apart { score_ppm: 0, evidence: 0 });
    }

    #[test]
    fn other_models_and_other_texts_are_not_compared() {
        let own = rounding(&[1], &[1]);
        let model = Rounding { adapter: AdapterId([3; 32]), ..own.clone() };
        assert!(own.apart(&model).unwrap_err().to_string().contains("two models"));
        let texts = Rounding { texts: BlobId([3; 32]), ..own.clone() };
        assert!(own.apart(&texts).unwrap_err().to_string().contains("setup"));
        assert!(own.apart(&rounding(&[1, 2], &[1])).is_err());
    }
}
