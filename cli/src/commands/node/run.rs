//! `liaise node run`.

use super::NodeArgs;
use crate::commands::context::or_node_exit;
use crate::output::tell;
use liaise_node::Node;

/// Runs the node of a directory until it is told to stop.
pub async fn serve(args: NodeArgs) -> eyre::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("LIAISE_LOG")
        // libp2p's own logs name addresses of peers.
        .unwrap_or_else(|_| {
            "info,libp2p=off,yamux=off,multistream_select=off,arc_malachitebft_core_consensus=warn".into()
        });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // It would say so on the standard error that just failed, and panic.
        .log_internal_errors(false)
        .init();
    let passphrase = args.passphrase.read(&format!("the keys in {}", args.dir.display()))?;
    let node = or_node_exit(Node::start(&args.dir, &passphrase).await)?;
    for note in &node.notes {
        tell(format_args!("{note}"));
    }
    // Whoever started this process waits for this line.
    tell(format_args!("ready"));
    stop_signal(args.stop_with_stdin).await?;
    tell(format_args!("stopping"));
    node.shutdown().await;
    Ok(())
}

async fn stop_signal(with_stdin: bool) -> eyre::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        done = tokio::signal::ctrl_c() => done?,
        () = end_of_stdin(), if with_stdin => {}
    }
    Ok(())
}

/// Standard input can only be read blockingly, so a thread of its own waits for its end.
async fn end_of_stdin() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}
