//! Every check of a personal number against python-stdnum, on values made by a seed: random ones,
//! near-valid ones (every value of the check characters behind a random head), and mutations of
//! those.
//!
//! Templates: `#` a digit, `^` a capital, `*` either, `{n}` repeats, `!` every digit in turn, `?`
//! every digit and capital in turn; `YY`, `MM`, `DD` parts of a date, now and then impossible, `NN`
//! a month with something added, `CC` a century; `S` a sign of the century, `X` one of X, Y, Z, `P`
//! a kind of person; `h` a hexadecimal digit; all else stands for itself. `|` stands between
//! templates of one module.

mod support;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use support::rng::Rng;
use support::stdnum::{COVERED, Covered, Meant, NOT_COVERED, WITHOUT_MODULE};
use support::{root, say, skip};

const SEED: u64 = 0x57d;
/// Values per check, and with `PHITAP_FULL=1`.
const SAMPLED: usize = 2_000;
const FULL: usize = 100_000;

const DIGITS: &str = "0123456789";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BOTH: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn pick(rng: &mut Rng, of: &str) -> char {
    char::from(*rng.pick(of.as_bytes()))
}

/// A template with its repetitions written out.
fn plain(template: &str) -> Vec<char> {
    let mut out: Vec<char> = Vec::new();
    let mut chars = template.chars();
    while let Some(c) = chars.next() {
        if c == '{' {
            let times: String = chars.by_ref().take_while(|c| *c != '}').collect();
            let last = *out.last().expect("something before the brace");
            let times: usize = times.parse().expect("a number");
            out.extend(std::iter::repeat_n(last, times - 1));
        } else {
            out.push(c);
        }
    }
    out
}

/// A random head of a template: what is to be tried in turn stays as it stands there.
fn head(template: &[char], rng: &mut Rng) -> String {
    let mut out = String::new();
    let mut at = 0;
    let odd = rng.below(8) == 0;
    while let Some(c) = template.get(at) {
        let pair: String = template.iter().skip(at).take(2).collect();
        let number = match pair.as_str() {
            "YY" => Some(rng.below(100)),
            "MM" => Some(if odd { rng.below(100) } else { rng.among(1..13) }),
            "NN" => Some(rng.below(5) * 20 % 100 + rng.among(1..13)),
            "DD" => Some(if odd { rng.below(100) } else { rng.among(1..32) }),
            "CC" => Some(if odd { rng.below(100) } else { rng.among(19..21) }),
            "PP" => Some(*rng.pick(&[20, 23, 24, 25, 26, 27, 30, 33, 34, 50, 55, 21])),
            _ => None,
        };
        if let Some(number) = number {
            out.push_str(&format!("{:02}", number % 100));
            at += 2;
            continue;
        }
        out.push(match c {
            '#' => pick(rng, DIGITS),
            '^' => pick(rng, LETTERS),
            '*' => pick(rng, BOTH),
            'h' => pick(rng, "0123456789abcdef"),
            'S' => pick(rng, "-+ABCDEFUVWXY-+AG"),
            'X' => pick(rng, "XYZ"),
            other => *other,
        });
        at += 1;
    }
    out
}

/// `count` values of a template.
fn values(covered: &Covered, count: usize) -> Vec<String> {
    let mut rng = Rng::new(
        SEED ^ covered
            .module
            .bytes()
            .fold(7u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b))),
    );
    let templates: Vec<Vec<char>> = covered.template.split('|').map(plain).collect();
    let mut out: Vec<String> = Vec::new();
    while out.len() < count {
        let at = if templates.len() > 1 { rng.below(templates.len()) } else { 0 };
        let mut batch = vec![head(&templates[at], &mut rng)];
        for (mark, alphabet) in [('!', DIGITS), ('?', BOTH)] {
            while batch.iter().any(|value| value.contains(mark)) {
                let one = |value: &String, c: char| value.replacen(mark, &c.to_string(), 1);
                batch = batch
                    .iter()
                    .flat_map(|value| alphabet.chars().map(move |c| one(value, c)))
                    .collect();
            }
        }
        let mut broken: Vec<char> = batch[rng.below(batch.len())].chars().collect();
        let at = rng.below(broken.len());
        broken[at] = pick(&mut rng, BOTH);
        batch.push(broken.iter().collect());
        broken.truncate(broken.len() - 1);
        batch.push(broken.iter().collect());
        out.extend(batch);
    }
    out
}

fn python() -> Option<String> {
    let python = std::env::var("PHITAP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import stdnum"]).output();
    has.is_ok_and(|ran| ran.status.success()).then_some(python)
}

