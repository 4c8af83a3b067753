use std::path::Path;

/// The committed vectors are what a fresh run writes: whoever changes a layout sees it here first.
#[test]
fn committed_vectors_equal_a_fresh_generation() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    for (name, fresh) in crate::files::all() {
        let path = directory.join(name);
        let committed = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            committed == fresh,
            "{name} differs: if the layout was meant to change, run \
             `cargo run -p liaise-summary --example vectors -- tests/vectors`"
        );
    }
}
