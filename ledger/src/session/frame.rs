//! What all texts that a wallet signs have in common: the lines of CAIP-122 ("sign in with X"; on EVM chains EIP-4361).

use super::{SessionError, time, wallet};
use crate::account::{Account, ChainId};
use crate::genesis::{Genesis, hex_text};
use crate::hash::Hash;

/// The lines above what a text is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The network's name.
    pub domain: String,
    /// Whose wallet signs.
    pub account: Account,
    /// The network's id.
    pub network: Hash,
    /// 32 bytes that the text is about, or random ones.
    pub nonce: [u8; 32],
    /// When it was written, Unix seconds.
    pub issued_s: u64,
}

/// How a namespace's accounts are called in the first line.
fn called(namespace: &str) -> &'static str {
    match namespace {
        "eip155" => "Ethereum",
        "solana" => "Solana",
        _ => "Bitcoin Cash",
    }
}

impl Frame {
    /// The text, with what it says in words and its last lines: separated by `\n`, none at the end.
    ///
    /// # Panics
    /// If the time is beyond the year 9999: callers pass the clock's.
    pub fn render(&self, statement: &str, rest: &str) -> String {
        let chain = self.account.chain();
        format!(
            "{} wants you to sign in with your {} account:\n{}\n\n{statement}\n\nURI: liaise:{}\nVersion: 1\nChain ID: {}\n\
             Nonce: {}\nIssued At: {}\n{rest}",
            self.domain,
            called(chain.namespace()),
            wallet::displayed(&self.account),
            self.network,
            chain.reference(),
            hex::encode(self.nonce),
            written(self.issued_s),
        )
    }

    /// Reads the lines up to `Issued At`. Returns what the text says in words, and the lines that are left.
    ///
    /// # Errors
    /// The first line that is not of the form.
    pub fn parse(text: &str) -> Result<(Frame, &str, Lines<'_>), SessionError> {
        let mut lines = Lines { rest: text.split('\n'), line: 0 };
        let head = lines.next("<network> wants you to sign in with your <chain> account:")?;
        let (domain, called_so) = head
            .strip_suffix(" account:")
            .and_then(|head| head.split_once(" wants you to sign in with your "))
            .ok_or(lines.wrong("<network> wants you to sign in with your <chain> account:"))?;
        let namespace = ["eip155", "solana", "bch"]
            .into_iter()
            .find(|namespace| called(namespace) == called_so)
            .ok_or(lines.wrong("an Ethereum, Solana or Bitcoin Cash account"))?;
        let address = lines.next("the account's address")?;
        lines.exact("", "an empty line")?;
        let statement = lines.next("the statement")?;
        lines.exact("", "an empty line")?;
        let network = lines.after("URI: liaise:", "URI: liaise:<network id>")?;
        let network: Hash = network.parse().map_err(|_| lines.wrong("URI: liaise:<network id>"))?;
        lines.exact("Version: 1", "Version: 1")?;
        let reference = lines.after("Chain ID: ", "Chain ID: <CAIP-2 reference>")?;
        let chain: ChainId = format!("{namespace}:{reference}").parse()?;
        let account: Account = format!("{chain}:{address}").parse()?;
        let nonce = lines.after("Nonce: ", "Nonce: <64 lower-case hex digits>")?;
        let nonce = hex_text::decode(nonce).ok_or(lines.wrong("Nonce: <64 lower-case hex digits>"))?;
        let issued_s = lines.time("Issued At: ", "Issued At: <yyyy-mm-ddThh:mm:ssZ>")?;
        Ok((Frame { domain: domain.to_owned(), account, network, nonce, issued_s }, statement, lines))
    }

    /// Checks that the text is for a network, and its account on one of its chains.
    ///
    /// # Errors
    /// [`SessionError::ForeignNetwork`], [`SessionError::ForeignChain`].
    pub fn check(&self, genesis: &Genesis) -> Result<(), SessionError> {
        let network = genesis.network_id();
        if self.domain != genesis.name || self.network != network {
            return Err(SessionError::ForeignNetwork {
                found: format!("{} liaise:{}", self.domain, self.network),
                expected: format!("{} liaise:{network}", genesis.name),
            });
        }
        let chain = self.account.chain();
        if genesis.chains.binary_search(&chain).is_err() {
            return Err(SessionError::ForeignChain(chain.to_string()));
        }
        Ok(())
    }
}

/// A time as the text writes it.
///
/// # Panics
/// If it is beyond the year 9999.
pub(crate) fn written(seconds: u64) -> String {
    assert!(seconds < time::END_S, "a text's times are before the year 10000");
    time::format(seconds)
}

/// The lines of a text, read from the first to the last.
pub(crate) struct Lines<'a> {
    rest: std::str::Split<'a, char>,
    line: usize,
}

impl<'a> Lines<'a> {
    pub fn wrong(&self, expected: &'static str) -> SessionError {
        SessionError::Text { line: self.line, expected }
    }

    pub fn next(&mut self, expected: &'static str) -> Result<&'a str, SessionError> {
        self.line += 1;
        self.rest.next().ok_or(self.wrong(expected))
    }

    /// The next line, if there is one.
    pub fn more(&mut self) -> Option<&'a str> {
        let line = self.rest.next()?;
        self.line += 1;
        Some(line)
    }

    pub fn exact(&mut self, line: &str, expected: &'static str) -> Result<(), SessionError> {
        if self.next(expected)? == line { Ok(()) } else { Err(self.wrong(expected)) }
    }

    pub fn after(&mut self, prefix: &str, expected: &'static str) -> Result<&'a str, SessionError> {
        self.next(expected)?.strip_prefix(prefix).ok_or(self.wrong(expected))
    }

    pub fn time(&mut self, prefix: &str, expected: &'static str) -> Result<u64, SessionError> {
        time::parse(self.after(prefix, expected)?).ok_or(self.wrong(expected))
    }
}
