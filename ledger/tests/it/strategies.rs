//! Arbitrary messages: any shape that the types allow, within the limits or not.

use cid::Cid;
use ipld_core::ipld::Ipld;
use liaise_ledger::body::*;
use liaise_ledger::hash::{DAG_CBOR, RAW};
use liaise_ledger::message::VERSION;
use liaise_ledger::{Account, Author, Body, Hash, Message};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_bytes::{ByteArray, ByteBuf};

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash)
}

fn cid() -> impl Strategy<Value = Cid> {
    (hash(), any::<bool>()).prop_map(|(hash, blob)| hash.to_cid(if blob { RAW } else { DAG_CBOR }))
}

fn message_id() -> impl Strategy<Value = Cid> {
    hash().prop_map(|hash| hash.to_cid(DAG_CBOR))
}

fn bytes() -> impl Strategy<Value = ByteBuf> {
    vec(any::<u8>(), 0..80).prop_map(ByteBuf::from)
}

fn array<const N: usize>() -> impl Strategy<Value = ByteArray<N>> {
    any::<[u8; N]>().prop_map(ByteArray::new)
}

fn text() -> impl Strategy<Value = String> {
    ".{0,40}"
}

fn hashes() -> impl Strategy<Value = Vec<Hash>> {
    vec(hash(), 0..4)
}

fn binding() -> impl Strategy<Value = Binding> {
    (hash(), hash(), hash(), of(hash()), hash()).prop_map(|(adapter, config, seed, snapshot, system_prompt)| Binding {
        adapter,
        config,
        seed,
        snapshot,
        system_prompt,
    })
}

fn asking() -> impl Strategy<Value = Body> {
    let prompt =
        (cid(), text(), bytes(), of(hash()), array()).prop_map(|(ticket, text, params, snapshot, reply_key)| {
            Body::Prompt(Prompt { ticket, text, params, snapshot, reply_key })
        });
    let chunk = (cid(), text()).prop_map(|(blob, source)| Chunk { blob, source });
    prop_oneof![
        (text(), bytes()).prop_map(|(text, signature)| Body::Session(Session { text, signature })),
        vec((text(), bytes()), 1..3).prop_map(|texts| {
            let signed = |(text, signature)| SignedText { text, signature };
            Body::Link(Link { texts: texts.into_iter().map(signed).collect() })
        }),
        any::<(u64, i64, [u8; 32], u64)>().prop_map(|(round, snapshot, adapter, max_units)| {
            Body::Ticket(Ticket { round, snapshot, adapter: Hash(adapter), max_units })
        }),
        prompt,
        (cid(), any::<u16>(), text()).prop_map(|(result, rating, text)| Body::Feedback(Feedback {
            result,
            rating,
            text
        })),
        (cid(), vec(chunk, 0..3), array()).prop_map(|(ticket, chunks, reply_key)| Body::RetrievalAdd(RetrievalAdd {
            ticket,
            chunks,
            reply_key
        })),
        (vec(cid(), 0..3), text())
            .prop_map(|(chunks, reason)| Body::RetrievalRemove(RetrievalRemove { chunks, reason })),
    ]
}

fn working() -> impl Strategy<Value = Body> {
    let capability = (hashes(), text(), any::<(u16, bool, Option<u64>)>()).prop_map(
        |(adapters, region, (slots, light, drain_round))| {
            Body::Capability(Capability { adapters, region, slots, light, drain_round })
        },
    );
    let result = (cid(), array(), bytes(), vec(cid(), 0..3), binding(), any::<u64>()).prop_map(
        |(commit, salt, output, blobs, binding, units)| {
            Body::Result(TaskResult { commit, salt, output, blobs, binding, units })
        },
    );
    let opening =
        (any::<(u32, i64)>(), hashes()).prop_map(|((index, value), siblings)| Opening { index, value, siblings });
    let verdict = (cid(), cid(), any::<(u16, u32)>(), array(), hash(), vec(opening, 0..3), text()).prop_map(
        |(commit, result, (score, count), salt, root, opened, reason)| {
            Body::Verdict(Verdict { commit, result, score, salt, root, count, opened, reason })
        },
    );
    prop_oneof![
        capability,
        hash().prop_map(|hash| Body::Commit(Commit { hash })),
        result,
        (cid(), hash(), any::<u64>()).prop_map(|(result, hash, round)| Body::VerdictCommit(VerdictCommit {
            result,
            hash,
            round
        })),
        verdict,
    ]
}

