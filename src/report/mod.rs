//! Floor 7: rows as a person or a program wants to read them. One mechanism for every question:
//! rows become [`Record`]s, [`Column`]s say what a table shows of them, and [`render()`] writes any
//! of the formats.

pub mod column;
pub mod columns;
pub mod csv;
pub mod json;
pub mod record;
pub mod render;
pub mod table;
pub mod text;

pub use column::{Align, Column, Show, Shrink};
pub use record::Record;
pub use render::{Format, Layout, ReportError, Section, render, render_sections};

#[cfg(test)]
mod tests;
