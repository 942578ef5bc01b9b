//! What people read when they ask the inventory: why a class was given or withheld, findings that
//! belong together, what is said where nothing matches, and tables as wide as the terminal.

mod support;

use std::process::Command;

use serde_json::Value;

use support::capture;
use support::fixture;
use support::phitap::Lab;
use support::tcp::Conversation;

fn clinic() -> Lab {
    let lab = Lab::default();
    lab.replay("phitap.db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    lab
}

/// One exchange whose answer is `body`.
fn answered(body: &str) -> Lab {
    let lab = Lab::default();
    let talk = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 1_000_000);
    let head = "HTTP/1.1 200 OK\nContent-Type: application/json";
    let talk = talk.exchange(("GET /x HTTP/1.1\nHost: api.example", b""), (head, body.as_bytes()));
    let path = lab.path("made.pcap");
    capture::write(&path, &talk.close());
    lab.replay("phitap.db", &[&path], &[]).expect(0);
    lab
}

fn reasons(rows: &[Value], field: &str) -> Vec<String> {
    let row = rows.iter().find(|row| row["field"] == field);
    let row = row.unwrap_or_else(|| panic!("no {field} in {rows:#?}"));
    let reasons = row["explanation"].as_array().unwrap_or_else(|| panic!("no reasons: {row:#}"));
    reasons.iter().map(|reason| reason.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_field_says_why_a_class_was_given_or_withheld_in_every_format() {
    let lab = clinic();
    let rows = lab.query("phitap.db", &["fields", "--explain"]);
    assert!(rows.len() > 300, "{} fields", rows.len());
    for row in &rows {
        let reasons = row["explanation"].as_array().map_or(0, Vec::len);
        assert!(reasons > 0, "no word on {row:#}");
        for class in row["data_classes"].as_array().unwrap() {
            let class = class["class"].as_str().unwrap();
            let said = row["explanation"].to_string();
            assert!(said.contains(&format!("\"{class}: ")), "{class} is not explained: {row:#}");
        }
    }
    let ask = |format: &str| {
        lab.run(["fields", "--explain", "--db", "phitap.db", "--format", format]).expect(0).stdout
    };
    assert_eq!(ask("jsonl").lines().count(), rows.len());
    assert_eq!(ask("csv").lines().count(), rows.len() + 1);
    let heads: Vec<String> =
        ask("table").lines().filter(|l| !l.starts_with(' ')).map(str::to_owned).collect();
    assert_eq!(heads.len(), rows.len());
    for said in [ask("table"), ask("csv")] {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("36 of 36 distinct values pass nhs (9.1 % by chance)"), "{said}");
        let nothing = "nothing in these values looks like a class of the pack (108 integer)";
        assert!(said.contains(nothing), "{said}");
    }
}

#[test]
fn a_withheld_class_says_what_was_tried_and_what_was_missed() {
    let numbers: Vec<String> =
        (0..200u64).map(|n| format!("{{\"x\":\"{}\"}}", 4_000_000_000 + n * 7_919_111)).collect();
    let rows = answered(&format!(
        "{{\"list\":[{}],\"ssn\":\"none given\",\"sku\":\"AB123456C\",\"gone\":null,\
         \"title\":[\"Blue Harbour\",\"Red Lantern\"]}}",
        numbers.join(",")
    ))
    .query("phitap.db", &["fields"]);
    let page_ids = reasons(&rows, "$.list[*].x");
    let missed = |reason: &String| {
        reason.starts_with("withheld gb.nhs_number (0 of 50 needed): ")
            && reason.contains("of 200 distinct values pass nhs (9.1 % by chance)")
    };
    assert!(page_ids.iter().any(missed), "{page_ids:#?}");
    let named = reasons(&rows, "$.ssn");
    let without = |r: &String| r == "withheld us.ssn: name has \"ssn\", but no value has its form";
    assert!(named.iter().any(without), "{named:#?}");
    let sku = reasons(&rows, "$.sku");
    assert!(
        sku.iter().any(|r| r == "gb.nino: name has \"sku\", which speaks against it"),
        "{sku:?}"
    );
    assert!(sku.iter().any(|r| r.starts_with("withheld gb.nino (")), "{sku:?}");
    let gone = reasons(&rows, "$.gone");
    assert_eq!(gone, ["it never had a value that could be of any class (1 true, false or null)"]);
    let title = reasons(&rows, "$.title[*]");
    let looks = "withheld person.name: most values are capitalised words";
    assert!(title.iter().any(|r| r.starts_with(looks)), "{title:#?}");
}

#[test]
fn people_read_once_why_several_classes_were_withheld_and_programs_each_time() {
    let lab = answered("{\"title\":[\"Blue Harbour\",\"Red Lantern\"]}");
    let all = reasons(&lab.query("phitap.db", &["fields"]), "$.title[*]");
    let (why, looks) = (": most values are capitalised words,", "capitalised words");
    let alike: Vec<&String> = all.iter().filter(|reason| reason.contains(why)).collect();
    assert!(alike.len() > 3, "{all:#?}");
    let told = lab.run(["fields", "--explain", "--db", "phitap.db"]).expect(0).stdout;
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(told.matches(looks).count(), 1, "{told}");
    let classes: Vec<&str> = alike
        .iter()
        .map(|reason| reason.strip_prefix("withheld ").and_then(|r| r.split(": ").next()))
        .map(|class| class.expect("a class"))
        .collect();
    assert!(told.contains(&format!("withheld {}{why}", classes.join(", "))), "{told}");
}

#[test]
fn findings_that_belong_together_are_one_line_and_rows_stay_single_for_programs() {
    let lab = clinic();
    let rows = lab.query("phitap.db", &["findings"]);
    let ask = |args: &[&str]| {
        let all = ["findings", "--db", "phitap.db"].iter().chain(args);
        lab.run(all).expect(0).stdout
    };
    let severities = ["critical", "high", "medium", "low", "info"];
    let lines =
        |text: &str| text.lines().filter(|l| severities.iter().any(|s| l.starts_with(s))).count();
    let mut groups: Vec<[&str; 4]> = rows
        .iter()
        .map(|row| {
            ["rule", "endpoint", "direction", "state"].map(|k| row[k].as_str().unwrap_or(""))
        })
        .collect();
    groups.sort_unstable();
    groups.dedup();
    let table = ask(&[]);
    assert_eq!(lines(&table), groups.len());
    assert!(groups.len() * 3 < rows.len(), "{} of {}", groups.len(), rows.len());
    assert!(table.contains(&format!("{} findings in {} groups", rows.len(), groups.len())));
    assert_eq!(lines(&ask(&["--all"])), rows.len());
    assert_eq!(lines(&ask(&["--limit", "3"])), 3);
    // The worst come first, whole at 80 columns: severity, what, where, field and class.
    let first: String = table.lines().skip(2).take(4).collect::<Vec<_>>().join("\n");
    for part in [
        "critical  sensitive-data-unauthenticated",
        "response",
        "ward.clinic.example:8080  GET /patients/{id}",
        "gb.nino, health.mrn",
        "$[*].nino",
    ] {
        assert!(first.contains(part), "{part:?} is not in {first}");
    }
    assert!(table.lines().all(|line| !line.contains('…')), "{table}");
    // The summary tells the same groups in the same order.
    let again = Lab::default();
    let said = again.replay("b.db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0).stdout;
    let told: Vec<&str> = said
        .lines()
        .filter(|l| {
            severities.iter().any(|s| l.strip_prefix("  ").is_some_and(|l| l.starts_with(s)))
        })
        .collect();
    let table: Vec<&str> = table.lines().collect();
    let shown: Vec<&[&str]> =
        table.windows(2).filter(|pair| severities.iter().any(|s| pair[0].starts_with(s))).collect();
    assert_eq!(told.len(), 8);
    for (told, shown) in told.iter().zip(shown) {
        let word = |line: &str| line.split_whitespace().next().unwrap().to_owned();
        assert_eq!(word(told), word(shown[0]));
        let operation = told[12..].split([',', ':']).next().unwrap();
        assert!(shown[1].contains(operation), "{told} / {shown:?}");
    }
    let explained = ask(&["--explain", "--limit", "2"]);
    assert!(explained.contains("fields: $[*].mrn, $[*].nino, $[*].dob"), "{explained}");
}

#[test]
fn an_unknown_word_in_a_filter_is_refused_with_the_nearest() {
    let lab = clinic();
    for (args, words) in [
        (&["endpoints", "--class", "foo"][..], &["--class", "\"foo\"", "phitap rules list"][..]),
        (&["endpoints", "--class", "gb.nhs_nubmer"], &["did you mean gb.nhs_number?"]),
        (&["fields", "--class", "ssn"], &["did you mean us.ssn?"]),
        (&["findings", "--class", "us.snn"], &["did you mean us.ssn?"]),
        (&["endpoints", "--method", "GTE"], &["--method", "GET", "HEAD", "did you mean GET?"]),
        (&["endpoints", "--encrypted", "yes"], &["--encrypted", "all, none, some"]),
        (&["endpoints", "--auth", "bearr"], &["--auth", "did you mean bearer?"]),
        (&["fields", "--direction", "respons"], &["--direction", "did you mean response?"]),
        (&["fields", "--location", "boddy"], &["--location", "did you mean body?"]),
        (&["findings", "--kind", "transprot"], &["--kind", "did you mean transport?"]),
        (&["findings", "--rule", "credentials"], &[]),
        (&["findings", "--rule", "clear-data"], &["--rule", "sensitive-data-in-clear"]),
        (&["findings", "--state", "accpeted"], &["--state", "did you mean accepted?"]),
        (&["findings", "--id", "7"], &["--id", "f-0123456789abcdef"]),
        (&["fields", "--min-confidence", "101"], &["--min-confidence", "0 to 100"]),
        (&["services", "--severity", "hihg"], &["--severity", "critical"]),
    ] {
        let code = if words.is_empty() { 0 } else { 2 };
        let ran = lab.run(args.iter().chain(&["--db", "phitap.db"])).expect(code);
        for word in words {
            assert!(ran.stderr.contains(word), "{args:?}: no {word:?} in {}", ran.stderr);
        }
    }
    // Known is what the rules can give and what is stored, families and patterns of both.
    for class in ["gb", "gb.*", "*.ssn", "health.attachment", "us.mbi"] {
        lab.run(["endpoints", "--class", class, "--db", "phitap.db"]).expect(0);
    }
}

#[test]
fn what_matches_nothing_says_which_filter_to_drop() {
    let lab = clinic();
    let ask = |args: &[&str]| {
        let said = lab.run(args.iter().chain(&["--db", "phitap.db"])).expect(0).stdout;
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let rows = |args: &[&str]| lab.query("phitap.db", args).len();
    let clear = rows(&["endpoints", "--class", "gb.nino"]);
    let put = rows(&["endpoints", "--method", "PUT"]);
    assert_eq!((clear, put > 1), (1, true));
    assert_eq!(
        ask(&["endpoints", "--class", "gb.nino", "--method", "PUT"]),
        format!(
            "no endpoints match; without --method PUT there is 1, without --class gb.nino there \
             are {put}"
        )
    );
    let all = rows(&["endpoints"]);
    assert_eq!(
        ask(&["coverage", "--service", "nosuch"]),
        format!("no endpoints match; without --service nosuch there are {all}")
    );
    assert_eq!(
        ask(&["coverage", "--input", "nosuch"]),
        "no inputs match; without --input nosuch there is 1"
    );
    assert_eq!(
        ask(&["clients", "--client", "9.9"]),
        "no clients match; without --client 9.9 there are 6"
    );
    let both = ask(&["services", "--service", "nope", "--severity", "low"]);
    assert!(both.starts_with("no services match; without --service nope there are "), "{both}");
    let cookies = ask(&["fields", "--location", "cookie"]);
    assert!(cookies.contains("--all shows"), "{cookies}");
    assert_eq!(ask(&["endpoints", "--service", "nope", "--format", "json"]), "[]");

    let frames = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 0).close();
    let path = lab.path("empty.pcap");
    capture::write(&path, &frames);
    lab.replay("empty.db", &[&path], &[]).expect(0);
    for query in ["services", "endpoints", "fields", "findings", "clients"] {
        let said = lab.run([query, "--db", "empty.db"]).expect(0).stdout;
        assert!(said.contains(&format!("no {query} in the")) && said.contains("phitap coverage"));
    }
}

#[test]
fn tables_are_as_wide_as_the_terminal() {
    let lab = clinic();
    let phitap = env!("CARGO_BIN_EXE_phitap");
    let shown = |columns: usize, query: &str| {
        let inside = format!("stty cols {columns}; {phitap} {query} --db phitap.db");
        let mut script = Command::new("script");
        script.args(["-qec", &inside, "/dev/null"]).env("NO_COLOR", "1").current_dir(lab.path(""));
        let output = script.output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).replace('\r', ""))
    };
    if shown(80, "services").is_none() {
        return support::skip("tables_are_as_wide_as_the_terminal", "script(1) is not there");
    }
    for query in ["services", "endpoints", "fields", "findings", "findings --all", "clients"] {
        for columns in [80, 160] {
            let table = shown(columns, query).unwrap();
            let widest = table.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(widest <= columns, "{query}: {widest} of {columns}\n{table}");
            assert!(columns == 80 || widest > 80, "{query}: {widest} of {columns}\n{table}");
            // A mask, in the last column, is cut by itself.
            let rows = table.lines().map(|line| line.trim_end_matches('…'));
            // The path of what stands in an attachment is longer than 80 columns have room for.
            let long = |line: &&str| columns == 80 && line.contains("attachment.data|$");
            let cut = rows.filter(|line| line.contains('…') && !long(line)).count();
            assert_eq!(cut, 0, "{query} at {columns}:\n{table}");
            assert!(columns == 80 || !table.contains("no room for"), "{query}:\n{table}");
        }
    }
}

