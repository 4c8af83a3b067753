//! BM25, the word-counting search that an embedding model has to beat.

use std::collections::BTreeMap;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// An index over texts by their position.
pub struct Bm25 {
    lengths: Vec<f64>,
    average: f64,
    postings: BTreeMap<String, Vec<(usize, f64)>>,
}

impl Bm25 {
    /// Indexes the texts. Words are runs of letters and digits, in lower case.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut lengths = Vec::new();
        let mut postings: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
        for (at, text) in texts.into_iter().enumerate() {
            let mut counts: BTreeMap<String, f64> = BTreeMap::new();
            let mut length = 0.0;
            for word in words(text) {
                *counts.entry(word).or_default() += 1.0;
                length += 1.0;
            }
            for (word, count) in counts {
                postings.entry(word).or_default().push((at, count));
            }
            lengths.push(length);
        }
        let average = lengths.iter().sum::<f64>() / (lengths.len().max(1) as f64);
        Self { lengths, average, postings }
    }

    /// The positions of the best `k` texts with at least one word of the query, best first, ties by position.
    pub fn search(&self, query: &str, k: usize) -> Vec<usize> {
        let mut scores: BTreeMap<usize, f64> = BTreeMap::new();
        let total = self.lengths.len() as f64;
        for word in words(query) {
            let Some(found) = self.postings.get(&word) else { continue };
            let df = found.len() as f64;
            let idf = (1.0 + (total - df + 0.5) / (df + 0.5)).ln();
            for &(at, count) in found {
                let norm = K1 * (1.0 - B + B * self.lengths[at] / self.average);
                *scores.entry(at).or_default() += idf * count * (K1 + 1.0) / (count + norm);
            }
        }
        let mut ranked: Vec<(usize, f64)> = scores.into_iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.into_iter().take(k).map(|(at, _)| at).collect()
    }
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_words_and_short_texts_win() {
        let index = Bm25::new([
            "the king and the queen",
            "The raven came to the king; and the raven went to and fro for days",
            "a raven",
        ]);
        assert_eq!(index.search("RAVEN!", 9), [2, 1]);
        assert_eq!(index.search("king raven", 1), [1]);
        assert_eq!(index.search("the king", 9)[0], 0);
        assert!(index.search("ark", 9).is_empty());
        assert!(Bm25::new([]).search("ark", 9).is_empty());
    }
}
