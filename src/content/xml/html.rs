//! What HTML has that XML has not: elements without an end tag.

/// Elements that are over with their start tag (WHATWG HTML section 13.1.2). Sorted.
const VOID: [&[u8]; 13] = [
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta",
    b"source", b"track", b"wbr",
];

/// Elements that begin fragments of HTML and hardly any document of XML, in lower case. Sorted.
const FIRST: [&[u8]; 21] = [
    b"body",
    b"br",
    b"div",
    b"fieldset",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"head",
    b"html",
    b"img",
    b"li",
    b"ol",
    b"p",
    b"span",
    b"tbody",
    b"td",
    b"tr",
    b"ul",
];

/// Whether an element never has content.
pub(super) fn is_void(name: &[u8]) -> bool {
    VOID.iter().any(|void| name.eq_ignore_ascii_case(void))
}

/// Whether a document whose first element this is, is HTML.
pub(super) fn begins_html(name: &[u8]) -> bool {
    FIRST.binary_search(&name).is_ok()
}
