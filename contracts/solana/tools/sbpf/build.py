#!/usr/bin/env python3
"""Builds the program for the Solana VM: build.py --toolchain DIR --out FILE.so [--check RECORD | --record RECORD]

DIR is what toolchain.py made. Cargo's target folder is $CARGO_TARGET_DIR, else target/ of the workspace. The bytes depend on
the sources, Cargo.lock and the tool chain, and on no place: --check compares their SHA-256 with the record, --record writes it.
With --package the program of another crate is built, which the workspace in the folder --workspace depends on.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORKSPACE = HERE.parent.parent
CLONE = WORKSPACE.parent.parent
TARGET = "sbpf-solana-solana"
# The ELF header's flags say the version; the back end has names of its own for what it may use.
VERSION, CPU = 3, "v4"
MAINNET = "takes v3 since slot 428976000, when enable_sbpf_v3_deployment_and_execution became active"
BACK_END = ["--bpf-stack-size=4096", "--disable-movsx", "--disable-ldsx", "--disable-bswap", "--disable-gotol",
            "--bpf-min-jump-table-entries=1000000"]


def environment(toolchain):
    cargo_home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    # no path of this machine in the program
    places = {toolchain: "/toolchain", CLONE: "/liaise", **{folder: "/crates" for folder in cargo_home.glob("registry/src/*")}}
    flags = [f"-Ctarget-cpu={CPU}", "-Ctarget-feature=+allows-misaligned-mem-access", f"-Clink-arg=--arch=v{VERSION}",
             "-Clink-arg=--export=entrypoint", '--check-cfg=cfg(target_os,values("solana"))']
    flags += [f"-Clink-arg=--llvm-args={option}" for option in BACK_END]
    flags += [f"--remap-path-prefix={place}={name}" for place, name in places.items()]
    name = TARGET.upper().replace("-", "_")
    return dict(
        os.environ,
        SBPF_ROOT=str(toolchain),
        RUSTC=str(HERE / "rustc.py"),
        # the standard library is compiled with the program, which is a feature of no stable release
        RUSTC_BOOTSTRAP="1",
        RUSTC_BOOTSTRAP_SYNTHETIC_TARGET="1",
        __CARGO_TESTS_ONLY_SRC_ROOT=str(toolchain / "library"),
        CARGO_UNSTABLE_BUILD_STD="std,panic_abort",
        CARGO_UNSTABLE_BUILD_STD_FEATURES="compiler-builtins-mem,optimize_for_size",
        CARGO_UNSTABLE_JSON_TARGET_SPEC="true",
        **{f"CARGO_TARGET_{name}_LINKER": str(HERE / "link.py"), f"CARGO_TARGET_{name}_RUSTFLAGS": " ".join(flags)},
    )


def build(toolchain, out, workspace, package):
    cargo, target = os.environ.get("CARGO", "cargo"), os.environ.get("CARGO_TARGET_DIR", workspace / "target")
    command = [cargo, "build", "--locked", "--release", "-p", package, "--target", HERE / f"{TARGET}.json"]
    if subprocess.run(command, cwd=workspace, env=environment(toolchain)).returncode:
        sys.exit("the program does not compile: read the lines above")
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(pathlib.Path(target) / TARGET / "release" / f"lib{package.replace('-', '_')}.so", out)
    return out.read_bytes()


def describe(program, package):
    """What the record says of a program; the ELF header's flags are at 48."""
    version = int.from_bytes(program[48:52], "little")
    if version != VERSION:
        sys.exit(f"the program says that it is sBPF v{version}, not v{VERSION}")
    digest = hashlib.sha256(program).hexdigest()
    return {"program": package, "sha256": digest, "bytes": len(program), "sbpf": f"v{version}", "mainnet": MAINNET}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toolchain", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--check", type=pathlib.Path)
    parser.add_argument("--record", type=pathlib.Path)
    parser.add_argument("--workspace", type=pathlib.Path, default=WORKSPACE)
    parser.add_argument("--package", default="emission")
    options = parser.parse_args()
    toolchain = options.toolchain.absolute()
    program = build(toolchain, options.out.absolute(), options.workspace.absolute(), options.package)
    made = describe(program, options.package)
    print(json.dumps(made))
    if options.record:
        versions = (toolchain / "VERSIONS").read_text().splitlines()
        options.record.parent.mkdir(exist_ok=True)
        options.record.write_text(json.dumps({**made, "toolchain": versions}, indent=2) + "\n")
    if options.check:
        record = json.loads(options.check.read_text())
        differing = [key for key, value in made.items() if record.get(key) != value]
        if differing:
            then, now = record["toolchain"], (toolchain / "VERSIONS").read_text().splitlines()
            others = [line for line in now if line not in then]
            if not others:
                sys.exit(f"{options.check} says something else in {', '.join(differing)}")
            # Debian's archives move on by themselves: other tools make other bytes, which says nothing of the sources
            print(f"NOT COMPARED: {options.check} is of another tool chain; this machine has {', '.join(others)}", file=sys.stderr)


main()
