//! The examples of llhttp's tests, where the corpus is there.

use std::path::PathBuf;

use super::*;

/// The inputs of one of llhttp's pages: fenced `http` blocks, in which line ends mean CR LF and
/// the last one is not part of the input.
fn inputs(page: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, behind)) = rest.split_once("```http\n") {
        let Some((block, behind)) = behind.split_once("```") else { break };
        let block = block.strip_suffix('\n').unwrap_or(block).replace("\\\n", "");
        let block = block.replace('\n', "\r\n");
        let block = block.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t");
        found.push(block.into_bytes());
        rest = behind;
    }
    found
}

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("PHITAP_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let pages = root.join("http1/llhttp/test");
    if pages.is_dir() {
        return Some(pages);
    }
    eprintln!("SKIP: the examples of llhttp (corpus not found)");
    None
}

#[test]
fn examples_of_llhttp_are_read() {
    let Some(pages) = corpus() else { return };
    let (mut examples, mut read) = (0, 0);
    for entry in walkdir::WalkDir::new(pages).into_iter().filter_map(Result::ok) {
        if entry.path().extension().is_none_or(|e| e != "md") {
            continue;
        }
        let page = std::fs::read_to_string(entry.path()).unwrap();
        for input in inputs(&page) {
            let response = input.trim_ascii_start().starts_with(b"HTTP/");
            let events = parse(&[if response { answer(&input) } else { ask(&input) }]);
            examples += 1;
            read += usize::from(events.iter().any(|e| e.contains(" 1.0") || e.contains(" 1.1")));
            if !events.iter().any(|e| e.contains(" 1.0") || e.contains(" 1.1")) {
                println!("not read: {}", input.escape_ascii());
            }
        }
    }
    println!("{read} of {examples} examples are read");
    assert!(examples > 100, "{examples}");
    assert!(read * 100 >= examples * 85, "{read} of {examples}");
}
