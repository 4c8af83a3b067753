//! The command line.

use std::io::Read;
use std::net::{IpAddr, TcpListener};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;

use crate::chain::{MAX_UNIX_TIME, ProgramAtGenesis, Settings};
use crate::node::Mining;

/// How often another pair of free ports is looked for.
const PORT_TRIES: u32 = 64;

/// A Solana JSON-RPC node for tests: one process, no network, faults on demand.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Port of JSON-RPC; 0 for any that is free.
    #[arg(long, default_value_t = 8899)]
    port: u16,
    /// Port of the WebSocket; the one after JSON-RPC's if not given, which is where Solana's clients look.
    #[arg(long)]
    ws_port: Option<u16>,
    /// Unix seconds of slot 0; now if not given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=MAX_UNIX_TIME))]
    genesis_time: Option<u64>,
    /// A program that is there from the start, without an upgrade authority unless one is named. May be repeated.
    #[arg(long, value_name = "ID=PATH.so[@AUTHORITY]")]
    program: Vec<ProgramAtGenesis>,
    /// Names the chain: the same seed gives the same genesis hash and faucet.
    #[arg(long, default_value = "localnet")]
    ledger_seed: String,
    /// How long a slot takes, in milliseconds.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    slot_ms: u64,
    /// How many slots confirmed is behind processed.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..32))]
    confirm_slots: u64,
    /// Make blocks only when told.
    #[arg(long, conflicts_with = "instant")]
    manual: bool,
    /// Make a block for each transaction, at once, and none otherwise.
    #[arg(long)]
    instant: bool,
    /// End when standard input does.
    #[arg(long)]
    pub exit_with_stdin: bool,
}

impl Args {
    /// What the chain is started with.
    pub fn settings(&self) -> Result<Settings, String> {
        let genesis_ms = match self.genesis_time {
            Some(time) => time * 1000,
            None => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
                u64::try_from(now.as_millis()).map_err(|error| error.to_string())?
            }
        };
        Ok(Settings {
            seed: self.ledger_seed.clone(),
            genesis_ms,
            slot_ms: self.slot_ms,
            confirm_slots: self.confirm_slots,
            programs: self.program.clone(),
        })
    }

    pub fn mining(&self) -> Mining {
        match (self.manual, self.instant) {
            (true, _) => Mining::Manual,
            (_, true) => Mining::Instant,
            _ => Mining::Auto,
        }
    }

    /// Listens on both ports.
    pub fn listeners(&self) -> Result<(TcpListener, TcpListener), String> {
        let listen = |port: u16| {
            TcpListener::bind((self.bind, port)).map_err(|error| format!("port {port} of {}: {error}", self.bind))
        };
        let pair = || {
            let rpc = listen(self.port)?;
            let port = rpc.local_addr().map_err(|error| error.to_string())?.port();
            let next = || port.checked_add(1).ok_or("there is no port after 65535: name one with --ws-port");
            let pubsub = listen(self.ws_port.map_or_else(next, Ok)?)?;
            Ok((rpc, pubsub))
        };
        let mut found: Result<_, String> = pair();
        // of a free port the next one may be taken
        for _ in 0..if self.port == 0 { PORT_TRIES } else { 0 } {
            found = found.or_else(|_| pair());
        }
        found
    }
}

/// Waits for the end of standard input, or for ever.
pub async fn end(with_stdin: bool) {
    if !with_stdin {
        return std::future::pending().await;
    }
    let (told, hears) = tokio::sync::oneshot::channel::<()>();
    // a thread of its own: reading can't be broken off, and nothing waits for this one
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = [0; 1024];
        while matches!(stdin.read(&mut buffer), Ok(read) if read > 0) {}
        drop(told);
    });
    let _ = hears.await;
}
