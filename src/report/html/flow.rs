//! Where data flows: networks of clients, services, data classes, drawn as bands between three
//! columns of bars (after Sankey), and the same as a table.

use std::collections::BTreeMap;

use super::markup::Html;
use crate::query::ReportData;
use crate::report::tell;
use crate::report::text::cut_end;

/// Bars in each column, and classes of services that have none of these; the table has the rest.
const GROUPS_MAX: usize = 8;
const SERVICES_MAX: usize = 10;
const CLASSES_MAX: usize = 14;
const ROWS_MAX: usize = 200;
/// Characters of a label.
const LABEL_MAX: usize = 27;

/// The drawing's width and where its columns of bars stand, in units of its own.
const WIDTH: f64 = 1000.0;
const COLUMNS: [f64; 3] = [190.0, 500.0, 800.0];
const BAR: f64 = 10.0;
/// Space between bars, so that labels do not touch; labels that stand over their bar need more.
const SPACE: f64 = 18.0;
const SPACE_OVER: f64 = 30.0;
const BAR_MIN: f64 = 12.0;

/// A band between two bars.
struct Band {
    from: usize,
    to: usize,
    thick: f64,
}

/// A bar with its label.
struct Bar {
    label: String,
    top: f64,
    height: f64,
}

pub(super) fn flows(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"flows\"><h2>Where data flows</h2>\n");
    if data.flows.is_empty() {
        page.raw("<p>No personal, health or secret data was recognised in what could be read.</p>");
        page.raw("</section>\n");
        return;
    }
    drawing(page, data);
    table(page, data);
    page.raw("</section>\n");
}

fn table(page: &mut Html, data: &ReportData) {
    let heads = ["Service", "Data class", "Direction", "Endpoints", "Requests", "Client networks"];
    page.table(tell::FLOWS_ORDER, &heads, &[3, 4]);
    for flow in data.flows.iter().take(ROWS_MAX) {
        page.raw("<tr>").code_cell(&flow.service).code_cell(&flow.class);
        page.cell(match (flow.sent, flow.returned) {
            (true, true) => "sent and returned",
            (true, false) => "sent by clients",
            _ => "returned to clients",
        });
        page.number_cell(flow.endpoints).number_cell(flow.requests);
        page.cell(&tell::networks(&data.groups, &flow.service)).raw("</tr>\n");
    }
    let left = data.flows.len().saturating_sub(ROWS_MAX);
    page.end_table(left, "phitap fields");
}

/// What is drawn: the busiest of each column, and the bands between them.
struct Drawn<'a> {
    groups: Vec<&'a str>,
    services: Vec<&'a str>,
    classes: Vec<&'a str>,
    calls: Vec<Band>,
    carries: Vec<Band>,
}

fn drawn(data: &ReportData) -> Drawn<'_> {
    let mut weights: BTreeMap<&str, u64> = BTreeMap::new();
    for flow in &data.flows {
        *weights.entry(&flow.service).or_default() += flow.requests;
    }
    let services = heaviest(weights, SERVICES_MAX);
    let mut weights: BTreeMap<&str, u64> = BTreeMap::new();
    for flow in data.flows.iter().filter(|f| services.contains(&f.service.as_str())) {
        *weights.entry(&flow.class).or_default() += flow.endpoints;
    }
    let classes = classes_of(weights, data, &services);
    let mut weights: BTreeMap<&str, u64> = BTreeMap::new();
    for group in &data.groups {
        let calls: u64 = services.iter().filter_map(|s| group.services.get(*s)).sum();
        if calls > 0 {
            weights.insert(&group.network, calls);
        }
    }
    let groups = heaviest(weights, GROUPS_MAX);
    let place = |list: &[&str], name: &str| list.iter().position(|n| *n == name);
    let mut calls = Vec::new();
    for group in &data.groups {
        let Some(from) = place(&groups, &group.network) else { continue };
        for (service, clients) in &group.services {
            if let Some(to) = place(&services, service) {
                calls.push(Band { from, to, thick: thickness(*clients) });
            }
        }
    }
    let mut carries = Vec::new();
    for flow in &data.flows {
        let ends = place(&services, &flow.service).zip(place(&classes, &flow.class));
        if let Some((from, to)) = ends {
            carries.push(Band { from, to, thick: thickness(flow.endpoints) });
        }
    }
    Drawn { groups, services, classes, calls, carries }
}

