//! The rules that ship inside the program.

use super::RulePack;

const FILES: [(&str, &str); 9] = [
    ("context.toml", include_str!("../../rules/context.toml")),
    ("contact.toml", include_str!("../../rules/contact.toml")),
    ("person.toml", include_str!("../../rules/person.toml")),
    ("health.toml", include_str!("../../rules/health.toml")),
    ("us.toml", include_str!("../../rules/us.toml")),
    ("gb.toml", include_str!("../../rules/gb.toml")),
    ("financial.toml", include_str!("../../rules/financial.toml")),
    ("secret.toml", include_str!("../../rules/secret.toml")),
    ("network.toml", include_str!("../../rules/network.toml")),
];

const FIELDS: [(&str, &str); 3] = [
    ("fields/cda.toml", include_str!("../../rules/fields/cda.toml")),
    ("fields/fhir.toml", include_str!("../../rules/fields/fhir.toml")),
    ("fields/hl7v2.toml", include_str!("../../rules/fields/hl7v2.toml")),
];

/// The built-in pack. A file that cannot be read adds nothing; the tests below read every one, so
/// none such is ever released.
pub(super) fn load() -> RulePack {
    let mut pack = RulePack::default();
    let rules = FILES.iter().map(|(file, text)| RulePack::parse(file, text));
    let fields = FIELDS.iter().map(|(file, text)| RulePack::parse_fields(file, text));
    for read in rules.chain(fields).flatten() {
        pack.extend(read);
    }
    pack
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_file_is_read() {
        for (file, text) in FILES {
            RulePack::parse(file, text).unwrap_or_else(|e| panic!("{e}"));
        }
        for (file, text) in FIELDS {
            RulePack::parse_fields(file, text).unwrap_or_else(|e| panic!("{e}"));
        }
    }

    #[test]
    fn every_rule_file_of_the_folder_is_built_in() {
        for folder in ["", "fields/"] {
            let dir = format!("{}/rules/{folder}", env!("CARGO_MANIFEST_DIR"));
            for entry in std::fs::read_dir(dir).unwrap() {
                let name = folder.to_owned() + &entry.unwrap().file_name().into_string().unwrap();
                let listed = FILES.iter().chain(&FIELDS).any(|(file, _)| *file == name);
                assert!(listed || !name.ends_with(".toml"), "{name} is not built in");
            }
        }
    }
}
