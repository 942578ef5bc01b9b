//! Names in capitalised words that are no person's: of firms, posts, goods, tests.

/// Last words of what is no person, sorted: endings of firms, what people are by trade, what a
/// clinic or a shop has to offer, what forms are made of. No surnames but the rarest.
const LAST_WORDS: [&str; 320] = [
    "academy",
    "account",
    "accountant",
    "admin",
    "administrator",
    "admission",
    "advisor",
    "ag",
    "agency",
    "agent",
    "airlines",
    "alerts",
    "analyst",
    "api",
    "apotheek",
    "apotheke",
    "application",
    "appointment",
    "apteka",
    "architect",
    "archive",
    "assessment",
    "assistant",
    "associates",
    "association",
    "assurance",
    "authority",
    "automation",
    "billing",
    "biopsy",
    "board",
    "bot",
    "button",
    "buyer",
    "bv",
    "calendar",
    "capital",
    "cardiologist",
    "cardiology",
    "care",
    "categories",
    "category",
    "center",
    "centre",
    "checkup",
    "clerk",
    "clinica",
    "clinics",
    "clinique",
    "cloud",
    "cluster",
    "clínica",
    "collective",
    "column",
    "commission",
    "committee",
    "configuration",
    "console",
    "consultant",
    "consultation",
    "cooperative",
    "coordinator",
    "council",
    "counsel",
    "credit",
    "daemon",
    "database",
    "default",
    "dental",
    "dentist",
    "dermatology",
    "designer",
    "developer",
    "device",
    "devops",
    "diagnostics",
    "director",
    "directory",
    "discharge",
    "dispatcher",
    "doctors",
    "doo",
    "editor",
    "eingetragener",
    "electric",
    "encounter",
    "endpoint",
    "energy",
    "engine",
    "engineer",
    "engineering",
    "enterprises",
    "exam",
    "examination",
    "example",
    "executive",
    "express",
    "farmacia",
    "farmácia",
    "field",
    "fields",
    "finance",
    "follow-up",
    "followup",
    "foods",
    "form",
    "foundation",
    "fund",
    "gateway",
    "gbr",
    "gesellschaft",
    "global",
    "header",
    "health",
    "healthcare",
    "holdings",
    "hospice",
    "hospitalists",
    "hospitals",
    "hotel",
    "hotels",
    "hub",
    "imaging",
    "immunisation",
    "immunization",
    "inbox",
    "incorporated",
    "indexer",
    "industries",
    "injection",
    "institut",
    "institute",
    "instructor",
    "insurance",
    "integration",
    "interface",
    "intern",
    "international",
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
    "lecturer",
    "list",
    "llp",
    "logistics",
    "lp",
    "mailbox",
    "manager",
    "marketing",
    "markets",
    "media",
    "medical",
    "medication",
    "medicine",
    "membership",
    "ministry",
    "mri",
    "nemocnice",
    "network",
    "neurology",
    "newsletter",
    "noreply",
    "notifications",
    "nurse",
    "nurses",
    "nursing",
    "nv",
    "officer",
    "ohg",
    "oncology",
    "operations",
    "ops",
    "orthopaedics",
    "orthopedics",
    "ospedale",
    "oy",
    "oyj",
    "package",
    "paediatrics",
    "panel",
    "paramedic",
    "partners",
    "pathology",
    "payable",
    "payments",
    "pediatrics",
    "permanente",
    "permission",
    "pharma",
    "pharmaceutical",
    "pharmaceuticals",
    "pharmacie",
    "pharmacies",
    "pharmacist",
    "physician",
    "physicians",
    "pipeline",
    "plan",
    "plans",
    "platform",
    "portal",
    "practice",
    "practitioners",
    "praxis",
    "prescription",
    "president",
    "printer",
    "procedure",
    "producer",
    "product",
    "products",
    "profile",
    "programmer",
    "proxy",
    "przychodnia",
    "psychiatry",
    "pty",
    "publishing",
    "questionnaire",
    "queue",
    "radiologist",
    "radiology",
    "receivable",
    "receptionist",
    "recruiter",
    "referral",
    "report",
    "representative",
    "researcher",
    "resident",
    "resources",
    "robot",
    "room",
    "sairaala",
    "sample",
    "sarl",
    "scanner",
    "scheduler",
    "school",
    "schools",
    "scientist",
    "screening",
    "secretary",
    "securities",
    "security",
    "server",
    "settings",
    "shift",
    "shipping",
    "shop",
    "shot",
    "sink",
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
    "store",
    "stores",
    "strategist",
    "studio",
    "studios",
    "subscription",
    "supervisor",
    "supplies",
    "supply",
    "surgeon",
    "surgery",
    "sykehus",
    "system",
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
    "tier",
    "title",
    "treatment",
    "trust",
    "ug",
    "ultrasound",
    "unit",
    "universities",
    "university",
    "unknown",
    "updates",
    "vaccination",
    "vaccine",
    "ventures",
    "verein",
    "versicherung",
    "visit",
    "water",
    "wellness",
    "worker",
    "workspace",
    "xray",
    "ziekenhuis",
    "zrt",
];
/// The longest of them, in bytes.
const WORD_BYTES_MAX: usize = 16;

