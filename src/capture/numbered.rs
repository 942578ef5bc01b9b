//! The order in which files were written, by their names.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// A name or path that sorts with its numbers as numbers: `tcpdump -C` writes `y`, `y1`, …, `y9`,
/// `y10`, and `y10` is not between `y1` and `y2`. Names of one length sort as ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbered(pub(super) PathBuf);

impl Numbered {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Ord for Numbered {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut mine, mut theirs) = (self.0.components(), other.0.components());
        loop {
            match (mine.next(), theirs.next()) {
                (Some(a), Some(b)) => {
                    let [a, b] = [a, b].map(|part| part.as_os_str().as_encoded_bytes());
                    let order = by_numbers(a, b);
                    if order.is_ne() {
                        return order;
                    }
                }
                (a, b) => return a.is_some().cmp(&b.is_some()),
            }
        }
    }
}

impl PartialOrd for Numbered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares by runs of digits and single other bytes; names that differ in zeros before a number
/// alone as bytes.
fn by_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (Some((x, after)), Some((y, beyond))) = (left.split_first(), right.split_first())
        else {
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let ((m, after), (n, beyond)) = (number(left), number(right));
            let order = m.len().cmp(&n.len()).then_with(|| m.cmp(n));
            if order.is_ne() {
                return order;
            }
            (left, right) = (after, beyond);
        } else if x == y {
            (left, right) = (after, beyond);
        } else {
            return x.cmp(y);
        }
    }
}

/// The digits that `text` begins with but for zeros before them, and what follows.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    (digits.get(zeros..).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_sort_as_numbers() {
        let sorted = [
            "a.pcap",
            "a.pcap1",
            "a.pcap2",
            "a.pcap10",
            "b-007",
            "b-7",
            "b-08",
            "b-20261122235959",
            "b-20261123000000",
            "c",
            "c/2.pcap",
            "c/10.pcap",
            "c.d",
            "x9y2",
            "x9y10",
            "x10",
        ];
        let mut names: Vec<Numbered> = sorted.iter().rev().map(|n| Numbered(n.into())).collect();
        names.sort();
        let names: Vec<&str> = names.iter().filter_map(|n| n.path().to_str()).collect();
        assert_eq!(names, sorted);
    }
}
