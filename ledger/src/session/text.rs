//! The text itself: one form, written and read.

use super::{Scopes, SessionError, time, wallet};
use crate::account::{Account, ChainId};
use crate::genesis::hex_text;
use crate::hash::Hash;

/// What a delegation says in words.
pub const GRANT_STATEMENT: &str = "Let the key named below sign prompts and work for this account until it expires. It can't \
     move tokens, link accounts or change where this account is paid.";
/// What a revocation says in words.
pub const REVOKE_STATEMENT: &str = "End the key named below: it may sign nothing more for this account.";

/// What a wallet signs to delegate to a session key or to revoke one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionText {
    /// The network's name.
    pub domain: String,
    /// Whose wallet signs.
    pub account: Account,
    /// The network's id.
    pub network: Hash,
    /// The session key: Ed25519, the text's nonce.
    pub key: [u8; 32],
    /// When it was written, Unix seconds.
    pub issued_s: u64,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a session text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The key may sign.
    Grant {
        /// Until then, Unix seconds.
        expires_s: u64,
        /// What it may sign.
        scopes: Scopes,
    },
    /// The key may sign nothing more.
    Revoke,
}

/// How a namespace's accounts are called in the first line.
fn called(namespace: &str) -> &'static str {
    match namespace {
        "eip155" => "Ethereum",
        "solana" => "Solana",
        _ => "Bitcoin Cash",
    }
}

impl SessionText {
    /// The exact text to sign: lines separated by `\n`, none at the end.
    ///
    /// # Panics
    /// If a time is beyond the year 9999: callers pass the clock's.
    pub fn render(&self) -> String {
        assert!(self.issued_s < time::END_S, "a session text's times are before the year 10000");
        let chain = self.account.chain();
        let (statement, rest) = match self.purpose {
            Purpose::Grant { expires_s, scopes } => {
                assert!(expires_s < time::END_S, "a session text's times are before the year 10000");
                let scopes: String = scopes.iter().map(|s| format!("\n- liaise:scope:{}", s.name())).collect();
                (GRANT_STATEMENT, format!("\nExpiration Time: {}\nResources:{scopes}", time::format(expires_s)))
            }
            Purpose::Revoke => (REVOKE_STATEMENT, "\nResources:\n- liaise:revoke".to_owned()),
        };
        format!(
            "{} wants you to sign in with your {} account:\n{}\n\n{statement}\n\nURI: liaise:{}\nVersion: 1\nChain ID: {}\n\
             Nonce: {}\nIssued At: {}{rest}",
            self.domain,
            called(chain.namespace()),
            wallet::displayed(&self.account),
            self.network,
            chain.reference(),
            hex::encode(self.key),
            time::format(self.issued_s),
        )
    }

    /// Reads exactly what [`SessionText::render`] writes.
    ///
    /// # Errors
    /// The first line that is not of the form, or [`SessionError::NotCanonical`].
    pub fn parse(text: &str) -> Result<SessionText, SessionError> {
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
        let key = lines.after("Nonce: ", "Nonce: <session key, 64 lower-case hex digits>")?;
        let key = hex_text::decode(key).ok_or(lines.wrong("Nonce: <session key, 64 lower-case hex digits>"))?;
        let issued_s = lines.time("Issued At: ", "Issued At: <yyyy-mm-ddThh:mm:ssZ>")?;
        let purpose = match statement {
            REVOKE_STATEMENT => {
                lines.exact("Resources:", "Resources:")?;
                lines.exact("- liaise:revoke", "- liaise:revoke")?;
                Purpose::Revoke
            }
            GRANT_STATEMENT => {
                let expires_s = lines.time("Expiration Time: ", "Expiration Time: <yyyy-mm-ddThh:mm:ssZ>")?;
                lines.exact("Resources:", "Resources:")?;
                Purpose::Grant { expires_s, scopes: lines.scopes()? }
            }
            _ => return Err(SessionError::Text { line: 4, expected: "the statement of a delegation or a revocation" }),
        };
        let read = SessionText { domain: domain.to_owned(), account, network, key, issued_s, purpose };
        if read.render() == text { Ok(read) } else { Err(SessionError::NotCanonical) }
    }
}

struct Lines<'a> {
    rest: std::str::Split<'a, char>,
    line: usize,
}

impl<'a> Lines<'a> {
    fn wrong(&self, expected: &'static str) -> SessionError {
        SessionError::Text { line: self.line, expected }
    }
    fn next(&mut self, expected: &'static str) -> Result<&'a str, SessionError> {
        self.line += 1;
        self.rest.next().ok_or(self.wrong(expected))
    }
    fn exact(&mut self, line: &str, expected: &'static str) -> Result<(), SessionError> {
        if self.next(expected)? == line { Ok(()) } else { Err(self.wrong(expected)) }
    }
    fn after(&mut self, prefix: &str, expected: &'static str) -> Result<&'a str, SessionError> {
        self.next(expected)?.strip_prefix(prefix).ok_or(self.wrong(expected))
    }
    fn time(&mut self, prefix: &str, expected: &'static str) -> Result<u64, SessionError> {
        time::parse(self.after(prefix, expected)?).ok_or(self.wrong(expected))
    }
    /// At least one, in their order, each once; the rest of the text.
    fn scopes(&mut self) -> Result<Scopes, SessionError> {
        let expected = "- liaise:scope:prompt, - liaise:scope:work, or both in this order";
        let mut scopes = Scopes::default();
        while let Some(line) = self.rest.next() {
            self.line += 1;
            match line {
                "- liaise:scope:prompt" if scopes == Scopes::default() => scopes.prompt = true,
                "- liaise:scope:work" if !scopes.work => scopes.work = true,
                _ => return Err(self.wrong(expected)),
            }
        }
        if scopes == Scopes::default() { Err(self.wrong(expected)) } else { Ok(scopes) }
    }
}
