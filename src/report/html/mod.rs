//! The report as one HTML file that needs nothing else: no script, no image, no font, no network.
//!
//! | file | holds |
//! |---|---|
//! | `markup` | the only way text gets into the page: escaped |
//! | `page` | the whole, and its first part: what was watched, what to do first |
//! | `exposure` | services, endpoints, data classes |
//! | `encrypted` | services with TLS |
//! | `flow` | the drawing of where data flows, with its table |
//! | `results` | findings, changes, method, sign-off |
//! | `style.css` | screen and paper, light and dark |

mod encrypted;
mod exposure;
mod flow;
mod markup;
mod page;
mod results;

pub use page::html;

#[cfg(test)]
mod tests;
