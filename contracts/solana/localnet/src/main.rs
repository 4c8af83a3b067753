//! A Solana node for tests and the demo: JSON-RPC over one chain in memory, without a network behind it.
//!
//! README.md says what it is, what it is not, and how to point the same program at a real validator.

mod args;
mod chain;
mod http;
mod node;
mod rpc;
mod ws;

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use clap::Parser;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::Args;
use crate::chain::Chain;
use crate::node::Node;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    let result = runtime.block_on(run(Args::parse()));
    // connections that are still open don't keep the process
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("solana-localnet: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until a signal, or the end of standard input if that was asked for.
async fn run(args: Args) -> Result<(), String> {
    let settings = args.settings()?;
    let slot = Duration::from_millis(settings.slot_ms);
    let chain = tokio::task::block_in_place(|| Chain::start(&settings))?;
    let genesis_hash = chain.genesis_hash();
    let node = Arc::new(Node::new(chain, args.mining(), slot));

    let (rpc, pubsub) = args.listeners()?;
    let address = |listener: &TcpListener| listener.local_addr().map_err(|error| error.to_string());
    let line = format!("listening http://{} ws://{} genesis {genesis_hash}", address(&rpc)?, address(&pubsub)?);
    let rpc = axum::serve(listening(rpc)?.tap_io(at_once), http::router(Arc::clone(&node)));
    let pubsub = axum::serve(listening(pubsub)?.tap_io(at_once), ws::router(Arc::clone(&node)));
    let ended = args::end(args.exit_with_stdin);
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    println!("{line}");

    tokio::select! {
        result = rpc => result.map_err(|error| error.to_string()),
        result = pubsub => result.map_err(|error| error.to_string()),
        () = node.tick() => Ok(()),
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminated.recv() => Ok(()),
        () = ended => Ok(()),
    }
}

fn listening(listener: TcpListener) -> Result<tokio::net::TcpListener, String> {
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())
}

/// Answers are small and waited for.
fn at_once(stream: &mut TcpStream) {
    // one that does not take it is only slower
    let _ = stream.set_nodelay(true);
}
