//! RocksDB and ONNX Runtime block: they run off tokio's workers.

/// Runs blocking work on tokio's blocking threads.
///
/// # Panics
/// When the work panics: a bug must not look like an answer.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => unreachable!("blocking work is never cancelled: {error}"),
    }
}
