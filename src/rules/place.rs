//! Where in a TOML file something is wrong, in the file's own words.

use std::fmt;

/// The rule and the key around a place in a TOML file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The `id` of the `[[rule]]` around it.
    pub rule: Option<String>,
    /// The key of the line, or of the value that began before it.
    pub key: Option<String>,
}

impl Place {
    /// Around the byte `at` of `text`, whether or not all of it is TOML.
    pub fn of(text: &str, at: usize) -> Place {
        let mut start = 0;
        let lines: Vec<(usize, &str)> = text
            .split_inclusive('\n')
            .map(|line| {
                let from = start;
                start += line.len();
                (from, line.trim())
            })
            .collect();
        let here = lines.iter().rposition(|(from, _)| *from <= at).unwrap_or(0);
        let is_table = |line: &str| line.starts_with("[[") || is_header(line);
        let before = lines.get(..=here).unwrap_or_default();
        let table = before.iter().rposition(|(_, line)| is_table(line));
        let block = lines.get(table.unwrap_or(0)..=here).unwrap_or_default();
        let key = block.iter().rev().find_map(|(_, line)| key_of(line)).map(str::to_owned);
        // A table such as `[rule.examples]` belongs to the rule before it.
        let rule = before.iter().rposition(|(_, line)| line.starts_with("[[rule]]"));
        let rule = rule.and_then(|from| {
            let behind = lines.get(from + 1..).unwrap_or_default();
            let own = behind.iter().take_while(|(_, line)| !line.starts_with("[[rule]]"));
            own.into_iter().find_map(|(_, line)| {
                let value = line.strip_prefix("id")?.trim_start().strip_prefix('=')?.trim();
                Some(value.trim_matches(['"', '\'']).to_owned())
            })
        });
        Place { rule, key: key.filter(|_| table != Some(here)) }
    }
}

/// `[rule.examples]`, and no array that goes over several lines.
fn is_header(line: &str) -> bool {
    let inner = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|name| !name.is_empty() && name.chars().all(is_key_char))
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// `weight` of `weight = 3`.
fn key_of(line: &str) -> Option<&str> {
    let key = line.split_once('=')?.0.trim();
    (!key.is_empty() && key.chars().all(is_key_char)).then_some(key)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rule) = &self.rule {
            write!(f, ", rule {rule}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", key {key}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "off = []\n[[rule]]\nid = \"a\"\nmasks = [\n  \"##\",\n  7,\n]\n\
        [rule.examples]\nmatch = 1\n[[rule]]\nweight = \"x\"\nid = \"b\"\n";

    fn told(at: &str) -> String {
        Place::of(TEXT, TEXT.find(at).unwrap()).to_string()
    }

    #[test]
    fn rule_and_key_are_those_around_the_place() {
        assert_eq!(told("[]"), ", key off");
        assert_eq!(told("7,"), ", rule a, key masks");
        assert_eq!(told("1\n[[rule"), ", rule a, key match");
        assert_eq!(told("\"x\""), ", rule b, key weight");
        assert_eq!(told("[[rule]]\nweight"), ", rule b");
        assert_eq!(Place::of("", 9).to_string(), "");
    }
}
