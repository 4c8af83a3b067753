use crate::support::*;
use liaise_network::NetworkError;

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_ask_each_other_and_know_who_asks() {
    let (a, a_in) = node(1, vec![]).await;
    let (b, b_in) = node(2, vec![address_of(&a)]).await;
    let (c, mut c_in) = node(3, vec![address_of(&a), address_of(&b)]).await;
    assert_eq!([a.local_peer_id(), b.local_peer_id()], [id(1), id(2)]);
    echo(a_in);
    echo(b_in);
    for payload in [vec![], b"hello".to_vec(), vec![9; 8 << 20]] {
        assert_eq!(c.request(&id(1), payload.clone(), PATIENCE).await.unwrap(), payload);
        assert_eq!(b.request(&id(1), payload.clone(), PATIENCE).await.unwrap(), payload);
        assert_eq!(c.request(&id(2), payload.clone(), PATIENCE).await.unwrap(), payload);
    }
    // The one that was dialled asks over the same connection, although it knows no address.
    a.until(|peers| peers.iter().any(|p| p.peer == id(3) && p.connected && !p.fixed)).await.unwrap();
    let asked = tokio::spawn(async move { a.request(&id(3), b"you?".to_vec(), PATIENCE).await });
    let request = c_in.next().await.unwrap();
    assert_eq!((request.peer, request.payload.as_slice()), (id(1), &b"you?"[..]));
    request.reply.send(b"me".to_vec()).unwrap();
    assert_eq!(asked.await.unwrap().unwrap(), b"me");
}

#[tokio::test(flavor = "multi_thread")]
async fn held_requests_block_no_others() {
    let (a, mut a_in) = node(1, vec![]).await;
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    let polls: Vec<_> = (0..100u8)
        .map(|n| {
            let b = b.clone();
            tokio::spawn(async move { b.request(&id(1), vec![n], PATIENCE).await })
        })
        .collect();
    let mut held = Vec::new();
    while held.len() < 100 {
        held.push(a_in.next().await.unwrap());
    }
    let asked = tokio::spawn(async move { b.request(&id(1), b"quick".to_vec(), PATIENCE).await });
    let quick = a_in.next().await.unwrap();
    assert_eq!(quick.payload, b"quick");
    quick.reply.send(b"done".to_vec()).unwrap();
    assert_eq!(asked.await.unwrap().unwrap(), b"done", "answered while a hundred are held");
    for request in held.into_iter().rev() {
        assert!(request.reply.is_awaited());
        request.reply.send(request.payload).unwrap();
    }
    for (n, poll) in polls.into_iter().enumerate() {
        assert_eq!(poll.await.unwrap().unwrap(), [n as u8], "each gets its own answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_dropped_says_so() {
    let (a, mut a_in) = node(1, vec![]).await;
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    let asked = tokio::spawn(async move { b.request(&id(1), vec![1], PATIENCE).await });
    drop(a_in.next().await.unwrap());
    assert_eq!(asked.await.unwrap(), Err(NetworkError::Unanswered { peer: id(1) }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_request_times_out_and_can_be_sent_again() {
    let (a, mut a_in) = node(1, vec![]).await;
    let (b, _b_in) = node(2, vec![address_of(&a)]).await;
    let error = b.request(&id(1), vec![1], std::time::Duration::from_millis(1)).await.unwrap_err();
    assert!(matches!(error, NetworkError::Timeout { after_ms: 1, .. }) && error.retry(), "{error}");
    let asked = tokio::spawn(async move { b.request(&id(1), vec![2], PATIENCE).await });
    // The first may or may not have been sent before its caller gave up.
    loop {
        let request = a_in.next().await.unwrap();
        if request.payload == [2] {
            request.reply.send(vec![3]).unwrap();
            break;
        }
    }
    assert_eq!(asked.await.unwrap().unwrap(), [3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_peer_is_unreachable() {
    let (a, _a_in) = node(1, vec![]).await;
    for peer in [id(9), id(1)] {
        let error = a.request(&peer, vec![], PATIENCE).await.unwrap_err();
        assert!(matches!(error, NetworkError::Unreachable { .. }) && error.retry(), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_in_another_s_place() {
    let (a, a_in) = node(1, vec![]).await;
    echo(a_in);
    let mut impostor = address_of(&a);
    impostor.peer = id(9);
    let (b, _b_in) = node(2, vec![impostor]).await;
    let error = b.request(&id(9), b"secret".to_vec(), PATIENCE).await.unwrap_err();
    assert!(matches!(error, NetworkError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains("127.0.0.1"), "errors name no address: {error}");
}
