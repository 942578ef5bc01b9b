//! Where in its segment a value stands.

use super::super::super::{PathId, PathTable, Step};

/// Number of a value in its segment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) field: u32,
    pub(super) component: u32,
    pub(super) subcomponent: u32,
    /// The repetition at hand has components, and the component subcomponents.
    pub(super) composite: bool,
    pub(super) divided: bool,
}

impl Place {
    pub(super) fn of_field(field: u32) -> Place {
        Place { field, component: 1, subcomponent: 1, composite: false, divided: false }
    }
}

/// Numbers beyond this are `*`: the longest segment of the standard has about sixty fields.
const NUMBER_MAX: u32 = 255;

/// A step whose name is a number.
pub(super) fn numbered(paths: &mut PathTable, parent: PathId, step: Step, number: u32) -> PathId {
    if number > NUMBER_MAX {
        return paths.data(parent, step);
    }
    let mut digits = [0u8; 3];
    let mut rest = number;
    let mut from = digits.len();
    for place in digits.iter_mut().rev() {
        *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        from -= 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    paths.intern(parent, step, false, digits.get(from..).unwrap_or_default())
}
