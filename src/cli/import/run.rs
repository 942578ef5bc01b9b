//! Files in, a file of rules out, and what was left out.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::draft::{Imported, Loss, kebab, quoted};
use super::{gitleaks, presidio};
use crate::cli::exit::{Exit, Failure};
use crate::cli::queries::print_text;
use crate::detect::Detector;
use crate::report::text::escaped;
use crate::rules::{RulePack, read_rules};

/// The first line of what is written; only files that begin so are written over.
const HEADER: &str = "# Made by phitap rules import";

/// Imports each of `paths` into a file of rules in `folder`.
pub fn run(paths: &[PathBuf], folder: &Path) -> Result<Exit, Failure> {
    fs::create_dir_all(folder)
        .map_err(|e| Failure::failed(format!("make {}: {e}", folder.display())))?;
    for path in paths {
        import(path, folder)?;
    }
    Ok(Exit::Done)
}

fn import(path: &Path, folder: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let refuse = |why: String| Failure::usage(format!("import rules from {shown}: {why}"));
    let text = read_rules(path).map_err(|e| refuse(e.to_string()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let imported = match path.extension().and_then(|ending| ending.to_str()) {
        Some("toml") => gitleaks::translate(&text, &name).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            refuse(format!("line {line}: {}", e.message().replace('\n', " ")))
        })?,
        Some("yaml" | "yml") => presidio::translate(&text, &name)
            .map_err(|(line, why)| refuse(format!("line {line}: {why}")))?,
        _ => {
            let expected = "expected rules of gitleaks (.toml) or recognisers of Presidio (.yaml)";
            return Err(refuse(expected.to_owned()));
        }
    };
    if imported.drafts.is_empty() {
        print_text(&told(&imported.left, "left out"))?;
        return Err(refuse("there is no rule in it that can be taken over".to_owned()));
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let out = folder.join(format!("{}.toml", kebab(&stem)));
    let text = written(&imported, &name);
    let mut pack = RulePack::builtin();
    let own = RulePack::parse(&out.display().to_string(), &text);
    pack.extend(own.map_err(|e| refuse(e.to_string()))?);
    Detector::compile(&pack).map_err(|e| refuse(e.to_string()))?;
    write(&out, &text)?;
    let patterns: usize = imported.drafts.iter().map(|d| d.whole.len() + d.inside.len()).sum();
    let mut said = format!(
        "{}: {} of {} taken over, as {} rules with {patterns} patterns\n",
        out.display(),
        imported.taken,
        imported.all,
        imported.drafts.len(),
    );
    said.push_str(&told(&imported.changed, "taken over with a difference"));
    said.push_str(&told(&imported.left, "left out"));
    print_text(&said).map(drop)
}

fn told(losses: &[Loss], what: &str) -> String {
    let mut out = String::new();
    for loss in losses {
        let (name, why) = (escaped(&loss.what), escaped(&loss.why));
        let _ = writeln!(out, "{what}: line {}, {name}: {why}", loss.line);
    }
    out
}

fn written(imported: &Imported, name: &str) -> String {
    let mut out = format!("{HEADER} from {}.\n", quoted(name));
    for draft in &imported.drafts {
        out.push('\n');
        out.push_str(&draft.written());
    }
    out
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    match fs::read_to_string(path) {
        Ok(known) if !known.starts_with(HEADER) => {
            let why = "there is such a file that was not imported; name another folder with -o";
            return Err(Failure::usage(format!("write {}: {why}", path.display())));
        }
        _ => {}
    }
    fs::write(path, text).map_err(|e| Failure::failed(format!("write {}: {e}", path.display())))
}
