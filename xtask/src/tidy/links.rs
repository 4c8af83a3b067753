//! Links between Markdown files: every relative one leads somewhere inside the clone.

use super::Finding;
use super::tree::Tree;

/// Finds links to absent files and absent headings.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(&[".md"])
        .flat_map(|(path, text)| {
            targets(text).into_iter().filter_map(move |(line, target)| {
                problem(tree, path, target).map(|what| Finding::at(path, line, format!("link to `{target}` {what}")))
            })
        })
        .collect()
}

fn problem(tree: &Tree, from: &str, target: &str) -> Option<&'static str> {
    let scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if target.split_once(':').is_some_and(|(before, _)| !before.is_empty() && before.chars().all(scheme)) {
        return None;
    }
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = if file.is_empty() {
        from.to_string()
    } else {
        match resolve(from, file) {
            Some(path) => path,
            None => return Some("leaves the clone"),
        }
    };
    if !tree.has(&path) {
        return Some("leads nowhere");
    }
    match (anchor, tree.text(&path)) {
        (Some(anchor), Some(text)) if path.ends_with(".md") && !headings(text).iter().any(|slug| slug == anchor) => {
            Some("names a heading that is not there")
        }
        _ => None,
    }
}

/// `target` as seen from the file `from`; nothing if it leads out of the root.
fn resolve(from: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The targets of `[text](target)`, `![alt](target)` and `[name]: target`, outside code.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let spans = code_spans(line);
        let in_code = |at: usize| spans.iter().any(|(start, end)| (*start..*end).contains(&at));
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            if in_code(at) {
                continue;
            }
            let end = rest.find([')', ' ']).unwrap_or(rest.len());
            found.push((number, rest[..end].trim_matches(['<', '>'])));
        }
        if let Some((name, target)) = line.trim_start().split_once("]: ")
            && name.starts_with('[')
            && !name.starts_with("[^")
            && let Some(target) = target.split_whitespace().next()
        {
            found.push((number, target.trim_matches(['<', '>'])));
        }
    }
    found
}

/// The lines outside fenced code, numbered from zero.
pub fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter(move |(_, line)| {
        let trimmed = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, None) => true,
            (None, Some(mark)) => {
                fence = Some(mark);
                false
            }
            (Some(open), Some(mark)) if open == mark => {
                fence = None;
                false
            }
            (Some(_), _) => false,
        }
    })
}

/// Where inline code stands in a line, its backticks included.
fn code_spans(line: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut open = None;
    for (at, _) in line.match_indices('`') {
        match open.take() {
            None => open = Some(at),
            Some(start) => spans.push((start, at + 1)),
        }
    }
    spans
}

/// The anchors that GitHub gives a document's headings.
fn headings(text: &str) -> Vec<String> {
    let mut slugs: Vec<String> = Vec::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let slug: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter_map(|c| match c {
                ' ' => Some('-'),
                '-' | '_' => Some(c),
                c if c.is_alphanumeric() => Some(c),
                _ => None,
            })
            .collect();
        let again = slugs.iter().filter(|known| **known == slug).count();
        slugs.push(if again == 0 { slug } else { format!("{slug}-{again}") });
    }
    slugs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("docs/page.md", page),
            ("docs/other.md", "# The `second` step: 2!\n\n```sh\n# no heading\n```\n"),
            ("README.md", ""),
            ("store/src/lib.rs", ""),
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let page = "# Page one\n[a](other.md) [b](../README.md) ![c](../store/) [d](https://x.y/z) [e](mailto:a@b) \
                    [f](#page-one) [g](other.md#the-second-step-2) [h](<other.md> \"title\")\n[ref]: ../store/src/lib.rs\n";
        assert_eq!(found(page), Vec::<String>::new());
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let page = "[a](gone.md)\n[b](../../up.md)\n[c](/abs.md)\n[d](other.md#no-heading)\n[ref]: gone.md\n";
        assert_eq!(
            found(page),
            [
                "docs/page.md:1: link to `gone.md` leads nowhere",
                "docs/page.md:2: link to `../../up.md` leaves the clone",
                "docs/page.md:3: link to `/abs.md` leaves the clone",
                "docs/page.md:4: link to `other.md#no-heading` names a heading that is not there",
                "docs/page.md:5: link to `gone.md` leads nowhere",
            ]
        );
    }

    #[test]
    fn code_is_no_link() {
        assert_eq!(
            found("`[a](gone.md)`\n```text\n[b](gone.md)\n```\n~~~\n[c](gone.md)\n```\n~~~\n"),
            Vec::<String>::new()
        );
        assert_eq!(found("`x` [a](gone.md) `y`").len(), 1);
    }

    #[test]
    fn equal_headings_are_numbered() {
        assert_eq!(headings("# A b\n## A b\n#no\n"), ["a-b", "a-b-1"]);
    }
}
