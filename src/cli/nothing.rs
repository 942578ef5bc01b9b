//! What is said where no row is left: which filter to drop, or what to run instead.

use super::args::{
    ClientsArgs, CoverageArgs, EndpointsArgs, FieldsArgs, FindingsArgs, ServicesArgs,
};
use super::exit::Failure;
use crate::base::number::grouped;
use crate::report::Layout;
use crate::report::text::{escaped, wrapped};

/// A filter of a command.
pub struct Filter<A> {
    /// Its option.
    option: &'static str,
    /// What was typed, if anything was.
    typed: fn(&A) -> Option<String>,
    /// Takes it away.
    drop: fn(&mut A),
}

/// A command whose filters can be taken away.
pub trait Filtered: Clone + 'static {
    /// Every filter it has.
    const FILTERS: &'static [Filter<Self>];
}

macro_rules! filter {
    ($option:literal, $($field:ident).+) => {
        Filter {
            option: $option,
            typed: |args| args.$($field).+.as_ref().map(ToString::to_string),
            drop: |args| args.$($field).+ = None,
        }
    };
}

impl Filtered for ServicesArgs {
    const FILTERS: &'static [Filter<Self>] =
        &[filter!("--service", service), filter!("--severity", severity)];
}

impl Filtered for EndpointsArgs {
    const FILTERS: &'static [Filter<Self>] = &[
        filter!("--service", endpoint.service),
        filter!("--operation", endpoint.operation),
        filter!("--method", endpoint.method),
        filter!("--class", endpoint.class),
        filter!("--severity", severity),
        filter!("--auth", auth),
        filter!("--encrypted", encrypted),
    ];
}

impl Filtered for FieldsArgs {
    const FILTERS: &'static [Filter<Self>] = &[
        filter!("--service", endpoint.service),
        filter!("--operation", endpoint.operation),
        filter!("--method", endpoint.method),
        filter!("--class", endpoint.class),
        filter!("--field", field),
        filter!("--direction", direction),
        filter!("--location", location),
        filter!("--min-confidence", min_confidence),
    ];
}

impl Filtered for FindingsArgs {
    const FILTERS: &'static [Filter<Self>] = &[
        filter!("--service", endpoint.service),
        filter!("--operation", endpoint.operation),
        filter!("--method", endpoint.method),
        filter!("--class", endpoint.class),
        filter!("--severity", severity),
        filter!("--kind", kind),
        filter!("--rule", rule),
        filter!("--state", state),
        filter!("--id", id),
    ];
}

impl Filtered for CoverageArgs {
    const FILTERS: &'static [Filter<Self>] = &[
        filter!("--service", service),
        filter!("--operation", operation),
        filter!("--input", input),
    ];
}

impl Filtered for ClientsArgs {
    const FILTERS: &'static [Filter<Self>] =
        &[filter!("--client", client), filter!("--service", service)];
}

/// What to say of a command that has no rows; `count` counts those of changed arguments, without
/// a limit. `rows` names what is shown: `endpoints`.
pub fn said<A: Filtered>(
    args: &A,
    rows: &str,
    count: impl Fn(&A) -> Result<usize, Failure>,
) -> Result<String, Failure> {
    let given: Vec<&Filter<A>> = A::FILTERS.iter().filter(|f| (f.typed)(args).is_some()).collect();
    if given.is_empty() {
        return Ok(format!(
            "nothing to show: there are no {rows} in the database; phitap coverage says what \
             became of the packets"
        ));
    }
    let shown = |filter: &Filter<A>| {
        let typed = (filter.typed)(args).unwrap_or_default();
        format!("{} {}", filter.option, escaped(&typed))
    };
    let mut without = Vec::new();
    let mut none = args.clone();
    for filter in &given {
        let mut fewer = args.clone();
        (filter.drop)(&mut fewer);
        (filter.drop)(&mut none);
        let n = count(&fewer)?;
        if n > 0 {
            without.push(format!("without {} {}", shown(filter), there_are(n)));
        }
    }
    if !without.is_empty() {
        return Ok(format!("no {rows} match; {}", without.join(", ")));
    }
    let all: Vec<String> = given.iter().map(|filter| shown(filter)).collect();
    Ok(match count(&none)? {
        0 => format!("no {rows} match, and without {} there are none, either", all.join(" ")),
        n => format!("no {rows} match; without {} {}", all.join(" "), there_are(n)),
    })
}

fn there_are(n: usize) -> String {
    if n == 1 { "there is 1".to_owned() } else { format!("there are {}", grouped(n as u64)) }
}

/// The same as lines that fit the terminal.
pub fn lines(text: &str) -> String {
    wrapped(text, Layout::of_stdout().width.max(20), ("", "  "))
}
