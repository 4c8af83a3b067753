//! How well a search finds known answers.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use super::Passage;
use crate::error::{Error, Result};

/// A question whose answer is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The question.
    pub question: String,
    /// The lines that answer it, as [`Passage::lines`] names them; any of them will do.
    pub verses: Vec<String>,
    /// Words that stand in the first of these lines.
    pub answer: String,
}

impl Question {
    /// Whether a passage holds an answer.
    pub fn is_answered_by(&self, passage: &Passage) -> bool {
        passage.lines.iter().any(|line| self.verses.contains(line))
    }
}

/// Reads a JSON array of questions.
///
/// # Errors
/// [`Error::Io`], or [`Error::Documents`] where it is not one.
pub fn read_questions(path: &Path) -> Result<Vec<Question>> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::Documents { what: path.display().to_string(), problem: error.to_string() })
}

/// Figures of a search over questions, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Questions asked.
    pub questions: u32,
    /// Share with an answering passage among the first five.
    pub recall_at_5_ppm: u32,
    /// Mean of 1 / rank of the first answering passage, 0 where it is not among the first ten.
    pub mrr_ppm: u32,
}

/// Asks every question: `search` gives positions of passages, best first, ten of them.
///
/// # Errors
/// What `search` says.
pub fn evaluate(
    questions: &[Question],
    passages: &[Passage],
    mut search: impl FnMut(&str) -> Result<Vec<usize>>,
) -> Result<Quality> {
    let (mut found, mut reciprocal) = (0.0, 0.0);
    for question in questions {
        let ranked = search(&question.question)?;
        let rank = ranked.iter().take(10).position(|&at| question.is_answered_by(&passages[at]));
        if let Some(rank) = rank {
            found += f64::from(u8::from(rank < 5));
            reciprocal += 1.0 / (rank + 1) as f64;
        }
    }
    let mean_ppm = |sum: f64| (sum * 1e6 / questions.len().max(1) as f64).round() as u32;
    Ok(Quality { questions: questions.len() as u32, recall_at_5_ppm: mean_ppm(found), mrr_ppm: mean_ppm(reciprocal) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_become_figures() {
        let passages: Vec<Passage> =
            (0..20).map(|n| Passage { text: String::new(), lines: vec![format!("B 1:{n}")] }).collect();
        let question =
            |n: usize| Question { question: n.to_string(), verses: vec![format!("B 1:{n}")], answer: "".into() };
        let questions = [question(0), question(3), question(7), question(15)];
        let quality = evaluate(&questions, &passages, |_| Ok((0..20).collect())).unwrap();
        assert_eq!(quality.recall_at_5_ppm, 500_000);
        assert_eq!(quality.mrr_ppm, 343_750); // (1 + 1/4 + 1/8 + 0) / 4
    }
}
