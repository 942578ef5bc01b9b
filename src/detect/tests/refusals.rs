//! Rules that are not taken, and what is said of them.

use crate::rules::{RuleError, RulePack};

use super::super::Detector;

#[test]
fn rules_that_cannot_be_used_are_refused_by_name() {
    let rule = |line: &str| {
        format!(
            "[[rule]]\nid = \"own\"\nclass = \"own.id\"\ndescription = \"An own id.\"\n\
             references = [\"https://example.org\"]\nweight = 10.0\n{line}\n[rule.examples]\n\
             match = [\"K-1\", \"K-2\", \"K-3\"]\nreject = [\"K\", \"1\", \"K-\"]\n"
        )
    };
    let compile = |line: &str| {
        Detector::compile(&RulePack::parse("own.toml", &rule(line)).unwrap())
            .map_err(|e: RuleError| e.to_string())
    };
    assert!(compile("masks = [\"K-#\"]").is_ok());
    assert!(compile("format = 'K-[0-9]'").is_ok());
    for (line, reason) in [
        (
            "masks = [\"K-#\"]\ncheck = \"mod99\"",
            "use rule own of own.toml, line 2: check: no check is called \"mod99\"",
        ),
        ("recogniser = \"shoe\"", "recogniser: no recogniser is called \"shoe\""),
        ("masks = [\"K-##\"]", "examples.match: \"K-1\" does not match"),
        ("masks = [\"K-#\", \"K\"]", "examples.reject: \"K\" matches"),
        ("format = 'K-('", "format: "),
        ("format = '(?:[A-Z]{900}){900}'", "format: "),
        ("masks = [\"K-#\"]\nchance = 0.5", "chance: there is no check"),
        (
            "masks = [\"K-#\"]\nembedded = [{ anchors = [\"K\"], format = 'K' }]",
            "at least three characters",
        ),
    ] {
        let error = compile(line).map(|_| ()).unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
    let long = format!("format = 'K-[0-9]|{}'", "x".repeat(2000));
    assert!(compile(&long).unwrap_err().contains("longer than 1024 bytes"));
    let few = rule("masks = [\"K-#\"]").replace(", \"K-3\"", "");
    let error = Detector::compile(&RulePack::parse("own.toml", &few).unwrap()).unwrap_err();
    assert!(error.to_string().contains("examples.match: expected at least three"), "{error}");
}

#[test]
fn too_many_rules_are_refused() {
    let text: String = (0..257)
        .map(|n| {
            format!(
                "[[rule]]\nid = \"r{n}\"\nclass = \"own.id\"\ndescription = \"x\"\n\
                 references = [\"y\"]\nweight = 1.0\nmasks = [\"K-#\"]\n\
                 [rule.examples]\nmatch = [\"K-1\", \"K-2\", \"K-3\"]\n\
                 reject = [\"a\", \"b\", \"c\"]\n"
            )
        })
        .collect();
    let error = Detector::compile(&RulePack::parse("many.toml", &text).unwrap()).unwrap_err();
    assert!(error.to_string().contains("at most 256 fit"), "{error}");
}