#[test]
fn a_check_and_a_digest_are_told_in_every_format() {
    let lab = clinic();
    let ask = |args: &[&str]| lab.run(args.iter().chain(&["--db", "phitap.db"])).expect(0).stdout;
    let digest = ask(&["db", "digest"]);
    let json = |args: &[&str]| -> serde_json::Value { serde_json::from_str(&ask(args)).unwrap() };
    assert_eq!(json(&["db", "digest", "--format", "json"])[0]["digest"], digest.trim());
    assert_eq!(json(&["db", "digest", "--format", "jsonl"])["digest"], digest.trim());
    assert_eq!(
        ask(&["db", "digest", "--format", "csv"]).trim_end(),
        format!("digest\n{digest}").trim_end()
    );
    let export = json(&["db", "digest", "--export", "--format", "jsonl"]);
    let lines: Vec<&str> =
        export["lines"].as_array().unwrap().iter().filter_map(|l| l.as_str()).collect();
    assert_eq!(lines.join("\n"), ask(&["db", "digest", "--export"]).trim_end());
    let whole = json(&["db", "check", "--format", "jsonl"]);
    assert_eq!(whole["whole"], true);
    assert_eq!(whole["problems"].as_array().map(Vec::len), Some(0));
    assert!(ask(&["db", "check"]).ends_with("phitap.db: ok\n"));
}