/// The heaviest classes, and of each service that has none of them its own heaviest, so that no
/// service is drawn that leads nowhere.
fn classes_of<'a>(
    weights: BTreeMap<&'a str, u64>,
    data: &'a ReportData,
    services: &[&str],
) -> Vec<&'a str> {
    let all = heaviest(weights.clone(), usize::MAX);
    let mut kept: Vec<&str> = all.iter().copied().take(CLASSES_MAX).collect();
    for service in services {
        let own = || data.flows.iter().filter(|f| f.service == **service);
        if own().any(|f| kept.contains(&f.class.as_str())) {
            continue;
        }
        if let Some(most) = own().max_by_key(|f| f.endpoints) {
            kept.push(&most.class);
        }
    }
    let mut kept: Vec<(&str, u64)> =
        kept.into_iter().map(|c| (c, weights.get(c).copied().unwrap_or(0))).collect();
    kept.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    kept.into_iter().map(|(class, _)| class).collect()
}

fn heaviest(weights: BTreeMap<&str, u64>, most: usize) -> Vec<&str> {
    let mut names: Vec<(&str, u64)> = weights.into_iter().collect();
    names.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    names.truncate(most);
    names.into_iter().map(|(name, _)| name).collect()
}

/// Thickness grows with the logarithm, so that one client is still seen beside a thousand.
fn thickness(n: u64) -> f64 {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    (1.0 + 2.0 * f64::from(n).ln_1p()).min(18.0)
}

fn bars(labels: &[&str], space: f64, sides: &[(&[Band], bool)]) -> Vec<Bar> {
    let mut top = space;
    let mut out = Vec::new();
    for (place, label) in labels.iter().enumerate() {
        let side = |(bands, from): &(&[Band], bool)| -> f64 {
            let here = bands.iter().filter(|b| place == if *from { b.from } else { b.to });
            here.map(|b| b.thick).sum()
        };
        let height = sides.iter().map(side).fold(BAR_MIN, f64::max);
        out.push(Bar { label: cut_end(label, LABEL_MAX), top, height });
        top += height + space;
    }
    out
}

fn drawing(page: &mut Html, data: &ReportData) {
    let drawn = drawn(data);
    let left = bars(&drawn.groups, SPACE, &[(&drawn.calls, true)]);
    let sides = [(drawn.calls.as_slice(), false), (drawn.carries.as_slice(), true)];
    let middle = bars(&drawn.services, SPACE_OVER, &sides);
    let right = bars(&drawn.classes, SPACE, &[(&drawn.carries, false)]);
    let bottom = |bars: &[Bar]| bars.last().map_or(0.0, |b| b.top + b.height);
    let height = [&left, &middle, &right].map(|b| bottom(b)).into_iter().fold(0.0, f64::max) + 40.0;
    page.raw("<figure><div class=\"wide\" role=\"region\" tabindex=\"0\" ");
    page.raw("aria-label=\"Where data flows, drawn\">");
    page.raw("<svg class=\"flow\" role=\"img\" aria-labelledby=\"flow-title flow-text\" ");
    page.raw("viewBox=\"0 0 ").length(WIDTH).raw(" ").length(height).raw("\">");
    page.raw("<title id=\"flow-title\">Where data flows</title><desc id=\"flow-text\">");
    page.raw(
        "Networks of clients on the left, services in the middle, data classes on the right; ",
    );
    page.raw("the table below says the same in words.</desc>\n");
    for (x, title) in COLUMNS.into_iter().zip(["Client networks", "Services", "Data classes"]) {
        page.raw("<text class=\"column\" text-anchor=\"middle\" y=\"16\" x=\"");
        page.length(x + BAR / 2.0).raw("\">").text(title).raw("</text>");
    }
    page.raw("<g transform=\"translate(0 20)\">");
    bands(page, (&left, &middle), (COLUMNS[0], COLUMNS[1]), (&drawn.calls, None));
    bands(
        page,
        (&middle, &right),
        (COLUMNS[1], COLUMNS[2]),
        (&drawn.carries, Some(&drawn.classes)),
    );
    column(page, &left, COLUMNS[0], Side::Left);
    column(page, &middle, COLUMNS[1], Side::Over);
    column(page, &right, COLUMNS[2], Side::Right);
    page.raw("</g></svg></div>\n<figcaption>");
    page.raw("The thicker a band, the more clients call a service, and the ");
    page.raw("more of its endpoints carry a class (on a logarithmic scale). Families of classes: ");
    page.raw("<span class=\"key health\"></span>health <span class=\"key person\"></span>persons ");
    page.raw("<span class=\"key national\"></span>national numbers ");
    page.raw("<span class=\"key secret\"></span>secrets ");
    page.raw("<span class=\"key financial\"></span>money <span class=\"key\"></span>devices. ");
    page.raw("Of services those that are asked most are shown, of networks those with most ");
    page.raw("clients, of classes those that most endpoints carry: ");
    page.text(&shown(&drawn, data)).raw("; the table has the rest.</figcaption></figure>\n");
}

