//! One prompt from ticket to confirmation.

use super::{Client, ClientError};
use crate::beacon::fetch_round;
use crate::blocking::blocking;
use crate::offer::ReplyKey;
use crate::rpc::{MAX_WAIT_MS, Request, Response};
use cid::Cid;
use liaise_compute::retrieval::{sentences, task::TaskOutput};
use liaise_ledger::body::{Body, Chunk, Prompt, RetrievalAdd};
use liaise_ledger::{Account, Author, Hash, Verified};
use serde::Serialize;
use serde_bytes::{ByteArray, ByteBuf};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How far a prompt has come.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Stage {
    /// The ticket is out; its round comes in so many milliseconds.
    Ticketed {
        /// The ticket.
        ticket: String,
        /// Milliseconds until its round.
        wait_ms: u64,
    },
    /// The prompt is durable at a quorum of stores.
    Prompted {
        /// The prompt.
        prompt: String,
    },
    /// The first answer, which nobody has confirmed.
    Unconfirmed(Answer),
    /// Others recomputed a part of it and agree.
    Confirmed(Confirmation),
}

/// An answer from documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The quoted sentence; null where its document was removed or can't be had.
    pub quote: Option<String>,
    /// Where it stands.
    pub source: String,
    /// Cosine with the question, in millionths.
    pub score_ppm: i32,
    /// The snapshot of the documents.
    pub snapshot: String,
    /// Who answered.
    pub node: Account,
    /// The passages found, best first, as cited.
    pub sources: Vec<String>,
    /// Milliseconds from the prompt's publication to this answer, on this machine's clock.
    pub waited_ms: u64,
}

/// Who confirmed an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    /// The result's message.
    pub result: String,
    /// Who answered.
    pub node: Account,
    /// The judges that accept.
    pub by: Vec<Account>,
    /// The confirmed answer.
    pub answer: Answer,
}

/// The verdicts on a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Judges that accept.
    pub accept: BTreeSet<Account>,
    /// Judges that refuse.
    pub refuse: BTreeSet<Account>,
}

/// A prompt that is out, and the key to its early answers.
pub struct Asked {
    /// The prompt or retrieval-add.
    pub task: Verified,
    reply: ReplyKey,
    since: Instant,
}

impl Client {
    /// Waits for a ticket's round, then asks.
    ///
    /// # Errors
    /// The text is empty or not in NFC, or stores don't answer.
    pub async fn prompt(&self, ticket: &Verified, text: &str, snapshot: Hash) -> Result<Asked, ClientError> {
        if text.trim().is_empty() {
            return Err(ClientError::EmptyPrompt);
        }
        self.drawn(ticket).await?;
        let reply = ReplyKey::generate();
        let body = Body::Prompt(Prompt {
            ticket: ticket.id,
            text: text.to_owned(),
            params: ByteBuf::new(),
            snapshot: Some(snapshot),
            reply_key: ByteArray::new(reply.public()),
        });
        let since = Instant::now();
        let task = self.say(vec![ticket.id], None, body).await?;
        Ok(Asked { task, reply, since })
    }

    /// Waits for a ticket's round, then asks the network to embed documents. Their blobs must be at the stores already.
    ///
    /// # Errors
    /// Stores don't answer.
    pub async fn add_documents(&self, ticket: &Verified, chunks: Vec<Chunk>) -> Result<Asked, ClientError> {
        self.drawn(ticket).await?;
        let reply = ReplyKey::generate();
        let reply_key = ByteArray::new(reply.public());
        let body = Body::RetrievalAdd(RetrievalAdd { ticket: ticket.id, chunks, reply_key });
        let since = Instant::now();
        let task = self.say(vec![ticket.id], None, body).await?;
        Ok(Asked { task, reply, since })
    }

    /// Waits until a ticket's round has come, which draws the nodes for its task.
    ///
    /// # Errors
    /// Stores don't answer.
    pub async fn drawn(&self, ticket: &Verified) -> Result<(), ClientError> {
        let Body::Ticket(terms) = &ticket.message.body else { return Ok(()) };
        fetch_round(&self.replica.links, &self.replica.store, &self.replica.genesis, terms.round).await?;
        Ok(())
    }

    /// The first early answer that matches its racer's commit, or the first revealed result.
    ///
    /// # Errors
    /// Neither came within `patience`.
    pub async fn first_answer(&self, asked: &Asked, patience: Duration) -> Result<Answer, ClientError> {
        let deadline = Instant::now() + patience;
        let mut have = 0;
        while Instant::now() < deadline {
            let wait_ms = (deadline - Instant::now()).as_millis().min(u128::from(MAX_WAIT_MS)) as u32;
            let request = Request::Offers { prompt: asked.task.id, have, wait_ms: wait_ms.min(2_000) };
            let patience = Duration::from_millis(u64::from(wait_ms) + 5_000);
            let offers = self
                .replica
                .links
                .ask_any(&request, patience, |response| match response {
                    Response::Offers(offers) => Some(offers),
                    _ => None,
                })
                .await
                .map_err(crate::replica::ReplicaError::from)?;
            have = offers.len() as u32;
            for offer in offers {
                let Some((racer, commitment)) = self.commit(&offer.commit).await? else { continue };
                if let Some(early) = asked.reply.open(&offer.sealed, &asked.task.id, &racer, &commitment) {
                    return self.read(asked, &racer, &early.output).await;
                }
            }
            if let Some((_, racer, output)) = self.results(&asked.task.id).await?.into_iter().next() {
                return self.read(asked, &racer, &output).await;
            }
        }
        Err(ClientError::TooLate("answer", patience.as_secs()))
    }

