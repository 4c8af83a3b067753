//! `liaise retrieval search` and `snapshot`.

use super::{SearchArgs, SnapshotArgs, added, print};
use crate::commands::context::{Context, epoch_now, histories, library};
use crate::commands::ledger::escape;
use crate::exit::{Kind, OrExit, fail};
use liaise_compute::retrieval::Bm25;
use liaise_ledger::Hash;
use serde_json::json;

pub async fn run(context: &Context, args: &SearchArgs) -> eyre::Result<()> {
    let replica = context.current().await?;
    let library = library(&replica)?;
    let mut documents = vec![];
    for (id, source) in added(&replica).await? {
        // What was removed has no text at any store.
        if let Some(text) = library.text_of(&Hash::from_cid(&id).unwrap_or_default()).await.or_exit(Kind::Refused)? {
            documents.push((id, source, text));
        }
    }
    let index = Bm25::new(documents.iter().map(|(_, _, text)| text.as_str()));
    let hits: Vec<_> = index.search(&args.words, args.count).into_iter().map(|i| &documents[i]).collect();
    let value = hits.iter().map(|(id, source, text)| json!({"id": id.to_string(), "source": source, "text": text}));
    let mut lines = vec![];
    for (id, source, text) in &hits {
        lines.push(format!("{id}  {}", escape(source)));
        lines.extend(text.lines().map(|line| format!("  {}", escape(line))));
    }
    if lines.is_empty() {
        lines.push(format!("none of {} documents has these words", documents.len()));
    }
    print(args.json, &value.collect(), &lines)
}

pub async fn snapshot(context: &Context, args: &SnapshotArgs) -> eyre::Result<()> {
    let replica = context.current().await?;
    let newest = histories(&replica).newest(epoch_now(&replica)).await.or_exit(Kind::Refused)?;
    let Some(block) = newest else {
        return fail(Kind::Refused, "no epoch is sealed and attested yet: there is no snapshot");
    };
    let ever = added(&replica).await?.len();
    let value = json!({"snapshot": block.retrieval, "epoch": block.epoch, "documents_ever_added": ever});
    let lines = [
        format!("{}", block.retrieval),
        format!("  of epoch {}; {ever} documents were ever added to this ledger", block.epoch),
    ];
    print(args.json, &value, &lines)
}
