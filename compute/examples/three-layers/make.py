#!/usr/bin/env python3
"""A second encoder, for docs/add-a-model.md: the first three of all-MiniLM-L6-v2's six layers.

  python3 make.py BUNDLE OUT

Takes the weights out of the bundle that set-up installed, and writes OUT/model/model.onnx and OUT/tokenizer/tokenizer.json.
Whoever brings a model of their own brings these two files instead.
"""

import json
import pathlib
import shutil
import struct
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "setup"))
import to_onnx

LAYERS = 3


def fields(data):
    """The fields of a protocol-buffers message: number and value, an integer or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while at < len(data):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, varint()
        elif kind == 2:
            length = varint()
            yield tag >> 3, data[at:at + length]
            at += length
        elif kind == 5:
            yield tag >> 3, data[at:at + 4]
            at += 4
        else:
            raise ValueError(f"wire type {kind}: not a file that set-up wrote")


def weights(onnx):
    """Name to (shape, raw little-endian float32) of an ONNX file's constants, as the model's author names them."""
    [graph] = [value for number, value in fields(onnx) if number == 7]
    found = {}
    for number, tensor in fields(graph):
        if number != 5:
            continue
        parts = list(fields(tensor))
        shape = [value for part, value in parts if part == 1]
        [kind], [name], [raw] = ([value for part, value in parts if part == wanted] for wanted in (2, 8, 9))
        name = name.decode()
        if kind != to_onnx.FLOAT or not shape:
            continue
        if name.endswith("_transposed"):
            name, (shape, raw) = name.removesuffix("_transposed"), to_onnx.transposed(shape, raw)
        found[name] = shape, raw
    return found


def safetensors(tensors):
    header, data = {}, b""
    for name, (shape, raw) in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def main():
    bundle, out = map(pathlib.Path, sys.argv[1:])
    tensors = weights((bundle / "model/model.onnx").read_bytes())
    to_onnx.LAYERS = LAYERS
    (out / "model").mkdir(parents=True)
    (out / "model/model.onnx").write_bytes(to_onnx.convert(safetensors(tensors)))
    (out / "tokenizer").mkdir()
    shutil.copyfile(bundle / "tokenizer/tokenizer.json", out / "tokenizer/tokenizer.json")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    main()
