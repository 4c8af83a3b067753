//! The oracle's journal on a disk that outlives its process: what drives the fault cases.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use liaise_chain_api::conformance::faults::{Driver, Passed};
use liaise_chain_api::{Action, ChainError, FeeLimit, Prepared, SubmissionId, Submitter};
use liaise_oracle::journal::{Journal, JournalError, JournalStore, Progress, Row, Stage, StoreFailure};

/// A disk that outlives the process and can refuse to write.
#[derive(Clone, Default)]
pub struct Disk {
    /// By key.
    pub rows: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// Whether it refuses to write.
    pub full: bool,
}

impl JournalStore for Disk {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.rows.lock().expect("not poisoned").get(key).cloned())
    }

    fn put(&mut self, key: &str, row: &[u8]) -> Result<(), StoreFailure> {
        if self.full {
            return Err("no space left".into());
        }
        self.rows.lock().expect("not poisoned").insert(key.to_owned(), row.to_vec());
        Ok(())
    }

    fn remove(&mut self, key: &str) -> Result<(), StoreFailure> {
        self.rows.lock().expect("not poisoned").remove(key);
        Ok(())
    }

    fn rows(&self) -> Result<Vec<(String, Vec<u8>)>, StoreFailure> {
        Ok(self.rows.lock().expect("not poisoned").iter().map(|(key, row)| (key.clone(), row.clone())).collect())
    }
}

impl Disk {
    fn rows_on_it(&self) -> Vec<Row> {
        let rows = self.rows.lock().expect("not poisoned");
        rows.values().map(|row| Row::decode(row).expect("a readable row")).collect()
    }
}

#[async_trait]
impl Driver for Disk {
    fn new() -> Self {
        Self::default()
    }

    async fn pass(&self, submitter: &dyn Submitter, action: &Action, fee: FeeLimit) -> Result<Passed, ChainError> {
        let mut journal = Journal::open(self.clone()).expect("readable rows");
        match journal.want(submitter, action, fee).await {
            Ok(Progress::UnderWay(id)) => Ok(Passed::UnderWay(id)),
            Ok(Progress::Idle) => Ok(Passed::Idle),
            Ok(Progress::Done(id)) => Ok(Passed::Done(id)),
            Ok(Progress::DoneByOthers) => Ok(Passed::DoneByOthers),
            Err(JournalError::Chain(error)) => Err(error),
            Err(other) => panic!("the disk takes everything, and it gives {other}"),
        }
    }

    fn live(&self) -> Vec<Prepared> {
        let live = |row: Row| match row.stage {
            Stage::Live(prepared) => Some(prepared),
            _ => None,
        };
        self.rows_on_it().into_iter().filter_map(live).collect()
    }

    fn came_to_nothing(&self) -> Vec<SubmissionId> {
        self.rows_on_it().into_iter().flat_map(|row| row.past).map(|past| past.id).collect()
    }
}
