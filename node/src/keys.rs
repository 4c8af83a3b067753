//! Secrets at rest: keystore V3 files, whatever the key is for. Passphrases never come as arguments.

use liaise_ledger::Signer;
use std::io::Write;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

mod import;
pub(crate) mod keystore;
mod write;

pub use import::import;

/// 32 secret bytes, wiped when dropped.
pub type Secret = Zeroizing<[u8; 32]>;

/// Why a key can't be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file can't be read or written.
    #[error("key file {path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The file is no keystore V3, or would take too much memory or time to open.
    #[error("key file {path} can't be opened: {why}")]
    Form {
        /// The file.
        path: PathBuf,
        /// The field, and what is allowed.
        why: String,
    },
    /// The passphrase does not open the file.
    #[error("wrong passphrase for {0}: try again, or restore the key from its backup")]
    WrongPassphrase(PathBuf),
    /// A key is there already and would be lost.
    #[error("{0} is there already: move it away first, keys are never overwritten")]
    Exists(PathBuf),
    /// A text that somebody has a key in has none of the forms; it is not repeated.
    #[error("{0}")]
    Import(String),
    /// The bytes are no secret key of that kind.
    #[error("key file {0} does not hold a secret key of this kind")]
    NotAKey(PathBuf),
}

/// What each try at a file's passphrase costs, its owner's too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// geth's standard, scrypt with n 262 144: 256 MiB of memory, and up to a second.
    Standard,
    /// A thirty-second of that, for keys that guard nothing: those of the demo and of tests.
    Light,
}

/// Draws 32 secret bytes from the system.
pub fn random_secret() -> Secret {
    let mut bytes = Zeroizing::new([0; 32]);
    rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, bytes.as_mut());
    bytes
}

/// Encrypts a secret into a new keystore V3 file, readable by its owner only.
///
/// # Errors
/// The file exists or can't be written.
pub fn create(path: &Path, secret: &Secret, passphrase: &str, cost: Cost) -> Result<(), KeyError> {
    if path.exists() {
        return Err(KeyError::Exists(path.to_owned()));
    }
    let file = |why: String| KeyError::File { path: path.to_owned(), why };
    let dir = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|n| n.to_str()).ok_or_else(|| file("has no usable name".into()))?;
    let text = write::encrypt(secret, passphrase, cost);
    // Written under another name and renamed: a crash leaves no half of a key.
    let part = dir.join(format!("{name}.part"));
    std::fs::create_dir_all(dir)
        .and_then(|()| owner_only(&part)?.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|error| file(error.to_string()))
}

/// Decrypts a keystore V3 file.
///
/// # Errors
/// The file can't be read, is no keystore V3 of bounded cost, or the passphrase is wrong.
pub fn open(path: &Path, passphrase: &str) -> Result<Secret, KeyError> {
    let file = |why: String| KeyError::File { path: path.to_owned(), why };
    if !path.exists() {
        return Err(file("is not there; make a key with `liaise account new`, or check the path".into()));
    }
    let text = std::fs::read(path).map_err(|error| file(error.to_string()))?;
    keystore::check(&text).map_err(|why| KeyError::Form { path: path.to_owned(), why })?;
    let bytes = eth_keystore::decrypt_key(path, passphrase).map_err(|error| match error {
        eth_keystore::KeystoreError::MacMismatch => KeyError::WrongPassphrase(path.to_owned()),
        other => file(other.to_string()),
    })?;
    let bytes = Zeroizing::new(bytes);
    let array: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::NotAKey(path.to_owned()))?;
    Ok(Zeroizing::new(array))
}

/// An Ed25519 signer: sessions and stores.
pub fn ed25519(secret: &Secret) -> Signer {
    Signer::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(secret)))
}

/// A secp256k1 signer: oracles and the DAO.
///
/// # Errors
/// The bytes are zero or above the curve's order.
pub fn secp256k1(secret: &Secret, path: &Path) -> Result<Signer, KeyError> {
    let key = secp256k1::SecretKey::from_byte_array(**secret).map_err(|_| KeyError::NotAKey(path.to_owned()))?;
    Ok(Signer::Secp256k1(key))
}

/// Signs a decree's act with a key of the DAO set.
///
/// # Errors
/// The bytes are no secret key.
pub fn sign_act(
    secret: &Secret,
    act: &liaise_ledger::body::Act,
) -> Result<liaise_ledger::body::DaoSignature, KeyError> {
    let key = secp256k1::SecretKey::from_byte_array(**secret).map_err(|_| KeyError::NotAKey("the DAO's key".into()))?;
    let digest = secp256k1::Message::from_digest(act.digest().0);
    let signature = secp256k1::global::SECP256K1.sign_ecdsa(digest, &key).serialize_compact();
    let public = secp256k1::PublicKey::from_secret_key_global(&key).serialize();
    Ok(liaise_ledger::body::DaoSignature {
        key: serde_bytes::ByteArray::new(public),
        signature: serde_bytes::ByteArray::new(signature),
    })
}

/// A new or emptied file that only its owner may read.
#[cfg(unix)]
fn owner_only(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // It may be there from a crash, with the rights that it had.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(not(unix))]
fn owner_only(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_with_its_passphrase_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/store.json");
        let secret = random_secret();
        create(&path, &secret, "correct horse", Cost::Light).unwrap();
        assert_eq!(*open(&path, "correct horse").unwrap(), *secret);
        assert!(matches!(open(&path, "battery staple"), Err(KeyError::WrongPassphrase(_))));
        assert!(matches!(create(&path, &secret, "x", Cost::Light), Err(KeyError::Exists(_))));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&hex::encode(secret.as_slice())));
    }
    #[test]
    fn a_key_costs_what_it_should_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let secret = random_secret();
        for (cost, n) in [(Cost::Standard, 262_144), (Cost::Light, 8_192)] {
            let path = dir.path().join(format!("{n}.json"));
            std::fs::write(path.with_extension("json.part"), "what a crash left, with anybody's rights").unwrap();
            create(&path, &secret, "correct horse", cost).unwrap();
            let text: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            assert_eq!(text["crypto"]["kdfparams"]["n"], n);
            #[cfg(unix)]
            {
                let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
                assert_eq!(mode & 0o777, 0o600);
            }
            assert_eq!(*open(&path, "correct horse").unwrap(), *secret);
        }
    }
}
