"""The sample corpus: passages of the King James Version out of Debian's package bible-kjv-text.

The text is in the public domain (Crown letters patent apply in the United Kingdom); the package's files may be copied and
changed at will, with its legend, which the corpus' folder keeps.
"""

import hashlib
import json
import pathlib
import re
import struct
import subprocess

from shared import SetupError, say, whole_folder

DATA = pathlib.Path("/usr/lib/bible.data")
COPYRIGHT = pathlib.Path("/usr/share/doc/bible-kjv-text/copyright")
BOOKS = {"Ge": "Genesis", "Ruth": "Ruth", "Est": "Esther", "Dan": "Daniel", "Jonah": "Jonah"}
# Of all verses, and of the passages made from them: answers known for this text hold for no other.
TEXT = "e53aaf0af1e58f259e35d0d9f7ca1bbe154fd77bb95471279b37b34d3c397a98"
PASSAGES = "c13ed727e9f9c972a66624386d0ddc2bf4d94076696e0e3b2788d22565ed0147"
DISK = 600_000


def folder(cache):
    return pathlib.Path(cache) / "corpus"


def file(cache):
    return folder(cache) / "kjv-1.json"


def is_done(cache):
    return file(cache).is_file() and hashlib.sha256(file(cache).read_bytes()).hexdigest() == PASSAGES


def text(data):
    """The whole text. The file is a table of windows, each compressed by itself in `compress` format less its magic."""
    count = struct.unpack(">I", data[88:92])[0]
    starts = struct.unpack(f">{count + 1}I", data[92:92 + 4 * (count + 1)])
    magic = data[starts[0] - 3:starts[0]]
    windows = []
    for start, end in zip(starts, starts[1:]):
        done = subprocess.run(["gzip", "-dc"], input=magic + data[start:end], capture_output=True)
        if done.returncode:
            raise SetupError(f"{DATA} is damaged: {done.stderr.decode(errors='replace').strip()}")
        windows.append(done.stdout)
    return b"".join(windows).decode("ascii")


def chapters(whole):
    """(book, chapter) to its verses, in order."""
    found = {}
    for line in whole.split("\n"):
        match = re.fullmatch(r"([1-3]?[A-Za-z]+)(\d+):(\d+) (.+)", line)
        if match and match[1] in BOOKS:
            found.setdefault((BOOKS[match[1]], int(match[2])), []).append(match[4].strip())
    return found


def passages(whole):
    """Each chapter in runs of about four verses, as even as they can be: a heading, then a line a verse."""
    result = []
    for (book, chapter), verses in chapters(whole).items():
        runs = max(1, round(len(verses) / 4))
        for run in range(runs):
            first, last = run * len(verses) // runs, (run + 1) * len(verses) // runs
            heading = f"# {book} {chapter}:{first + 1}-{last}"
            result.append({"text": "\n".join([heading, *verses[first:last]]),
                           "lines": [f"{book} {chapter}:{verse + 1}" for verse in range(first, last)]})
    return result


def install(cache):
    if is_done(cache):
        return file(cache)
    say(f"sample corpus from {DATA} (King James Version, public domain)")
    if not DATA.is_file():
        raise SetupError(f"{DATA} is missing; on Debian: apt-get install bible-kjv-text")
    whole = text(DATA.read_bytes())
    if hashlib.sha256(whole.encode()).hexdigest() != TEXT:
        raise SetupError(f"{DATA} holds another text than that of bible-kjv-text 4.38, for which the answers are known")
    data = json.dumps(passages(whole), separators=(",", ":")).encode()
    if hashlib.sha256(data).hexdigest() != PASSAGES:
        raise SetupError("the passages differ from those that the answers are known for")
    with whole_folder(folder(cache)) as filling:
        (filling / file(cache).name).write_bytes(data)
        if COPYRIGHT.is_file():
            (filling / "copyright").write_bytes(COPYRIGHT.read_bytes())
    return file(cache)
