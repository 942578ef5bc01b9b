//! What documents of a standard say by place, wherever they travel: FHIR in parts and in values,
//! questions of FHIR, Clinical Document Architecture.

mod support;

use std::collections::BTreeSet;

use support::corpus;
use support::phitap::Lab;
use support::said::{JSON, Said, fields, found};

const FHIR: &str = "HTTP/1.1 200 OK\nContent-Type: application/fhir+json";
const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"searchset","total":0}"#;
const PATIENT: &str = r#"{"resourceType":"Patient","name":[{"family":"Lovelace","given":["Ada"]}],
    "birthDate":"1970-02-11","telecom":[{"system":"phone","value":"07700 900123"}],
    "address":[{"line":["Rose Cottage"],"city":"Leeds"}],"gender":"female",
    "text":{"div":"<div>seen on Monday</div>"}}"#;

fn expect(found: &BTreeSet<String>, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|&row| row.to_owned()).collect();
    let missing: Vec<_> = expected.difference(found).collect();
    let surplus: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?} surplus {surplus:#?}");
}

/// A body of one part.
fn part(media: &str, body: &str) -> String {
    let head = format!("Content-Disposition: form-data; name=\"doc\"\r\nContent-Type: {media}");
    format!("--B\r\n{head}\r\n\r\n{body}\r\n--B--\r\n")
}

fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

