//! Rules for source files: length, unfinished work, paths of somebody's machine.

use super::Finding;
use super::tree::Tree;

/// Longest Rust file, tests too.
const MAX_LINES: usize = 500;

const SOURCES: [&str; 12] =
    [".rs", ".sol", ".py", ".sh", ".js", ".mjs", ".cjs", ".ts", ".html", ".css", ".toml", ".ci/run"];

// Put together here, so that this file does not hold what it looks for.
const MARKERS: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("#[ig", "nore"),
];
const MACHINE_PATHS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Rust files above [`MAX_LINES`].
pub fn lengths(tree: &Tree) -> Vec<Finding> {
    tree.ending(&[".rs"])
        .filter_map(|(path, text)| {
            let lines = text.lines().count();
            (lines > MAX_LINES).then(|| Finding::new(path, format!("has {lines} lines; split it at {MAX_LINES}")))
        })
        .collect()
}

/// Marks of unfinished work and of tests that do not run.
pub fn markers(tree: &Tree) -> Vec<Finding> {
    tree.ending(&SOURCES)
        .flat_map(|(path, text)| {
            text.lines().enumerate().flat_map(move |(number, line)| {
                MARKERS
                    .iter()
                    .filter(move |marker| has_word(line, marker))
                    .map(move |marker| Finding::at(path, number, format!("`{marker}`: finish it or take it out")))
            })
        })
        .collect()
}

/// Absolute paths that exist on one machine only, in any text file.
pub fn machine_paths(tree: &Tree) -> Vec<Finding> {
    tree.texts()
        .flat_map(|(path, text)| {
            text.lines().enumerate().filter_map(move |(number, line)| {
                let found = MACHINE_PATHS.iter().find(|place| starts_path(line, place))?;
                Some(Finding::at(path, number, format!("`{found}` is a path of one machine")))
            })
        })
        .collect()
}

/// Whether `word` stands in `line` without a letter right before or after it.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let letter = |c: char| c.is_alphanumeric() || c == '_';
        let closed = word.ends_with(|c: char| !letter(c));
        !line[..at].ends_with(letter) && (closed || !line[at + word.len()..].starts_with(letter))
    })
}

/// Whether a path in `line` begins with `place`, rather than having it further in.
fn starts_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let within = |c: char| c.is_alphanumeric() || "_-./~}>)*".contains(c);
        !line[..at].ends_with(within)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn long_rust_files_are_found() {
        let tree = Tree::of(&[("a.rs", &"\n".repeat(500)), ("b.rs", &"\n".repeat(501)), ("c.md", &"\n".repeat(900))]);
        assert_eq!(shown(&lengths(&tree)), ["b.rs: has 501 lines; split it at 500"]);
    }

    #[test]
    fn unfinished_work_is_found_in_sources_only() {
        for marker in MARKERS {
            let line = format!("x // {marker}\n");
            let tree = Tree::of(&[("a.rs", &line), ("b.md", &line), (".ci/run", &line)]);
            assert_eq!(markers(&tree).len(), 2, "{marker}");
        }
        let tree = Tree::of(&[("a.rs", concat!("let MAS", "TO", "DON = 1; my_to", "do!()"))]);
        assert_eq!(shown(&markers(&tree)), Vec::<String>::new());
    }

    #[test]
    fn machine_paths_are_told_from_parts_of_a_path() {
        let [first, second] = MACHINE_PATHS;
        for bad in
            [format!("see {first}x"), format!("\"{second}x\""), format!("`{first}`"), format!("A={second}.cache")]
        {
            assert_eq!(machine_paths(&Tree::of(&[("a.md", &bad)])).len(), 1, "{bad}");
        }
        for good in
            [format!("https://example.org{first}x"), format!("$HOME{first}").replace('$', "~/"), "work/x".into()]
        {
            assert_eq!(machine_paths(&Tree::of(&[("a.md", &good)])).len(), 0, "{good}");
        }
    }
}
