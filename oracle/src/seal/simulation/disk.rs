//! A disk that outlives its witness, and a log on it that crashes where it is told to.

use crate::seal::wal::{Wal, WalError, frames, put_frame};
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Default)]
pub struct Disk {
    pub bytes: Vec<u8>,
    /// Steps until the crash: each write and each message counts.
    pub crash_in: Option<u32>,
    pub crashed: bool,
    pub torn: u32,
}

impl Disk {
    /// True when the witness crashes here.
    pub fn step(&mut self) -> bool {
        match &mut self.crash_in {
            Some(0) => self.crashed = true,
            Some(n) => *n -= 1,
            None => {}
        }
        self.crashed
    }
}

#[derive(Clone, Default)]
pub struct CrashWal(pub Rc<RefCell<Disk>>);

fn crash() -> WalError {
    WalError::Other("crash".to_owned())
}

impl Wal for CrashWal {
    fn replay(&mut self) -> Result<Vec<Vec<u8>>, WalError> {
        let mut disk = self.0.borrow_mut();
        let (records, end) = frames(&disk.bytes)?;
        disk.bytes.truncate(end);
        Ok(records)
    }

    /// Nothing, half of the record, or the whole record is left by a crash.
    fn append(&mut self, record: &[u8]) -> Result<(), WalError> {
        let mut disk = self.0.borrow_mut();
        if disk.step() {
            return Err(crash());
        }
        let mut frame = Vec::new();
        put_frame(&mut frame, record);
        let half = frame.len() / 2;
        disk.bytes.extend(&frame[..half]);
        if disk.step() {
            disk.torn += 1;
            return Err(crash());
        }
        disk.bytes.extend(&frame[half..]);
        if disk.step() { Err(crash()) } else { Ok(()) }
    }

    fn truncate(&mut self, keep: &[Vec<u8>]) -> Result<(), WalError> {
        let mut disk = self.0.borrow_mut();
        if disk.step() {
            return Err(crash());
        }
        let mut bytes = Vec::new();
        keep.iter().for_each(|record| put_frame(&mut bytes, record));
        disk.bytes = bytes;
        if disk.step() { Err(crash()) } else { Ok(()) }
    }
}
