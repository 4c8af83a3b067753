//! A text's paragraphs.

/// The longest document, in bytes: what the retrieval model's tasks take.
pub const MAX_BYTES: usize = 16 * 1024;

/// The paragraphs of a text, one line each: what stands between empty lines.
pub fn paragraphs(text: &str) -> Vec<String> {
    let mut found = vec![];
    let mut lines: Vec<&str> = vec![];
    for line in text.lines().map(str::trim).chain([""]) {
        if !line.is_empty() {
            lines.push(line);
        } else if !lines.is_empty() {
            found.push(lines.join(" "));
            lines.clear();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_part_paragraphs() {
        let text = "\n\nOne\n  goes on.\r\n\r\nTwo.\n \n\nThree.";
        assert_eq!(paragraphs(text), ["One goes on.", "Two.", "Three."]);
        assert!(paragraphs(" \n\n").is_empty());
    }
}
