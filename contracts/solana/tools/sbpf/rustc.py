#!/usr/bin/env python3
"""What cargo calls as rustc: the tool chain's, with its libraries, and with names that do not depend on places.

Cargo mixes the place of a crate that is outside the workspace into the hash that tells crates apart, and so into every symbol
and the order of functions. Here that hash is made of the package's name, version and features instead.
"""
import hashlib
import os
import sys

ROOT = os.environ["SBPF_ROOT"]
FRONT = ROOT + "/front/usr"
arguments = sys.argv[1:]

for at, argument in enumerate(arguments):
    if argument.startswith("metadata=") and arguments[at - 1] == "-C":
        package = [os.environ.get(f"CARGO_PKG_{part}", "") for part in ("NAME", "VERSION")]
        features = sorted(word for word in arguments if word.startswith("feature="))
        kind = [arguments[place + 1] for place, word in enumerate(arguments) if word in ("--crate-name", "--crate-type", "--target")]
        # of the target only that there is one: its description is a file somewhere
        kind = [os.path.basename(word) for word in kind]
        told_apart = "\0".join(package + features + kind)
        arguments[at] = "metadata=" + hashlib.sha256(told_apart.encode()).hexdigest()[:16]

libraries = ":".join(f"{ROOT}/front{place}/x86_64-linux-gnu" for place in ("/usr/lib", "/lib"))
inherited = os.environ.get("LD_LIBRARY_PATH")
os.environ["LD_LIBRARY_PATH"] = f"{libraries}:{inherited}" if inherited else libraries
os.execv(f"{FRONT}/bin/rustc", ["rustc", f"--sysroot={FRONT}", *arguments])