fn decree() -> impl Strategy<Value = Body> {
    let chain = any::<u64>().prop_map(|n| format!("eip155:{n}").parse().unwrap());
    let distributor = (chain, hash(), text(), hash(), text(), text(), any::<(u32, u32, u32, u64)>()).prop_map(
        |(
            chain,
            distributor,
            address,
            code,
            authority,
            guardian,
            (epoch_delay_s, long_delay_s, notice_epochs, guarded_until_s),
        )| {
            DecreeValue::Distributor(DistributorDecree {
                chain,
                distributor,
                address,
                code,
                authority,
                guardian,
                epoch_delay_s,
                long_delay_s,
                notice_epochs,
                guarded_until_s,
            })
        },
    );
    let value = prop_oneof![
        distributor,
        (any::<i64>(), hash(), hash()).prop_map(|(first, new, old)| DecreeValue::Row(RowDecree { first, new, old })),
        (hash(), bytes()).prop_map(|(adapter, manifest)| DecreeValue::Certify(CertifyDecree { adapter, manifest })),
        (hash(), text()).prop_map(|(adapter, reason)| DecreeValue::Withdraw(WithdrawDecree { adapter, reason })),
    ];
    let act = (any::<(u32, i64)>(), of(hash()), hash(), of(text()), value).prop_map(
        |((number, effective), previous, network, proposal, value)| Act {
            number,
            previous,
            network,
            effective,
            proposal,
            value,
        },
    );
    let signature = (array(), array()).prop_map(|(key, signature)| DaoSignature { key, signature });
    (act, vec(signature, 0..3)).prop_map(|(act, signatures)| Body::Decree(Decree { act, signatures }))
}

fn keeping() -> impl Strategy<Value = Body> {
    let receipt = (cid(), any::<(u64, u64)>()).prop_map(|(id, (mono_ns, wall_ms))| Receipt { id, mono_ns, wall_ms });
    let receipts = (of(cid()), array(), any::<(u64, Option<i64>)>(), vec(receipt, 0..5)).prop_map(
        |(previous, boot, (first, close), receipts)| {
            Body::Receipts(Receipts { previous, boot, first, close, receipts })
        },
    );
    let statement = prop_oneof![vec(any::<u8>(), 200), vec(any::<u8>(), 80), vec(any::<u8>(), 0..9)];
    let vote =
        (statement, vec(any::<u8>(), 65), of(cid()), of(cid())).prop_map(|(statement, signature, history, tree)| {
            let (statement, signature) = (ByteBuf::from(statement), ByteBuf::from(signature));
            Body::Vote(Vote { statement, signature, history, tree })
        });
    prop_oneof![
        receipts,
        (any::<i64>(), vec(of(cid()), 0..5), bytes()).prop_map(|(epoch, batches, certificate)| Body::Seal(Seal {
            epoch,
            batches,
            certificate
        })),
        vote,
        decree(),
    ]
}

/// Any body.
pub fn body() -> impl Strategy<Value = Body> {
    prop_oneof![asking(), working(), keeping()]
}

fn metadata() -> impl Strategy<Value = Ipld> {
    let leaf = prop_oneof![
        Just(Ipld::Null),
        any::<bool>().prop_map(Ipld::Bool),
        any::<i64>().prop_map(|n| Ipld::Integer(n.into())),
        text().prop_map(Ipld::String),
        vec(any::<u8>(), 0..9).prop_map(Ipld::Bytes),
        cid().prop_map(Ipld::Link),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Ipld::List),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(Ipld::Map),
        ]
    })
}

/// A message of any body, with an account as its author.
pub fn message() -> impl Strategy<Value = Message> {
    let place = prop_oneof![Just((0, None)), (1u64.., message_id()).prop_map(|(seq, prev)| (seq, Some(prev)))];
    let links = (vec(message_id(), 0..4), of(message_id()));
    let metadata = prop::collection::btree_map(text(), metadata(), 0..3);
    (hash(), any::<[u8; 20]>(), any::<[u8; 32]>(), place, links, any::<u64>(), body(), metadata).prop_map(
        |(network, address, key, (seq, prev), (parents, task), time_ms, body, metadata)| Message {
            v: VERSION,
            network,
            author: Author::Account(Account::evm(1, address)),
            key: ByteBuf::from(key),
            seq,
            prev,
            parents,
            task,
            time_ms,
            body,
            metadata,
        },
    )
}