#[test]
fn fhir_in_a_part_or_a_value_says_what_it_says_as_a_body() {
    let multipart = "multipart/form-data; boundary=B";
    let xml = r#"<Patient xmlns="http://hl7.org/fhir"><name><family value="Lovelace"/></name>
        <birthDate value="1970-02-11"/><address><city value="Leeds"/></address></Patient>"#;
    let form = "application/x-www-form-urlencoded";
    let said = [
        Said::post("/in/body", "application/fhir+json", PATIENT),
        Said::post("/in/fhir", multipart, part("application/fhir+json", PATIENT)),
        Said::post("/in/json", multipart, part("application/json", PATIENT)),
        Said::post("/in/xml", multipart, part("application/fhir+xml", xml)),
        Said::post("/in/form", form, format!("payload={}", encoded(PATIENT))),
        Said::post("/in/near", multipart, part("application/json", r#"{"city":"Leeds"}"#)),
    ];
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    let of_patient = |at: &str, root: &str| {
        [
            ("name[*].family", "person.name"),
            ("name[*].given[*]", "person.name"),
            ("birthDate", "person.birth_date"),
            ("telecom[*].value", "contact.phone"),
            ("address[*].line[*]", "person.address"),
            ("address[*].city", "person.address"),
            ("text.div", "health.free_text"),
            ("text.div", "person.name"),
        ]
        .map(|(field, class)| format!("POST {at} body {root}.{field} {class}"))
    };
    let mut expected: Vec<String> = Vec::new();
    for (at, root) in [
        ("/in/body", "$"),
        ("/in/fhir", "part:$"),
        ("/in/json", "part:$"),
        ("/in/form", "payload|$"),
    ] {
        expected.extend(of_patient(at, root));
    }
    expected.extend(
        [
            "POST /in/xml body part:/Patient/name/family/@value person.name",
            "POST /in/xml body part:/Patient/birthDate/@value person.birth_date",
            "POST /in/xml body part:/Patient/address/city/@value person.address",
        ]
        .map(str::to_owned),
    );
    expect(&found, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn questions_about_persons_are_found_however_they_are_asked() {
    let ask = |target: &str| Said::get(target, FHIR, BUNDLE);
    let said = [
        ask("/fhir/Patient?_content=Lovelace"),
        ask("/fhir/Patient?_text=Lovelace&_count=5"),
        ask("/fhir/Patient?_filter=name%20eq%20%22Roe%22"),
        ask("/fhir/Observation?_text=wheezing"),
        ask("/fhir/Organization?_filter=name%20eq%20%22Acme%22"),
        ask("/fhir?_type=Observation,Patient&name=Lovelace"),
        ask("/fhir/r?_type=Organization&name=Acme"),
    ];
    let lab = Lab::default();
    expect(
        &found(&fields(&lab, &said)),
        &[
            "GET /fhir/Patient query _content person.name",
            "GET /fhir/Patient query _content health.free_text",
            "GET /fhir/Patient query _text person.name",
            "GET /fhir/Patient query _text health.free_text",
            "GET /fhir/Patient query _filter person.name",
            "GET /fhir/Observation query _text health.free_text",
            "GET /fhir query name person.name",
        ],
    );
}

#[test]
fn parameters_of_operations_are_known_by_type_and_name() {
    let parameters = r#"{"resourceType":"Parameters","parameter":[
        {"name":"family","valueString":"Lovelace"},
        {"valueDate":"1970-02-11","name":"birthDate"},
        {"name":"who","valueHumanName":{"family":"Lovelace","given":["Ada"]}},
        {"name":"home","valueAddress":{"city":"Leeds"}},
        {"name":"at","valueContactPoint":{"value":"07700 900123","system":"phone"}},
        {"name":"id","valueIdentifier":{"value":"A0012345"}},
        {"name":"system","valueUri":"http://loinc.org"},
        {"name":"name","valueCode":"laboratory"},
        {"name":"batch","part":[{"name":"given","valueMarkdown":"Ada"}]}]}"#;
    let said = [Said {
        head: FHIR.to_owned(),
        ..Said::post("/fhir/Patient/$find", "application/fhir+json", parameters)
    }];
    let lab = Lab::default();
    expect(
        &found(&fields(&lab, &said)),
        &[
            "valueString person.name",
            "valueDate person.birth_date",
            "valueHumanName.family person.name",
            "valueHumanName.given[*] person.name",
            "valueAddress.city person.address",
            "valueContactPoint.value contact.phone",
            "valueIdentifier.value person.identifier",
            "part[*].valueMarkdown person.name",
        ]
        .map(|row| format!("POST /fhir/Patient/$find body $.parameter[*].{row}"))
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>(),
    );
}

#[test]
fn a_version_is_read_with_and_without_quotes() {
    let media = "HTTP/1.1 200 OK\nContent-Type: application/fhir+json; fhirVersion=\"4.3\"";
    let said = [
        Said::get("/b/Patient/1", media, PATIENT),
        Said::get("/c/Patient/1", "HTTP/1.1 404 Not Found", "")
            .with("Accept: application/fhir+json; fhirVersion=\"5.0\""),
    ];
    let lab = Lab::default();
    fields(&lab, &said);
    let rows = lab.query("db", &["endpoints"]);
    let standards: BTreeSet<&str> =
        rows.iter().filter_map(|row| row["standard"].as_str()).collect();
    assert_eq!(standards, ["fhir-r4b", "fhir-r5"].into());
}

#[test]
fn turned_names_and_names_of_other_kinds_are_known_beside_what_is_personal() {
    let said = [
        Said::json(
            "/ward",
            r#"[{"name":"Lovelace, Ada","dob":"1970-02-11","mrn":"MRN00123456"},
                {"name":"Turing, Alan M.","dob":"1971-03-12","mrn":"MRN00123457"}]"#,
        ),
        Said::json(
            "/card",
            r#"{"displayName":"Lovelace, Ada","legalName":"Ada Lovelace","preferredName":"Ada",
                "birthDate":"1970-02-11","emergencyContact":"Byron, Anne"}"#,
        ),
        Said::json(
            "/kin",
            r#"{"birthDate":"1970-02-11","emergencyContact":
                {"name":"Byron, Anne","relation":"mother","first":"Anne","phone":"07700 900123"}}"#,
        ),
        Said::json(
            "/things",
            r#"{"device":{"displayName":"Infusion Pump","mrn":"MRN00123456"},
                "coding":{"displayName":"Heart Rate","code":"8867-4"},
                "product":{"name":"Kettle, Blue","madeOn":"2021-02-11"},
                "displayName":"Heart, Rate","legalName":"Acme Trading"}"#,
        ),
    ];
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    let names = found.into_iter().filter(|row| row.ends_with("person.name")).collect();
    expect(
        &names,
        &[
            "GET /ward body $[*].name person.name",
            "GET /card body $.displayName person.name",
            "GET /card body $.legalName person.name",
            "GET /card body $.preferredName person.name",
            "GET /card body $.emergencyContact person.name",
            "GET /kin body $.emergencyContact.name person.name",
            "GET /kin body $.emergencyContact.first person.name",
        ],
    );
}

const CDA: &str = r##"<?xml version="1.0"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc">
<id root="1.2.3.99" extension="DOC-1"/><title>Discharge letter</title>
<recordTarget><patientRole>
 <id root="1.2.3.4.5" extension="A0012345"/>
 <id extension="518-75-4213" root="2.16.840.1.113883.4.1"/>
 <addr use="HP"><streetAddressLine>Rose Cottage</streetAddressLine><city>Leeds</city></addr>
 <telecom use="MC" value="tel:+44 7700 900123"/><telecom value="mailto:ada@example.org"/>
 <patient>
  <name use="L"><given>Ada</given><family>Lovelace</family></name>
  <administrativeGenderCode code="F" displayName="Female"/><birthTime value="19700211"/>
  <guardian><addr><city>York</city></addr>
   <guardianPerson><name>Anne Byron</name></guardianPerson></guardian>
  <birthplace><place><addr><city>Hull</city></addr></place></birthplace>
 </patient>
 <providerOrganization><name>Renal Unit</name><addr><city>Derby</city></addr></providerOrganization>
