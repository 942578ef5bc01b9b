//! The rules that ship inside the program.

use super::RulePack;

const FILES: [(&str, &str); 9] = [
    ("clinical.toml", include_str!("../../rules/clinical.toml")),
    ("context.toml", include_str!("../../rules/context.toml")),
    ("contact.toml", include_str!("../../rules/contact.toml")),
    ("device.toml", include_str!("../../rules/device.toml")),
    ("person.toml", include_str!("../../rules/person.toml")),
    ("health.toml", include_str!("../../rules/health.toml")),
    ("financial.toml", include_str!("../../rules/financial.toml")),
    ("secret.toml", include_str!("../../rules/secret.toml")),
    ("network.toml", include_str!("../../rules/network.toml")),
];

/// One file per country, named by its code.
const NATIONAL: [(&str, &str); 61] = [
    ("national/ar.toml", include_str!("../../rules/national/ar.toml")),
    ("national/at.toml", include_str!("../../rules/national/at.toml")),
    ("national/au.toml", include_str!("../../rules/national/au.toml")),
    ("national/be.toml", include_str!("../../rules/national/be.toml")),
    ("national/bg.toml", include_str!("../../rules/national/bg.toml")),
    ("national/br.toml", include_str!("../../rules/national/br.toml")),
    ("national/ca.toml", include_str!("../../rules/national/ca.toml")),
    ("national/ch.toml", include_str!("../../rules/national/ch.toml")),
    ("national/cl.toml", include_str!("../../rules/national/cl.toml")),
    ("national/cn.toml", include_str!("../../rules/national/cn.toml")),
    ("national/cr.toml", include_str!("../../rules/national/cr.toml")),
    ("national/cu.toml", include_str!("../../rules/national/cu.toml")),
    ("national/cz.toml", include_str!("../../rules/national/cz.toml")),
    ("national/de.toml", include_str!("../../rules/national/de.toml")),
    ("national/dk.toml", include_str!("../../rules/national/dk.toml")),
    ("national/do.toml", include_str!("../../rules/national/do.toml")),
    ("national/ec.toml", include_str!("../../rules/national/ec.toml")),
    ("national/ee.toml", include_str!("../../rules/national/ee.toml")),
    ("national/es.toml", include_str!("../../rules/national/es.toml")),
    ("national/eu.toml", include_str!("../../rules/national/eu.toml")),
    ("national/fi.toml", include_str!("../../rules/national/fi.toml")),
    ("national/fr.toml", include_str!("../../rules/national/fr.toml")),
    ("national/gb.toml", include_str!("../../rules/national/gb.toml")),
    ("national/gr.toml", include_str!("../../rules/national/gr.toml")),
    ("national/hr.toml", include_str!("../../rules/national/hr.toml")),
    ("national/hu.toml", include_str!("../../rules/national/hu.toml")),
    ("national/id.toml", include_str!("../../rules/national/id.toml")),
    ("national/ie.toml", include_str!("../../rules/national/ie.toml")),
    ("national/il.toml", include_str!("../../rules/national/il.toml")),
    ("national/in.toml", include_str!("../../rules/national/in.toml")),
    ("national/is.toml", include_str!("../../rules/national/is.toml")),
    ("national/it.toml", include_str!("../../rules/national/it.toml")),
    ("national/jp.toml", include_str!("../../rules/national/jp.toml")),
    ("national/ke.toml", include_str!("../../rules/national/ke.toml")),
    ("national/kr.toml", include_str!("../../rules/national/kr.toml")),
    ("national/lt.toml", include_str!("../../rules/national/lt.toml")),
    ("national/lv.toml", include_str!("../../rules/national/lv.toml")),
    ("national/mx.toml", include_str!("../../rules/national/mx.toml")),
    ("national/my.toml", include_str!("../../rules/national/my.toml")),
    ("national/ng.toml", include_str!("../../rules/national/ng.toml")),
    ("national/nl.toml", include_str!("../../rules/national/nl.toml")),
    ("national/no.toml", include_str!("../../rules/national/no.toml")),
    ("national/nz.toml", include_str!("../../rules/national/nz.toml")),
    ("national/pe.toml", include_str!("../../rules/national/pe.toml")),
    ("national/pk.toml", include_str!("../../rules/national/pk.toml")),
    ("national/pl.toml", include_str!("../../rules/national/pl.toml")),
    ("national/pt.toml", include_str!("../../rules/national/pt.toml")),
    ("national/ro.toml", include_str!("../../rules/national/ro.toml")),
    ("national/ru.toml", include_str!("../../rules/national/ru.toml")),
    ("national/se.toml", include_str!("../../rules/national/se.toml")),
    ("national/sg.toml", include_str!("../../rules/national/sg.toml")),
    ("national/si.toml", include_str!("../../rules/national/si.toml")),
    ("national/sk.toml", include_str!("../../rules/national/sk.toml")),
    ("national/th.toml", include_str!("../../rules/national/th.toml")),
    ("national/tr.toml", include_str!("../../rules/national/tr.toml")),
    ("national/tw.toml", include_str!("../../rules/national/tw.toml")),
    ("national/ua.toml", include_str!("../../rules/national/ua.toml")),
    ("national/us.toml", include_str!("../../rules/national/us.toml")),
    ("national/ve.toml", include_str!("../../rules/national/ve.toml")),
    ("national/vn.toml", include_str!("../../rules/national/vn.toml")),
    ("national/za.toml", include_str!("../../rules/national/za.toml")),
];

