//! Where a node reaches others, and where others reach it.

use super::Findings;
use liaise_ledger::genesis::Genesis;
use liaise_node::config::{MetricsConfig, Peer};
use std::net::{IpAddr, SocketAddr, TcpListener};

/// The stores that it follows: their keys and addresses can be read.
pub fn stores(findings: &mut Findings, stores: &[Peer], genesis: &Genesis) {
    if stores.is_empty() {
        findings.add("stores", Err("node.toml names none: a node follows at least one".into()));
    }
    for peer in stores {
        findings.add(
            "store",
            match (peer.public_key(), tcp(&peer.address)) {
                (None, _) => Err(format!("key {:?} is not 32 bytes of hex", peer.key)),
                (_, Err(why)) => Err(why),
                (Some(key), Ok(_)) if genesis.is_witness(&key) => Ok(format!("{}, a witness", peer.address)),
                (Some(_), Ok(_)) => Ok(format!("{}, no witness of this network", peer.address)),
            },
        );
    }
}

/// The ports that it listens on: nobody else has them.
pub fn listen(findings: &mut Findings, addresses: &[String]) {
    for address in addresses {
        let free = tcp(address).and_then(|at| match TcpListener::bind(at) {
            Ok(_) => Ok(format!("{address} is free")),
            Err(error) => Err(format!("{address}: {error}; is the node running already?")),
        });
        findings.add("listen", free);
    }
}

/// The port that its metrics are read at: allowed, and free.
pub fn metrics(findings: &mut Findings, config: Option<MetricsConfig>) {
    let Some(config) = config else { return };
    let at = config.listen;
    let free = config.check().and_then(|()| match TcpListener::bind(at) {
        Ok(_) => Ok(format!("{at} is free")),
        Err(error) => Err(format!("{at}: {error}; is the node running already?")),
    });
    findings.add("metrics", free);
}

/// The socket of a multiaddress: nodes speak TCP over IP.
fn tcp(address: &str) -> Result<SocketAddr, String> {
    let parts: Vec<&str> = address.split('/').collect();
    let socket = match parts.as_slice() {
        ["", "ip4" | "ip6", ip, "tcp", port, ..] => ip.parse::<IpAddr>().ok().zip(port.parse::<u16>().ok()),
        _ => None,
    };
    let (ip, port) = socket.ok_or_else(|| format!("address {address:?}: write /ip4/ADDRESS/tcp/PORT"))?;
    Ok(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_tcp_over_ip() {
        assert_eq!(tcp("/ip4/127.0.0.1/tcp/4001").unwrap(), "127.0.0.1:4001".parse().unwrap());
        assert!(tcp("/ip6/::1/tcp/4001/p2p/x").is_ok());
        for bad in ["127.0.0.1:4001", "/ip4/127.0.0.1/udp/1", "/ip4/1.2.3/tcp/1", "/ip4/127.0.0.1/tcp/70000"] {
            assert!(tcp(bad).unwrap_err().contains("/ip4/ADDRESS/tcp/PORT"), "{bad}");
        }
    }

    #[test]
    fn a_taken_port_is_found() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().unwrap().port());
        let mut findings = Findings::default();
        listen(&mut findings, std::slice::from_ref(&address));
        assert_eq!(findings.bad(), 1);
        drop(taken);
        let mut findings = Findings::default();
        listen(&mut findings, &[address]);
        assert_eq!(findings.bad(), 0);
    }

    #[test]
    fn a_metrics_port_is_loopback_and_free() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let bad = |listen, allow_remote| {
            let mut findings = Findings::default();
            metrics(&mut findings, Some(MetricsConfig { listen, allow_remote }));
            findings.bad()
        };
        let at = taken.local_addr().unwrap();
        assert_eq!(bad(at, false), 1);
        drop(taken);
        assert_eq!(bad(at, false), 0);
        let remote = "0.0.0.0:0".parse().unwrap();
        assert_eq!((bad(remote, false), bad(remote, true)), (1, 0));
    }
}
