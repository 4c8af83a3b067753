//! What is on this machine: keys, journal, disk.

use super::Subject;
use super::finding::Findings;
use crate::exit::Kind;
use liaise_node::{blocking, disk_space, keys, oracle_key};
use liaise_oracle::journal::Journal;
use liaise_oracle::moving::{MoveError, Standing, check_votes};
use liaise_store::{Options, Store, StoreError};
use liaise_summary::CompressedKey;
use std::path::Path;

/// Below this the next write may fail.
const DISK_FAIL: u64 = 1 << 30;
/// A year of a busy network.
const DISK_WARN: u64 = 10 << 30;

impl Subject<'_> {
    /// The keys are there, open, and stand in the genesis. Returns the oracle's.
    pub fn keys(&self, findings: &mut Findings) -> Option<CompressedKey> {
        let Some(passphrase) = self.passphrase else {
            let submitters = self.role.offices().filter_map(|(_, submitter)| submitter);
            for path in std::iter::once(&self.role.key).chain(submitters) {
                closed(findings, path);
            }
            return None;
        };
        let key = match oracle_key(self.genesis, self.role, passphrase) {
            Ok(key) => {
                let public = key.public();
                let place = self.role.key.display();
                findings.ok("key", format!("{place} opens: {}, in the genesis's set of oracles", hex::encode(public)));
                Some(public)
            }
            Err(error) => {
                let remedy =
                    "role.key in node.toml: name the keystore of a key in the oracle set, and give its passphrase";
                findings.fail("key", Kind::Usage, error.to_string(), remedy);
                None
            }
        };
        for (chain, submitter) in self.role.offices() {
            let Some(path) = submitter else {
                findings.warn(
                    "submitter",
                    format!("none is named for {}: this oracle signs, and lets others file there", chain.id),
                    "name the keystore of an account with gas money, unless you mean it so",
                );
                continue;
            };
            match keys::open(path, passphrase) {
                Ok(_) => findings.ok("submitter", format!("{} opens", path.display())),
                Err(error) => findings.fail(
                    "submitter",
                    Kind::Usage,
                    error.to_string(),
                    "role.submitter in node.toml: name a keystore that this passphrase opens",
                ),
            }
        }
        key
    }

    /// The journal is here, readable, and the newest.
    pub async fn journal(&self, findings: &mut Findings, key: Option<CompressedKey>) {
        let mut options = Options::new(self.genesis.clone());
        // While its node runs it has the lock; reading does no harm.
        (options.create, options.read_only) = (false, true);
        let dir = self.dir.join("ledger");
        let looked = blocking(move || look(&dir, options, key)).await;
        match looked {
            Ok((standing, live, sealed)) => {
                let how = match standing {
                    Standing::Arrived { .. } => "taken over from another host",
                    _ => "this host's own",
                };
                let sealed = sealed.map_or("no epoch is sealed".into(), |epoch| format!("sealed up to epoch {epoch}"));
                findings.ok("journal", format!("{how}; {live} transactions on their way; {sealed} in the copy here"));
            }
            Err(Look::Store(StoreError::Missing { .. })) => {
                findings.ok("journal", "none yet: the first start makes it");
            }
            Err(Look::Move(error @ (MoveError::Away { .. } | MoveError::Waiting { .. }))) => {
                findings.fail("journal", Kind::Refused, error.to_string(), "run the oracle where its journal is");
            }
            Err(Look::Move(error)) => findings.fail(
                "journal",
                Kind::Integrity,
                error.to_string(),
                "sign nothing here until it is the newest journal again",
            ),
            Err(Look::Store(error)) => {
                findings.fail("journal", Kind::Integrity, error.to_string(), "restore the directory from a copy");
            }
            Err(Look::Submissions(error)) => {
                findings.fail("journal", Kind::Integrity, error, "restore the directory from a copy");
            }
        }
    }

    /// There is room.
    pub fn disk(&self, findings: &mut Findings) {
        match disk_space(self.dir) {
            Ok(space) => room(findings, self.dir, space.free),
            Err(error) => findings.warn(
                "disk",
                format!("the room at {} can't be told: {error}", self.dir.display()),
                "look at it with df",
            ),
        }
    }
}

fn closed(findings: &mut Findings, path: &Path) {
    let place = path.display();
    if path.is_file() {
        findings.warn(
            "key",
            format!("{place} is there; without a passphrase it stays closed"),
            "give --passphrase-file, to see whether it opens and whose it is",
        );
    } else {
        findings.fail("key", Kind::Usage, format!("{place} is not there"), "bring the keystore back from its backup");
    }
}

enum Look {
    Store(StoreError),
    Move(MoveError),
    Submissions(String),
}

type Seen = (Standing, usize, Option<i64>);

fn look(dir: &Path, options: Options, key: Option<CompressedKey>) -> Result<Seen, Look> {
    let store = Store::open(dir, options).map_err(Look::Store)?;
    let standing = Standing::of(&store).map_err(Look::Move)?;
    standing.allow().map_err(Look::Move)?;
    if let Some(key) = key {
        check_votes(&store, &key).map_err(Look::Move)?;
    }
    let sealed = store.newest_seal().map_err(Look::Store)?;
    let journal = Journal::open(store).map_err(|error| Look::Submissions(error.to_string()))?;
    Ok((standing, journal.live().len(), sealed))
}

fn room(findings: &mut Findings, dir: &Path, free: u64) {
    let mib = free >> 20;
    let detail = format!("{mib} MiB free at {}", dir.display());
    if free < DISK_FAIL {
        findings.fail("disk", Kind::Refused, detail, "make room now: a failed write stops the oracle");
    } else if free < DISK_WARN {
        findings.warn("disk", detail, format!("make room, {} MiB at least", DISK_WARN >> 20));
    } else {
        findings.ok("disk", detail);
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_full_disk_is_found_before_it_is_full() {
        for (free, state) in [(DISK_FAIL - 1, State::Fail), (DISK_FAIL, State::Warn), (DISK_WARN, State::Ok)] {
            let mut findings = Findings::default();
            room(&mut findings, Path::new("/data"), free);
            assert_eq!(findings.only().0, state, "{free}");
        }
        assert!(disk_space(Path::new("/")).is_ok());
    }
}
