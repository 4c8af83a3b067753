//! What a keystore V3 file (Web3 Secret Storage) may ask for, checked before any of it is done: whoever wrote the file
//! decides how much memory and time its passphrase takes.

use serde::Deserialize;

/// Longer than any such file.
const MAX_FILE_BYTES: usize = 64 * 1024;
/// The most memory that scrypt may take: twice that of geth's standard files.
const MAX_SCRYPT_BYTES: u64 = 512 << 20;
/// The most steps of scrypt, `n·r·p`: sixteen times those of geth's standard files.
const MAX_SCRYPT_STEPS: u64 = 1 << 25;
/// The most rounds of PBKDF2: some forty times those of published files.
const MAX_ROUNDS: u64 = 10_000_000;

#[derive(Deserialize)]
struct File {
    version: u64,
    crypto: Crypto,
}

#[derive(Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    kdf: String,
    kdfparams: KdfParams,
    mac: String,
}

#[derive(Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Deserialize)]
struct KdfParams {
    dklen: u64,
    salt: String,
    n: Option<u64>,
    r: Option<u64>,
    p: Option<u64>,
    c: Option<u64>,
    prf: Option<String>,
}

fn need(good: bool, field: &str, why: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(format!("{field}: {}", why())) }
}

/// Checks a file's form, and that opening it takes bounded memory and time.
///
/// # Errors
/// The first field that is wrong, and what is allowed.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    need(bytes.len() <= MAX_FILE_BYTES, "the file", || format!("{} bytes, more than any keystore has", bytes.len()))?;
    let file: File = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    need(file.version == 3, "version", || format!("{}, and only version 3 is read", file.version))?;
    let crypto = &file.crypto;
    let cipher = &crypto.cipher;
    need(cipher == "aes-128-ctr", "crypto.cipher", || format!("{cipher:?} is not aes-128-ctr"))?;
    is_hex("crypto.cipherparams.iv", &crypto.cipherparams.iv, Some(16))?;
    is_hex("crypto.ciphertext", &crypto.ciphertext, None)?;
    is_hex("crypto.mac", &crypto.mac, Some(32))?;
    is_hex("crypto.kdfparams.salt", &crypto.kdfparams.salt, None)?;
    let dklen = crypto.kdfparams.dklen;
    need(dklen == 32, "crypto.kdfparams.dklen", || format!("{dklen} is not 32"))?;
    match crypto.kdf.as_str() {
        "scrypt" => scrypt(&crypto.kdfparams),
        "pbkdf2" => pbkdf2(&crypto.kdfparams),
        other => Err(format!("crypto.kdf: {other:?} is neither scrypt nor pbkdf2")),
    }
}

fn is_hex(field: &str, text: &str, bytes: Option<usize>) -> Result<(), String> {
    let digits = text.bytes().all(|b| b.is_ascii_hexdigit()) && text.len().is_multiple_of(2);
    need(digits, field, || "not hex".into())?;
    match bytes {
        Some(bytes) => need(text.len() == 2 * bytes, field, || format!("not {bytes} bytes")),
        None => Ok(()),
    }
}

fn given<T: Copy>(field: &str, value: &Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("crypto.kdfparams.{field}: missing"))
}

fn scrypt(params: &KdfParams) -> Result<(), String> {
    let (n, r, p) = (given("n", &params.n)?, given("r", &params.r)?, given("p", &params.p)?);
    need(n.is_power_of_two() && n >= 2, "crypto.kdfparams.n", || format!("{n} is no power of two above 1"))?;
    need(r >= 1 && p >= 1, "crypto.kdfparams.r", || "r or p is zero".into())?;
    // RFC 7914, 2, which the library holds to. Early wallets did not, nor does an older example of the definition.
    need(u64::from(n.ilog2()) < r.saturating_mul(16), "crypto.kdfparams.r", || {
        format!(
            "{r} is too small for n {n}: open the file with the wallet that wrote it, and write it again with r 8, p 1"
        )
    })?;
    // The table of n blocks, and the p blocks that go through it.
    let bytes = n.saturating_add(p).saturating_mul(r).saturating_mul(128);
    need(bytes <= MAX_SCRYPT_BYTES, "crypto.kdfparams.n", || {
        format!(
            "n {n}, r {r} and p {p} take {bytes} bytes of memory, above {MAX_SCRYPT_BYTES}: write the key again with n 262144, r 8, p 1"
        )
    })?;
    let steps = n.saturating_mul(r).saturating_mul(p);
    need(steps <= MAX_SCRYPT_STEPS, "crypto.kdfparams.p", || {
        format!("n {n}, r {r} and p {p} are {steps} steps, above {MAX_SCRYPT_STEPS}")
    })
}

fn pbkdf2(params: &KdfParams) -> Result<(), String> {
    let rounds = given("c", &params.c)?;
    need((1..=MAX_ROUNDS).contains(&rounds), "crypto.kdfparams.c", || format!("{rounds} is not 1 to {MAX_ROUNDS}"))?;
    let prf = params.prf.as_deref().unwrap_or_default();
    need(prf == "hmac-sha256", "crypto.kdfparams.prf", || format!("{prf:?} is not hmac-sha256"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn file() -> Value {
        json!({
            "crypto": {
                "cipher": "aes-128-ctr",
                "cipherparams": {"iv": "00".repeat(16)},
                "ciphertext": "00".repeat(32),
                "kdf": "scrypt",
                "kdfparams": {"dklen": 32, "n": 262_144, "r": 8, "p": 1, "salt": "00".repeat(32)},
                "mac": "00".repeat(32),
            },
            "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
            "version": 3,
        })
    }

    fn refused(pointer: &str, value: Value) -> String {
        let mut file = file();
        *file.pointer_mut(pointer).expect("a field of the file") = value;
        check(file.to_string().as_bytes()).expect_err("it is refused")
    }

    #[test]
    fn geths_standard_parameters_pass_and_costly_ones_do_not() {
        assert_eq!(check(file().to_string().as_bytes()), Ok(()));
        let huge = refused("/crypto/kdfparams/n", json!(1u64 << 31));
        assert!(huge.contains("2199023256576 bytes of memory"), "{huge}");
        assert!(refused("/crypto/kdfparams/r", json!(u64::MAX)).contains("memory"));
        assert!(refused("/crypto/kdfparams/p", json!(17)).contains("steps"));
        assert!(refused("/crypto/kdfparams/n", json!(3)).contains("power of two"));
        assert!(refused("/crypto/kdfparams/r", json!(1)).contains("too small for n 262144"));
        // The library would take bytes 16 to 31 of eight.
        assert!(refused("/crypto/kdfparams/dklen", json!(8)).starts_with("crypto.kdfparams.dklen"));
        assert!(refused("/crypto/cipherparams/iv", json!("00")).starts_with("crypto.cipherparams.iv"));
        assert!(refused("/crypto/kdf", json!("argon2id")).contains("neither scrypt nor pbkdf2"));
        assert!(refused("/version", json!(1)).contains("only version 3"));
        // The table is small, but 16 blocks of 128 MiB go through it.
        let wide = json!({"dklen": 32, "n": 2, "r": 1 << 20, "p": 16, "salt": "00".repeat(32)});
        assert!(refused("/crypto/kdfparams", wide).contains("memory"));
        let padded = file().to_string() + &" ".repeat(MAX_FILE_BYTES);
        assert!(check(padded.as_bytes()).is_err());
    }
}
