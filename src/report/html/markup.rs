//! HTML that traffic cannot break out of: markup is written in the source, everything else is
//! escaped. There is no third way in.

use crate::report::text::escaped;

/// Characters of one name or path that are shown; longer ones lose their middle.
const TEXT_MAX: usize = 160;

/// Bytes of a name up to which it stands on one line of the screen.
const WHOLE_MAX: usize = 26;

/// Characters of a part of a name that stay together.
const PART_MAX: usize = 18;

/// Bytes from which on a page holds enough: it is to be mailed.
const FULL: usize = 1_300_000;
/// Rows that still find room in it.
const FEW: usize = 3;

/// A page being written.
#[derive(Debug, Default)]
pub(super) struct Html {
    out: String,
}

impl Html {
    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Text that traffic may control, between tags or in a quoted attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let shown = shortened(text);
        self.text_long(&shown)
    }

    /// The same for sentences, which are not shortened.
    pub(super) fn text_long(&mut self, text: &str) -> &mut Self {
        for c in escaped(text).chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                c => self.out.push(c),
            }
        }
        self
    }

    /// A count, with thin groups: `12 345`.
    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        let text = grouped(number);
        self.text(&text)
    }

    /// A length in the drawing, with one digit behind the point.
    pub(super) fn length(&mut self, length: f64) -> &mut Self {
        let text = format!("{length:.1}");
        self.text(&text)
    }

    /// A cell of a table.
    pub(super) fn cell(&mut self, text: &str) -> &mut Self {
        self.raw("<td>").text(text).raw("</td>")
    }

    /// A cell with a sentence in which there may be long names.
    pub(super) fn sentence_cell(&mut self, text: &str) -> &mut Self {
        self.raw("<td>");
        for (place, word) in shortened(text).split(' ').enumerate() {
            self.raw(if place > 0 { " " } else { "" });
            if word.len() > WHOLE_MAX {
                self.breakable(word)
            } else {
                self.text_long(word)
            };
        }
        self.raw("</td>")
    }

    /// A cell with a list of words, which takes some room.
    pub(super) fn words_cell(&mut self, text: &str) -> &mut Self {
        self.raw("<td class=\"t\">").text(text).raw("</td>")
    }

    /// A cell whose dates are not broken.
    pub(super) fn dated_cell(&mut self, text: &str) -> &mut Self {
        self.raw("<td>");
        for (place, word) in text.split(' ').enumerate() {
            self.raw(if place > 0 { " " } else { "" });
            match is_date(word) {
                true => self.raw("<span class=\"d\">").text(word).raw("</span>"),
                false => self.text_long(word),
            };
        }
        self.raw("</td>")
    }

    /// A cell with a name as traffic has it.
    pub(super) fn code_cell(&mut self, text: &str) -> &mut Self {
        let whole = text.len() <= WHOLE_MAX && !text.contains(' ');
        self.raw(if whole { "<td class=\"c w\"><code>" } else { "<td class=\"c\"><code>" });
        self.breakable(text).raw("</code></td>")
    }

    /// Text that may be broken behind what separates its parts, and where a part is very long:
    /// elsewhere a narrow column would cut words.
    fn breakable(&mut self, text: &str) -> &mut Self {
        let shown = shortened(text);
        let mut rest = shown.as_str();
        while let Some((at, _)) = rest.char_indices().zip(1..).find_map(|((at, c), place)| {
            let ends = matches!(c, '.' | '/' | ':' | '-' | '_' | '^' | '@' | ']' | '}' | ',');
            (ends || place == PART_MAX).then_some((at + c.len_utf8(), c))
        }) && at < rest.len()
        {
            let (part, more) = rest.split_at(at);
            self.text_long(part).raw("<wbr>");
            rest = more;
        }
        self.text_long(rest)
    }

    /// A cell with the id of a finding.
    pub(super) fn id_cell(&mut self, id: &str) -> &mut Self {
        self.raw("<td class=\"id\"><code>").text(id).raw("</code></td>")
    }

    /// A cell with a count.
    pub(super) fn number_cell(&mut self, number: u64) -> &mut Self {
        self.raw("<td class=\"n\">").number(number).raw("</td>")
    }

    /// A cell with a count and what was counted.
    pub(super) fn count_cell(&mut self, text: &str) -> &mut Self {
        self.raw("<td class=\"n\">").text(text).raw("</td>")
    }

    /// Opens a table within a region that can be scrolled by keyboard where it is too wide; the
    /// columns at `numbers` hold counts. On a narrow screen a row is a block whose lines begin with
    /// their heads, which the style sheet reads from the table.
    pub(super) fn table(&mut self, caption: &str, heads: &[&str], numbers: &[usize]) -> &mut Self {
        self.raw("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"");
        self.text_long(caption);
        self.raw("\"><table style=\"");
        for (number, head) in (1..).zip(heads) {
            self.raw("--h").number(number).raw(":'").head_of_style(head).raw("';");
        }
        self.raw("\"><caption>").text_long(caption).raw("</caption><thead><tr>");
        for (at, head) in heads.iter().enumerate() {
            let number = numbers.contains(&at);
            self.raw(if number { "<th scope=\"col\" class=\"n\">" } else { "<th scope=\"col\">" });
            self.text(head).raw("</th>");
        }
        self.raw("</tr></thead><tbody>")
    }

    /// A head within a string of a style.
    fn head_of_style(&mut self, head: &str) -> &mut Self {
        let fits = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | ',' | '(' | ')');
        let plain: String = head.chars().filter(fits).collect();
        self.text(&plain)
    }

    /// Closes it; `left` rows found no place, and `query` shows all of them.
    pub(super) fn end_table(&mut self, left: usize, query: &str) -> &mut Self {
        self.raw("</tbody></table></div>");
        if left > 0 {
            self.raw("<p class=\"more\">and ").number(left as u64);
            self.raw(" more behind these, in the same order. All of them: <code>");
            self.text(query).raw("</code></p>");
        }
        self
    }

    /// How many of `most` rows there is room for: a page that is large already gets a few only.
    pub(super) fn room(&self, most: usize) -> usize {
        if self.out.len() < FULL { most } else { most.min(FEW) }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// `2026-11-22`
fn is_date(word: &str) -> bool {
    let dash = |at: usize| matches!(at, 4 | 7);
    let fits =
        |(at, byte): (usize, u8)| if dash(at) { byte == b'-' } else { byte.is_ascii_digit() };
    word.len() == 10 && word.bytes().enumerate().all(fits)
}

/// `12345` as `12 345` (a space that does not break).
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// Text with its middle taken out where it is longer than anyone reads.
fn shortened(text: &str) -> String {
    let many = text.chars().count();
    if many <= TEXT_MAX {
        return text.to_owned();
    }
    let half = TEXT_MAX / 2;
    let head: String = text.chars().take(half).collect();
    let tail: String = text.chars().skip(many - half).collect();
    format!("{head}…{tail}")
}
