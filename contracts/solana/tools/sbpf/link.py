#!/usr/bin/env python3
"""What rustc calls as its linker: joins all bitcode, makes atomics plain (a program has one thread), and has sbpf-linker
make the program of it."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ["SBPF_ROOT"])
FRONT, BACK = ROOT / "front/usr/lib", ROOT / "back/usr/lib/x86_64-linux-gnu"
BITCODE = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")
# Calls that the back end itself makes for floating point; sbpf-linker drops what is not asked for, and what is unused.
FLOATS = [f"__{name}{kind}f{n}" for kind in "sd" for name, n in
          [("add", 3), ("sub", 3), ("mul", 3), ("div", 3), ("neg", 2), ("eq", 2), ("ne", 2), ("lt", 2), ("le", 2), ("gt", 2), ("ge", 2), ("unord", 2)]]
FLOATS += [f"__fix{sign}{kind}f{size}i" for sign in ("", "uns") for kind in "sd" for size in "sdt"]
FLOATS += [f"__float{sign}{size}i{kind}f" for sign in ("", "un") for size in "sdt" for kind in "sd"]
FLOATS += ["__extendsfdf2", "__truncdfsf2"]


def tool(name, *arguments):
    command = [FRONT / "llvm-22/bin" / name, *arguments]
    places = [ROOT / "front" / place / "x86_64-linux-gnu" for place in ("usr/lib", "lib")]
    environment = dict(os.environ, LD_LIBRARY_PATH=":".join(map(str, places)))
    subprocess.run(command, check=True, env=environment)


def is_bitcode(path):
    with open(path, "rb") as file:
        return file.read(4) in BITCODE


def value_of(arguments, option):
    return arguments[arguments.index(option) + 1]


def objects_of(inputs, folder):
    """Every bitcode module among object files and libraries, in the order in which rustc names them."""
    for number, path in enumerate(inputs):
        if path.endswith(".rlib"):
            inside = folder / str(number)
            inside.mkdir()
            tool("llvm-ar", "x", path, f"--output={inside}")
            yield from sorted(str(file) for file in inside.glob("*.o"))
        elif is_bitcode(path):
            yield path


def main(arguments):
    output = value_of(arguments, "-o")
    exported = pathlib.Path(value_of(arguments, "--export-symbols")).read_text().split()
    if "entrypoint" not in exported:
        # a dependency that could be a library of its own: nothing of it is linked
        open(output, "w").close()
        return 0
    inputs = [word for word in arguments if word.endswith((".o", ".rlib")) and word != output and os.path.exists(word)]
    options = ["-O2" if word in ("-Os", "-Oz") else word for word in arguments if word not in inputs]
    if not any("libcompiler_builtins" in path for path in inputs):
        # Optimising everything at once drops what only the back end calls.
        found = sorted(pathlib.Path(inputs[0]).parent.glob("libcompiler_builtins-*.rlib"), key=os.path.getmtime)
        inputs.append(str(found[-1]))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sbpf-link-"))
    try:
        tool("llvm-link", *objects_of(inputs, folder), "-o", folder / "joined.bc")
        tool("opt", "-passes=lower-atomic", folder / "joined.bc", "-o", folder / "all.bc")
        # The new libLLVM wants a newer C library than this system's: it brings its own, loader included.
        command = [BACK / "ld-linux-x86-64.so.2", "--library-path", BACK, ROOT / "bin/sbpf-linker", folder / "all.bc", *options]
        command.append("--export=" + ",".join(FLOATS))
        linked = subprocess.run(command, env=dict(os.environ, LD_LIBRARY_PATH=str(BACK)), stderr=subprocess.PIPE, text=True)
        told = [line for line in linked.stderr.splitlines() if "`solana-compiler-builtins` was not linked" not in line]
        sys.stderr.write("".join(line + "\n" for line in told))
        return linked.returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main(sys.argv[1:]))
