#!/usr/bin/env python3
"""Writes tests/corpus/reference.json: how well sentence-transformers and BM25 find the answers to tests/corpus/questions.json.

Runs where golden.py runs and shares nothing with the Rust code: that is compared with these figures by a test.
"""

import argparse
import collections
import hashlib
import importlib.metadata
import json
import math
import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True

import corpus
import fetch
import golden

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests" / "corpus"
K1, B = 1.2, 0.75


def words(text):
    return re.findall(r"[^\W_]+", text.lower())


def bm25(texts, questions):
    counts = [collections.Counter(words(text)) for text in texts]
    lengths = [sum(count.values()) for count in counts]
    average = sum(lengths) / len(lengths)
    found_in = collections.Counter(word for count in counts for word in count)
    for question in questions:
        scores = {}
        for word in words(question):
            idf = math.log(1 + (len(texts) - found_in[word] + 0.5) / (found_in[word] + 0.5))
            for at, count in enumerate(counts):
                if count[word]:
                    norm = K1 * (1 - B + B * lengths[at] / average)
                    scores[at] = scores.get(at, 0.0) + idf * count[word] * (K1 + 1) / (count[word] + norm)
        yield sorted(scores, key=lambda at: (-scores[at], at))[:10]


def embedded(texts, questions):
    with tempfile.TemporaryDirectory() as scratch:
        model = golden.reference_model(scratch)
        documents = model.encode(texts, normalize_embeddings=True)
        asked = model.encode(questions, normalize_embeddings=True)
    for scores in asked @ documents.T:
        yield sorted(range(len(texts)), key=lambda at: (-scores[at], at))[:10]


def quality(asked, passages, rankings):
    recall, reciprocal = 0, 0.0
    for question, ranked in zip(asked, rankings, strict=True):
        wanted = set(question["verses"])
        hits = [rank for rank, at in enumerate(ranked, 1) if wanted & set(passages[at]["lines"])]
        recall += bool(hits) and hits[0] <= 5
        reciprocal += 1 / hits[0] if hits else 0
    share = 1e6 / len(asked)
    return {"questions": len(asked), "recall_at_5_ppm": round(recall * share), "mrr_ppm": round(reciprocal * share)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", type=pathlib.Path, default=fetch.default_cache())
    passages_file = corpus.file(parser.parse_args().cache)
    questions_file = FOLDER / "questions.json"
    passages, asked = json.loads(passages_file.read_text()), json.loads(questions_file.read_text())
    texts, questions = [passage["text"] for passage in passages], [entry["question"] for entry in asked]
    result = {
        "made_by": "compute/setup/reference.py",
        "versions": {name: importlib.metadata.version(name) for name in ("sentence-transformers", "torch", "numpy")},
        "passages": len(passages),
        "passages_sha256": hashlib.sha256(passages_file.read_bytes()).hexdigest(),
        "questions_sha256": hashlib.sha256(questions_file.read_bytes()).hexdigest(),
        "embedding": quality(asked, passages, embedded(texts, questions)),
        "bm25": quality(asked, passages, bm25(texts, questions)),
    }
    (FOLDER / "reference.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
