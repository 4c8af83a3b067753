use crate::support::*;
use liaise_network::{Busy, Config, Incoming, Limits, Mesh, NetworkError};

async fn limited(n: u8, limits: Limits) -> (Mesh, Incoming) {
    Mesh::start(Config::new(seed(n), any_port(), vec![], limits)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_payload_is_refused_on_either_side() {
    let (a, a_in) = limited(1, Limits { message_bytes: 1 << 20, ..limits() }).await;
    echo(a_in);
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    let error = b.request(&id(1), vec![0; (8 << 20) + 1], PATIENCE).await.unwrap_err();
    assert_eq!(error, NetworkError::TooLarge { bytes: (8 << 20) + 1, limit: 8 << 20 });
    let error = b.request(&id(1), vec![0; 8 << 20], PATIENCE).await.unwrap_err();
    assert_eq!(error, NetworkError::TooLargeForPeer { peer: id(1), bytes: 8 << 20 });
    assert!(!error.retry());
    assert_eq!(b.request(&id(1), vec![5; 1 << 20], PATIENCE).await.unwrap().len(), 1 << 20, "the connection goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_is_refused_to_its_author() {
    let (a, mut a_in) = limited(1, Limits { message_bytes: 1_000, ..limits() }).await;
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    let asked = tokio::spawn(async move { b.request(&id(1), vec![], PATIENCE).await });
    let error = a_in.next().await.unwrap().reply.send(vec![0; 1_001]).unwrap_err();
    assert_eq!(error, NetworkError::TooLarge { bytes: 1_001, limit: 1_000 });
    assert_eq!(asked.await.unwrap(), Err(NetworkError::Unanswered { peer: id(1) }));
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_its_limit_a_node_is_busy_until_it_has_answered() {
    let (a, mut a_in) = limited(1, Limits { inbound_per_peer: 2, ..limits() }).await;
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    let ask = |payload: Vec<u8>| {
        let b = b.clone();
        tokio::spawn(async move { b.request(&id(1), payload, PATIENCE).await })
    };
    let (first, second) = (ask(vec![1]), ask(vec![2]));
    let (one, two) = (a_in.next().await.unwrap(), a_in.next().await.unwrap());
    let error = ask(vec![3]).await.unwrap().unwrap_err();
    assert_eq!(error, NetworkError::Busy(Busy::Full));
    assert!(error.retry());
    one.reply.send(vec![]).unwrap();
    two.reply.send(vec![]).unwrap();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    // The first node counts an answer as sent a little later than the second reads it.
    echo(a_in);
    while ask(vec![4]).await.unwrap() == Err(NetworkError::Busy(Busy::Full)) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_asks_too_often_is_told() {
    let (a, a_in) = limited(1, Limits { requests_per_s: 0, burst: 3, ..limits() }).await;
    echo(a_in);
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    let (c, _c_in) = node(3, vec![address_of(&a)]).await;
    for _ in 0..3 {
        b.request(&id(1), vec![], PATIENCE).await.unwrap();
    }
    assert_eq!(b.request(&id(1), vec![], PATIENCE).await, Err(NetworkError::Busy(Busy::Rate)));
    assert_eq!(c.request(&id(1), vec![], PATIENCE).await, Ok(vec![]), "each peer has its own bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_await_answers_are_bounded() {
    let (a, mut a_in) = node(1, vec![]).await;
    let config = Config::new(seed(2), vec![], vec![address_of(&a)], Limits { outbound_per_peer: 1, ..limits() });
    let (b, _b_in) = Mesh::start(config).await.unwrap();
    let poll = tokio::spawn({
        let b = b.clone();
        async move { b.request(&id(1), vec![1], PATIENCE).await }
    });
    let held = a_in.next().await.unwrap();
    assert_eq!(b.request(&id(1), vec![2], PATIENCE).await, Err(NetworkError::Busy(Busy::Here)));
    held.reply.send(vec![]).unwrap();
    poll.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_beyond_the_limit_stay_out_and_static_peers_get_in() {
    // The static peer's address is never dialled with success: it comes by itself.
    let friend = "/ip4/127.0.0.1/tcp/1".parse().map(|address| liaise_network::PeerAddress { peer: id(3), address });
    let config = Config::new(seed(1), any_port(), vec![friend.unwrap()], Limits { strangers: 1, ..limits() });
    let (a, a_in) = Mesh::start(config).await.unwrap();
    echo(a_in);
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    b.request(&id(1), vec![], PATIENCE).await.unwrap();
    let (d, _d_in) = node(4, vec![address_of(&a)]).await;
    let error = d.request(&id(1), vec![], PATIENCE).await.unwrap_err();
    let lost = matches!(error, NetworkError::Disconnected { .. } | NetworkError::Unreachable { .. });
    assert!(lost || matches!(error, NetworkError::Unanswered { .. }), "{error}");
    let (c, _c_in) = node(3, vec![address_of(&a)]).await;
    c.request(&id(1), vec![], PATIENCE).await.unwrap();
}