fn shown(drawn: &Drawn<'_>, data: &ReportData) -> String {
    let services: std::collections::BTreeSet<&str> =
        data.flows.iter().map(|f| f.service.as_str()).collect();
    format!(
        "{} of {} client networks, {} of {} services with such data, {} of {} data classes",
        drawn.groups.len(),
        data.groups.len(),
        drawn.services.len(),
        services.len(),
        drawn.classes.len(),
        data.classes.len()
    )
}

/// Draws bands from top to bottom of each bar, coloured by the family of the class they lead to.
fn bands(
    page: &mut Html,
    (from, to): (&[Bar], &[Bar]),
    (x1, x2): (f64, f64),
    (bands, classes): (&[Band], Option<&[&str]>),
) {
    let mut used_from: Vec<f64> = from.iter().map(|b| b.top).collect();
    let mut used_to: Vec<f64> = to.iter().map(|b| b.top).collect();
    let mut order: Vec<&Band> = bands.iter().collect();
    order.sort_by_key(|b| (b.from, b.to));
    for band in order {
        let ends = used_from.get_mut(band.from).zip(used_to.get_mut(band.to));
        let Some((start, end)) = ends else { continue };
        let (y1, y2) = (*start + band.thick / 2.0, *end + band.thick / 2.0);
        *start += band.thick;
        *end += band.thick;
        let class = classes.and_then(|classes| classes.get(band.to).copied());
        page.raw(class.map_or("<path class=\"band calls\" d=\"M", family));
        let (x1, x2) = (x1 + BAR, x2);
        let middle = f64::midpoint(x1, x2);
        page.length(x1).raw(" ").length(y1).raw(" C").length(middle).raw(" ").length(y1).raw(" ");
        page.length(middle).raw(" ").length(y2).raw(" ").length(x2).raw(" ").length(y2);
        page.raw("\" stroke-width=\"").length(band.thick).raw("\"/>");
    }
}

/// The start of a band's path, with the colour of the family of `class`.
fn family(class: &str) -> &'static str {
    match class.split('.').next().unwrap_or_default() {
        "health" => "<path class=\"band health\" d=\"M",
        "secret" => "<path class=\"band secret\" d=\"M",
        "financial" => "<path class=\"band financial\" d=\"M",
        "person" | "contact" => "<path class=\"band person\" d=\"M",
        "network" | "vehicle" => "<path class=\"band device\" d=\"M",
        _ => "<path class=\"band national\" d=\"M",
    }
}

/// Where labels stand.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Over,
    Right,
}

fn column(page: &mut Html, bars: &[Bar], x: f64, side: Side) {
    for bar in bars {
        page.raw("<rect class=\"bar\" x=\"").length(x).raw("\" y=\"").length(bar.top);
        page.raw("\" width=\"").length(BAR).raw("\" height=\"").length(bar.height).raw("\"/>");
        let middle = bar.top + bar.height / 2.0 + 4.0;
        let (open, x, y) = match side {
            Side::Left => ("<text text-anchor=\"end\" x=\"", x - 6.0, middle),
            Side::Over => ("<text text-anchor=\"middle\" x=\"", x + BAR / 2.0, bar.top - 6.0),
            Side::Right => ("<text x=\"", x + BAR + 6.0, middle),
        };
        page.raw(open).length(x).raw("\" y=\"").length(y).raw("\">").text(&bar.label);
        page.raw("</text>");
    }
}