    /// The first result that two judges other than its author accept.
    ///
    /// # Errors
    /// None came within `patience`.
    pub async fn confirmation(&self, asked: &Asked, patience: Duration) -> Result<Confirmation, ClientError> {
        let mut head = self.replica.watch();
        let wait = async {
            loop {
                for (result, racer, output) in self.results(&asked.task.id).await? {
                    let verdicts = self.verdicts(&asked.task.id, &result).await?;
                    let by: Vec<Account> = verdicts.accept.into_iter().filter(|judge| *judge != racer).collect();
                    if by.len() >= 2 {
                        let answer = self.read(asked, &racer, &output).await?;
                        return Ok(Confirmation { result: result.to_string(), node: racer, by, answer });
                    }
                }
                let _ = tokio::time::timeout(Duration::from_secs(1), head.changed()).await;
            }
        };
        match tokio::time::timeout(patience, wait).await {
            Ok(confirmation) => confirmation,
            Err(_) => Err(ClientError::TooLate("confirmation", patience.as_secs())),
        }
    }

    /// Who made a commit, and to what. The offer may be faster than the commit's way to this node: then it is fetched from
    /// the store that is asked first, which had both.
    async fn commit(&self, id: &Cid) -> Result<Option<(Account, Hash)>, ClientError> {
        let (store, id) = (self.replica.store.clone(), *id);
        let mut head = self.replica.watch();
        for _ in 0..20 {
            let own = store.clone();
            if let Some(found) = blocking(move || own.load(&id)).await? {
                return Ok(match (found.message.author, found.message.body) {
                    (Author::Account(racer), Body::Commit(commit)) => Some((racer, commit.hash)),
                    _ => None,
                });
            }
            let fetched = async { self.replica.fetch(&self.replica.links.favourite()?, vec![id]).await };
            if let Err(error) = fetched.await {
                tracing::debug!(%error, commit = %id, "a commit can't be fetched");
            }
            let _ = tokio::time::timeout(Duration::from_millis(50), head.changed()).await;
        }
        Ok(None)
    }

    /// The revealed results of a task in the order of their arrival here.
    ///
    /// # Errors
    /// The store failed.
    pub async fn results(&self, task: &Cid) -> Result<Vec<(Cid, Account, ByteBuf)>, ClientError> {
        let messages = self.messages(task).await?;
        Ok(messages
            .into_iter()
            .filter_map(|message| match (message.message.author, message.message.body) {
                (Author::Account(racer), Body::Result(result)) => Some((message.id, racer, result.output)),
                _ => None,
            })
            .collect())
    }

    /// The verdicts on a result that have arrived here.
    ///
    /// # Errors
    /// The store failed.
    pub async fn verdicts(&self, task: &Cid, result: &Cid) -> Result<Verdicts, ClientError> {
        let mut verdicts = Verdicts::default();
        for message in self.messages(task).await? {
            if let (Author::Account(judge), Body::Verdict(verdict)) = (message.message.author, message.message.body)
                && verdict.result == *result
            {
                let side = if verdict.score >= 500 { &mut verdicts.accept } else { &mut verdicts.refuse };
                side.insert(judge);
            }
        }
        Ok(verdicts)
    }

    async fn messages(&self, task: &Cid) -> Result<Vec<Verified>, ClientError> {
        let (store, network, task) = (self.replica.store.clone(), self.replica.network, *task);
        let found = blocking(move || {
            let ids = store.task(&task)?;
            ids.iter().map(|id| store.get(id)).collect::<Result<Vec<_>, _>>()
        });
        Ok(found
            .await?
            .into_iter()
            .flatten()
            .filter_map(|signed| Verified::check_stored(signed, network).ok())
            .collect())
    }

    /// Derives the quoted text from an output: it says where the sentence stands, the blob says what it reads.
    async fn read(&self, asked: &Asked, racer: &Account, output: &[u8]) -> Result<Answer, ClientError> {
        let waited_ms = asked.since.elapsed().as_millis() as u64;
        let mut answer = Answer {
            quote: None,
            source: String::new(),
            score_ppm: 0,
            snapshot: String::new(),
            node: racer.clone(),
            sources: vec![],
            waited_ms,
        };
        let Ok(TaskOutput::Answer(output)) = TaskOutput::from_bytes(output) else { return Ok(answer) };
        answer.snapshot = Hash(output.snapshot.0).to_string();
        for source in &output.sources {
            answer.sources.push(self.library().source_of(&Hash(source.chunk.0)).await?);
        }
        if let Some(best) = output.sentences.get(output.best as usize) {
            answer.score_ppm = best.score;
            let chunk = output.sources.get(best.source as usize).map(|source| Hash(source.chunk.0));
            if let Some(chunk) = chunk {
                answer.source = self.library().source_of(&chunk).await?;
                let text = self.library().text_of(&chunk).await?;
                answer.quote =
                    text.and_then(|text| sentences(&text).get(best.sentence as usize).map(|s| (*s).to_owned()));
            }
        }
        Ok(answer)
    }
}
