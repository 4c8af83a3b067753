//! `liaise ledger export` and `import`.

use super::{ExportArgs, ImportArgs, store};
use crate::commands::context::{Context, cid};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use liaise_ledger::EpochNumber;
use liaise_node::blocking;
use liaise_store::{BadBlock, Filter, ImportReport};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::ops::RangeInclusive;

pub async fn export(context: &Context, args: ExportArgs) -> eyre::Result<()> {
    let filter = match (&args.task, &args.epochs) {
        (Some(task), _) => Filter::Task(cid(task)?),
        (None, Some(range)) => Filter::Epochs(epochs(range)?),
        (None, None) => Filter::All,
    };
    let store = store(context, args.offline).await?;
    let created = File::create_new(&args.file).map_err(|error| eyre::eyre!("{}: {error}", args.file.display()));
    let file = created.or_exit(Kind::Usage)?;
    let report = blocking(move || {
        let mut to = BufWriter::new(file);
        let report = store.export_car(&mut to, &filter, |_| {})?;
        to.flush()?;
        to.get_ref().sync_all()?;
        Ok::<_, liaise_store::CarError>(report)
    })
    .await;
    if report.is_err() {
        // Half a file must not look like an export.
        let _ = std::fs::remove_file(&args.file);
    }
    let report = report.or_exit(Kind::Refused)?;
    if args.json {
        return output::json(&json!({
            "file": args.file,
            "messages": report.messages,
            "blobs": report.blobs,
            "bytes": report.bytes,
            "root": report.root.to_string(),
        }));
    }
    say!(
        "{}: {} messages, {} blobs, {} bytes, root {}",
        args.file.display(),
        report.messages,
        report.blobs,
        report.bytes,
        report.root
    );
    Ok(())
}

pub async fn import(context: &Context, args: ImportArgs) -> eyre::Result<()> {
    let file =
        File::open(&args.file).map_err(|error| eyre::eyre!("{}: {error}", args.file.display())).or_exit(Kind::Usage)?;
    let store = context.store()?;
    let report = blocking(move || store.import_car(BufReader::new(file), |_| {})).await.or_exit(Kind::Integrity)?;
    if args.json {
        output::json(&to_json(&report))?;
    } else {
        say!("{} messages are new, {} were here, {} blobs", report.accepted, report.duplicates, report.blobs);
        for bad in &report.bad {
            let id = bad.id.map_or("a block without an id".into(), |id| id.to_string());
            say!("left out at byte {}: {id}: {}", bad.offset, bad.why);
        }
    }
    match (report.bad_count, report.complete) {
        (0, true) => Ok(()),
        (0, false) => {
            fail(Kind::Integrity, "the file ends in the middle: what came before is stored, fetch the file again")
        }
        (count, false) => fail(
            Kind::Integrity,
            format!(
                "the file ends in the middle, and {count} blocks were left out, most of them because what they rest on is \
                 beyond the end: what is good is stored, fetch the file again"
            ),
        ),
        (count, true) => fail(Kind::Integrity, format!("{count} blocks were left out; what is good is stored")),
    }
}

fn to_json(report: &ImportReport) -> Value {
    let bad = |bad: &BadBlock| json!({"offset": bad.offset, "id": bad.id.map(|id| id.to_string()), "why": bad.why.to_string()});
    json!({
        "accepted": report.accepted,
        "duplicates": report.duplicates,
        "blobs": report.blobs,
        "left_out": report.bad_count,
        "bad": report.bad.iter().map(bad).collect::<Vec<_>>(),
        "complete": report.complete,
    })
}

/// `FIRST..LAST`, both included.
fn epochs(text: &str) -> eyre::Result<RangeInclusive<EpochNumber>> {
    let parsed = text.split_once("..").and_then(|(first, last)| {
        let last = last.strip_prefix('=').unwrap_or(last);
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    });
    match parsed {
        Some(range) if range.start() <= range.end() => Ok(range),
        _ => fail(Kind::Usage, format!("--epochs {text:?}: write FIRST..LAST, for example 0..29")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_both_ends() {
        assert_eq!(epochs("-1..3").unwrap(), -1..=3);
        assert_eq!(epochs("2..=2").unwrap(), 2..=2);
        for bad in ["3", "3..1", "a..b", ".."] {
            assert!(epochs(bad).is_err(), "{bad}");
        }
    }
}
