use crate::support::*;
use liaise_network::{Busy, Config, Mesh, NetworkError, PeerAddress, PeerState};

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named_with_a_remedy() {
    let (a, _a_in) = node(1, vec![]).await;
    let address = address_of(&a).address;
    let error = Mesh::start(Config::new(seed(2), vec![address.clone()], vec![], limits())).await.unwrap_err();
    assert!(matches!(&error, NetworkError::AddressInUse { address: named, .. } if *named == address), "{error}");
    assert!(error.to_string().contains("configure another port"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_frees_the_port_and_tells_callers() {
    let (a, mut a_in) = node_at(1, 1, vec![]).await;
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    a.until(|peers| peers.iter().any(|p| p.connected)).await.unwrap();
    b.until(|peers| peers.iter().any(|p| p.connected)).await.unwrap();
    let listen = a.listen_addresses();
    a.shutdown().await;
    a.shutdown().await;
    assert!(a_in.next().await.is_none());
    assert_eq!(a.request(&id(2), vec![], PATIENCE).await, Err(NetworkError::Closed));
    let again = Mesh::start(Config::new(seed(1), listen.clone(), vec![], limits())).await.unwrap();
    assert_eq!(again.0.listen_addresses(), listen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_sends_what_is_being_answered() {
    let (a, mut a_in) = node(1, vec![]).await;
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    let asked = tokio::spawn(async move { b.request(&id(1), vec![], PATIENCE).await });
    let request = a_in.next().await.unwrap();
    let stopping = tokio::spawn(async move { a.shutdown().await });
    assert!(a_in.next().await.is_none(), "no more requests once it stops");
    request.reply.send(vec![7; 4 << 20]).unwrap();
    assert_eq!(asked.await.unwrap().unwrap().len(), 4 << 20);
    stopping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_last_handle_frees_the_port() {
    let (a, mut a_in) = node_at(2, 1, vec![]).await;
    let listen = a.listen_addresses();
    drop(a);
    assert!(a_in.next().await.is_none());
    // The queue closes a moment before the port does; the task is not to be joined any more.
    loop {
        match Mesh::start(Config::new(seed(1), listen.clone(), vec![], limits())).await {
            Ok(_) => break,
            Err(NetworkError::AddressInUse { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_peer_that_restarts_is_found_again() {
    let (a, a_in) = node_at(3, 1, vec![]).await;
    echo(a_in);
    let address = address_of(&a);
    let (b, _b_in) = node(2, vec![address.clone()]).await;
    let up = |yes: bool| move |peers: &[PeerState]| peers.iter().all(|p| p.connected == yes && p.fixed);
    let mut running = a;
    for n in 0..3 {
        b.until(up(true)).await.unwrap();
        assert_eq!(b.request(&id(1), vec![n], PATIENCE).await.unwrap(), [n]);
        running.shutdown().await;
        b.until(up(false)).await.unwrap();
        assert!(b.request(&id(1), vec![n], PATIENCE).await.unwrap_err().retry());
        let config = Config::new(seed(1), vec![address.address.clone()], vec![], limits());
        let (again, again_in) = Mesh::start(config).await.unwrap();
        echo(again_in);
        running = again;
    }
    b.until(up(true)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_dial_each_other_connect() {
    // Each must know the other's port beforehand: take two, free them, and start on them.
    let (first, second) = (node_at(4, 1, vec![]).await.0, node_at(5, 2, vec![]).await.0);
    let (one, two) = (address_of(&first), address_of(&second));
    first.shutdown().await;
    second.shutdown().await;
    let start = |n, at: &PeerAddress, to: &PeerAddress| {
        Mesh::start(Config::new(seed(n), vec![at.address.clone()], vec![to.clone()], limits()))
    };
    let (a, b) = tokio::join!(start(1, &one, &two), start(2, &two, &one));
    let ((a, a_in), (b, b_in)) = (a.unwrap(), b.unwrap());
    echo(a_in);
    echo(b_in);
    let (one, two) = (id(1), id(2));
    let (ab, ba) = tokio::join!(a.request(&two, vec![1], PATIENCE), b.request(&one, vec![2], PATIENCE));
    assert_eq!((ab.unwrap(), ba.unwrap()), (vec![1], vec![2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_serves_no_more_says_so() {
    let (a, a_in) = node(1, vec![]).await;
    drop(a_in);
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    assert_eq!(b.request(&id(1), vec![], PATIENCE).await, Err(NetworkError::Busy(Busy::NotServing)));
}

#[tokio::test]
async fn addresses_are_checked_before_anything_is_opened() {
    for text in ["/ip4/127.0.0.1/udp/1", "/dns4/example.org/tcp/1", "/ip4/127.0.0.1/tcp/1/ws"] {
        let config = Config::new(seed(1), vec![text.parse().unwrap()], vec![], limits());
        let error = Mesh::start(config).await.unwrap_err();
        assert!(matches!(error, NetworkError::Address { .. }), "{error}");
    }
    let text = format!("/ip4/127.0.0.1/tcp/4001/p2p/{}", id(1));
    let parsed: PeerAddress = text.parse().unwrap();
    assert_eq!((parsed.to_string(), parsed.peer), (text, id(1)));
    assert!("/ip4/127.0.0.1/tcp/4001".parse::<PeerAddress>().is_err());
    assert!(!format!("{parsed:?}").contains("127.0.0.1"));
}
