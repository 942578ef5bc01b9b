//! What stands for many: path templates and `*` for object keys that behave like data.
//!
//! Two steps. While traffic is read, [`template_path`] makes a parameter of every segment whose
//! shape tells (`shape`), one path at a time and without memory. When a rollup is read,
//! [`collapse_endpoints`] joins word-like segments that are too many to be names, and
//! [`collapse_fields`] does the same for object keys; both stand on `collapse`, which knows only
//! sequences of tokens.

mod codes;
mod collapse;
mod endpoints;
mod fields;
mod path;
mod shape;
mod value;

pub use codes::key_is_code;
pub(super) use endpoints::overflow_key;
pub use endpoints::{CollapseMap, collapse_endpoints};
pub use fields::{collapse_fields, shown_field};
pub use path::{TemplatedPath, template_path};
pub use shape::{Shape, is_numbered_word, key_is_data, shape_of};
pub use value::parameter_value;