/// What the oracle answers, line by line.
fn ask(python: &str, args: &[&str], input: String) -> Vec<String> {
    let mut child = Command::new(python)
        .arg(root().join("scripts/accuracy/stdnum_oracle.py"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("the oracle ends");
    writer.join().expect("no panic").expect("the oracle reads all");
    assert!(output.status.success(), "the oracle failed");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// Whether a difference is meant.
fn is_meant(covered: &Covered, value: &str, ours: bool, theirs: &str) -> bool {
    covered.meant.iter().any(|meant| match meant {
        Meant::Wider(word, such, _) => ours && *word == theirs && such(value),
        Meant::Narrower(such, _) => !ours && theirs == "ok" && such(value),
    })
}

#[test]
fn every_check_agrees_with_python_stdnum() {
    let test = "checks of personal numbers against python-stdnum";
    let Some(python) = python() else {
        skip(
            test,
            "python3 with the PyPI package python-stdnum not found (PHITAP_PYTHON names another)",
        );
        return;
    };
    let full = std::env::var("PHITAP_FULL").is_ok_and(|v| v == "1");
    let count = if full { FULL } else { SAMPLED };
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut compared = 0;
    // A few modules at a time: 100,000 values of each would not fit in one breath.
    for some in COVERED.chunks(if full { 8 } else { COVERED.len() }) {
        let asked: Vec<(&Covered, String)> = some
            .iter()
            .flat_map(|covered| values(covered, count).into_iter().map(move |v| (covered, v)))
            .collect();
        let lines: String = asked.iter().map(|(c, v)| format!("{}\t{v}\n", c.module)).collect();
        let answers = ask(&python, &[], lines);
        assert_eq!(answers.len(), asked.len());
        let mut both: BTreeMap<&str, u64> = BTreeMap::new();
        for ((covered, value), theirs) in asked.iter().zip(&answers) {
            let ours = phitap::detect::passes_check(covered.check, value.as_bytes())
                .unwrap_or_else(|| panic!("no check is called {}", covered.check));
            compared += 1;
            *both.entry(covered.module).or_default() += u64::from(ours && theirs == "ok");
            if ours != (theirs == "ok") && !is_meant(covered, value, ours, theirs) {
                let ours = if ours { "passes" } else { "fails" };
                let line = format!(
                    "{}: {value} {ours} {}, theirs: {theirs}",
                    covered.module, covered.check
                );
                wrong.entry(covered.module).or_default().push(line);
            }
        }
        for covered in some {
            let both = both.get(covered.module).copied().unwrap_or(0);
            if both == 0 {
                wrong
                    .entry(covered.module)
                    .or_default()
                    .push(format!("{}: none of the values is valid", covered.module));
            }
        }
    }
    let lines: Vec<String> = wrong
        .iter()
        .map(|(module, lines)| {
            let shown: Vec<&str> = lines.iter().take(4).map(String::as_str).collect();
            format!("{module}: {}\n  {}", lines.len(), shown.join("\n  "))
        })
        .collect();
    assert!(lines.is_empty(), "{} modules differ\n{}", lines.len(), lines.join("\n"));
    say(&format!("stdnum: {compared} values of {} modules agree", COVERED.len()));
}

#[test]
fn every_module_is_covered_or_has_a_reason() {
    let Some(python) = python() else {
        skip("modules of python-stdnum", "python3 with the PyPI package python-stdnum not found");
        return;
    };
    let mut theirs = ask(&python, &["--modules"], String::new());
    let covered = COVERED.iter().map(|c| c.module);
    let others = NOT_COVERED.iter().flat_map(|(_, modules)| modules.iter().copied());
    let mut ours: Vec<String> = covered.chain(others).map(str::to_owned).collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
}

#[test]
fn every_check_is_compared_or_says_what_it_is_held_to() {
    let others = WITHOUT_MODULE.iter().flat_map(|(_, checks)| checks.iter().copied());
    let told: Vec<&str> = COVERED.iter().map(|c| c.check).chain(others).collect();
    let known: Vec<&str> = phitap::detect::check_names().collect();
    let missing: Vec<&&str> = known.iter().filter(|name| !told.contains(name)).collect();
    assert!(missing.is_empty(), "neither compared nor accounted for: {missing:?}");
    let stale: Vec<&&str> = told.iter().filter(|name| !known.contains(name)).collect();
    assert!(stale.is_empty(), "no such check: {stale:?}");
    let text = std::fs::read_to_string(root().join("docs/accuracy.md")).expect("docs/accuracy.md");
    for (why, checks) in WITHOUT_MODULE {
        let names: Vec<String> = checks.iter().map(|check| format!("`{check}`")).collect();
        let row = format!("| {why} | {} |", names.join(", "));
        assert!(text.contains(&row), "docs/accuracy.md lacks\n{row}");
    }
}

#[test]
fn the_documentation_says_which_modules_are_covered() {
    let text = std::fs::read_to_string(root().join("docs/accuracy.md")).expect("docs/accuracy.md");
    let (_, text) = text.split_once("\n## Personal numbers: ").expect("the part on them");
    let told: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    let covered = COVERED.iter().map(|c| format!("| `{}` | `{}` |", c.module, c.check));
    let others = NOT_COVERED.iter().map(|(why, modules)| {
        let names: Vec<String> = modules.iter().map(|module| format!("`{module}`")).collect();
        format!("| {} | {why} |", names.join(", "))
    });
    assert_eq!(told, covered.chain(others).collect::<Vec<_>>());
}
