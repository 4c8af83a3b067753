//! The forms in which wallets hand out a private key. No error repeats any of it.

use super::{KeyError, Secret};
use alloy::signers::local::MnemonicBuilder;
use alloy::signers::local::coins_bip39::English;
use zeroize::Zeroizing;

const FORMS: &str = "the private key must be 64 hex digits, the 64 numbers of Solana's keypair.json, a WIF of Bitcoin Cash, or \
                     12 to 24 seed words; a WIF with one wrong character is none";
/// First byte of a WIF: main network, test networks.
const WIF: [u8; 2] = [0x80, 0xef];
/// Last byte of a WIF whose address is of the compressed key.
const COMPRESSED: u8 = 1;

/// The secret key in a text as wallets hand it out; seed words need the namespace of the chain that they are for.
///
/// # Errors
/// It has none of the forms, or is damaged; never with any of the text.
pub fn import(text: &str, namespace: Option<&str>) -> Result<Secret, KeyError> {
    parse(text, namespace).map_err(KeyError::Import)
}

fn parse(text: &str, namespace: Option<&str>) -> Result<Secret, String> {
    let text = text.trim();
    if text.starts_with('[') {
        return keypair_json(text);
    }
    if text.contains(char::is_whitespace) {
        return seed_words(text, namespace);
    }
    match hex32(text) {
        Some(secret) => Ok(secret),
        None => wif(text),
    }
}

/// With or without 0x.
fn hex32(text: &str) -> Option<Secret> {
    let mut secret = Secret::new([0; 32]);
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), secret.as_mut()).ok()?;
    Some(secret)
}

/// What `solana-keygen` writes: the secret's 32 bytes and the public key's.
fn keypair_json(text: &str) -> Result<Secret, String> {
    let bytes: Option<Vec<u8>> = serde_json::from_str(text).ok();
    let bytes = Zeroizing::new(bytes.unwrap_or_default());
    let Some((secret, public)) = bytes.split_first_chunk::<32>().filter(|(_, public)| public.len() == 32) else {
        return Err("keypair.json: it must be a list of 64 numbers below 256".into());
    };
    let secret = Secret::new(*secret);
    if super::ed25519(&secret).public() != public {
        return Err("keypair.json: its public half is not of its secret half, so one of them is damaged".into());
    }
    Ok(secret)
}

/// Base58 with a checksum: the network's byte, 32 bytes, and 1 where the address is of the compressed key.
fn wif(text: &str) -> Result<Secret, String> {
    let bytes = Zeroizing::new(bs58::decode(text).with_check(None).into_vec().unwrap_or_default());
    let Some((network, rest)) = bytes.split_first().filter(|(network, _)| WIF.contains(network)) else {
        return Err(FORMS.into());
    };
    match rest.split_first_chunk::<32>() {
        Some((secret, [COMPRESSED])) => Ok(Secret::new(*secret)),
        Some((_, [])) => {
            Err("this WIF is of an uncompressed key, whose address no wallet here has: send its coins to a new key"
                .into())
        }
        _ => Err(format!("a WIF of network {network:#04x} must have 32 bytes and a final 1")),
    }
}

/// BIP-39 words, at the place where the chain's wallets have their first account (BIP-44).
fn seed_words(words: &str, namespace: Option<&str>) -> Result<Secret, String> {
    let path = match namespace {
        Some("eip155") => "m/44'/60'/0'/0/0",
        Some("bch") => "m/44'/145'/0'/0/0",
        Some(_) => {
            return Err("seed words of Solana: write the account's keypair.json with `solana-keygen recover 'prompt://?key=0/0'`".into());
        }
        None => {
            return Err(
                "which account seed words mean depends on the chain: name a directory with network.toml by --home"
                    .into(),
            );
        }
    };
    let phrase = Zeroizing::new(words.split_whitespace().collect::<Vec<_>>().join(" "));
    let builder = MnemonicBuilder::<English>::default().phrase(phrase.as_str()).derivation_path(path);
    match builder.and_then(|builder| builder.build()) {
        Ok(signer) => Ok(Secret::new(signer.to_bytes().0)),
        Err(_) => Err("seed words: 12 to 24 words of BIP-39's English list, whose checksum must be right".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Wallet;
    use liaise_ledger::{Account, ChainId};

    const WORDS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

    fn account(text: &str, chain: &str) -> Account {
        let chain: ChainId = chain.parse().unwrap();
        Wallet::new(&parse(text, Some(chain.namespace())).unwrap(), &chain).unwrap().account()
    }

    fn refused(text: &str, namespace: Option<&str>) -> String {
        let error = parse(text, namespace).unwrap_err();
        assert!(!error.contains(text), "{error}");
        error
    }

    #[test]
    fn hex_is_read_with_and_without_prefix() {
        let digits = "0f".repeat(32);
        assert_eq!(*parse(&format!(" 0x{digits}\n"), None).unwrap(), [15; 32]);
        assert_eq!(*parse(&digits, None).unwrap(), [15; 32]);
        assert!(refused("secret!", None).contains("64 hex digits"));
    }

    #[test]
    fn seed_words_give_the_account_that_the_chains_wallets_show() {
        // published with BIP-39's first test vector by MetaMask and by Electron Cash
        assert_eq!(account(WORDS, "eip155:1").address(), "0x9858effd232b4033e47d90003d41ec34ecaeda94");
        let cash = account(&format!("  {}\n", WORDS.replace(' ', "  ")), "bch:bitcoincash");
        assert_eq!(cash.address(), "qqyx49mu0kkn9ftfj6hje6g2wfer34yfnq5tahq3q6");
        assert!(refused(&WORDS.replace("about", "abandon"), Some("bch")).contains("checksum"));
        assert!(refused(WORDS, Some("solana")).contains("solana-keygen"));
        assert!(refused(WORDS, None).contains("network.toml"));
    }

    #[test]
    fn a_wif_is_its_key() {
        // Bitcoin's wiki, "Wallet import format", the compressed form of its example key
        let secret = parse("KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617", None).unwrap();
        assert_eq!(hex::encode(*secret), "0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1d");
        let uncompressed = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ";
        assert!(refused(uncompressed, None).contains("uncompressed"));
        assert!(refused(&uncompressed.replace("5Hue", "5Hux"), None).contains("64 hex digits"));
    }

    #[test]
    fn a_keypair_is_read_where_its_halves_belong_together() {
        let key = crate::keys::ed25519(&Secret::new([7; 32]));
        let mut bytes = [vec![7; 32], key.public()].concat();
        let text = serde_json::to_string(&bytes).unwrap();
        assert_eq!(*parse(&text, Some("solana")).unwrap(), [7; 32]);
        bytes[40] ^= 1;
        assert!(refused(&serde_json::to_string(&bytes).unwrap(), None).contains("damaged"));
        for bad in ["[]", "[1,2]", "[256]", "[\"a\"]"] {
            assert!(refused(bad, None).contains("64 numbers"));
        }
    }
}
