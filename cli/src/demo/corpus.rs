//! The demo's documents and questions: passages of a Debian package, questions with known answers of this project.

use crate::exit::{Kind, OrExit};
use liaise_compute::Cache;
use liaise_compute::retrieval::{Bm25, Passage, Question, read_passages};

const QUESTIONS: &str = include_str!("../../../tests/corpus/questions.json");

/// Documents and questions.
pub struct Corpus {
    /// The passages, in the corpus's order.
    pub passages: Vec<Passage>,
    /// The questions.
    pub questions: Vec<Question>,
}

/// How well sources answer questions, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Quality {
    /// Share of questions with an answering passage among the first five.
    pub recall_at_5_ppm: u32,
    /// Mean of 1 / rank of the first answering passage among the first ten.
    pub mrr_ppm: u32,
}

impl Corpus {
    /// Reads what set-up installed; both can be shortened, the questions evenly over the whole.
    pub fn read(passages: Option<usize>, questions: Option<usize>) -> eyre::Result<Corpus> {
        let mut all = read_passages(&Cache::default().passages()).or_exit(Kind::Usage)?;
        all.truncate(passages.unwrap_or(usize::MAX));
        let mut asked: Vec<Question> = serde_json::from_str(QUESTIONS)?;
        // A shortened corpus is asked only what it can answer.
        asked.retain(|question| all.iter().any(|passage| question.is_answered_by(passage)));
        let count = asked.len().min(questions.unwrap_or(usize::MAX));
        let spread = (0..count).map(|n| asked[n * asked.len() / count].clone()).collect();
        Ok(Corpus { passages: all, questions: spread })
    }

    /// One line for people.
    pub fn describe(&self) -> String {
        format!(
            "{} passages of the King James Bible (Debian's bible-kjv-text, public domain), {} questions with known answers",
            self.passages.len(),
            self.questions.len()
        )
    }

    /// Where a passage comes from, as cited.
    pub fn source(passage: &Passage) -> String {
        match (passage.lines.first(), passage.lines.last()) {
            (Some(first), Some(last)) if first != last => {
                format!("KJV {first}-{}", last.rsplit(':').next().unwrap_or_default())
            }
            (Some(only), _) => format!("KJV {only}"),
            _ => "KJV".into(),
        }
    }

    /// Recall and reciprocal rank of ranked sources, question by question.
    pub fn quality(&self, ranked: &[(&Question, Vec<&Passage>)]) -> Quality {
        let (mut found, mut reciprocal) = (0u64, 0u64);
        for (question, passages) in ranked {
            if let Some(rank) = passages.iter().take(10).position(|passage| question.is_answered_by(passage)) {
                found += u64::from(rank < 5);
                reciprocal += 1_000_000 / (rank as u64 + 1);
            }
        }
        let count = (ranked.len() as u64).max(1);
        Quality { recall_at_5_ppm: (found * 1_000_000 / count) as u32, mrr_ppm: (reciprocal / count) as u32 }
    }

    /// What BM25 makes of the same questions.
    pub fn bm25(&self) -> Quality {
        let index = Bm25::new(self.passages.iter().map(|passage| passage.text.as_str()));
        let ranked: Vec<_> = self
            .questions
            .iter()
            .map(|q| (q, index.search(&q.question, 10).into_iter().map(|i| &self.passages[i]).collect()))
            .collect();
        self.quality(&ranked)
    }
}
