//! Keystore V3 files: others' by this project's code, and this project's by others'.

use crate::secret;
use liaise_node::keys::{self, Cost, KeyError, Secret};
use liaise_second_opinion::Other;
use std::path::{Path, PathBuf};

fn published(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("keystores").join(name)
}

fn opened(name: &str, passphrase: &str) -> Secret {
    keys::open(&published(name), passphrase).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Files whose secret is published with them, by passphrase.
const WITH_SECRETS: [(&str, &str, &str); 2] = [
    ("wiki-pbkdf2.json", "testpassword", "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"),
    ("eth-keystore-scrypt.json", "grOQ8QDnGHvpYJf", "80d3a6ed7b24dcd652949bc2f3827d2f883b3722e3120b15a93a2e0790f03829"),
];

/// Files of which the address is published.
const WITH_ADDRESSES: [(&str, &str, &str); 3] = [
    ("geth-aaa.json", "foobar", "f466859ead1932d743d622cb74fc058882e8648a"),
    ("geth-zzz.json", "foobar", "289d485d9771714cce91d3393d764e1311907acc"),
    ("geth-very-light-scrypt.json", "", "45dea0fb0bba44f4fcf290bba71fd57d7117cbb8"),
];

#[test]
fn published_files_open_to_their_published_keys() {
    for (name, passphrase, expected) in WITH_SECRETS {
        assert_eq!(hex::encode(*opened(name, passphrase)), expected, "{name}");
    }
    for (name, passphrase, expected) in WITH_ADDRESSES {
        assert_eq!(hex::encode(Other::new(*opened(name, passphrase)).address()), expected, "{name}");
    }
}

#[test]
fn a_wrong_passphrase_opens_none() {
    let files = WITH_SECRETS.iter().chain(&WITH_ADDRESSES);
    for (name, passphrase, _) in files {
        let error = keys::open(&published(name), &format!("{passphrase}x")).expect_err(name);
        assert!(matches!(error, KeyError::WrongPassphrase(_)), "{name}: {error}");
    }
}

#[test]
fn what_no_key_of_today_looks_like_is_refused_by_name() {
    // geth once wrote secrets without their leading zeros.
    for name in ["geth-31-bytes.json", "geth-30-bytes.json"] {
        let error = keys::open(&published(name), "foo").expect_err(name);
        assert!(matches!(error, KeyError::NotAKey(_)), "{name}: {error}");
    }
    let error = keys::open(&published("geth-version-1.json"), "g").expect_err("version 1");
    assert!(matches!(error, KeyError::Form { .. }), "{error}");
}

/// Neither of the scrypt examples of the Web3 Secret Storage Definition can be opened, each for a reason of its own.
#[test]
fn the_definitions_scrypt_examples_are_refused() {
    // The wiki's breaks scrypt's own rule (RFC 7914), that n is below 2^(16 r).
    let error = keys::open(&published("wiki-scrypt.json"), "testpassword").expect_err("n 262144 with r 1");
    assert!(error.to_string().contains("1 is too small for n 262144: open the file with the wallet"), "{error}");
    // The key that ethereum.org's was encrypted with does not follow from its passphrase: by OpenSSL's scrypt that is b4130dc8..
    // and not 7446f59e.., as the page says.
    let error = keys::open(&published("ethereum-org-scrypt.json"), "testpassword").expect_err("another key");
    assert!(matches!(error, KeyError::WrongPassphrase(_)), "{error}");
}

#[test]
fn others_open_what_this_project_writes() {
    let dir = tempfile::tempdir().unwrap();
    let secret = Secret::new(secret("kept"));
    // Whatever letters a passphrase has.
    for (name, passphrase, cost) in [
        ("standard.json", "correct horse", Cost::Standard),
        ("light.json", "", Cost::Light),
        ("words.json", "pâté 🦀", Cost::Light),
    ] {
        let path = dir.path().join(name);
        keys::create(&path, &secret, passphrase, cost).unwrap();
        assert_eq!(eth_keystore::decrypt_key(&path, passphrase).unwrap(), *secret, "{name}");
        assert!(eth_keystore::decrypt_key(&path, "wrong").is_err(), "{name}");
        let ethers = ethers_signers::LocalWallet::decrypt_keystore(&path, passphrase).unwrap();
        assert_eq!(ethers_signers::Signer::address(&ethers).0, Other::new(*secret).address(), "{name}");
    }
}

#[test]
fn this_project_opens_what_others_write() {
    let dir = tempfile::tempdir().unwrap();
    let secret = secret("kept by others");
    let mut random = ethers_core::rand::thread_rng();
    let (wallet, _) =
        ethers_signers::LocalWallet::encrypt_keystore(dir.path(), &mut random, secret, "words", Some("key.json"))
            .unwrap();
    assert_eq!(ethers_signers::Signer::address(&wallet).0, Other::new(secret).address());
    assert_eq!(*keys::open(&dir.path().join("key.json"), "words").unwrap(), secret);
}
