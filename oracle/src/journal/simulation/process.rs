//! An operator's process, from its start to wherever it is dropped.

use super::book::task;
use super::disk::Disk;
use super::operator::{Operator, Pause};
use super::shared::Handle;
use crate::journal::{Journal, JournalError, Progress};
use liaise_chain_api::{Action, FeeLimit};

const FEE: FeeLimit = FeeLimit(1);

/// Reads its disk, then takes up what is on its way and wants what is to be done, again and again. Ends when a write
/// fails.
pub async fn process(shared: Handle, disk: Disk, number: u8) {
    let rules = shared.lock().plan.rules;
    let mut journal = Journal::open_with(disk, rules).expect("readable rows");
    let operator = Operator::new(&shared, number);
    loop {
        let takes_up = {
            let mut shared = shared.lock();
            shared.calm || shared.rng.percent(30)
        };
        if takes_up {
            for (_, progress) in journal.resume(&operator).await {
                if is_fatal(&progress) {
                    return;
                }
            }
        }
        let actions = shared.lock().wanted();
        let mut ended = true;
        for action in actions {
            let progress = journal.want(&operator, &action, FEE).await;
            if is_fatal(&progress) {
                return;
            }
            ended &= matches!(progress, Ok(Progress::Done(_) | Progress::DoneByOthers));
            note(&shared, number, &action, progress);
        }
        {
            let mut shared = shared.lock();
            if ended && shared.calm && journal.live().is_empty() && shared.all_filed() {
                shared.ended.insert(number);
            } else {
                shared.ended.remove(&number);
            }
        }
        Pause::rest(&shared).await;
    }
}

fn is_fatal(progress: &Result<Progress, JournalError>) -> bool {
    matches!(progress, Err(JournalError::Store(_) | JournalError::Halted))
}

/// What was told is held against the operator at the end.
fn note(shared: &Handle, number: u8, action: &Action, progress: Result<Progress, JournalError>) {
    match progress {
        Ok(Progress::UnderWay(id) | Progress::Done(id)) => {
            shared.lock().acknowledged.insert((number, id));
        }
        Ok(Progress::Idle | Progress::DoneByOthers) | Err(JournalError::Chain(_)) => {}
        Err(other) => panic!("{:?}: {other}", task(action)),
    }
}
