//! Files that people write, carry or are given.

use crate::{Target, choose, chosen, settles};
use liaise_chain_api::{Account, BlockRef, Delays, Distributor, HeldRoot, HeldRoots, SetRef};
use liaise_compute::retrieval::{Passage, Question};
use liaise_node::client::Delegation;
use liaise_node::config::NodeConfig;
use liaise_summary::{DistributorId, Emission, Epoch, Hash32, NetworkId, Payee, RewardLeaf, RewardTree, Schedule};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::LazyLock;

pub const FILES: Target = Target {
    name: "files",
    decoders: "`node.toml`, `network.toml`, `session.toml`, proof files, keystores, calendars, passages and questions, deployments on Solana and Bitcoin Cash",
    longest: 8 * 1024,
    memory: 2_048,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        let Ok(text) = std::str::from_utf8(rest) else { return false };
        match which {
            0 => toml_file::<NodeConfig>(text),
            1 => settles(liaise_cli::fuzz::network(text), |text| liaise_cli::fuzz::network(text)),
            2 => toml_file::<Delegation>(text),
            3 => proof_file(text),
            4 => json_file::<Vec<Passage>>(text),
            5 => json_file::<Vec<Question>>(text),
            6 => liaise_node::fuzz::keystore(rest),
            7 => settles(liaise_node::fuzz::calendar(text), |text| liaise_node::fuzz::calendar(text)),
            8 => settles(liaise_node::fuzz::bch_deployment(text), |text| liaise_node::fuzz::bch_deployment(text)),
            9 => settles(liaise_node::fuzz::solana_deployment(text), |text| liaise_node::fuzz::solana_deployment(text)),
            _ => false,
        }
    },
    seeds,
    refused: || {
        let keystores = [
            KEYSTORE.replace("262144", "1073741824"),
            KEYSTORE.replace("262144", "4294967296"),
            KEYSTORE.replace("262144", "262143"),
            KEYSTORE.replace(r#""p":1"#, r#""p":4294967295"#),
            KEYSTORE.replace(r#""r":8"#, r#""r":1"#),
            KEYSTORE.replace(r#""dklen":32"#, r#""dklen":8"#),
            KEYSTORE.replace("scrypt", "argon2id"),
            KEYSTORE.replace("740770fc", "7407"),
        ];
        let proof = proof_text();
        let proofs = [
            proof.replace(r#""epoch":4"#, r#""epoch":9007199254740993"#),
            proof.replacen('{', r#"{"epoch":4,"#, 1),
            "[".repeat(8_000),
        ];
        [
            chosen(0, [b"[".repeat(8_000), b"a=".iter().copied().chain(b"[".repeat(8_000)).collect()]),
            chosen(3, proofs.map(String::into_bytes)),
            chosen(6, keystores.map(String::into_bytes)),
            chosen(7, [b"-1".to_vec(), b"1e3".to_vec()]),
            chosen(8, deployments(&BCH).map(String::into_bytes)),
            chosen(
                9,
                [format!("program = \"{}\"\n", "1".repeat(8_000)).into_bytes(), b"program = \"0x12\"\n".to_vec()],
            ),
        ]
        .concat()
    },
};

fn toml_file<T: DeserializeOwned + Serialize>(text: &str) -> bool {
    let written = |text: &str| toml::from_str::<T>(text).ok().map(|file| toml::to_string(&file).expect("it is TOML"));
    settles(written(text), |text| written(text))
}

fn json_file<T: DeserializeOwned + Serialize>(text: &str) -> bool {
    let written =
        |text: &str| serde_json::from_str::<T>(text).ok().map(|file| serde_json::to_string(&file).expect("it is JSON"));
    settles(written(text), |text| written(text))
}

/// A file passes only for a leaf of the tree.
fn proof_file(text: &str) -> bool {
    let (tree, at) = (tree(), distributor());
    let Some((written, holds)) = liaise_cli::fuzz::proof_file(text, &at) else { return false };
    assert_eq!(liaise_cli::fuzz::proof_file(&written, &at), Some((written.clone(), holds)));
    if holds {
        let file: serde_json::Value = serde_json::from_str(&written).expect("it was just written");
        let (payee, amount) = (file["leaf"]["payee"].as_str().unwrap_or_default(), &file["leaf"]["amount"]);
        let amount: u64 = amount.as_str().unwrap_or_default().parse().expect("an amount");
        assert!(
            tree.leaves().iter().any(|leaf| hex::encode(leaf.payee.0) == payee && leaf.amount == amount),
            "a proof for a leaf that is not in the tree"
        );
    }
    holds
}

fn tree() -> RewardTree {
    let leaves = (1..=5).map(|i| RewardLeaf { payee: Payee([i; 32]), amount: u64::from(i) * 10 });
    RewardTree::new(leaves.collect()).expect("five leaves are a tree")
}

fn distributor() -> Distributor {
    let account = Account::evm(1, [1; 20]);
    let emission = Emission { supply: 1, epochs: 1 };
    Distributor {
        id: DistributorId([2; 32]),
        at: BlockRef { number: 1, hash: [0; 32], time_s: 1 },
        code_hash: Hash32::ZERO,
        schedule: Schedule { network: NetworkId([1; 32]), genesis_s: 0, emission, epoch_s: 1, term_epochs: 1 },
        delays: Delays { epoch_s: 1, long_s: 1 },
        notice_epochs: 7,
        guarded_until_s: 0,
        authority: account.clone().into(),
        guardian: account,
        oracle_set: SetRef { version: 1, hash: Hash32::ZERO, set: None },
        range: None,
        next: Epoch(5),
        head: Hash32::ZERO,
        root_sum: 150,
        owed: 0,
        pending: None,
        held: HeldRoots { newest: Some(HeldRoot { epoch: Epoch(4), root: tree().root() }), before: None },
        unclaimed: 0,
    }
}

fn proof_text() -> String {
    let tree = tree();
    let proof = tree.proof(2).expect("the third leaf");
    let leaf = &tree.leaves()[2];
    let siblings: Vec<String> = proof
        .siblings
        .iter()
        .map(|node| format!(r#"{{"hash":"{}","sum":"{}"}}"#, hex::encode(node.hash.0), node.sum))
        .collect();
    format!(
        r#"{{"network":"{}","chain":"eip155:1","distributor":"{}","epoch":4,"account":"me","leaf":{{"payee":"{}","amount":"{}"}},"proof":{{"index":2,"siblings":[{}]}}}}"#,
        "01".repeat(32),
        "02".repeat(32),
        hex::encode(leaf.payee.0),
        leaf.amount,
        siblings.join(",")
    )
}

/// The Web3 Secret Storage definition's own example.
const KEYSTORE: &str = concat!(
    r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"740770fce12ce862af21264dab25f1da"},"#,
    r#""ciphertext":"dd8a1132cf57db67c038c6763afe2cbe6ea1949a86abc5843f8ca656ebbb1ea2","kdf":"scrypt","#,
    r#""kdfparams":{"dklen":32,"n":262144,"p":1,"r":8,"#,
    r#""salt":"25710c2ccd7c610b24d068af83b959b7a0e5f40641f0c82daeb1345766191034"},"#,
    r#""mac":"337aeb86505d2d0bb620effe57f18381377d67d76dac1090626aa5cd20886a7c"},"#,
    r#""id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#
);

const ORACLE: &str = r#"genesis = "genesis.toml"
listen = ["/ip4/127.0.0.1/tcp/4001"]

[[stores]]
key = "00"
address = "/ip4/127.0.0.1/tcp/4002"

[role]
kind = "oracle"
key = "key.json"
stagger_s = 5

[role.chain]
id = "eip155:42161"
rpc = "http://127.0.0.1:8545"
distributor = "0x00"
"#;

const COMPUTE: &str = r#"genesis = "genesis.toml"
stores = []
role = { kind = "compute", account = "eip155:1:0x00", session_key = "k", region = "CH", threads = 2, adapters = [{ bundle = "b" }] }
"#;

const STORE: &str =
    "genesis = \"g\"\ncalendar = \"c\"\nstores = []\n[role]\nkind = \"store\"\nkey = \"k\"\nbeacon_key = \"b\"\n";

const NETWORK: &str = r#"genesis = "genesis.toml"
stores = [{ key = "00", address = "/ip4/127.0.0.1/tcp/4001" }]
chain = { id = "eip155:1", rpc = "http://127.0.0.1:1", distributor = "0x00", final_depth = 3 }
"#;

/// As `Deployment::new` of node/src/chain/bch.rs writes one.
static BCH: LazyLock<String> = LazyLock::new(|| {
    let keys =
        |count: u8| (1..=count).map(|i| format!("\"02{}\"", hex::encode([i; 32]))).collect::<Vec<_>>().join(", ");
    format!(
        "category = \"{}\"\nnetwork = \"{}\"\ngenesis_s = 1900000800\nsupply = 1152921504606846976\nepochs = 7305\n\
         epoch_s = 86400\nterm_epochs = 180\nepoch_delay_s = 21600\nlong_delay_s = 604800\nnotice_epochs = 7\n\
         guarded_until_s = 1915552800\nfloor_sats = 2000\npayout_sats = 675\nfee_base_sats = 1950\nfee_per_sats = 84\n\
         pad_tenths = 60\nepoch_sats = 20000\nguardian = \"02{}\"\n\n[oracles]\nversion = 1\nkeys = [{}]\n\n[dao]\n\
         version = 1\nthreshold = 2\nkeys = [{}]\n",
        "1f".repeat(32),
        "09".repeat(32),
        "07".repeat(32),
        keys(7),
        keys(3),
    )
});

/// What no deployment says: a number beyond 64 bits, a key too short, keys in another order, a threshold that nobody reaches,
/// a field that there is not.
fn deployments(whole: &str) -> [String; 5] {
    let second = format!("\"02{}\"", "02".repeat(32));
    [
        whole.replace("1152921504606846976", "18446744073709551616"),
        whole.replace(&format!("guardian = \"02{}", "07".repeat(32)), "guardian = \"02"),
        whole.replacen(&second, &second.replace("\"02", "\"03"), 1),
        whole.replace("threshold = 2", "threshold = 4"),
        whole.replace("floor_sats", "floor"),
    ]
}

const SOLANA: &str =
    "program = \"11111111111111111111111111111113\"\nlookup_table = \"11111111111111111111111111111112\"\n";

fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        (0, ORACLE.to_owned()),
        (0, COMPUTE.to_owned()),
        (0, STORE.to_owned()),
        (1, NETWORK.to_owned()),
        (2, "text = \"a\\nb\"\nsignature = \"00\"\n".to_owned()),
        (3, proof_text()),
        (4, r#"[{"text":"a\nb","lines":["Ruth 1:1"]}]"#.to_owned()),
        (5, r#"[{"question":"Who?","verses":["Ruth 1:1"],"answer":"she"}]"#.to_owned()),
        (6, KEYSTORE.to_owned()),
        (7, " 86400000\n".to_owned()),
        (8, BCH.clone()),
        (9, SOLANA.to_owned()),
    ];
    seeds.into_iter().flat_map(|(which, seed)| chosen(which, [seed.into_bytes()])).collect()
}
