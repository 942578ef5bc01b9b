//! Rules that are not taken, and what is said of them.

use crate::base::limits::{PATTERNS_PER_ANCHOR_MAX, RULES_MAX};
use crate::model::ValueKind;
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
    for (key, text) in [
        ("An own id.", "An \\u001b[31mid."),
        ("https://example.org", "https://example.org/\\u0007"),
    ] {
        let text = rule("masks = [\"K-#\"]").replace(key, text);
        let error = Detector::compile(&RulePack::parse("own.toml", &text).unwrap()).unwrap_err();
        assert!(
            error.to_string().contains("line 2: description: expected text without"),
            "{error}"
        );
    }
    let long = format!("format = 'K-[0-9]|{}'", "x".repeat(2000));
    assert!(compile(&long).unwrap_err().contains("longer than 1024 bytes"));
    let few = rule("masks = [\"K-#\"]").replace(", \"K-3\"", "");
    let error = Detector::compile(&RulePack::parse("own.toml", &few).unwrap()).unwrap_err();
    assert!(error.to_string().contains("examples.match: expected at least three"), "{error}");
}

#[test]
fn weights_out_of_range_are_told_with_the_range() {
    let rule = |keys: &str| {
        format!(
            "[[rule]]\nid = \"own\"\nclass = \"own.id\"\ndescription = \"x\"\n\
             references = [\"y\"]\n{keys}\nmasks = [\"K-#\"]\n[rule.examples]\n\
             match = [\"K-1\", \"K-2\", \"K-3\"]\nreject = [\"a\", \"b\", \"c\"]\n"
        )
    };
    for (keys, reason) in [
        ("weight = 21.5", "line 2: weight: 21.5 is out of range: expected log-odds from -20 to 20"),
        ("weight = 1.0\nbare_weight = -30.0", "bare_weight: -30 is out of range"),
        ("weight = 1.0\nembedded_weight = 99.0", "embedded_weight: 99 is out of range"),
    ] {
        let pack = RulePack::parse("own.toml", &rule(keys)).unwrap();
        let error = Detector::compile(&pack).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(reason), "{keys}: {error}");
    }
}

#[test]
fn rules_that_could_never_be_reported_are_refused() {
    let rule = |id: &str, keys: &str, examples: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nclass = \"own.id\"\ndescription = \"x\"\n\
             references = [\"y\"]\nweight = 5.0\n{keys}\n[rule.examples]\n{examples}\n\
             reject = [\"a\", \"b\", \"c\"]\n"
        )
    };
    let values = "match = [\"K-1\", \"K-2\", \"K-3\"]";
    let fields = "match = [{ field = \"$.card\", value = \"12345\" }, { field = \"$.card\", \
                  value = \"54321\" }, { field = \"$.card\", value = \"23145\" }]";
    let compile = |text: String| {
        let pack = RulePack::parse("own.toml", &text).unwrap();
        Detector::compile(&pack).map(|_| ()).map_err(|e| e.to_string())
    };
    let asked = "masks = [\"K-#\"]\nneeds_context = true";
    let error = compile(rule("own", asked, values)).unwrap_err();
    assert!(error.contains("own of own.toml, line 2: names: can never be reported"), "{error}");
    // Whatever may speak for it will do: a name of its own or of another rule, an issuer.
    for more in
        ["names = [\"card\"]", "own_names = [\"card\"]", "systems = [\"https://x.example\"]"]
    {
        assert_eq!(compile(rule("own", &format!("{asked}\n{more}"), values)), Ok(()), "{more}");
    }
    let named = rule("named", "masks = [\"L-##\"]\nnames = [\"card\"]", &values.replace("-", "-1"));
    let named = named.replace("K-", "L-");
    assert_eq!(compile(rule("own", asked, values) + &named), Ok(()));
    // A name and a form do not outweigh a word that takes the name back.
    let forms = "forms = [\"integer\"]\nbare_weight = 2.0\nnames = [\"card\", \"id card\"]";
    assert_eq!(compile(rule("own", forms, fields)), Ok(()));
    let negative = format!("{forms}\nnegative = [\"card\"]\nrecogniser = \"name-words\"");
    let words = "match = [\"Ada Roe\", \"Eve Roe\", \"Ann Roe\"]";
    let error = compile(rule("own", &negative, words)).unwrap_err();
    assert!(error.contains("names: can never be reported: every name"), "{error}");
    // What is passed over before a mask is looked at.
    let blank = rule("own", "masks = [\"K-#\", \" K-#\"]", values);
    let error = compile(blank).unwrap_err();
    assert!(
        error.contains("line 2: masks: no value of the form \" K-#\" is ever tried"),
        "{error}"
    );
}

#[test]
fn patterns_of_one_anchor_are_few_and_none_is_slow() {
    let rules = |count: usize, body: &str| -> String {
        let rule = |n: usize| {
            format!(
                "[[rule]]\nid = \"r{n}\"\nclass = \"own.id\"\ndescription = \"x\"\n\
                 references = [\"y\"]\nweight = 12.0\n[[rule.embedded]]\n\
                 anchors = [\"Tok_\"]\nignore_case = true\nformat = '(?-u)Tok_{n}{body}z'\n\
                 [rule.examples]\nmatch = [\"the key Tok_{n}z\", \"a key Tok_{n}z\", \
                 \"key: Tok_{n}z\"]\n\
                 reject = [\"a\", \"b\", \"c\"]\n"
            )
        };
        (0..count).map(rule).collect()
    };
    let compile = |text: String| {
        let pack = RulePack::parse("own.toml", &text).unwrap();
        Detector::compile(&pack).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(compile(rules(PATTERNS_PER_ANCHOR_MAX, "")), Ok(()));
    let error = compile(rules(PATTERNS_PER_ANCHOR_MAX + 1, "")).unwrap_err();
    assert!(error.contains("rule r32 of own.toml, line"), "{error}");
    assert!(error.contains("embedded: at most 32 patterns are searched for at one"), "{error}");
    let error = compile(rules(1, "(?:[a-z0-9]{0,400}[^a]){0,20}")).unwrap_err();
    assert!(error.contains("rule r0 of own.toml, line 2: format: pattern is too slow"), "{error}");
    assert!(error.contains("more than 256 of its 16049 states"), "{error}");
}

#[test]
fn too_many_rules_are_refused() {
    let text: String = (0..RULES_MAX + 1)
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
    let last = format!("rule r{RULES_MAX}");
    for part in ["many.toml", &last, "more than 512 rules", "513 in all"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn two_hundred_rules_fit_beside_the_built_in_ones() {
    let text: String = (0..200)
        .map(|n| {
            format!(
                "[[rule]]\nid = \"own-{n}\"\nclass = \"own.id\"\ndescription = \"x\"\n\
                 references = [\"y\"]\nweight = 6.0\nmasks = [\"KX{n}-####\"]\n\
                 [rule.examples]\nmatch = [\"KX{n}-1111\", \"KX{n}-2222\", \"KX{n}-3333\"]\n\
                 reject = [\"a\", \"b\", \"c\"]\n"
            )
        })
        .collect();
    let mut pack = RulePack::builtin();
    pack.extend(RulePack::parse("own.toml", &text).unwrap());
    let detector = Detector::compile(&pack).unwrap();
    let outcome = detector.inspect(ValueKind::String, b"KX199-4711").outcome;
    assert!(outcome.passed.contains(detector.rule_id("own-199").unwrap()));
}
