//! FHIR made for benches: the same every time.

use std::fmt::Write;

/// A sequence of numbers that looks random and is the same every time (Lehmer, MINSTD).
pub(crate) struct Sequence(pub(crate) u64);

impl Sequence {
    /// The next one.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0 * 48271 % 0x7fff_ffff;
        self.0
    }
}

/// A searchset of patients and observations in the shape FHIR R4 servers send.
pub(crate) fn bundle(entries: u64) -> String {
    bundle_of(entries, 20_261_121)
}

/// The same with numbers that follow from `seed`.
pub(crate) fn bundle_of(entries: u64, seed: u64) -> String {
    let mut random = Sequence(seed);
    let mut out = String::from(r#"{"resourceType":"Bundle","type":"searchset","entry":["#);
    for n in 0..entries {
        if n > 0 {
            out.push(',');
        }
        let (a, b, c) = (random.next(), random.next(), random.next());
        let id =
            format!("{a:08x}-{:04x}-4{:03x}-8{:03x}-{c:012x}", b & 0xffff, b & 0xfff, c & 0xfff);
        write!(out, r#"{{"fullUrl":"http://fhir.example.org/fhir/x/{id}","resource":{{"#).unwrap();
        if n.is_multiple_of(4) {
            patient(&mut out, &id, a, b);
        } else {
            observation(&mut out, &id, a, b, c);
        }
        out.push_str(r#"},"search":{"mode":"match"}}"#);
    }
    out.push_str("]}");
    out
}

fn patient(out: &mut String, id: &str, a: u64, b: u64) {
    write!(
        out,
        concat!(
            r#""resourceType":"Patient","id":"{id}","meta":{{"versionId":"1","#,
            r#""lastUpdated":"2024-02-10T18:57:40.514+00:00","#,
            r#""profile":["http://hl7.org/fhir/us/core/StructureDefinition/"#,
            r#"us-core-patient"]}},"text":{{"status":"generated","#,
            r#""div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Grace Hughes</div>"}},"#,
            r#""identifier":[{{"use":"usual","#,
            r#""type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/"#,
            r#"v2-0203","code":"MR"}}]}},"system":"urn:oid:2.16.840.1.113883.19","#,
            r#""value":"{}"}},{{"system":"https://fhir.nhs.uk/Id/nhs-number","#,
            r#""value":"{}"}}],"active":true,"name":[{{"use":"official","#,
            r#""family":"Hughes{}","given":["Grace","M"]}}],"#,
            r#""telecom":[{{"system":"phone","value":"555-{:04}","use":"home"}}],"#,
            r#""gender":"female","birthDate":"19{:02}-0{}-1{}","#,
            r#""address":[{{"line":["{} Main St"],"city":"Anytown","state":"MA","#,
            r#""postalCode":"0{:04}"}}]"#,
        ),
        a % 10_000_000,
        b % 10_000_000_000,
        a % 97,
        b % 10_000,
        a % 100,
        b % 9 + 1,
        a % 10,
        b % 1000,
        a % 10_000,
        id = id,
    )
    .unwrap();
}

fn observation(out: &mut String, id: &str, a: u64, b: u64, c: u64) {
    write!(
        out,
        concat!(
            r#""resourceType":"Observation","id":"{id}","meta":{{"versionId":"1","#,
            r#""lastUpdated":"2024-02-10T18:57:40.514+00:00"}},"status":"final","#,
            r#""category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/"#,
            r#"observation-category","code":"vital-signs","#,
            r#""display":"Vital Signs"}}]}}],"#,
            r#""code":{{"coding":[{{"system":"http://loinc.org","code":"{}-{}","#,
            r#""display":"Body Height"}}],"text":"Body Height"}},"#,
            r#""subject":{{"reference":"Patient/{id}"}},"#,
            r#""encounter":{{"reference":"Encounter/{id}"}},"#,
            r#""effectiveDateTime":"20{:02}-03-1{}T11:22:33Z","#,
            r#""issued":"2024-03-11T11:22:33.123Z","#,
        ),
        a % 99_999,
        b % 10,
        a % 30,
        c % 10,
        id = id,
    )
    .unwrap();
    if c.is_multiple_of(3) {
        write!(out, r#""valueString":"within limits""#).unwrap();
    } else {
        write!(
            out,
            concat!(
                r#""valueQuantity":{{"value":{}.{},"unit":"cm","#,
                r#""system":"http://unitsofmeasure.org","code":"cm"}}"#,
            ),
            a % 200,
            b % 100,
        )
        .unwrap();
    }
}
