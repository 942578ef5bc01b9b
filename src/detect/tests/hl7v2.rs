//! What fields of HL7 v2 carry, written against the standard (chapters 2A, 3, 4, 6, 7 and 15) and
//! not against the table.

use super::judge_at;

/// Component of a data type that holds a person, a value of it, and its class.
type Part = (&'static str, &'static str, &'static str);

const XPN: &[Part] = &[
    (".1", "LOVELACE", "person.name"),
    (".1.1", "LOVELACE", "person.name"),
    (".2", "ADA", "person.name"),
    (".3", "KING", "person.name"),
];
const XCN: &[Part] = &[
    (".1", "X-4471", "person.identifier"),
    (".2", "LOVELACE", "person.name"),
    (".2.1", "LOVELACE", "person.name"),
    (".3", "ADA", "person.name"),
];
const NDL: &[Part] =
    &[(".1.1", "X-4471", "person.identifier"), (".1.2", "LOVELACE", "person.name")];
const XAD: &[Part] = &[
    (".1", "12 OAK STREET", "person.address"),
    (".1.1", "12 OAK STREET", "person.address"),
    (".3", "SPRINGFIELD", "person.address"),
    (".5", "62701", "person.address"),
];
const XTN: &[Part] = &[
    (".1", "2125550123", "contact.phone"),
    (".4", "ada@clinic.example", "contact.email"),
    (".12", "2125550123", "contact.phone"),
];
/// CX, EI or ST by class.
const MRN: &[Part] = &[("", "X-4471", "health.mrn"), (".1", "X-4471", "health.mrn")];
const IDENTIFIER: &[Part] =
    &[("", "X-4471", "person.identifier"), (".1", "X-4471", "person.identifier")];
const VISIT: &[Part] =
    &[("", "V-4471", "health.visit_number"), (".1", "V-4471", "health.visit_number")];
const PLAN: &[Part] = &[("", "P-4471", "health.plan_id"), (".1", "P-4471", "health.plan_id")];
const SSN: &[Part] = &[("", "078-05-1120", "us.ssn")];
const BORN: &[Part] = &[("", "19700131", "person.birth_date")];
const DIED: &[Part] = &[("", "20200131", "person.death_date")];
const PLACE: &[Part] = &[("", "LEEDS", "person.place")];
const EMAIL: &[Part] = &[("", "ada@clinic.example", "contact.email")];
/// CE and CWE by class: code, text, and both once more in another system.
const DIAGNOSIS: &[Part] = &[
    ("", "ASTHMA", "health.diagnosis"),
    (".2", "ASTHMA", "health.diagnosis"),
    (".5", "ASTHMA", "health.diagnosis"),
];
const ALLERGY: &[Part] = &[("", "HIVES", "health.allergy"), (".2", "HIVES", "health.allergy")];
const PROCEDURE: &[Part] = &[
    ("", "44950", "health.procedure"),
    (".1", "44950", "health.procedure"),
    (".2", "APPENDECTOMY", "health.procedure"),
    (".5", "APPENDECTOMY", "health.procedure"),
];
const DRUG: &[Part] = &[
    (".1", "00071-0155-23", "health.medication"),
    (".2", "ASPIRIN 100 MG", "health.medication"),
    (".5", "ASPIRIN 100 MG", "health.medication"),
];
const DATE: &[Part] = &[("", "20240130", "health.event_date")];
const REASON: &[Part] = &[
    ("", "FALL FROM A LADDER", "health.diagnosis"),
    (".1", "W11", "health.diagnosis"),
    (".2", "FALL FROM A LADDER", "health.diagnosis"),
];
const CONDITION: &[Part] = &[
    ("", "B6", "health.observation"),
    (".1", "B6", "health.observation"),
    (".2", "PREGNANT", "health.observation"),
];
const COMMENT: &[Part] = &[
    ("", "cannot walk, needs oxygen", "health.free_text"),
    (".2", "cannot walk, needs oxygen", "health.free_text"),
];
const LABEL: &[Part] = &[("", "VIP", "health.sensitivity_label")];
const SERIAL: &[Part] = &[("", "SN-88-4471", "device.serial_number")];
const UDI: &[Part] = &[(".1", "(01)00844588003288(21)S4471", "device.udi")];
const PARISH: &[Part] = &[(".1", "ST MARY PARISH", "person.religion")];
const NOTE: &[Part] = &[("", "fell from a ladder at home", "health.free_text")];
const ORIGIN: &[Part] = &[
    ("", "2106-3", "person.ethnicity"),
    (".1", "2106-3", "person.ethnicity"),
    (".2", "WHITE", "person.ethnicity"),
];
const RELIGION: &[Part] = &[
    ("", "CAT", "person.religion"),
    (".1", "CAT", "person.religion"),
    (".2", "CATHOLIC", "person.religion"),
];
const MARRIED: &[Part] = &[
    ("", "M", "person.marital_status"),
    (".1", "M", "person.marital_status"),
    (".2", "MARRIED", "person.marital_status"),
];

/// Fields that hold a person, by what they hold. Race, religion and marital status of the patient,
/// and the other dates of what was done, have a test of their own.
const FIELDS: [(&[Part], &str); 30] = [
    (
        XPN,
        "PID.5 PID.6 PID.9 NK1.2 NK1.26 NK1.30 GT1.3 GT1.4 GT1.42 GT1.45 IN1.6 IN1.16 IN2.7 IN2.9 \
         IN2.22 IN2.40 IN2.49 IN2.52 MRG.7 STF.3",
    ),
    (
        XCN,
        "PD1.4 PV1.7 PV1.8 PV1.9 PV1.17 PV1.52 PV2.13 IN1.30 IN2.3 OBX.16 OBX.25 DG1.16 ORC.10 \
         ORC.11 ORC.12 ORC.19 OBR.10 OBR.16 OBR.28 NTE.5 FT1.20 FT1.21 FT1.24 ACC.7 ROL.4 PRT.5",
    ),
    (NDL, "OBR.32 OBR.33 OBR.34 OBR.35"),
    (XAD, "PID.11 NK1.4 NK1.32 GT1.5 IN1.19 ORC.24 ACC.11 ROL.11 PRT.14 STF.11"),
    (
        XTN,
        "PID.13 PID.14 PID.40 NK1.5 NK1.6 NK1.31 NK1.40 NK1.41 GT1.6 GT1.7 GT1.46 IN2.50 IN2.53 \
         IN2.58 IN2.63 ORC.14 OBR.17 ROL.12 PRT.15 STF.10",
    ),
    (MRN, "PID.2 PID.3 PID.4 PD1.10 MRG.1 MRG.2 MRG.4"),
    (
        IDENTIFIER,
        "PID.20 PID.21 NK1.12 NK1.33 GT1.2 GT1.19 IN1.10 IN2.1 STF.1 STF.2 STF.14 STF.22 FT1.2",
    ),
    (VISIT, "PID.18 PV1.5 PV1.19 PV1.50 PV1.54 MRG.3 MRG.5 MRG.6 FT1.42 RXE.15"),
    (PLAN, "IN1.36 IN1.49 IN2.6 IN2.8 IN2.10 IN2.26 IN2.61"),
    (SSN, "PID.19 NK1.37 GT1.12 IN2.2"),
    (BORN, "PID.7 NK1.16 GT1.8 IN1.18 STF.6"),
    (DIED, "PID.29 GT1.24 STF.31"),
    (PLACE, "PID.23 NK1.38 GT1.56 IN1.52 ACC.3"),
    (EMAIL, "STF.15"),
    (DATE, "ACC.1 AL1.6 DG1.5 FT1.4 OBR.8 PV2.8 PV2.9 PV2.14 PV2.26 PV2.29 PV2.33"),
    (REASON, "ACC.2 DG1.7 DG1.8 OBR.12 PV1.53"),
    (CONDITION, "PD1.6 PV1.15 PV2.39 PV2.41 PV2.42 NK1.18 NK1.36 GT1.34 GT1.52 IN1.48 IN2.32"),
    (COMMENT, "OBR.39 OBR.43"),
    (LABEL, "PV1.16 NK1.39 GT1.57 IN1.53 ORC.28"),
    (SERIAL, "PRT.20"),
    (UDI, "PRT.10 PRT.16"),
    (PARISH, "PD1.14"),
    (DIAGNOSIS, "DG1.3 DG1.4 FT1.19 PV2.3 PV2.12 OBR.31"),
    (ALLERGY, "AL1.3 AL1.5"),
    (PROCEDURE, "PR1.3 PR1.4 OBR.44 FT1.25"),
    (DRUG, "RXO.1 RXE.2 RXD.2 RXG.4 RXA.5 FT1.29"),
    (NOTE, "NTE.3 OBR.13 ACC.8 ACC.9"),
    (
        ORIGIN,
        "PID.39 NK1.19 NK1.27 NK1.28 NK1.35 GT1.35 GT1.43 GT1.44 GT1.55 IN2.33 IN2.41 IN2.42 \
         IN2.71 STF.27 STF.28 STF.30",
    ),
    (RELIGION, "NK1.25 GT1.41 IN2.39 STF.40"),
    (MARRIED, "NK1.14 GT1.30 IN2.43 STF.17"),
];

#[test]
fn every_segment_about_persons_says_what_its_fields_hold() {
    let mut lacking = Vec::new();
    for (parts, fields) in FIELDS {
        for field in fields.split(' ') {
            for (part, value, class) in parts {
                let context = format!("HL7v2.{field}{part}");
                let judged = judge_at("$.x", &context, [(*value).to_owned()]);
                if !judged.verdicts.iter().any(|v| *v.class == **class && v.count == 1) {
                    lacking.push(format!("{context} {class}: {judged:?}"));
                }
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
    let fields = || FIELDS.iter().flat_map(|(_, fields)| fields.split(' '));
    let segments = "PID PD1 NK1 PV1 PV2 GT1 IN1 IN2 MRG OBX DG1 AL1 ORC OBR NTE FT1 ACC ROL PRT \
                    STF";
    for segment in segments.split(' ') {
        assert!(fields().any(|field| field.starts_with(segment)), "{segment}");
    }
}

/// What organisations, orders and the message itself are called holds nobody.
#[test]
fn fields_about_no_person_say_nothing() {
    for (field, value) in [
        ("PID.1", "LOVELACE"),
        ("NK1.13.1", "LOVELACE"),
        ("NK1.3.2", "MOTHER"),
        ("PV1.2", "I"),
        ("PV1.10", "MED"),
        ("PV2.17", "20240130"),
        ("PD1.13", "20240130"),
        ("PD1.14.3", "4471"),
        ("IN1.12", "20240130"),
        ("FT1.5", "20240130"),
        ("ACC.4", "IL"),
        ("ACC.6", "N"),
        ("GT1.47.1", "BILLING"),
        ("ACC.13.1", "X-4471"),
        ("OBX.19", "20240130"),
        ("PRT.18", "20240130"),
        ("PV2.23.1", "LOVELACE"),
        ("GT1.17.3", "SPRINGFIELD"),
        ("IN1.4.1", "LOVELACE"),
        ("IN1.5.3", "SPRINGFIELD"),
        ("OBR.4.2", "APPENDECTOMY"),
        ("OBX.3.2", "ASTHMA"),
        ("ORC.2.1", "X-4471"),
        ("ORC.22.3", "SPRINGFIELD"),
        ("PR1.6", "A"),
        ("RXE.5.2", "MILLIGRAM"),
        ("STF.8.2", "SURGERY"),
    ] {
        let judged = judge_at("$.x", &format!("HL7v2.{field}"), [value.to_owned()]);
        assert!(judged.verdicts.is_empty(), "{field}: {:?}", judged.verdicts);
    }
}
