//! Floor 7: rows as a person or a program wants to read them. One mechanism for every question:
//! rows become [`Record`]s, [`Column`]s say what a table shows of them, and [`render()`] writes any
//! of the formats.

pub mod column;
pub mod columns;
pub mod csv;
pub mod html;
pub mod json;
pub mod markdown;
pub mod openapi;
pub mod record;
pub mod remedy;
pub mod render;
pub mod sarif;
pub mod table;
pub mod text;

mod encrypted;
mod plain;
mod tell;
mod unseen;

pub use column::{Align, Column, Show, Shrink};
pub use record::Record;
pub use render::{Format, Layout, ReportError, Section, render, render_sections};

#[cfg(test)]
mod tests;