</patientRole></recordTarget>
<author><assignedAuthor><id root="2.16.840.1.113883.4.6" extension="1234567893"/>
 <telecom value="tel:+44 20 7946 0958"/>
 <assignedPerson><name><given>Jane</given><family>Okafor</family></name></assignedPerson>
 <representedOrganization><name>North Trust</name></representedOrganization>
</assignedAuthor></author>
<informant><relatedEntity classCode="PRS"><relatedPerson><name><given>Anne</given></name>
</relatedPerson></relatedEntity></informant>
<legalAuthenticator><assignedEntity><assignedPerson><name><family>Hale</family></name>
</assignedPerson></assignedEntity></legalAuthenticator>
<participant typeCode="IND"><associatedEntity><associatedPerson><name><family>Byron</family></name>
</associatedPerson></associatedEntity></participant>
<component><structuredBody><component><section><code code="10164-2" displayName="History"/>
 <title>History</title>
 <text><paragraph styleCode="Bold">came with a cough</paragraph><table><tbody><tr>
  <td ID="a1">wheezing</td></tr></tbody></table></text>
 <entry><observation><code code="8867-4" displayName="Heart rate"/><value value="71" unit="/min"/>
  <author><assignedAuthor><assignedPerson><name><family>Deep</family></name></assignedPerson>
  </assignedAuthor></author></observation></entry>
 <entry><substanceAdministration><participant><participantRole><playingEntity>
  <name>Aspirin Tablets</name></playingEntity></participantRole></participant>
 </substanceAdministration></entry>
</section></component></structuredBody></component></ClinicalDocument>"##;

const OF_CDA: [&str; 22] = [
    "recordTarget/patientRole/id/@extension health.mrn",
    "recordTarget/patientRole/id/@extension us.ssn",
    "recordTarget/patientRole/addr/streetAddressLine person.address",
    "recordTarget/patientRole/addr/city person.address",
    "recordTarget/patientRole/telecom/@value contact.phone",
    "recordTarget/patientRole/telecom/@value contact.email",
    "recordTarget/patientRole/patient/name/given person.name",
    "recordTarget/patientRole/patient/name/family person.name",
    "recordTarget/patientRole/patient/birthTime/@value person.birth_date",
    "recordTarget/patientRole/patient/guardian/addr/city person.address",
    "recordTarget/patientRole/patient/guardian/guardianPerson/name person.name",
    "recordTarget/patientRole/patient/birthplace/place/addr/city person.address",
    "author/assignedAuthor/id/@extension us.npi",
    "author/assignedAuthor/telecom/@value contact.phone",
    "author/assignedAuthor/assignedPerson/name/given person.name",
    "author/assignedAuthor/assignedPerson/name/family person.name",
    "informant/relatedEntity/relatedPerson/name/given person.name",
    "legalAuthenticator/assignedEntity/assignedPerson/name/family person.name",
    "participant/associatedEntity/associatedPerson/name/family person.name",
    "component/structuredBody/component/section/text/paragraph health.free_text",
    "component/structuredBody/component/section/text/table/tbody/tr/td health.free_text",
    "component/structuredBody/component/section/entry/observation/value/@value health.observation",
];

#[test]
fn persons_in_a_clinical_document_are_found_by_their_place() {
    let xml = "HTTP/1.1 200 OK\nContent-Type: application/xml";
    let near = CDA.replace("ClinicalDocument", "ClinicalDraft");
    let soap = format!("<Envelope><Body><Document>{}</Document></Body></Envelope>", &CDA[21..]);
    let said = [
        Said::get("/doc/one", xml, CDA),
        Said::post("/soap", "text/xml", soap),
        Said::get("/doc/near", xml, near),
    ];
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    let author = "component/structuredBody/component/section/entry/observation/author/\
                  assignedAuthor/assignedPerson/name/family person.name";
    let rows = || OF_CDA.into_iter().chain([author]);
    let root = "body /ClinicalDocument";
    let inside = "body /Envelope/Body/Document/ClinicalDocument";
    let expected: BTreeSet<String> = rows()
        .map(|row| format!("GET /doc/one {root}/{row}"))
        .chain(rows().map(|row| format!("POST /soap {inside}/{row}")))
        .collect();
    let documents = found.iter().filter(|row| !row.contains("/doc/near")).cloned().collect();
    expect(&documents, &expected.iter().map(String::as_str).collect::<Vec<_>>());
    let by_place = found.iter().filter(|row| row.contains("/doc/near")).filter(|row| {
        ["birth_date", "free_text", "observation", "health.mrn"].iter().any(|c| row.ends_with(c))
    });
    assert_eq!(by_place.count(), 0, "only documents of that name are CDA's");
}

