use crate::sample;
use liaise_ledger::genesis::{Genesis, GenesisError};
use liaise_ledger::{Eligibility, Hash};

fn error(toml: &str) -> String {
    Genesis::from_toml(toml).unwrap_err().to_string()
}

#[test]
fn a_genesis_survives_its_file() {
    let genesis = sample::genesis();
    assert_eq!(genesis.check(), Ok(()));
    let read = Genesis::from_toml(&genesis.to_toml()).unwrap();
    assert_eq!(read, genesis);
    assert_eq!(read.network_id(), genesis.network_id());
}

/// Every line of the file says something: without it the file is refused, and the error names the key.
#[test]
fn every_key_is_needed_and_named() {
    let toml = sample::genesis().to_toml();
    let lines: Vec<&str> = toml.lines().collect();
    let keys: Vec<(usize, &str)> =
        lines.iter().enumerate().filter_map(|(i, l)| Some((i, l.split_once(" = ")?.0))).collect();
    assert!(keys.len() > 60, "{} keys", keys.len());
    let all = serde_json::to_string(&sample::genesis()).unwrap();
    for (i, key) in keys {
        if !all.contains(&format!("{key:?}:")) {
            panic!("{key} is no key of the model");
        }
        let without: Vec<&str> = lines.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, l)| *l).collect();
        let message = error(&without.join("\n"));
        assert!(message.contains(&format!("`{key}`")), "without {key}: {message}");
    }
}

#[test]
fn floats_dates_unknown_keys_and_other_spellings_are_refused_by_key() {
    let toml = sample::genesis().to_toml();
    let swap = |from: &str, to: &str| {
        assert!(toml.contains(from), "{from}");
        error(&toml.replacen(from, to, 1))
    };
    assert!(swap("racers = 3", "racers = 3.0").starts_with("parameters.racers: a float"));
    assert!(swap("alpha_ppm = 1000", "alpha_ppm = 2026-01-01").starts_with("parameters.alpha_ppm: a date"));
    assert!(error(&format!("{toml}\nsurprise = 1\n")).contains("surprise"));
    assert!(swap("racers = 3", "racers = \"3\"").contains("racers = \"3\""), "a string");
    assert!(swap("racers = 3", "racers = 0").starts_with("parameters.racers: 0 is not in 1 to 64"));
    assert!(swap("racers = 3", "racers = -3").contains("racers = -3"));
    assert!(swap("racers = 3", "racers = 3\nracers = 3").contains("duplicate key"));
    let account = sample::account(0);
    let loud = format!("0x{}", account.address()[2..].to_uppercase());
    assert!(swap(account.address(), &loud).contains("canonical spelling"));
    assert!(error("").contains("version") || error("").contains("missing field"));
}

/// A rule that is broken in code is found like one in a file.
#[test]
fn every_rule_is_checked() {
    type Change = fn(&mut Genesis);
    let broken: [(&str, Change); 24] = [
        ("version", |g| g.version = 2),
        ("name", |g| g.name = "Example".into()),
        ("name", |g| g.name.clear()),
        ("genesis_s", |g| g.genesis_s += 1),
        ("fixed.supply", |g| g.fixed.supply = 1 << 63),
        ("fixed.epoch_s", |g| g.fixed.epoch_s = 0),
        ("chains", |g| g.chains.clear()),
        ("adapters", |g| g.adapters.reverse()),
        ("adapters.units", |g| g.adapters[0].units.max = 0),
        ("adapters.kind", |g| g.adapters[0].kind = "Text".into()),
        ("beacon", |g| g.beacon.public_key[5] ^= 1),
        ("beacon", |g| g.beacon.scheme = "pedersen-bls-chained".into()),
        ("beacon", |g| g.beacon.period_s = 0),
        ("stores.keys", |g| g.stores.keys.truncate(3)),
        ("stores.keys", |g| g.stores.keys.swap(0, 1)),
        ("stores.keys", |g| g.stores.keys[0] = [0; 32]),
        ("oracles.keys", |g| g.oracles.keys.truncate(4)),
        ("oracles.keys", |g| g.oracles.keys[0] = [0; 33]),
        ("dao.threshold", |g| g.dao.threshold = 4),
        ("dao.keys", |g| g.dao.keys.clear()),
        ("nodes", |g| g.nodes.swap(0, 1)),
        ("nodes.account", |g| g.chains = vec!["eip155:1".parse().unwrap()]),
        ("nodes.adapters", |g| g.nodes[0].adapters = vec![Hash::ZERO]),
        ("parameters.verdict_s", |g| g.parameters.verdict_s = g.parameters.deadline_s + 1),
    ];
    for (key, change) in broken {
        let mut genesis = sample::genesis();
        change(&mut genesis);
        let found = genesis.check();
        let named = matches!(&found, Err(GenesisError::Field { key: found, .. }) if *found == key);
        assert!(named, "{key}: {found:?}");
    }
}

#[test]
fn epochs_are_days_and_before_genesis_is_minus_one() {
    let genesis = sample::genesis();
    let start = sample::GENESIS_S * 1000;
    let day = 86_400_000;
    let epochs = [0, start - 1, start, start + day - 1, start + day].map(|ms| genesis.epoch_of(ms));
    assert_eq!(epochs, [-1, -1, 0, 0, 1]);
    assert_eq!([-3, -1, 0, 1].map(|e| genesis.epoch_end_ms(e)), [start, start, start + day, start + 2 * day]);
    assert_eq!(genesis.close_ms(0), start + day + 1_800_000);
    assert_eq!(genesis.epoch_end_ms(i64::MAX), u64::MAX);
}

#[test]
fn quorums_of_every_size_intersect_in_an_honest_store() {
    let mut genesis = sample::genesis();
    for n in 4..=100usize {
        genesis.stores.keys.resize(n, [0; 32]);
        let (f, q) = (genesis.f(), genesis.quorum());
        assert_eq!((f, q), ((n - 1) / 3, (2 * n).div_ceil(3)));
        assert!(2 * q - n > f && n - f >= q, "{n}");
    }
    assert_eq!(genesis.oracle_quorum(), 4);
    let genesis = sample::genesis();
    assert!(genesis.is_witness(&genesis.stores.keys[2]) && !genesis.is_witness(&[1; 32]));
    assert!(genesis.is_curator(&sample::account(0)) && !genesis.is_curator(&sample::account(1)));
}

#[test]
fn units_are_counted_by_the_table() {
    let genesis = sample::genesis();
    let adapter = genesis.adapters.iter().find(|a| a.kind == "retrieval").unwrap();
    assert_eq!(genesis.adapter(&adapter.id), Some(adapter));
    assert_eq!(genesis.adapter(&Hash::ZERO), None);
    assert_eq!([0, 1, 10, 400, u64::MAX].map(|n| adapter.units.count(n)), [40, 52, 160, 4_096, 4_096]);
}

#[test]
fn the_first_snapshot_is_genesis() {
    let genesis = sample::genesis();
    let snapshot = Eligibility::of_genesis(&genesis);
    assert_eq!(snapshot.rows().len(), 5);
    let total: u32 = snapshot.rows().iter().map(|row| row.weight).sum();
    assert_eq!(total, 70_000);
    assert!(snapshot.rows().iter().all(|row| row.proven));
    assert!(snapshot.rows().windows(2).all(|w| w[0].account.hash() < w[1].account.hash()));
}