const LETTERS: usize = 26;

/// By the first letter and the length of words of [`LAST_WORDS`]: which letters they end with, a
/// bit each. Of a hundred names next to none has all three of a word.
static ENDINGS: [[u32; WORD_BYTES_MAX + 1]; LETTERS] = endings();

#[expect(clippy::indexing_slicing, reason = "this runs at build time")]
const fn endings() -> [[u32; WORD_BYTES_MAX + 1]; LETTERS] {
    let mut table = [[0; WORD_BYTES_MAX + 1]; LETTERS];
    let mut at = 0;
    while at < LAST_WORDS.len() {
        let word = LAST_WORDS[at].as_bytes();
        // Words of other alphabets are looked up without.
        if let (Some(first), Some(last)) = (letter(word[0]), letter(word[word.len() - 1])) {
            table[first][word.len()] |= 1 << last;
        }
        at += 1;
    }
    table
}

/// The place of a small letter in the alphabet.
const fn letter(byte: u8) -> Option<usize> {
    if byte.is_ascii_lowercase() { Some((byte - b'a') as usize) } else { None }
}

/// Whether some of those words begins and ends like `word` and is as long.
fn may_be_last(word: &[u8]) -> bool {
    let ends = |byte: Option<&u8>| byte.copied().and_then(letter);
    let (Some(first), Some(last)) = (ends(word.first()), ends(word.last())) else { return false };
    let endings = ENDINGS.get(first).and_then(|by_length| by_length.get(word.len()));
    endings.is_some_and(|endings| endings >> last & 1 == 1)
}

/// Whether the last of the words in `value` leaves it open that they name a person: `Ada Lovelace`,
/// but not `Flu Shot` or `Head Nurse`.
pub(crate) fn person_name(value: &[u8]) -> bool {
    let value = value.trim_ascii_end();
    let start = memchr::memrchr(b' ', value).map_or(0, |space| space + 1);
    let last = value.get(start..).unwrap_or_default();
    let last = last.strip_suffix(b".").unwrap_or(last);
    if last.len() == value.len() || last.len() > WORD_BYTES_MAX {
        return true;
    }
    if !last.is_ascii() {
        let word = std::str::from_utf8(last).map(str::to_lowercase);
        return word.map_or(true, |word| LAST_WORDS.binary_search(&word.as_str()).is_err());
    }
    let mut lower = [0; WORD_BYTES_MAX];
    for (slot, byte) in lower.iter_mut().zip(last) {
        *slot = byte.to_ascii_lowercase();
    }
    let word = lower.get(..last.len()).unwrap_or_default();
    if !may_be_last(word) {
        return true;
    }
    LAST_WORDS.binary_search_by(|known| known.as_bytes().cmp(word)).is_err()
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
        for value in [
            "Flu Shot",
            "Lipid Panel",
            "Head Nurse",
            "Siemens AG",
            "Acme S.A. Pty.",
            "Gold Plan",
            "Audit Sink",
            "Network Ops",
            "General Surgery",
        ] {
            assert!(!person_name(value.as_bytes()), "{value}");
        }
        for value in ["Ada Lovelace", "Lovelace, Ada", "Nurse", "Jürgen Groß", "", "  ", "Ada "] {
            assert!(person_name(value.as_bytes()), "{value}");
        }
    }
}
