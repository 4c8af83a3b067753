//! The program as a process: how it starts, and that it ends.

use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{GENESIS, Localnet, command};

/// Waits until the process is gone, but not for ever.
fn ended(net: &mut Localnet) -> ExitStatus {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = net.process.try_wait().expect("it can be asked") {
            return status;
        }
        assert!(Instant::now() < patience, "it does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn fails(args: &[&str]) -> String {
    let output = command(args).stdin(Stdio::null()).output().expect("it runs");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[tokio::test]
async fn it_ends_with_its_standard_input() {
    let mut net = Localnet::start();
    net.rpc.get_slot().await.expect("it answers");
    drop(net.process.stdin.take());
    assert!(ended(&mut net).success());
}

#[tokio::test]
async fn it_ends_on_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let mut net = Localnet::start();
        net.rpc.get_slot().await.expect("it answers, and the connection stays open");
        let id = net.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
        assert!(ended(&mut net).success());
    }
}

#[tokio::test]
async fn ports_follow_each_other() {
    let net = Localnet::start();
    let port = |url: &str| url.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()).expect("a port");
    assert_eq!(port(&net.ws), port(&net.url) + 1);
    // a second one on the same port says so
    let taken = fails(&["--port", &port(&net.url).to_string()]);
    assert!(taken.contains("in use"), "{taken}");
    let own = Localnet::with(&["--manual", "--ws-port", "0"]);
    own.rpc.get_slot().await.expect("it answers");
}

#[tokio::test]
async fn time_passes_by_itself_unless_told_otherwise() {
    let net = Localnet::with(&["--slot-ms", "10"]);
    let mut slot = 0;
    while slot < 50 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        slot = net.rpc.get_slot().await.expect("a slot");
    }
    assert_eq!(net.rpc.get_block_time(50).await.expect("a time"), GENESIS as i64);
    assert_eq!(net.rpc.get_block_time(0).await.expect("a time"), GENESIS as i64);
}

#[tokio::test]
async fn programs_are_there_from_the_start_with_their_authority() {
    // SPL Token as LiteSVM carries it stands for anybody's program
    let mut elf = Vec::new();
    let net = Localnet::start();
    let token = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA".parse().expect("an address");
    let loaded = net.rpc.get_account(&token).await.expect("a program");
    let data = solana_address::Address::new_from_array(loaded.data[4..36].try_into().expect("an address"));
    elf.extend_from_slice(&net.rpc.get_account(&data).await.expect("its data").data[45..]);
    let file = std::env::temp_dir().join(format!("solana-localnet-{}.so", std::process::id()));
    std::fs::write(&file, &elf).expect("it is written");

    let (id, authority) = (crate::harness::somebody(40), crate::harness::somebody(41));
    let named = format!("{id}={}@{authority}", file.display());
    let with_program = Localnet::with(&["--manual", "--program", &named]);
    let program = with_program.rpc.get_account(&id).await.expect("a program");
    assert!(program.executable);
    let data = solana_address::Address::new_from_array(program.data[4..36].try_into().expect("an address"));
    let data = with_program.rpc.get_account(&data).await.expect("its data").data;
    assert_eq!((data[12], &data[13..45]), (1, authority.as_ref()));
    assert_eq!(data[45..], elf);
    std::fs::remove_file(&file).expect("it is removed");
}

#[test]
fn what_it_cannot_do_it_says() {
    let id = crate::harness::somebody(40).to_string();
    assert!(fails(&["--program", &format!("{id}=/nowhere.so")]).contains("/nowhere.so"));
    assert!(fails(&["--program", &format!("{id}={}", env!("CARGO_BIN_EXE_solana-localnet"))]).contains(&id));
    assert!(fails(&["--program", "nothing"]).contains("ID=PATH.so"));
    assert!(fails(&["--manual", "--instant"]).contains("cannot be used with"));
    assert!(fails(&["--slot-ms", "0"]).contains("1..=60000"));
    assert!(fails(&["--genesis-time", "253402300800"]).contains("253402300799"));
}
