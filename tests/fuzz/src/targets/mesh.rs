//! What peers send over the mesh: frames, and the requests and answers in them.

use crate::sample;
use crate::{Target, bombs, choose, chosen, settles};
use liaise_ledger::Hash;
use liaise_ledger::hash::{DAG_CBOR, blob_cid};
use liaise_network::{MAX_MESSAGE_BYTES, PeerAddress, peer_id_of};
use liaise_node::rpc::{self, Offer, Outcome, Request, Response, Status};
use serde_bytes::ByteBuf;

pub const RPC: Target = Target {
    name: "rpc",
    decoders: "`rpc::decode` of `Request` and `Response`; a racer's `EarlyAnswer`",
    longest: 64 * 1024,
    memory: 64,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => settles(request(rest), |bytes| request(bytes)),
            1 => settles(response(rest), |bytes| response(bytes)),
            2 => settles(liaise_node::fuzz::early_answer(rest), |bytes| liaise_node::fuzz::early_answer(bytes)),
            _ => false,
        }
    },
    seeds: || {
        let early =
            b"\xa2\x64salt\x58\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x66output\x41\x00";
        let requests = chosen(0, requests().iter().map(rpc::encode));
        [requests, chosen(1, responses().iter().map(rpc::encode)), chosen(2, [early.to_vec()])].concat()
    },
    refused: || {
        let nulls = rpc::encode(&Response::Found(vec![None; 1 << 20]));
        let empty = rpc::encode(&Request::PutBlobs(vec![ByteBuf::new(); 1 << 20]));
        let many = rpc::encode(&Response::Blobs(vec![None; 1 << 20]));
        let all = (0..2).flat_map(|which| chosen(which, bombs()));
        all.chain(chosen(0, [empty])).chain(chosen(1, [nulls, many])).collect()
    },
};

fn request(bytes: &[u8]) -> Option<Vec<u8>> {
    rpc::decode::<Request>(bytes).ok().map(|request| rpc::encode(&request))
}

fn response(bytes: &[u8]) -> Option<Vec<u8>> {
    rpc::decode::<Response>(bytes).ok().map(|response| rpc::encode(&response))
}

fn offer() -> Offer {
    let (prompt, commit) = (Hash::ZERO.to_cid(DAG_CBOR), Hash::of(&[b"commit"]).to_cid(DAG_CBOR));
    Offer { prompt, commit, sealed: ByteBuf::from(vec![9; 48]) }
}

fn requests() -> Vec<Request> {
    let cid = Hash::ZERO.to_cid(DAG_CBOR);
    vec![
        Request::Submit(sample::twice().to_vec()),
        Request::Follow { after: 7, limit: 512, wait_ms: 20_000 },
        Request::Get(vec![cid]),
        Request::Blobs(vec![blob_cid(b"blob")]),
        Request::PutBlobs(vec![ByteBuf::from(b"blob".to_vec())]),
        Request::Round { round: 9, wait_ms: 100 },
        Request::Offer(offer()),
        Request::Offers { prompt: cid, have: 1, wait_ms: 5 },
        Request::Agreement(ByteBuf::from(vec![1, 0])),
        Request::Status,
    ]
}

fn responses() -> Vec<Response> {
    let signed = sample::twice()[0].clone();
    let outcomes = vec![Outcome::Accepted(5), Outcome::Duplicate(3), Outcome::Refused("text: empty".into())];
    let status =
        Status { network: sample::network(), wall_ms: 1, head: 2, sealed: Some(-1), witness: Some("00".into()) };
    vec![
        Response::Submitted { outcomes, receipts: vec![signed.clone()] },
        Response::Messages { items: vec![(6, signed.clone())], head: 6 },
        Response::Found(vec![Some(signed), None]),
        Response::Blobs(vec![None, Some(ByteBuf::from(vec![1]))]),
        Response::Round(Some(ByteBuf::from(vec![2; 48]))),
        Response::Offers(vec![offer()]),
        Response::Status(Box::new(status)),
        Response::Done,
        Response::Refused("split the request".into()),
    ]
}

pub const FRAMES: Target = Target {
    name: "frames",
    decoders: "the mesh's frames of requests and answers; `PeerAddress`",
    longest: 4_096,
    memory: 64,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => is_prefix(rest, liaise_network::fuzz::request(rest)),
            1 => is_prefix(rest, liaise_network::fuzz::answer(rest)),
            2 => std::str::from_utf8(rest).ok().and_then(|text| text.parse::<PeerAddress>().ok()).is_some_and(|peer| {
                let again = peer.to_string().parse::<PeerAddress>().expect("what is shown can be read");
                assert!(again == peer, "a peer has one address");
                true
            }),
            _ => false,
        }
    },
    seeds: || {
        let key = sample::ed25519("store", 0).public().try_into().expect("32 bytes");
        let peer = peer_id_of(&key).expect("a key");
        let addresses = [format!("/ip4/127.0.0.1/tcp/4001/p2p/{peer}"), format!("/ip6/::1/tcp/1/p2p/{peer}")];
        let framed = b"\x00\x00\x00\x04text".to_vec();
        let answers = [[&[0], &framed[..]].concat(), vec![1], vec![2], vec![3], vec![4]];
        [
            chosen(0, [framed, b"\xff\xff\xff\xff".to_vec(), vec![0; 4]]),
            chosen(1, answers),
            chosen(2, addresses.map(String::into_bytes)),
        ]
        .concat()
    },
    refused: || {
        let lengths = [MAX_MESSAGE_BYTES as u32, MAX_MESSAGE_BYTES as u32 + 1, u32::MAX - 1];
        let claimed = || lengths.map(|length| length.to_be_bytes().to_vec());
        let name = b"/dns4/example.com/tcp/1".to_vec();
        [chosen(0, claimed()), chosen(1, claimed().map(|length| [&[0], &length[..]].concat())), chosen(2, [name])]
            .concat()
    },
};

/// A stream goes on behind its frame.
fn is_prefix(input: &[u8], written: Option<Vec<u8>>) -> bool {
    let Some(written) = written else { return false };
    assert!(input.starts_with(&written), "a frame has one encoding");
    true
}
