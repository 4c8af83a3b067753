"""ONNX Runtime as a shared library, from its Python wheel."""

import pathlib
import platform

from shared import SetupError, pip_download, say, scratch_folder, unzip, whole_folder

VERSION = "1.31.1"
# (system, machine): wheel platform, wheel hash, library
CPU = {
    ("Linux", "x86_64"): (
        "manylinux_2_28_x86_64", "1f3dea47f2f0e5117c2404cea7d21fd253ae7836a3bf167a501cdfbb2600d536",
        f"libonnxruntime.so.{VERSION}"),
    ("Linux", "aarch64"): (
        "manylinux_2_28_aarch64", "0b9a492176886992e0e875f06bc0367e333f5fff11711a2d642e18b02f3009cc",
        f"libonnxruntime.so.{VERSION}"),
    ("Darwin", "arm64"): (
        "macosx_14_0_arm64", "96dd2564b10ea7153ad9c207e7cd8e5917cb3ba521e0e0a62ac03486fdc8d56c",
        f"libonnxruntime.{VERSION}.dylib"),
}
DOWNLOAD, DISK = 21_000_000, 30_000_000


def folder(cache):
    return pathlib.Path(cache) / f"onnxruntime-{VERSION}-cpu"


def pin():
    here = (platform.system(), platform.machine())
    if here not in CPU:
        raise SetupError(f"no ONNX Runtime is pinned for {' '.join(here)}; it runs on "
                         + ", ".join(" ".join(known) for known in CPU))
    return CPU[here]


def library(cache):
    return folder(cache) / pin()[2]


def is_done(cache):
    return library(cache).is_file()


def install(cache):
    wheel_platform, digest, name = pin()
    if is_done(cache):
        return library(cache)
    say(f"ONNX Runtime {VERSION} (MIT licence) from PyPI")
    with scratch_folder(cache) as scratch, whole_folder(folder(cache)) as filling:
        options = ["--python-version", "3.12", "--implementation", "cp", "--abi", "cp312",
                   "--platform", wheel_platform]
        [wheel] = pip_download([("onnxruntime", VERSION, digest)], scratch, options)
        wanted = {f"onnxruntime/capi/{name}": name, "onnxruntime/LICENSE": "LICENSE",
                  "onnxruntime/ThirdPartyNotices.txt": "ThirdPartyNotices.txt"}
        unzip(wheel, wanted.get, filling)
        if not (filling / name).is_file():
            raise SetupError(f"the wheel of ONNX Runtime {VERSION} does not hold {name}")
    return library(cache)
