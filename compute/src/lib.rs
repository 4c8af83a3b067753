//! Model adapters and primitives over ONNX Runtime.
