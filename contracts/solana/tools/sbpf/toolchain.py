#!/usr/bin/env python3
"""Puts a tool chain for the Solana VM (sBPF v3) into a folder: toolchain.py DIR. It comes from Debian and crates.io only.

front/       Debian's rustc and the standard library's sources, and the bitcode tools of the LLVM that this rustc is built with
back/        libLLVM 23, the first whose BPF back end passes arguments on the stack, from Debian's unstable archive, with what
             it loads, down to the C library: unpacked, not installed
bin/         sbpf-linker, which turns bitcode into a program by that libLLVM
library/     the standard library's sources, changed so that they compile for the VM (std.py)
VERSIONS     which packages these are

Root is not needed. packages.txt holds the versions that were tried, with their SHA-256. The mirror drops old ones: then the
present ones are taken and named, and whether the program's bytes are still the recorded ones is seen when it is built.
"""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import std

HERE = pathlib.Path(__file__).resolve().parent
LOCK = HERE / "packages.txt"
LINKER = "0.2.6"
CARGO = os.environ.get("CARGO", "cargo")
# What is asked of each archive; libraries that these load are found by apt.
FRONT = ["rustc-web", "libstd-rust-web-1.96", "libstd-rust-web-dev", "rust-web-src", "llvm-22", "libllvm22"]
BACK = ["libllvm23"]
BITCODE_TOOLS = ["llvm-ar", "llvm-link", "opt"]


def run(*command, **options):
    print("  $", " ".join(map(str, command)), file=sys.stderr, flush=True)
    return subprocess.run(command, check=True, text=True, **options)


class Apt:
    """apt with lists of its own: the system's are root's to renew. It checks the archive's signatures all the same."""

    def __init__(self, folder, sources=None):
        self.folder = folder
        for part in ["lists/partial", "archives/partial", "debs"]:
            (folder / part).mkdir(parents=True)
        options = [f"Dir::State::Lists={folder}/lists", f"Dir::Cache={folder}", "Debug::NoLocking=true"]
        options += ["APT::Sandbox::User=root", "Acquire::Retries=3", "Acquire::Languages=none"]
        if sources:
            (folder / "sources.list").write_text(sources)
            options += [f"Dir::Etc::SourceList={folder}/sources.list", "Dir::Etc::SourceParts=/dev/null"]
        self.options = [word for option in options for word in ("-o", option)]
        run("apt-get", *self.options, "-qq", "update")

    def libraries_of(self, package):
        """The package and everything that it depends on."""
        no = [f"--no-{kind}" for kind in ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"]]
        command = ["apt-cache", *self.options, "depends", "--recurse", *no, package]
        listed = run(*command, stdout=subprocess.PIPE).stdout
        return sorted({line for line in listed.splitlines() if re.match(r"\w", line)})

    def download(self, packages, pinned):
        """Fetches the versions that were tried, else those that the archive has now."""
        debs = self.folder / "debs"
        named = [f"{name}={pinned[name][0]}" if name in pinned else name for name in packages]
        try:
            run("apt-get", *self.options, "-qq", "download", *named, cwd=debs)
        except subprocess.CalledProcessError:
            print("  the archive no longer has every version of packages.txt: taking its present ones", file=sys.stderr)
            run("apt-get", *self.options, "-qq", "download", *packages, cwd=debs)
        return sorted(debs.glob("*.deb"))


def mirror():
    """The Debian mirror that this machine uses already, without its suites."""
    listed = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", stdout=subprocess.PIPE)
    found = [line for line in listed.stdout.splitlines() if re.search(r"/debian/?$", line)]
    if not found:
        sys.exit("no Debian mirror among the sources of apt: the tool chain's packages can't be fetched from here")
    return found[0]


def read_lock():
    rows = [line.split() for line in LOCK.read_text().splitlines() if line and not line.startswith("#")]
    return {(archive, name): (version, digest) for archive, name, version, digest in rows}


def unpack(archive, debs, into, lock, versions):
    into.mkdir()
    for deb in debs:
        name, version = deb.name.split("_")[:2]
        version = version.replace("%3a", ":")
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        pinned = lock.get((archive, name))
        if pinned is None or pinned[0] != version:
            print(f"  {name} {version} is not the version that was tried", file=sys.stderr)
        elif pinned[1] != digest:
            sys.exit(f"{deb.name} has SHA-256 {digest}, packages.txt says {pinned[1]}: refused")
        versions.append(f"{archive} {name} {version} {digest}")
        subprocess.run(["dpkg-deb", "--extract", deb, into], check=True)
        deb.unlink()


def front(root, lock, versions):
    apt = Apt(root / "apt-front")
    packages = FRONT + [name for name in apt.libraries_of("libllvm22") if name not in FRONT and not name.startswith("libc6")]
    pinned = {name: pin for (archive, name), pin in lock.items() if archive == "front"}
    unpack("front", apt.download(packages, pinned), root / "front", lock, versions)
    # of hundreds of megabytes, what is used
    front = root / "front"
    sources = next(front.glob("usr/src/rustc-*/library"))
    std.change(sources, root / "library")
    # its few dependencies, so that a build later needs no network
    environment = dict(os.environ, RUSTC_BOOTSTRAP="1")
    run(CARGO, "fetch", "--quiet", "--locked", "--manifest-path", root / "library/Cargo.toml", env=environment)
    tools = front / "usr/lib/llvm-22/bin"
    for tool in tools.iterdir():
        if tool.name not in BITCODE_TOOLS:
            tool.unlink()
    for unused in ["usr/src", "usr/share", "usr/lib/llvm-22/share", "usr/lib/llvm-22/build"]:
        shutil.rmtree(front / unused, ignore_errors=True)


def back(root, lock, versions):
    apt = Apt(root / "apt-back", f"deb {mirror()} sid main\n")
    packages = [name for name in apt.libraries_of(BACK[0]) if "gconv" not in name]
    pinned = {name: pin for (archive, name), pin in lock.items() if archive == "back"}
    unpack("back", apt.download(packages, pinned), root / "back", lock, versions)
    shutil.rmtree(root / "back/usr/share", ignore_errors=True)


def linker(root):
    target = root / "build"
    run(CARGO, "install", "sbpf-linker", "--version", f"={LINKER}", "--locked", "--quiet", "--root", root, "--target-dir", target)
    shutil.rmtree(target)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1]).absolute()
    root.mkdir(parents=True, exist_ok=True)
    lock, versions = read_lock(), []
    front(root, lock, versions)
    back(root, lock, versions)
    linker(root)
    versions.append(f"crates.io sbpf-linker {LINKER}")
    for apt in ["apt-front", "apt-back"]:
        shutil.rmtree(root / apt)
    (root / "VERSIONS").write_text("\n".join(versions) + "\n")


try:
    main()
except subprocess.CalledProcessError as failed:
    sys.exit(f"`{' '.join(map(str, failed.cmd))}` failed ({failed.returncode}): read the lines above")
