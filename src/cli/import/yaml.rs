//! The part of YAML that recognisers are written in: mappings, sequences and scalars, each with its
//! line. Aliases, by which a small file can mean a huge tree, are refused.

use saphyr_parser::{Event, Parser};

/// Mappings and sequences inside each other.
const DEPTH_MAX: usize = 32;

/// A node of the tree.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Counted from 1.
    pub(super) line: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Why a text is no such YAML: line and reason.
pub(super) type Wrong = (usize, String);

impl Node {
    /// The first document in `text`.
    pub(super) fn parse(text: &str) -> Result<Node, Wrong> {
        let mut stack: Vec<Open> = Vec::new();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|e| (e.marker().line(), e.info().to_owned()))?;
            let line = span.start.line();
            let node = match event {
                Event::Alias(_) => {
                    return Err((line, "an alias: write out what it stands for".to_owned()));
                }
                Event::Scalar(text, ..) => Node { line, kind: Kind::Text(text.into_owned()) },
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    if stack.len() == DEPTH_MAX {
                        return Err((line, format!("more than {DEPTH_MAX} levels")));
                    }
                    let is_map = matches!(event, Event::MappingStart(..));
                    stack.push(Open { line, is_map, nodes: Vec::new() });
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                    Some(open) => open.close()?,
                    None => continue,
                },
                _ => continue,
            };
            match stack.last_mut() {
                Some(open) => open.nodes.push(node),
                None => return Ok(node),
            }
        }
        Err((1, "there is nothing in it".to_owned()))
    }

    /// What stands under `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, n)| n),
            _ => None,
        }
    }

    /// A scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The scalar under `key`.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// What a sequence holds; nothing for anything else.
    pub(super) fn list(&self) -> &[Node] {
        match &self.kind {
            Kind::List(nodes) => nodes,
            _ => &[],
        }
    }

    /// The scalars of the sequence under `key`.
    pub(super) fn texts_of(&self, key: &str) -> Vec<String> {
        let nodes = self.get(key).map_or(&[][..], Node::list);
        nodes.iter().filter_map(Node::text).map(str::to_owned).collect()
    }
}

/// A mapping or sequence that goes on.
struct Open {
    line: usize,
    is_map: bool,
    nodes: Vec<Node>,
}

impl Open {
    fn close(self) -> Result<Node, Wrong> {
        let line = self.line;
        if !self.is_map {
            return Ok(Node { line, kind: Kind::List(self.nodes) });
        }
        let mut entries = Vec::new();
        let mut nodes = self.nodes.into_iter();
        while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
            match key.kind {
                Kind::Text(name) => entries.push((name, value)),
                _ => return Err((key.line, "a key that is no text".to_owned())),
            }
        }
        Ok(Node { line, kind: Kind::Map(entries) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_know_their_lines() {
        let tree = Node::parse("# x\na:\n  - b: \"\\\\d\"\n    c: [1, two]\n").unwrap();
        let first = &tree.get("a").unwrap().list()[0];
        assert_eq!((first.line, first.text_of("b")), (3, Some("\\d")));
        assert_eq!(first.texts_of("c"), ["1", "two"]);
        assert!(tree.get("z").is_none());
    }

    #[test]
    fn what_blows_up_is_refused() {
        assert!(Node::parse("a: &x [1]\nb: *x\n").unwrap_err().1.contains("alias"));
        let deep = "[".repeat(100);
        assert!(Node::parse(&deep).unwrap_err().1.contains("levels"));
        assert!(Node::parse("a: [").is_err());
        assert!(Node::parse("").is_err());
    }
}
