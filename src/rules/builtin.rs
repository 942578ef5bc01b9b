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

const FHIR: (&str, &str) = ("fields/fhir.toml", include_str!("../../rules/fields/fhir.toml"));

/// The built-in pack. A file that cannot be read adds nothing; the tests below read every one, so
/// none such is ever released.
pub(super) fn load() -> RulePack {
    let mut pack = RulePack::default();
    let rules = FILES.iter().map(|(file, text)| RulePack::parse(file, text));
    let fhir = std::iter::once(RulePack::parse_fhir(FHIR.0, FHIR.1));
    for read in rules.chain(fhir).flatten() {
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
        RulePack::parse_fhir(FHIR.0, FHIR.1).unwrap_or_else(|e| panic!("{e}"));
    }

    #[test]
    fn every_rule_file_of_the_folder_is_built_in() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
        for entry in std::fs::read_dir(dir).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let listed = FILES.iter().any(|(file, _)| *file == name);
            assert!(listed || !name.ends_with(".toml"), "{name} is not built in");
        }
    }
}
