//! HL7 v2 in its delimited encoding, "ER7" (HL7 v2.8.2 chapter 2, sections 2.5 to 2.7).
//!
//! - `walker`: messages and batches into fields, byte by byte
//! - `marks`: the characters that separate and escape, and what is written with the escape
//! - `charset`: MSH-18
//! - `segments`: names of segments that may stand in a path

mod charset;
mod marks;
mod segments;
mod walker;

#[cfg(test)]
mod tests;

pub(crate) use charset::declared;
pub(crate) use marks::{begins_message, message_in};
pub(crate) use walker::Hl7Walker;
