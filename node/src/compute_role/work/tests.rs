use super::*;
use liaise_compute::{AdapterId, DeviceReport, Error, Output, Primitive};
use liaise_ledger::genesis::Units;
use liaise_ledger::hash::block_cid;

/// A primitive whose work is its output's length, and which finds every output good that begins with `good`.
struct Counting(DeviceReport);

impl Primitive for Counting {
    fn kind(&self) -> &str {
        "count"
    }
    fn adapter(&self) -> AdapterId {
        AdapterId([7; 32])
    }
    fn device(&self) -> &DeviceReport {
        &self.0
    }
    fn run(&self, input: &[u8], _: &TaskContext<'_>) -> Result<Output, Error> {
        Ok(Output { bytes: input.to_vec(), blobs: vec![] })
    }
    fn verify(&self, _: &[u8], output: &[u8], _: &[Vec<u8>], _: [u8; 32], _: &TaskContext<'_>) -> Result<Check, Error> {
        let score_permille = if output.starts_with(b"good") { 1000 } else { 100 };
        let reason = "computed again".into();
        Ok(Check { score_permille, positions: vec![0], values: vec![1], reason, cost_permille: 1 })
    }
    fn recompute(&self, _: &[u8], _: &[u8], _: &[u32], _: &TaskContext<'_>) -> Result<Vec<i32>, Error> {
        Ok(vec![1])
    }
    fn evidence_tolerance(&self) -> u32 {
        0
    }
    fn items(&self, _: &[u8], output: &[u8]) -> Result<u64, Error> {
        match output.ends_with(b"?") {
            true => Err(Error::Input { field: "output", problem: "can't be counted".into() }),
            false => Ok(output.len() as u64),
        }
    }
}

const ADAPTER: Hash = Hash([7; 32]);

fn prepared() -> Prepared {
    let device = DeviceReport { provider: "none".into(), cuda_failed: None, operators: 0, on_cpu: vec![] };
    let units = Units { base: 10, per_item: 2, max: 30 };
    Prepared {
        served: Served { primitive: Arc::new(Counting(device)), units },
        announced: ADAPTER,
        input: vec![],
        documents: None,
        snapshot: None,
        reply_key: [0; 32],
    }
}

fn result(output: &[u8], units: u64) -> TaskResult {
    let binding = Binding {
        adapter: ADAPTER,
        config: Hash([1; 32]),
        seed: Hash([1; 32]),
        snapshot: None,
        system_prompt: Hash([1; 32]),
    };
    let (salt, output) = (ByteArray::new([0; 32]), ByteBuf::from(output));
    TaskResult { commit: block_cid(b"commit"), salt, output, blobs: vec![], binding, units }
}

fn judged(output: &[u8], units: u64) -> Check {
    judge(&prepared(), &result(output, units), &[], [3; 32]).unwrap()
}

#[test]
fn a_claim_by_the_table_is_judged_by_its_work() {
    assert_eq!(judged(b"good", 18).score_permille, 1000);
    assert_eq!(judged(b"good, and far too long for the table", 30).score_permille, 1000);
    assert_eq!(judged(b"bad", 16).score_permille, 100);
}

#[test]
fn false_units_are_refused_with_both_figures() {
    for (output, claimed, table) in
        [("good", 19, 18), ("good", 17, 18), ("good", 0, 18), ("good, and too long", 46, 30)]
    {
        let check = judged(output.as_bytes(), claimed);
        assert_eq!(check.score_permille, 0, "{output}");
        assert!(check.reason.contains(&format!("claims {claimed} ")), "{}", check.reason);
        assert!(check.reason.ends_with(&format!(" {table}")), "{}", check.reason);
    }
}

#[test]
fn what_cannot_be_counted_is_not_accepted() {
    assert!(judge(&prepared(), &result(b"good?", 10), &[], [3; 32]).is_err());
    assert_eq!(judged(b"bad?", 10).score_permille, 100, "what is wrong with it is said by the primitive");
}

#[test]
fn another_adapter_is_refused() {
    let mut other = result(b"good", 18);
    other.binding.adapter = Hash([8; 32]);
    assert_eq!(judge(&prepared(), &other, &[], [3; 32]).unwrap().score_permille, 0);
}
