//! The process that pays.

use liaise_chain_api::{Action, At, FeeLimit, PaysInBatches, Submitter};
use liaise_chain_bch::{BchReader, BchSubmitter};
use liaise_summary::{BATCH_PAYOUTS, DistributorId};

use crate::site;

/// A batch costs its payer nothing: its fee is the epoch's.
const FEE: FeeLimit = FeeLimit(200_000);
/// Bytes that stand before the transaction in what was prepared.
const HEADER_BYTES: usize = 14;

pub async fn run(url: &str, distributor: &str, payouts: &str) {
    let distributor = hex::decode(distributor).expect("hex").try_into().expect("32 bytes");
    let payouts: usize = payouts.parse().expect("a number");
    let config = site::config(url, DistributorId(distributor));
    let reader = BchReader::connect(config.clone()).await.expect("the devnet answers");
    let submitter = BchSubmitter::connect(config, site::operator()).await.expect("the devnet answers");
    let unpaid = reader.unpaid(At::Latest).await.expect("readable");
    let Some(epoch) = unpaid.first() else { return };
    let (sorted, tree) = site::tree(payouts);
    let (mut undecided, mut bytes, mut fees) = (Vec::new(), 0, 0);
    let batches = (0u32..).zip(sorted.chunks(BATCH_PAYOUTS)).skip(epoch.next_batch as usize);
    for (batch, chunk) in batches {
        let proof = tree.proof(batch).expect("a batch of the tree");
        let action = Action::Crank { epoch: epoch.epoch, payouts: chunk.to_vec(), proof };
        let prepared = submitter.prepare(&action, FEE, &undecided).await.expect("an acceptable batch");
        submitter.broadcast(&prepared).await.expect("the devnet takes it");
        bytes += prepared.bytes.len() - HEADER_BYTES;
        fees += prepared.fee_max.0;
        println!("batch {batch}: {} payouts, {bytes} bytes and {fees} satoshis of fee so far", chunk.len());
        undecided.push(prepared);
    }
    println!("the most that this process held: {} MiB", peak_mib());
}

/// The most memory that was resident, MiB, as Linux counts it.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) / 1024
}
