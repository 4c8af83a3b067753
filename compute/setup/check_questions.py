"""Checks questions with known answers against the sample corpus that they are asked of.

Usage: check_questions.py QUESTIONS CORPUS

Every entry must hold a question no other entry asks, verses of the corpus without repetition, and an answer of 1 to 8 words
that occurs, whole words and regardless of case, in the first of these verses. Each bad entry is named; any makes it exit 1.
"""

import json
import pathlib
import re
import sys

KEYS = {"question", "verses", "answer"}
MOST_WORDS = 8


def verses_of(passages):
    """The text of each verse: a passage's text lines after the heading are its verses, in the order of `lines`."""
    verses = {}
    for passage in passages:
        texts = passage["text"].split("\n")[1:]
        if len(texts) != len(passage["lines"]):
            raise ValueError(f"{len(texts)} lines of text for {passage['lines']}")
        verses.update(zip(passage["lines"], texts))
    return verses


def faults(entry, verses, asked):
    """What is wrong with an entry; notes its question in `asked`."""
    if not isinstance(entry, dict) or set(entry) != KEYS:
        return [f"must be an object of exactly {', '.join(sorted(KEYS))}"]
    question, named, answer = entry["question"], entry["verses"], entry["answer"]
    if not isinstance(question, str) or not isinstance(answer, str) or not isinstance(named, list) or not named:
        return ["question and answer must be texts, verses a list of at least one"]
    found = []
    key = " ".join(question.lower().split())
    if not key.endswith("?"):
        found.append("the question ends in no question mark")
    if key in asked:
        found.append("the question is asked twice")
    asked.add(key)
    found.extend(f"no verse {verse!r} in the corpus" for verse in named if not isinstance(verse, str) or verse not in verses)
    if len(set(map(str, named))) != len(named):
        found.append("a verse is named twice")
    if not 1 <= len(answer.split()) <= MOST_WORDS:
        found.append(f"the answer {answer!r} has not 1 to {MOST_WORDS} words")
    elif not found and not re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", verses[named[0]], re.IGNORECASE):
        found.append(f"the answer {answer!r} is not in {named[0]}: {verses[named[0]]}")
    return found


def main(arguments):
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        entries, passages = (json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in arguments)
        verses = verses_of(passages)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot read questions and corpus: {error}", file=sys.stderr)
        return 2
    if not isinstance(entries, list):
        print("the questions are not an array", file=sys.stderr)
        return 1
    asked, bad = set(), 0
    for number, entry in enumerate(entries, 1):
        for fault in faults(entry, verses, asked):
            bad += 1
            named = entry.get("question") if isinstance(entry, dict) else entry
            print(f"entry {number} ({named!r}): {fault}", file=sys.stderr)
    if bad:
        return 1
    print(f"{len(entries)} questions hold")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
