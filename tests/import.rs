//! Rules of gitleaks and recognisers of Presidio, written anew as rules of phitap.

mod support;

use support::capture;
use support::phitap::Lab;
use support::tcp::Conversation;

/// What stands between a name and its value, and behind it, in rules of gitleaks.
const OPERATOR: &str = concat!(
    r"(?:[ \t\w.-]{0,20})[\s'",
    r#""]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"#
);
const END: &str = r#"(?:[\x60'"\s;]|\\[nr]|$)"#;

/// In the forms that rules of gitleaks have; the vendors are made up.
fn gitleaks() -> String {
    GITLEAKS.replace("@OPERATOR@", OPERATOR).replace("@END@", END)
}

const GITLEAKS: &str = r##"title = "made for a test"

[allowlist]
stopwords = ["EXAMPLE0"]

[[rules]]
id = "acme-token"
description = "A token of Acme."
regex = '''\b(acme_[a-z0-9]{24})@END@'''
entropy = 3
keywords = ["acme_"]

[[rules]]
id = "Zorp Secret"
description = "A secret of Zorp."
regex = '''(?i)[\w.-]{0,50}?(?:zorp)@OPERATOR@([a-f0-9]{32})@END@'''
keywords = ["zorp"]
[[rules.allowlists]]
regexes = ['''^0{4}''']

[[rules]]
id = "some-file"
path = '''\.p12$'''

[[rules]]
id = "backwards"
regex = '''(?<=a)b{20}'''
keywords = ["bbb"]

[[rules]]
id = "huge"
regex = '''(?:[a-z]{900}){900}'''
keywords = ["huge"]

[[rules]]
id = "generic"
regex = '''(?i)[\w.-]{0,50}?(?:key)@OPERATOR@([a-z0-9]{10,99})@END@'''
keywords = ["key"]

[[rules]]
id = "forge-token"
regex = '''(?i)\b(fgp_[a-f0-9]{40}|[a-f0-9]{40})@END@'''
keywords = ["fgp_", "forgery"]

[[rules]]
id = "part-of-another"
regex = '''part_[a-z]{20}'''
keywords = ["part_"]
skipReport = true

[[rules]]
id = "with-another"
regex = '''with_[a-z]{20}'''
keywords = ["with_"]
[[rules.required]]
id = "part-of-another"
"##;

const PRESIDIO: &str = r#"recognizers:
  # Weak: five digits say nothing without a word for them.
  - name: "Badge Recognizer"
    supported_language: en
    supported_entity: BADGE
    patterns:
      - name: "badge (weak)"
        regex: "(?<!\\d)\\d{5}(?!\\d)"
        score: 0.05
      - name: "badge (strong)"
        regex: "\\bBDG-\\d{6}\\b"
        score: 0.9
      - name: "badge (ahead)"
        regex: "\\b(?!000)\\d{7}\\b"
        score: 0.5
    context:
      - badge
      - staff badge
  - name: Wards
    supported_entity: WARD
    supported_language: en
    deny_list: [Oak Ward, "Elm (upper)"]
  - name: CodeRecognizer
    type: predefined
  - name: Off
    enabled: false
    deny_list: [x]
"#;

fn import(lab: &Lab, name: &str, text: &str) -> String {
    let path = lab.file(name, text);
    lab.run(["rules", "import", path.to_str().unwrap(), "-o", "own"]).expect(0).stdout
}