#[test]
fn real_clinical_documents_give_their_patients() {
    let Some(dir) = corpus::dir("ccda") else { return };
    let mut said = Vec::new();
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
        let entry = entry.expect("the corpus can be listed");
        let is_xml = entry.path().extension().is_some_and(|e| e == "xml");
        let Some(body) = is_xml.then(|| std::fs::read_to_string(entry.path()).ok()).flatten()
        else {
            continue;
        };
        if body.contains("<ClinicalDocument") && body.contains("<patientRole") && said.len() < 40 {
            let xml = "HTTP/1.1 200 OK\nContent-Type: application/xml";
            said.push(Said::get("/documents", xml, body));
        }
    }
    assert!(said.len() >= 10, "{} documents", said.len());
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    let root = "GET /documents body /ClinicalDocument";
    // What most documents have.
    let most = OF_CDA.iter().filter(|row| {
        let rare =
            ["us.ssn", "us.npi", "contact.email", "birthplace", "informant", "guardianPerson"];
        !rare.iter().any(|part| row.contains(part)) && !row.contains("/section/entry/")
    });
    for row in most {
        assert!(found.contains(&format!("{root}/{row}")), "{row} in {found:#?}");
    }
    let values = |row: &&String| row.contains("/observation/value/@value health.observation");
    assert!(found.iter().any(|row| values(&row)));
    let organisations = found.iter().filter(|row| {
        row.contains("Organization/name") || row.contains("manufacturedMaterial/name")
    });
    assert_eq!(organisations.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn json_answers_of_another_kind_stay_what_they_are() {
    let said = [Said::get("/api/Patient/1", JSON, r#"{"ok":true}"#)];
    let lab = Lab::default();
    fields(&lab, &said);
    let rows = lab.query("db", &["endpoints"]);
    assert!(rows.iter().all(|row| row["standard"] == "http"), "{rows:#?}");
}

#[test]
fn signers_titles_instructions_and_answers_of_fhir_are_found() {
    let said = [
        Said::get(
            "/fhir/Provenance/1",
            FHIR,
            r#"{"resourceType":"Provenance","signature":[{"who":{"reference":"Practitioner/1",
                "display":"Jane Roe"}}]}"#,
        ),
        Said::get(
            "/fhir/MedicationRequest/1",
            FHIR,
            r#"{"resourceType":"MedicationRequest",
                "dosageInstruction":[{"patientInstruction":"one in the evening"}]}"#,
        ),
        Said::get(
            "/fhir/Composition/1",
            FHIR,
            r#"{"resourceType":"Composition","title":"Letter about Nora"}"#,
        ),
        Said::get(
            "/fhir/DocumentReference/1",
            FHIR,
            r#"{"resourceType":"DocumentReference",
                "content":[{"attachment":{"title":"Letter about Nora"}}]}"#,
        ),
        Said::get(
            "/fhir/Account/1",
            FHIR,
            r#"{"resourceType":"Account","name":"Stay of Nora in May"}"#,
        ),
        Said::get(
            "/fhir/Claim/1",
            FHIR,
            r#"{"resourceType":"Claim","accident":{"locationAddress":{"city":"Leeds"}}}"#,
        ),
        Said::get(
            "/fhir/QuestionnaireResponse/1",
            FHIR,
            r#"{"resourceType":"QuestionnaireResponse","item":[{"linkId":"1",
                "text":"Date of birth","answer":[{"valueDate":"1970-02-11"}]},{"linkId":"2",
                "text":"Last visit","answer":[{"valueDate":"2024-02-11"}]}]}"#,
        ),
    ];
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    expect(
        &found,
        &[
            "GET /fhir/Provenance/{id} body $.signature[*].who.display person.name",
            "GET /fhir/MedicationRequest/{id} body $.dosageInstruction[*].patientInstruction \
             health.free_text",
            "GET /fhir/Composition/{id} body $.title health.free_text",
            "GET /fhir/DocumentReference/{id} body $.content[*].attachment.title health.free_text",
            "GET /fhir/Account/{id} body $.name health.free_text",
            "GET /fhir/Claim/{id} body $.accident.locationAddress.city person.address",
            "GET /fhir/QuestionnaireResponse/{id} body $.item[*].answer[*].valueDate \
             person.birth_date",
        ],
    );
}
