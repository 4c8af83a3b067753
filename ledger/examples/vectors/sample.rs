//! A network, its keys and its accounts, the same at every run. The secrets are known to everybody: worth nothing.

use liaise_ledger::genesis::{Adapter, CuratorSet, Fixed, GenesisNode, KeySet, ThresholdSet, Units};
use liaise_ledger::hash::blob_cid;
use liaise_ledger::session::{eip191_hash, evm_address, signed_message_hash};
use liaise_ledger::{Account, BeaconKey, ChainId, Genesis, Hash, Parameters};
use secp256k1::global::SECP256K1;
use secp256k1::{Message, PublicKey, SecretKey};

/// Start of the sample network: 2026-01-01.
pub const GENESIS_S: u64 = 1_767_225_600;

fn seed(what: &str, i: usize) -> [u8; 32] {
    Hash::of(&[format!("liaise vector {what} {i}").as_bytes()]).0
}

/// A secp256k1 secret.
pub fn secp(what: &str, i: usize) -> SecretKey {
    SecretKey::from_byte_array(seed(what, i)).expect("a hash below the group's order")
}

/// An Ed25519 secret.
pub fn ed25519(what: &str, i: usize) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&seed(what, i))
}

/// Solana's main network.
pub fn solana() -> ChainId {
    "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp".parse().expect("a chain id")
}

/// Bitcoin Cash's main network.
pub fn bch() -> ChainId {
    "bch:bitcoincash".parse().expect("a chain id")
}

/// The account of wallet `i` on Solana.
pub fn solana_account(i: usize) -> Account {
    Account::solana(&solana(), ed25519("wallet", i).verifying_key().to_bytes())
}

/// What wallet `i` signs under a text on Solana.
pub fn solana_signature(i: usize, text: &str) -> [u8; 64] {
    ed25519_dalek::Signer::sign(&ed25519("wallet", i), text.as_bytes()).to_bytes()
}

/// The account of wallet `i` on Bitcoin Cash, whose key is hashed in its compressed form.
pub fn bch_account(i: usize) -> Account {
    let key = PublicKey::from_secret_key_global(&secp("wallet", i)).serialize();
    let hash = <ripemd::Ripemd160 as sha2::Digest>::digest(Hash::of(&[&key]).0);
    Account::bch(&bch(), hash.into())
}

/// What wallet `i` signs under a text on Bitcoin Cash: header, r, s.
pub fn bch_signature(i: usize, text: &str) -> [u8; 65] {
    let (id, rs) = recoverable(i, signed_message_hash(text));
    let mut out = [31 + id; 65];
    out[1..].copy_from_slice(&rs);
    out
}

/// Which of the keys, and r and s, of wallet `i` under a digest.
fn recoverable(i: usize, digest: [u8; 32]) -> (u8, [u8; 64]) {
    let signature = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest), &secp("wallet", i));
    let (id, rs) = signature.serialize_compact();
    (i32::from(id) as u8, rs)
}

/// The account of wallet `i`.
pub fn account(i: usize) -> Account {
    Account::evm(42_161, evm_address(&PublicKey::from_secret_key_global(&secp("wallet", i))))
}

/// What wallet `i` signs under a text: r, s, v with v 27 or 28.
pub fn wallet_signature(i: usize, text: &str) -> [u8; 65] {
    let (id, rs) = recoverable(i, eip191_hash(text));
    let mut out = [27 + id; 65];
    out[..64].copy_from_slice(&rs);
    out
}

fn secp_keys(what: &str, n: usize) -> Vec<[u8; 33]> {
    let mut keys: Vec<_> = (0..n).map(|i| PublicKey::from_secret_key_global(&secp(what, i)).serialize()).collect();
    keys.sort_unstable();
    keys
}

/// The sample network.
pub fn genesis() -> Genesis {
    let mut stores: Vec<_> = (0..4).map(|i| ed25519("store", i).verifying_key().to_bytes()).collect();
    stores.sort_unstable();
    let mut adapters: Vec<_> = [("retrieval", 0, 40, 12), ("text", 1, 0, 5)]
        .into_iter()
        .map(|(kind, i, base, per_item)| Adapter {
            id: Hash(seed("adapter", i)),
            kind: kind.into(),
            units: Units { base, per_item, max: 4_096 },
        })
        .collect();
    adapters.sort_by_key(|adapter| adapter.id);
    let ids: Vec<Hash> = adapters.iter().map(|adapter| adapter.id).collect();
    let node = |i: usize| GenesisNode {
        account: account(i),
        weight: 10_000 * (1 + i as u32 % 2),
        slots: 1 + i as u16 % 2,
        adapters: if i == 4 { ids[..1].to_vec() } else { ids.clone() },
    };
    let mut nodes: Vec<_> = (0..5).map(node).collect();
    nodes.sort_by(|a, b| a.account.cmp(&b.account));
    Genesis {
        version: 1,
        name: "example.liaise".into(),
        genesis_s: GENESIS_S,
        policy: blob_cid(b"ethics policy"),
        chains: vec![bch(), "eip155:42161".parse().expect("a chain id"), solana()],
        adapters,
        fixed: Fixed::default(),
        beacon: BeaconKey::from_seed(&seed("beacon", 0)).beacon(GENESIS_S - 86_400, 3),
        stores: KeySet { version: 1, keys: stores },
        oracles: KeySet { version: 1, keys: secp_keys("oracle", 5) },
        dao: ThresholdSet { version: 1, threshold: 2, keys: secp_keys("dao", 3) },
        curators: CuratorSet { version: 1, keys: vec![account(0)] },
        nodes,
        parameters: Parameters::default(),
    }
}