/// The classes of the fields of one answer, by field.
fn found(lab: &Lab, db: &str, bodies: &[&str]) -> Vec<String> {
    let json = "HTTP/1.1 200 OK\nContent-Type: application/json";
    let mut talk = Conversation::open("10.0.0.9:4000", "10.0.0.2:80", 0);
    for body in bodies {
        talk = talk.exchange(("GET /x HTTP/1.1\nHost: a.example", b""), (json, body.as_bytes()));
    }
    let file = lab.path(&format!("{db}.pcap"));
    capture::write(&file, &talk.close());
    lab.replay(db, &[&file], &["--rules", "own"]).expect(0);
    let rows = lab.query(db, &["fields", "--location", "body"]);
    let mut found = Vec::new();
    for row in &rows {
        for class in row["data_classes"].as_array().unwrap() {
            let (field, class) = (row["field"].as_str(), class["class"].as_str());
            found.push(format!("{} {}", field.unwrap(), class.unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn rules_of_gitleaks_find_what_they_are_for_and_what_is_left_out_is_told() {
    let lab = Lab::default();
    let said = import(&lab, "gitleaks.toml", &gitleaks());
    assert!(said.contains("gitleaks.toml: 4 of 9 taken over, as 4 rules"), "{said}");
    for (line, word) in [
        (22, "some-file: it has no pattern"),
        (26, "backwards: whole: look-around"),
        (31, "huge: whole: "),
        (36, "generic: its keywords are names"),
        (46, "part-of-another: it reports nothing by itself"),
    ] {
        let told = format!("left out: line {line}, {word}");
        assert!(said.contains(&told), "{told:?} is not in {said}");
    }
    lab.run(["rules", "check", "own"]).expect(0);
    let tested = lab.run(["rules", "test", "--rules", "own"]).expect(0).stdout;
    assert!(tested.contains("gitleaks-acme-token: 3 matches"), "{tested}");
    let token = "acme_k3j5h7g9f1d2s4a6q8w0e2r4";
    let body = format!(
        r#"{{"a":"{token}","b":"log: use {token}; then go","c":"acme_aaaaaaaaaaaaaaaaaaaaaaaa",
        "d":"acme_k3j5h7g9f1d2s4a6example0","zorpClientId":"9f86d081884c7d659a2feaa0c55ad015",
        "hash":"9f86d081884c7d659a2feaa0c55ad015","e":"ZORP_KEY=9f86d081884c7d659a2feaa0c55ad015 x",
        "zorp":"00006d081884c7d659a2feaa0c55ad01","key":"k3j5h7g9f1d2s4a6",
        "sha":"9f86d081884c7d659a2feaa0c55ad0159f86d081",
        "f":"fgp_9f86d081884c7d659a2feaa0c55ad0159f86d081",
        "g":"forgery: 9f86d081884c7d659a2feaa0c55ad0159f86d081 x"}}"#
    );
    assert_eq!(
        found(&lab, "db", &[&body]),
        [
            "$.a secret.acme_token",
            "$.b secret.acme_token",
            "$.e secret.zorp_secret",
            "$.f secret.forge_token",
            "$.g secret.forge_token",
            "$.zorpClientId secret.zorp_secret",
        ]
    );
}

/// Codes of a sensitive category, as users write them down.
const VALUE_SET: &str = r#"
[[rule]]
id = "hiv"
class = "health.hiv"
description = "Codes of ICD-10-CM for HIV disease."
references = ["https://www.cms.gov/medicare/coding-billing/icd-10-codes"]
gdpr = "health"
masks = ["B20", "Z21", "B97.35"]
weight = 12.0
needs_context = true
value_set = true
code_systems = ["http://hl7.org/fhir/sid/icd-10-cm", "I10C"]
[rule.examples]
match = ["B20", "Z21", "B97.35"]
reject = ["E11.9", "B2", { field = "$.room", value = "B20" }]
"#;

#[test]
fn a_value_set_of_ones_own_tells_its_codes_where_their_system_is_named() {
    let lab = Lab::default();
    std::fs::create_dir(lab.path("own")).unwrap();
    lab.file("own/hiv.toml", VALUE_SET);
    let condition = |codes: &[&str]| {
        let system = "http://hl7.org/fhir/sid/icd-10-cm";
        let coding = |code: &&str| format!(r#"{{"system":"{system}","code":"{code}"}}"#);
        let codes: Vec<String> = codes.iter().map(coding).collect();
        let codes = codes.join(",");
        format!(r#"{{"resourceType":"Condition","code":{{"coding":[{codes}]}}}}"#)
    };
    let code = "$.code.coding[*].code";
    assert_eq!(
        found(&lab, "with", &[&condition(&["E11.9", "I10", "B20"])]),
        [format!("{code} health.clinical_code"), format!("{code} health.hiv")]
    );
    assert_eq!(
        found(&lab, "without", &[&condition(&["E11.9", "I10"])]),
        [format!("{code} health.clinical_code")]
    );
    let room = r#"{"room":"B20","bed":{"system":"http://x.example","code":"B20"}}"#;
    assert_eq!(found(&lab, "rooms", &[room]), [""; 0]);
}

#[test]
fn a_large_file_becomes_two_rules_that_fit_beside_the_built_in_ones() {
    let lab = Lab::default();
    let many: String = (0..120)
        .map(|n| {
            let vendor = format!("v{}{}x", char::from(b'a' + n / 26), char::from(b'a' + n % 26));
            let key = format!(
                "[[rules]]\nid = \"{vendor}-key\"\ndescription = \"x\"\n\
                 regex = '''{vendor}_[0-9a-f]{{20}}'''\nkeywords = [\"{vendor}_\"]\n"
            );
            let named = gitleaks();
            let named = named.split("[[rules]]").nth(2).unwrap();
            let named = named.replace("zorp", &vendor).replace("Zorp Secret", &vendor);
            if n % 2 == 0 { key } else { format!("[[rules]]{named}") }
        })
        .collect();
    let said = import(&lab, "many.toml", &many);
    assert!(said.contains("120 of 120 taken over, as 2 rules with 240 patterns"), "{said}");
    let body = r#"{"a":"say vaax_0123456789abcdef0123",
        "vabxToken":"9f86d081884c7d659a2feaa0c55ad015",
        "plain":"9f86d081884c7d659a2feaa0c55ad015"}"#;
    let expected =
        ["$.a secret.vendor_key", "$.vabxToken secret.token", "$.vabxToken secret.vendor_secret"];
    assert_eq!(found(&lab, "db", &[body]), expected);
}

#[test]
fn recognisers_of_presidio_need_their_context_where_they_are_weak() {
    let lab = Lab::default();
    let said = import(&lab, "rules.yaml", PRESIDIO);
    assert!(said.contains("rules.yaml") || said.contains("rules.toml"), "{said}");
    assert!(said.contains("2 of 4 taken over, as 3 rules"), "{said}");
    for told in [
        "taken over with a difference: line 7, Badge Recognizer, pattern badge (weak)",
        "left out: line 13, Badge Recognizer, pattern badge (ahead): whole: look-around",
        "CodeRecognizer: it is code",
        "Off: it is switched off",
    ] {
        assert!(said.contains(told), "{told:?} is not in {said}");
    }
    lab.run(["rules", "check", "own"]).expect(0);
    let body = r#"{"a":"BDG-123456","b":"left behind: bdg-654321, found","badge":"48213",
        "other":"48213","c":"his staff badge is 48213 now","d":"there were 48213 of them",
        "e":"moved to Oak Ward today","f":"Elm (upper)","g":"Elmer"}"#;
    assert_eq!(
        found(&lab, "db", &[body]),
        [
            "$.a presidio.badge",
            "$.b presidio.badge",
            "$.badge presidio.badge",
            "$.c presidio.badge",
            "$.e presidio.ward",
            "$.f presidio.ward",
        ]
    );
}

#[test]
fn what_is_no_such_file_is_refused_and_nothing_is_written_over() {
    let lab = Lab::default();
    for (name, text, word) in [
        ("a.toml", "[[rules]]\nid = 3\n", "line 2"),
        ("b.yaml", "recognizers:\n  - name: &x y\n    deny_list: [*x]\n", "line 3: an alias"),
        ("c.yaml", "a: b\n", "expected a list of recognizers"),
        ("d.json", "{}", "expected rules of gitleaks"),
        ("e.toml", "title = \"none\"\n", "no rule in it"),
    ] {
        let path = lab.file(name, text);
        let said = lab.run(["rules", "import", path.to_str().unwrap(), "-o", "own"]).expect(2);
        assert!(said.stderr.contains(word), "{name}: {said:?}");
    }
    import(&lab, "x.toml", &gitleaks());
    import(&lab, "x.toml", &gitleaks());
    lab.file("own/x.toml", "off = []\n");
    let path = lab.path("x.toml");
    let said = lab.run(["rules", "import", path.to_str().unwrap(), "-o", "own"]).expect(2).stderr;
    assert!(said.contains("was not imported"), "{said}");
    assert_eq!(std::fs::read_to_string(lab.path("own/x.toml")).unwrap(), "off = []\n");
}

/// A rule that would be slow or large is refused by file, line, rule and key before it runs.
#[test]
fn hostile_rules_are_refused_with_their_place() {
    let lab = Lab::default();
    let rule = |line: &str| {
        format!(
            "[[rule]]\nid = \"own\"\nclass = \"own.id\"\ndescription = \"x\"\n\
             references = [\"y\"]\nweight = 1.0\n{line}\n[rule.examples]\n\
             match = [\"K-1\", \"K-2\", \"K-3\"]\nreject = [\"a\", \"b\", \"c\"]\n"
        )
    };
    let many: String = (0..513)
        .map(|n| format!("[[rule.embedded]]\nanchors = [\"aaa{n}\"]\nformat = 'aaa{n}'\n"))
        .collect();
    let long = format!("[[rule.whole]]\nformat = '{}'", "x".repeat(1100));
    for (line, word) in [
        ("[[rule.whole]]\nformat = '((a{99}){99}){99}'", "whole: "),
        (&*long, "whole: longer than 1024 bytes"),
        ("[[rule.whole]]\nformat = '(?=a)b'", "whole: look-around"),
        ("[[rule.whole]]\nformat = 'K-[0-9]'\nentropy = 9.0", "whole: entropy"),
        ("allow = ['(((']\n[[rule.whole]]\nformat = 'K-[0-9]'", "allow: "),
        (&*many, "embedded: at most 512 patterns fit"),
    ] {
        let path = lab.file("hostile.toml", rule(line));
        let said = lab.run(["rules", "check", path.to_str().unwrap()]).expect(2).stderr;
        let place = "use rule own of ";
        assert!(said.contains(place) && said.contains("hostile.toml, line 2: "), "{said}");
        assert!(said.contains(word), "{line:.60}: {said}");
    }
}
