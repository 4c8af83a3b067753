#!/usr/bin/env python3
"""Runs halmos on test/symbolic; arguments are passed on.

halmos 0.3.3 gives SHA-256 a domain of as many bits as there are bytes, which no call fits. This mends that and nothing
else: the function that it looks up by size is given eight times the size there.
"""
import sys

import halmos.sevm as sevm
from halmos.__main__ import _main

plain = sevm.Function


def function(name, *sorts):
    if name.startswith("f_sha256_"):
        size = int(name.rpartition("_")[2])
        return plain(name, sevm.BitVecSorts[8 * size], sevm.BitVecSort256)
    return plain(name, *sorts)


sevm.Function = function
sys.exit(_main(sys.argv[1:]).exitcode)
