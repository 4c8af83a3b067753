//! Cutting a passage into sentences, the same everywhere: positions in a result mean nothing otherwise.

/// The sentences of a passage.
///
/// Lines that start with `#` are headings: they help the search and are never quoted. Of a text with several other
/// lines each line is a sentence, as its author laid it out (verses, list items). A single line is cut after `.`,
/// `!` or `?` and what closes a quotation, where white space and anything but a lower-case letter follow.
pub fn sentences(text: &str) -> Vec<&str> {
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    match lines[..] {
        [line] => cut(line),
        _ => lines,
    }
}

fn cut(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut ended = false;
    let mut chars = line.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        ended = matches!(c, '.' | '!' | '?') || (ended && matches!(c, '"' | '\'' | ')' | '”' | '’' | '»'));
        let Some(&(next, space)) = chars.peek() else { break };
        if ended && space.is_whitespace() {
            let rest = line[next..].trim_start();
            if !rest.starts_with(char::is_lowercase) {
                found.push(line[start..next].trim());
                start = line.len() - rest.len();
            }
        }
    }
    found.push(line[start..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_sentences_and_headings_are_not() {
        assert_eq!(sentences("# Ruth 1:1-2\nFirst. Still first.\n\n Second\n"), ["First. Still first.", "Second"]);
        assert!(sentences("# only a heading").is_empty());
        assert!(sentences(" \n ").is_empty());
    }

    #[test]
    fn a_single_line_is_cut() {
        assert_eq!(
            sentences("It ran. \"Did it?\" Yes, e.g. twice at 3.5 s! The end"),
            ["It ran.", "\"Did it?\"", "Yes, e.g. twice at 3.5 s!", "The end"]
        );
        assert_eq!(sentences("# T\nÉtait-il là ? Oui. Über."), ["Était-il là ?", "Oui.", "Über."]);
    }
}
