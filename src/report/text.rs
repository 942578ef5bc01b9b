//! Text that traffic controls, made fit for a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether `c` could do anything to a terminal or a reader's eyes but be seen: C0 and C1 control
/// characters, line separators, zero-width and bidirectional marks (Unicode TR 36, "Trojan
/// Source" CVE-2021-42574).
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` with every unsafe character as `\u{1b}`, so that it shows and does nothing.
pub fn escaped(text: &str) -> String {
    if !text.contains(is_unsafe) {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if is_unsafe(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Columns that `text` takes in a terminal.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// `text` within `most` columns, its end replaced by `…`.
pub fn cut_end(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut out = head(text, most.saturating_sub(1)).to_owned();
    if most > 0 {
        out.push('…');
    }
    out
}

/// `text` within `most` columns, its middle replaced by `…`. A little more is kept of the end:
/// that is where paths and field names differ.
pub(super) fn cut_middle(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(1);
    let front = room * 2 / 5;
    let mut out = head(text, front).to_owned();
    if most > 0 {
        out.push('…');
    }
    out.push_str(from_joint(tail(text, room - front)));
    out
}

/// `text` in lines of at most `most` columns, the first behind one indent, further ones behind
/// another. Words that are wider than a line are cut apart.
pub fn wrapped(text: &str, most: usize, (first, further): (&str, &str)) -> String {
    let mut out = String::new();
    let mut line = String::from(first);
    let mut indent = width(first);
    for mut word in text.split_whitespace() {
        if width(&line) > indent && width(&line) + 1 + width(word) > most {
            out.push_str(&line);
            out.push('\n');
            further.clone_into(&mut line);
            indent = width(further);
        }
        if width(&line) > indent {
            line.push(' ');
        }
        while width(&line) + width(word) > most {
            let piece = head(word, most.saturating_sub(width(&line)));
            if piece.is_empty() {
                break;
            }
            out.push_str(&line);
            out.push_str(piece);
            out.push('\n');
            further.clone_into(&mut line);
            indent = width(further);
            word = word.get(piece.len()..).unwrap_or_default();
        }
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
    out
}

/// The end of a path from its first `/` or `.` on, where that costs little of it: what begins in
/// the middle of a word says little, too.
fn from_joint(end: &str) -> &str {
    let slash = end.find('/').filter(|at| *at <= end.len() / 2);
    let joint = slash.or_else(|| end.find('.').filter(|at| *at <= end.len() / 4));
    joint.and_then(|at| end.get(at..)).unwrap_or(end)
}

/// The longest beginning of `text` within `most` columns.
fn head(text: &str, most: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > most {
            return text.get(..at).unwrap_or(text);
        }
    }
    text
}

/// The longest end of `text` within `most` columns.
fn tail(text: &str, most: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > most {
            return text.get(at + c.len_utf8()..).unwrap_or("");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_seen_and_do_nothing() {
        assert_eq!(escaped("a\u{1b}[31mb\u{9b}c\n"), "a\\u{1b}[31mb\\u{9b}c\\u{a}");
        assert_eq!(escaped("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(escaped("Zoë 患者"), "Zoë 患者");
    }

    #[test]
    fn a_path_keeps_both_ends() {
        let path = "GET /fhir/r4/Patient/{id}/Observation/{obs}/_history/{vid}";
        let cut = cut_middle(path, 30);
        assert_eq!(cut, "GET /fhir/r…/_history/{vid}");
    }

    #[test]
    fn wrapped_text_keeps_its_words() {
        let text = wrapped("one two three four", 10, ("- ", "  "));
        assert_eq!(text, "- one two\n  three\n  four\n");
        assert_eq!(wrapped("abcdefghij", 6, ("", "  ")), "abcdef\n  ghij\n");
    }

    proptest! {
        #[test]
        fn wrapped_text_is_never_wider(text in ".{0,90}", most in 8usize..40) {
            let text = wrapped(&escaped(&text), most, ("  ", "    "));
            prop_assert!(text.lines().all(|line| width(line) <= most), "{}", text);
        }

        #[test]
        fn cut_text_is_never_wider(text in ".{0,60}", most in 0usize..40) {
            let text = escaped(&text);
            prop_assert!(width(&cut_end(&text, most)) <= most);
            prop_assert!(width(&cut_middle(&text, most)) <= most);
        }
    }
}
