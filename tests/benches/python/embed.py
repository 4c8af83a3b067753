"""The other side of `cargo xtask bench run`: a model called from ONNX Runtime's Python package.

  python3 embed.py MODEL TOKENIZER THREADS MAX_TOKENS BATCH_TOKENS

The first line of standard input is a JSON array of texts. Then each line is a command, and each gets one line of JSON:

  inputs      the batches that the model is given: ids and mask of each, texts x tokens
  embeddings  the texts' embeddings, in their order
  whole       nanoseconds from texts to embeddings and states
  session     nanoseconds in the model alone, over all batches
"""

import json
import sys
import time

import numpy
import onnxruntime
import tokenizers

OUTPUTS = ["sentence_embedding", "last_hidden_state"]


def open_session(model, threads):
    """With the settings that manifests certify, as compute/src/runtime.rs has them."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.use_deterministic_compute = True
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def batches(tokenizer, texts, batch_tokens):
    """Texts of like length share a batch of at most `batch_tokens`, padding included. Gives places and the model's inputs."""
    encoded = [tokenizer.encode(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda at: len(encoded[at]))
    made = []
    while order:
        take = 1
        while take < len(order) and (take + 1) * len(encoded[order[take]]) <= batch_tokens:
            take += 1
        places, order = order[:take], order[take:]
        width = len(encoded[places[-1]])
        feeds = {name: numpy.zeros((take, width), dtype=numpy.int64)
                 for name in ("input_ids", "attention_mask", "token_type_ids")}
        for row, at in enumerate(places):
            length = len(encoded[at])
            feeds["input_ids"][row, :length] = encoded[at].ids
            feeds["attention_mask"][row, :length] = encoded[at].attention_mask
            feeds["token_type_ids"][row, :length] = encoded[at].type_ids
        made.append((places, feeds))
    return made


def main():
    model, tokenizer_file, threads, max_tokens, batch_tokens = sys.argv[1:]
    session = open_session(model, int(threads))
    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_file)
    tokenizer.no_padding()
    tokenizer.enable_truncation(int(max_tokens))
    texts = json.loads(sys.stdin.readline())

    def embed():
        found = [None] * len(texts)
        for places, feeds in batches(tokenizer, texts, int(batch_tokens)):
            vectors, states = session.run(OUTPUTS, feeds)
            for row, at in enumerate(places):
                found[at] = (vectors[row], states[row, 0])
        return found

    fixed = batches(tokenizer, texts, int(batch_tokens))
    for command in sys.stdin:
        command = command.strip()
        if command == "inputs":
            answer = [{"ids": feeds["input_ids"].tolist(), "mask": feeds["attention_mask"].tolist()}
                      for _, feeds in fixed]
        elif command == "embeddings":
            answer = [vector.tolist() for vector, _ in embed()]
        elif command == "whole":
            started = time.perf_counter_ns()
            embed()
            answer = time.perf_counter_ns() - started
        elif command == "session":
            started = time.perf_counter_ns()
            for _, feeds in fixed:
                session.run(OUTPUTS, feeds)
            answer = time.perf_counter_ns() - started
        else:
            sys.exit(f"unknown command {command!r}")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
