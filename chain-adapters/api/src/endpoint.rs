//! What may be shown of an endpoint: providers put keys into paths, queries and passwords.

use std::error::Error;

use url::Url;

/// Scheme, host and port of an endpoint: all of it that may be shown.
pub fn shown(endpoint: &str) -> String {
    let Ok(url) = endpoint.parse::<Url>() else { return "an endpoint that is no url".to_owned() };
    let host = url.host_str().unwrap_or("no host");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

/// The reason below all others that names no address: a transport's outer words repeat the whole url.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut detail = None;
    let mut source = Some(error);
    while let Some(error) = source {
        let text = error.to_string();
        if !text.contains("://") {
            detail = Some(text);
        }
        source = error.source();
    }
    detail.unwrap_or_else(|| "no connection".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_host_and_port_are_shown() {
        assert_eq!(shown("https://user:pass@rpc.example/v2/KEY?k=1"), "https://rpc.example");
        assert_eq!(shown("http://127.0.0.1:8545/KEY"), "http://127.0.0.1:8545");
        assert_eq!(shown("http://127.0.0.1:8899/KEY"), "http://127.0.0.1:8899");
        assert_eq!(shown("http://127.0.0.1:8899?KEY"), "http://127.0.0.1:8899");
        assert_eq!(shown("http://user:pass@127.0.0.1:8332/KEY"), "http://127.0.0.1:8332");
        assert_eq!(shown("KEY without scheme"), "an endpoint that is no url");
        // a slash ends the host, so a password that has one leaves no address
        assert_eq!(shown("http://user:pa/ss@rpc.example"), "an endpoint that is no url");
    }

    #[test]
    fn the_innermost_reason_names_no_address() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Outer(&'static str, #[source] Option<Box<Outer>>);
        let refused = Outer("connection refused", Some(Box::new(Outer("http://host/KEY said no", None))));
        assert_eq!(innermost(&Outer("sending to http://host/KEY", Some(Box::new(refused)))), "connection refused");
        assert_eq!(innermost(&Outer("http://host/KEY", None)), "no connection");
    }
}
