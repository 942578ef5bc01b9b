//! Names in capitalised words that are no person's: of firms, posts, goods, tests.

/// Last words of what is no person, sorted: endings of firms, what people are by trade, what a
/// clinic or a shop has to offer, what forms are made of. No surnames but the rarest.
const LAST_WORDS: [&str; 169] = [
    "account",
    "administrator",
    "admission",
    "ag",
    "agency",
    "apotheek",
    "apotheke",
    "appointment",
    "apteka",
    "assessment",
    "assistant",
    "associates",
    "association",
    "assurance",
    "authority",
    "biopsy",
    "button",
    "bv",
    "cardiologist",
    "categories",
    "category",
    "checkup",
    "clinica",
    "clinique",
    "clínica",
    "column",
    "commission",
    "committee",
    "configuration",
    "consultant",
    "consultation",
    "coordinator",
    "council",
    "default",
    "dentist",
    "device",
    "director",
    "discharge",
    "doctors",
    "doo",
    "eingetragener",
    "encounter",
    "exam",
    "examination",
    "example",
    "farmacia",
    "farmácia",
    "field",
    "fields",
    "follow-up",
    "followup",
    "form",
    "foundation",
    "gbr",
    "gesellschaft",
    "header",
    "healthcare",
    "holdings",
    "immunisation",
    "immunization",
    "incorporated",
    "industries",
    "injection",
    "institut",
    "institute",
    "insurance",
    "intern",
    "item",
    "items",
    "kft",
    "kg",
    "kit",
    "klinik",
    "klinika",
    "klinikum",
    "krankenhaus",
    "krankenkasse",
    "laboratoire",
    "laboratory",
    "labs",
    "list",
    "llp",
    "lp",
    "manager",
    "medication",
    "membership",
    "ministry",
    "mri",
    "nemocnice",
    "nurse",
    "nurses",
    "nv",
    "officer",
    "ohg",
    "ospedale",
    "oy",
    "oyj",
    "package",
    "panel",
    "paramedic",
    "permission",
    "pharma",
    "pharmaceutical",
    "pharmaceuticals",
    "pharmacie",
    "pharmacist",
    "physician",
    "plan",
    "plans",
    "praxis",
    "prescription",
    "procedure",
    "product",
    "products",
    "profile",
    "przychodnia",
    "pty",
    "questionnaire",
    "radiologist",
    "receptionist",
    "referral",
    "report",
    "resident",
    "sairaala",
    "sample",
    "sarl",
    "screening",
    "settings",
    "shot",
    "sjukhus",
    "society",
    "software",
    "solutions",
    "spa",
    "specialist",
    "srl",
    "sro",
    "staff",
    "stiftung",
    "subscription",
    "supervisor",
    "surgeon",
    "sykehus",
    "systems",
    "szpital",
    "table",
    "technician",
    "technologies",
    "technology",
    "template",
    "test",
    "tests",
    "therapist",
    "therapy",
    "title",
    "treatment",
    "ug",
    "ultrasound",
    "university",
    "unknown",
    "vaccination",
    "vaccine",
    "verein",
    "versicherung",
    "visit",
    "worker",
    "xray",
    "ziekenhuis",
    "zrt",
];
/// The longest of them, in bytes.
const WORD_BYTES_MAX: usize = 16;

/// Whether the last of the words in `value` leaves it open that they name a person: `Ada Lovelace`,
/// but not `Flu Shot` or `Head Nurse`.
pub(super) fn person_name(value: &[u8]) -> bool {
    let last = value.rsplit(|b| *b == b' ').find(|word| !word.is_empty()).unwrap_or_default();
    let last = last.strip_suffix(b".").unwrap_or(last);
    if last.len() == value.len() || last.len() > WORD_BYTES_MAX {
        return true;
    }
    let Ok(word) = std::str::from_utf8(last) else { return true };
    let word = word.to_lowercase();
    LAST_WORDS.binary_search(&word.as_str()).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_and_short() {
        assert!(LAST_WORDS.is_sorted());
        assert!(LAST_WORDS.iter().all(|word| word.len() <= WORD_BYTES_MAX));
    }

    #[test]
    fn firms_posts_and_tests_are_no_persons() {
        for value in
            ["Flu Shot", "Lipid Panel", "Head Nurse", "Siemens AG", "Acme S.A. Pty.", "Gold Plan"]
        {
            assert!(!person_name(value.as_bytes()), "{value}");
        }
        for value in ["Ada Lovelace", "Lovelace, Ada", "Nurse", "Jürgen Groß", "", "  ", "Ada "] {
            assert!(person_name(value.as_bytes()), "{value}");
        }
    }
}
