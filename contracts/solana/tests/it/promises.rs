//! Every test that ../../PROMISES.md names for Solana is there.

use std::fs;

#[test]
fn every_promise_names_tests_that_exist() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let text = fs::read_to_string(format!("{folder}/../../PROMISES.md")).expect("PROMISES.md");
    let (mut checked, mut promises, mut source, mut inside) = (0, 0, String::new(), false);
    for line in text.lines() {
        if line.starts_with("- ") || line.is_empty() || line.starts_with('#') {
            inside = line.starts_with("- Solana:");
            promises += usize::from(inside);
        }
        if !inside {
            continue;
        }
        for name in line.split('`').skip(1).step_by(2) {
            if name.ends_with(".rs") {
                source = fs::read_to_string(format!("{folder}/it/{name}")).expect(name);
            } else {
                assert!(source.contains(&format!("fn {name}()")), "no test {name}");
                checked += 1;
            }
        }
    }
    assert_eq!(promises, 10, "P1 to P9 and P11");
    assert!(checked > 40, "{checked} tests are named");
}
