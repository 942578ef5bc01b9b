//! Specimens that issuers publish, or that are known from their rules, each with a neighbour that
//! fails.

use super::super::registry::find;

/// File, check, a value that passes.
const SPECIMENS: &[(&str, &str, &str)] = &[
    ("ar", "ar-cuil", "20055361682"),
    ("at", "at-svnr", "1237010180"),
    ("au", "au-medicare", "2123456701"),
    ("be", "be-nn", "85073003328"),
    ("bg", "bg-egn", "7523169263"),
    ("br", "br-cpf", "39053344705"),
    ("ca", "ca-bc-phn", "9698658215"),
    ("ch", "ch-ahv", "7569217076985"),
    ("cl", "cl-rut", "125319092"),
    ("cn", "cn-ric", "360426199101010071"),
    ("cr", "cr-cpf", "304550175"),
    ("cu", "cu-ni", "91021027775"),
    ("cz", "cz-rc", "7103192745"),
    ("de", "de-idnr", "36574261809"),
    ("dk", "dk-cpr", "2110625629"),
    ("dominican", "do-cedula", "00113918205"),
    ("ec", "ec-ci", "1714307103"),
    ("ee", "ee-ik", "36805280109"),
    ("es", "es-dni", "54362315K"),
    ("eu", "eu-ehic", "80276123456789012345"),
    ("fi", "fi-hetu", "131052-308T"),
    ("fr", "fr-nir", "295109912611193"),
    ("gb", "gb-upn", "B801200005001"),
    ("gr", "gr-amka", "01013099997"),
    ("hr", "hr-oib", "33392005961"),
    ("hu", "hu-taj", "111111110"),
    ("iceland", "is-kennitala", "1201743399"),
    ("id", "id-nik", "3171011708450001"),
    ("ie", "ie-pps", "6433435OA"),
    ("il", "il-idnr", "039337423"),
    ("india", "in-aadhaar", "234123412346"),
    ("it", "it-codice-fiscale", "RCCMNL83S18D969H"),
    ("jp", "jp-my-number", "621498320257"),
    ("ke", "ke-pin", "A004416331M"),
    ("kr", "kr-rrn", "9710139019902"),
    ("lv", "lv-personas-kods", "16117519997"),
    ("mx", "mx-curp", "BOXW310820HNERXN09"),
    ("my", "my-nric", "770305021234"),
    ("nl", "nl-bsn", "111222333"),
    ("no", "no-fodselsnummer", "15108695088"),
    ("nz", "nz-nhi", "ZZZ0016"),
    ("pe", "pe-cui", "101174102"),
    ("pk", "pk-cnic", "3420108912318"),
    ("pl", "pl-pesel", "44051401359"),
    ("pt", "pt-cartao", "710277391KK2"),
    ("ro", "ro-cnp", "1630615123457"),
    ("ru", "ru-inn", "123456789047"),
    ("se", "se-personnummer", "8803200016"),
    ("sg", "sg-nric", "S1234567D"),
    ("si", "si-emso", "0101006500006"),
    ("th", "th-pin", "3100600445635"),
    ("tr", "tr-tckimlik", "17291716060"),
    ("tw", "tw-id", "A123456789"),
    ("ua", "ua-rntrc", "1759013776"),
    ("us", "us-dea", "AB1234563"),
    ("ve", "ve-rif", "V114702834"),
    ("vn", "vn-mst", "0100233488"),
    ("za", "za-idnr", "7503305044089"),
    ("au", "au-ihi", "8003608166690503"),
    ("br", "br-cns", "700000000000005"),
    ("br", "br-cns", "898001160660761"),
    ("de", "de-kvnr", "A123456780"),
    ("de", "de-rvnr", "15070649C103"),
    ("be", "be-bis", "98472899765"),
    ("be", "be-card", "000001103271"),
    ("es", "es-nie", "X2482300W"),
    ("fr", "fr-nif", "3023217600053"),
    ("gb", "gb-utr", "1955839661"),
    ("lt", "lt-asmens", "33309240064"),
    ("nz", "nz-nhi", "ZZZ00AX"),
    ("nz", "nz-nhi", "ALU18KZ"),
    ("nz", "nz-nhi", "ZVB97XQ"),
    ("nz", "nz-nhi", "ZUA48EH"),
    ("nz", "nz-nhi", "ZZZ00AC"),
    ("nz", "nz-ird", "49091850"),
    ("nl", "nl-onderwijsnummer", "101222331"),
    ("us", "us-itin", "912903456"),
    ("in", "in-epic", "WKH1186253"),
];

/// Checks without a check digit: another last character passes as well.
const FORMAT_ONLY: &[&str] =
    &["cr-cpf", "cu-ni", "dk-cpr", "eu-ehic", "id-nik", "ke-pin", "my-nric", "pk-cnic", "us-itin"];
/// Checks whose last character is no part of the sum.
const CHECKED_BEFORE: &[&str] = &["au-medicare", "is-kennitala"];

fn passes(check: &str, value: &str) -> bool {
    find(check).unwrap_or_else(|| panic!("no check is called {check}")).passes(value.as_bytes())
}

#[test]
fn specimens_pass_and_their_neighbours_do_not() {
    for (file, check, value) in SPECIMENS {
        assert!(passes(check, value), "{file}: {check} {value}");
        assert!(!passes(check, &value[1..]), "{check}: {value} without its first character");
        assert!(!passes(check, &format!("{value}0")), "{check}: {value} with one more");
        if FORMAT_ONLY.contains(check) || CHECKED_BEFORE.contains(check) {
            continue;
        }
        let last = value.chars().next_back().unwrap();
        let others = ('0'..='9').chain('A'..='Z').filter(|c| *c != last);
        let passing =
            others.filter(|c| passes(check, &format!("{}{c}", &value[..value.len() - 1]))).count();
        // Peru has a row of digits and one of letters, a pupil's serial may end with a letter,
        // remainders of tax references share digits, and each edition of New Zealand's standard
        // has a check letter.
        let rows = usize::from(["pe-cui", "gb-upn", "gb-utr", "nz-nhi"].contains(check));
        assert!(passing <= rows, "{check}: {passing} neighbours pass");
    }
}

#[test]
fn no_bytes_make_a_check_panic() {
    for check in super::NATIONAL {
        for len in 0..=24 {
            for byte in [0u8, b'0', b'9', b'A', b'Z', b'a', 0xff] {
                let _ = (check.run)(&vec![byte; len]);
            }
        }
    }
}

#[test]
fn fillers_are_no_numbers() {
    for check in super::NATIONAL {
        let bare = !FORMAT_ONLY.contains(&check.name)
            && !["ar-dni", "fi-veronumero"].contains(&check.name);
        for len in (6..=18).filter(|_| bare) {
            assert!(!(check.run)(&vec![b'0'; len]), "{} takes {len} zeros", check.name);
        }
    }
}
