//! Too many names at one place are values: the rule, over sequences of tokens.
//!
//! Think of the sequences as a trie. At a node, the distinct literals of one kind are counted;
//! more than the limit, or the kind's marker among them, and all of them become the marker, their
//! subtrees one subtree. Nodes are visited from the root down, so a subtree is counted after it
//! was joined.
//!
//! The rule is monotone: with more sequences a node can only have more literals, and a joined
//! subtree holds what each of its parts held, so what collapses in a part collapses in the whole.
//! The marker stays in the sequences and makes the decision last. Hence
//! `collapse(collapse(a) ∪ collapse(b)) = collapse(a ∪ b)`, in any order and split.

/// One step of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Its text, separator included: `/users`, `.name`, `[*]`.
    pub(super) text: &'a str,
    /// The marker it collapses to. `None` where it never collapses. A token whose text is its own
    /// marker says that its node collapsed before.
    pub(super) marker: Option<&'static str>,
}

/// A sequence of tokens and the number its owner knows it by.
#[derive(Clone, Debug)]
pub(super) struct Sequence<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) owner: usize,
}

/// Collapses in place; `limit` gives the literals a node may have, told the last token before it.
/// Returns whether anything changed. The order of `sequences` is not kept.
pub(super) fn collapse(
    sequences: &mut [Sequence<'_>],
    limit: &dyn Fn(Option<&Token<'_>>) -> usize,
) -> bool {
    let mut changed = false;
    let mut waiting = vec![(0, sequences.len(), 0)];
    while let Some((start, end, depth)) = waiting.pop() {
        // One sequence alone has one child per node.
        let Some(node) = sequences.get_mut(start..end).filter(|node| node.len() > 1) else {
            continue;
        };
        sort_by_child(node, depth);
        let before = depth.checked_sub(1);
        let parent = before.and_then(|at| node.first().and_then(|s| s.tokens.get(at)));
        let limit = limit(parent);
        if collapse_node(node, depth, limit) {
            changed = true;
            sort_by_child(node, depth);
        }
        let mut at = start;
        for group in node.chunk_by(|a, b| child(a, depth) == child(b, depth)) {
            // Sequences that end here have nothing below.
            if group.len() > 1 && group.first().is_some_and(|s| s.tokens.len() > depth) {
                waiting.push((at, at + group.len(), depth + 1));
            }
            at += group.len();
        }
    }
    changed
}

fn child<'a>(sequence: &Sequence<'a>, depth: usize) -> Option<&'a str> {
    sequence.tokens.get(depth).map(|token| token.text)
}

fn sort_by_child(node: &mut [Sequence<'_>], depth: usize) {
    node.sort_unstable_by(|a, b| child(a, depth).cmp(&child(b, depth)));
}

/// Collapses the children of one node, sorted by child.
fn collapse_node(node: &mut [Sequence<'_>], depth: usize, limit: usize) -> bool {
    let mut changed = false;
    for marker in markers(node, depth) {
        let mut distinct = 0;
        let mut forced = false;
        let mut last = None;
        for token in node.iter().filter_map(|s| of_kind(s, depth, marker)) {
            forced |= token.text == marker;
            distinct += usize::from(last != Some(token.text));
            last = Some(token.text);
        }
        if !forced && distinct <= limit {
            continue;
        }
        for sequence in node.iter_mut() {
            if of_kind(sequence, depth, marker).is_some_and(|token| token.text != marker)
                && let Some(token) = sequence.tokens.get_mut(depth)
            {
                token.text = marker;
                changed = true;
            }
        }
    }
    changed
}

/// The token at `depth` if it is of the kind that collapses to `marker`.
fn of_kind<'a>(sequence: &Sequence<'a>, depth: usize, marker: &str) -> Option<Token<'a>> {
    sequence.tokens.get(depth).copied().filter(|token| token.marker == Some(marker))
}

/// The kinds of literals among the children: there are at most a handful.
fn markers(node: &[Sequence<'_>], depth: usize) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    for sequence in node {
        if let Some(marker) = sequence.tokens.get(depth).and_then(|token| token.marker)
            && !found.contains(&marker)
        {
            found.push(marker);
        }
    }
    found
}
