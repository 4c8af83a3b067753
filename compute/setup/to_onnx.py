"""all-MiniLM-L6-v2 from safetensors to ONNX, with nothing but Python's own library.

The bytes depend on the weights alone: no exporter, no protobuf library, no floating-point arithmetic takes part. That
is what makes the adapter's id the same on every machine.

Inputs  input_ids, attention_mask, token_type_ids: int64 [batch_size, sequence_length]
Outputs last_hidden_state [batch_size, sequence_length, 384], sentence_embedding [batch_size, 384]: float32; the latter
        is the mean over the tokens of the mask, brought to length 1.
"""

import array
import json
import struct

LAYERS, HEADS, WIDTH = 6, 12, 384
FLOAT, INT64 = 1, 7
FLOAT_MIN = -3.4028234663852886e38


# Protocol buffers, as far as ONNX needs them: a field is its number and wire type, then its value.
def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def integer(field, value):
    return varint(field << 3) + varint(value)


def block(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def attribute(name, value):
    body = block(1, name)
    if isinstance(value, float):
        return body + varint(2 << 3 | 5) + struct.pack("<f", value) + integer(20, 1)
    if isinstance(value, int):
        return body + integer(3, value) + integer(20, 2)
    return body + b"".join(integer(8, item) for item in value) + integer(20, 7)


def tensor(name, kind, dims, raw):
    return b"".join(integer(1, dim) for dim in dims) + integer(2, kind) + block(8, name) + block(9, raw)


def value_info(name, kind, dims):
    shape = b"".join(block(1, block(2, dim) if isinstance(dim, str) else integer(1, dim)) for dim in dims)
    return block(1, name) + block(2, block(1, integer(1, kind) + block(2, shape)))


def read_safetensors(data):
    """Name to (shape, raw little-endian float32)."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = entry["data_offsets"]
            tensors[name] = (entry["shape"], data[8 + length + start:8 + length + end])
    return tensors


def transposed(shape, raw):
    rows, columns = shape
    values = array.array("I", raw)  # moved as bit patterns
    assert values.itemsize == 4
    out = array.array("I")
    for column in range(columns):
        out.extend(values[column::columns])
    assert len(out) == rows * columns
    return [columns, rows], out.tobytes()


class Graph:
    """Collects nodes and constants; every constant once."""

    def __init__(self, weights):
        self.weights, self.nodes, self.constants, self.counts = weights, [], {}, {}

    def constant(self, name, kind, dims, raw):
        self.constants.setdefault(name, tensor(name, kind, dims, raw))
        return name

    def ints(self, *values):
        name = "int_" + "_".join(str(value) for value in values)
        return self.constant(name, INT64, [len(values)], struct.pack(f"<{len(values)}q", *values))

    def number(self, name, value):
        return self.constant(name, FLOAT, [], struct.pack("<f", value))

    def weight(self, name):
        return self.constant(name, FLOAT, *self.weights[name])

    def op(self, kind, *inputs, output=None, **attributes):
        if output is None:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            output = f"{kind}_{self.counts[kind]}"
        self.nodes.append(
            b"".join(block(1, name) for name in inputs) + block(2, output) + block(3, output) + block(4, kind)
            + b"".join(block(5, attribute(name, attributes[name])) for name in sorted(attributes)))
        return output

    def linear(self, x, name):
        if name + ".weight_transposed" not in self.constants:
            self.constant(name + ".weight_transposed", FLOAT, *transposed(*self.weights[name + ".weight"]))
        return self.op("Add", self.op("MatMul", x, name + ".weight_transposed"), self.weight(name + ".bias"))

    def normal(self, x, name, **more):
        return self.op("LayerNormalization", x, self.weight(name + ".weight"), self.weight(name + ".bias"),
                       axis=-1, epsilon=1e-12, **more)


def attention(g, x, bias, name):
    def heads(part, perm):
        split = g.op("Reshape", g.linear(x, f"{name}.self.{part}"), g.ints(0, 0, HEADS, WIDTH // HEADS))
        return g.op("Transpose", split, perm=perm)

    query, value = heads("query", [0, 2, 1, 3]), heads("value", [0, 2, 1, 3])
    key = heads("key", [0, 2, 3, 1])
    scale = g.number("scale", (WIDTH // HEADS) ** -0.5)
    weights = g.op("Softmax", g.op("Add", g.op("Mul", g.op("MatMul", query, key), scale), bias), axis=-1)
    mixed = g.op("Transpose", g.op("MatMul", weights, value), perm=[0, 2, 1, 3])
    return g.linear(g.op("Reshape", mixed, g.ints(0, 0, WIDTH)), f"{name}.output.dense")


def encoder(g, mask):
    words = g.op("Gather", g.weight("embeddings.word_embeddings.weight"), "input_ids")
    kinds = g.op("Gather", g.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
    length = g.op("Slice", g.op("Shape", "input_ids"), g.ints(1), g.ints(2))
    places = g.op("Slice", g.weight("embeddings.position_embeddings.weight"), g.ints(0), length, g.ints(0))
    x = g.normal(g.op("Add", g.op("Add", words, kinds), places), "embeddings.LayerNorm")
    hidden = g.op("Sub", g.number("one", 1.0), g.op("Unsqueeze", mask, g.ints(1, 2)))
    bias = g.op("Mul", hidden, g.number("float_min", FLOAT_MIN))
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        mixed = attention(g, x, bias, f"{name}.attention")
        x = g.normal(g.op("Add", mixed, x), f"{name}.attention.output.LayerNorm")
        inner = g.op("Gelu", g.linear(x, f"{name}.intermediate.dense"))
        last = {"output": "last_hidden_state"} if layer == LAYERS - 1 else {}
        x = g.normal(g.op("Add", g.linear(inner, f"{name}.output.dense"), x), f"{name}.output.LayerNorm", **last)
    return x


def pooled(g, x, mask):
    """As sentence-transformers does: mean over the mask, then length 1, with its two guards against zero."""
    weights = g.op("Unsqueeze", mask, g.ints(-1))
    total = g.op("ReduceSum", g.op("Mul", x, weights), g.ints(1), keepdims=0)
    count = g.op("Max", g.op("ReduceSum", weights, g.ints(1), keepdims=0), g.number("mean_guard", 1e-9))
    mean = g.op("Div", total, count)
    norm = g.op("Max", g.op("ReduceL2", mean, g.ints(-1), keepdims=1), g.number("norm_guard", 1e-12))
    g.op("Div", mean, norm, output="sentence_embedding")


def convert(safetensors):
    """The bytes of a safetensors file to those of an ONNX file."""
    g = Graph(read_safetensors(safetensors))
    mask = g.op("Cast", "attention_mask", to=FLOAT)
    pooled(g, encoder(g, mask), mask)
    both = ["batch_size", "sequence_length"]
    graph = [block(1, node) for node in g.nodes] + [block(2, "all-MiniLM-L6-v2")]
    graph += [block(5, constant) for constant in g.constants.values()]
    graph += [block(11, value_info(name, INT64, both)) for name in ("input_ids", "attention_mask", "token_type_ids")]
    graph += [block(12, value_info("last_hidden_state", FLOAT, [*both, WIDTH])),
              block(12, value_info("sentence_embedding", FLOAT, [both[0], WIDTH]))]
    opset = block(8, block(1, "") + integer(2, 20))
    return integer(1, 9) + block(2, "liaise") + block(7, b"".join(graph)) + opset
