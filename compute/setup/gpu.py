"""ONNX Runtime for CUDA 13 with the libraries that it loads. Only on request: it is large, and useless without a GPU."""

import pathlib
import platform

import runtime
from shared import SetupError, pip_download, say, scratch_folder, unzip, whole_folder

ONNXRUNTIME = ("onnxruntime-gpu", runtime.VERSION, "05d548956197b9d01f59b625de740e0d6be3593f874e241a12dc0362650ecdf7")
CUDA = [
    ("nvidia-cuda-runtime", "13.5.37", "df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d"),
    ("nvidia-cublas", "13.10.0.20", "dcc6d63884c53d07e267ce7e6feac17b2538cebaafec5db865736c3e28e4dc84"),
    ("nvidia-curand", "10.4.5.25", "22bb226a857e5888fe6b54ae465fc4371296bcff13a35f79e19691bcf454f529"),
    ("nvidia-cufft", "12.5.0.14", "b8be26837a5abad2b5b74f3e92dd29f622a42934b355be0961a48712cbba23ad"),
    ("nvidia-cuda-nvrtc", "13.5.37", "86b4d68058807988b7d9af5b44917a0601e9c337f35ccd657bfb3c759ff8d8bc"),
    ("nvidia-cudnn-cu13", "9.28.1.4", "a54f205b1db1f2895d99f398754db1369816f0569dd459731f925635cf7b65ec"),
]
DOWNLOAD, DISK = 1_520_000_000, 2_400_000_000


def folder(cache):
    return pathlib.Path(cache) / f"onnxruntime-{runtime.VERSION}-gpu"


def library(cache):
    return folder(cache) / f"libonnxruntime.so.{runtime.VERSION}"


def is_done(cache):
    return library(cache).is_file()


def of_onnxruntime(member):
    """The libraries and the licences, without TensorRT's provider."""
    path = pathlib.PurePosixPath(member)
    if path.name in ("LICENSE", "ThirdPartyNotices.txt") and path.parent.name == "onnxruntime":
        return path.name
    wanted = path.parent.name == "capi" and path.name.startswith("libonnxruntime") and "tensorrt" not in path.name
    return path.name if wanted else None


def of_cuda(member):
    path = pathlib.PurePosixPath(member)
    if path.parent.name == "licenses":
        return f"cuda/licences/{path.parent.parent.name}.txt"
    return f"cuda/{path.name}" if path.parent.name == "lib" and ".so" in path.name else None


def install(cache):
    if is_done(cache):
        return library(cache)
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise SetupError("the CUDA build is pinned for Linux on x86_64 only; leave out --gpu")
    say(f"ONNX Runtime {runtime.VERSION} for CUDA (MIT licence) and CUDA's libraries (NVIDIA's licences) from PyPI")
    options = ["--python-version", "3.12", "--implementation", "cp", "--abi", "cp312", "--abi", "none"]
    for tag in ("manylinux_2_28", "manylinux_2_27", "manylinux2014", "manylinux2010", "manylinux1"):
        options += ["--platform", f"{tag}_x86_64"]
    with scratch_folder(cache) as scratch, whole_folder(folder(cache)) as filling:
        for pin in [ONNXRUNTIME, *CUDA]:  # one after the other: pip keeps what has come, whatever fails later
            [wheel] = pip_download([pin], scratch, options)
            unzip(wheel, of_onnxruntime if pin is ONNXRUNTIME else of_cuda, filling)
            wheel.unlink()
        if not (filling / library(cache).name).is_file():
            raise SetupError(f"the wheel of {ONNXRUNTIME[0]} does not hold {library(cache).name}")
    return library(cache)
