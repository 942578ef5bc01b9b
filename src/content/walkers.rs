//! The walkers of every format, one of which walks a body.

use super::card::CardWalker;
use super::events::EventWalker;
use super::form::FormWalker;
use super::hl7v2::Hl7Walker;
use super::multipart::MultipartWalker;
use super::page::PageWalker;
use super::table::TableWalker;
use super::text::TextWalker;
use super::xml::XmlWalker;
use super::{FieldSink, JsonWalker, PathId, PathTable};

/// What walks the format at hand.
#[derive(Debug, Default)]
pub(crate) enum Walker {
    /// Counts only.
    #[default]
    None,
    Card(Box<CardWalker>),
    Events(Box<EventWalker>),
    Form(Box<FormWalker>),
    Hl7v2(Box<Hl7Walker>),
    Json(Box<JsonWalker>),
    Multipart(Box<MultipartWalker>),
    Page(Box<PageWalker>),
    Table(Box<TableWalker>),
    Text(Box<TextWalker>),
    Xml(Box<XmlWalker>),
}

impl Walker {
    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            Walker::None => 0,
            Walker::Card(card) => card.held_bytes(),
            Walker::Events(events) => events.held_bytes(),
            Walker::Form(form) => form.held_bytes(),
            Walker::Hl7v2(hl7v2) => hl7v2.held_bytes(),
            Walker::Json(json) => json.held_bytes(),
            Walker::Multipart(multipart) => multipart.held_bytes(),
            Walker::Page(page) => page.held_bytes(),
            Walker::Table(table) => table.held_bytes(),
            Walker::Text(text) => text.held_bytes(),
            Walker::Xml(xml) => xml.held_bytes(),
        }
    }

    /// Whether what it walks has the root of a text.
    pub(crate) fn is_of_text(&self) -> bool {
        use Walker::{Card, Events, Page, Table, Text};
        matches!(self, Card(_) | Events(_) | Page(_) | Table(_) | Text(_))
    }

    /// Walks the next bytes; `root` is that of a text, page, table or stream.
    pub(crate) fn push<S: FieldSink>(
        &mut self,
        text: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        match self {
            Walker::None => {}
            Walker::Card(card) => card.push(text, root, paths, sink),
            Walker::Events(events) => events.push(text, root, paths, sink),
            Walker::Form(form) => form.push(text, paths, sink),
            Walker::Hl7v2(hl7v2) => hl7v2.push(text, paths, sink),
            Walker::Json(json) => json.push(text, paths, sink),
            Walker::Multipart(multipart) => multipart.push(text, paths, sink),
            Walker::Page(page) => page.push(text, root, paths, sink),
            Walker::Table(table) => table.push(text, root, paths, sink),
            Walker::Text(walker) => walker.push(text, root, paths, sink),
            Walker::Xml(xml) => xml.push(text, paths, sink),
        }
    }

    /// Bytes are missing.
    pub(crate) fn gap<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        match self {
            Walker::None => {}
            Walker::Card(card) => card.gap(root, paths, sink),
            Walker::Events(events) => events.gap(root, paths, sink),
            Walker::Form(form) => form.gap(paths, sink),
            Walker::Hl7v2(hl7v2) => hl7v2.gap(paths, sink),
            Walker::Json(json) => json.gap(paths, sink),
            Walker::Multipart(multipart) => multipart.gap(paths, sink),
            Walker::Page(page) => page.gap(root, paths, sink),
            Walker::Table(table) => table.gap(root, paths, sink),
            Walker::Text(text) => text.finish(root, paths, sink),
            Walker::Xml(xml) => xml.gap(paths, sink),
        }
    }
}