const FIELDS: [(&str, &str); 5] = [
    ("fields/cda.toml", include_str!("../../rules/fields/cda.toml")),
    ("fields/classes.toml", include_str!("../../rules/fields/classes.toml")),
    ("fields/fhir.toml", include_str!("../../rules/fields/fhir.toml")),
    ("fields/fhir_clinical.toml", include_str!("../../rules/fields/fhir_clinical.toml")),
    ("fields/hl7v2.toml", include_str!("../../rules/fields/hl7v2.toml")),
];

/// The built-in pack. A file that cannot be read adds nothing; the tests below read every one, so
/// none such is ever released.
pub(super) fn load() -> RulePack {
    let mut pack = RulePack::default();
    let rules = FILES.iter().chain(&NATIONAL).map(|(file, text)| RulePack::parse(file, text));
    let fields = FIELDS.iter().map(|(file, text)| RulePack::parse_fields(file, text));
    for read in rules.chain(fields).flatten() {
        pack.extend(read);
    }
    pack.mark_built_in();
    pack
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_file_is_read() {
        for (file, text) in FILES.iter().chain(&NATIONAL) {
            RulePack::parse(file, text).unwrap_or_else(|e| panic!("{e}"));
        }
        for (file, text) in FIELDS {
            RulePack::parse_fields(file, text).unwrap_or_else(|e| panic!("{e}"));
        }
    }

    /// What is listed twice among `all`.
    fn twice<T: Ord>(all: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut seen = std::collections::BTreeSet::new();
        let mut again = Vec::new();
        for one in all {
            if seen.contains(&one) {
                again.push(one);
            } else {
                seen.insert(one);
            }
        }
        again
    }

    /// What a later file says under a name of an earlier one takes its place, and of two types of
    /// one field of HL7 v2 one is wrong: the first component of a name is no identifier.
    #[test]
    fn no_field_is_listed_twice() {
        let tables: Vec<_> =
            FIELDS.iter().map(|(file, text)| RulePack::parse_fields(file, text).unwrap()).collect();
        let tables = || tables.iter().map(RulePack::fhir);
        let rows = || {
            tables().flat_map(|t| &t.elements).flat_map(|(r, rows)| {
                rows.iter().map(move |(kind, names)| (r.as_str(), kind.as_str(), names))
            })
        };
        assert_eq!(twice(rows().map(|(resource, kind, _)| (resource, kind))), []);
        for (resource, kind, names) in rows() {
            assert!(twice(names).is_empty(), "{resource} {kind}: {:?}", twice(names));
        }
        let hl7v2 = rows().filter(|(resource, ..)| resource.starts_with("HL7v2"));
        let fields =
            hl7v2.flat_map(|(resource, _, names)| names.iter().map(move |n| (resource, n)));
        assert_eq!(twice(fields), []);
        assert_eq!(twice(tables().flat_map(|t| t.types.keys())), Vec::<&String>::new());
        assert_eq!(twice(tables().flat_map(|t| t.search.keys())), Vec::<&String>::new());
        assert_eq!(twice(tables().flat_map(|t| t.marks.keys())), Vec::<&String>::new());
        assert_eq!(twice(tables().flat_map(|t| t.tokens.keys())), Vec::<&String>::new());
        assert_eq!(twice(tables().flat_map(|t| t.classes.keys())), Vec::<&String>::new());
        let lists = tables().flat_map(|t| t.names.iter().chain(&t.definitions));
        assert_eq!(twice(lists), Vec::<&String>::new());
        assert_eq!(twice([1, 2, 1]), [1], "the test can fail");
    }

    #[test]
    fn every_rule_file_of_the_folder_is_built_in() {
        for folder in ["", "national/", "fields/"] {
            let dir = format!("{}/rules/{folder}", env!("CARGO_MANIFEST_DIR"));
            for entry in std::fs::read_dir(dir).unwrap() {
                let name = folder.to_owned() + &entry.unwrap().file_name().into_string().unwrap();
                let listed =
                    FILES.iter().chain(&NATIONAL).chain(&FIELDS).any(|(file, _)| *file == name);
                assert!(listed || !name.ends_with(".toml"), "{name} is not built in");
            }
        }
    }
}
