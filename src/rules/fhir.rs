//! The format of `rules/fields/*.toml`: which FHIR element, CDA element and HL7 v2 field carries
//! what. For HL7 v2 the resource is `HL7v2`, or `HL7v2/TX` for values of a type that the message
//! names, and an element is `PID.5`; for CDA it is `CDA`, and an element is the end of a path.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

/// A class and how sure its place makes it, 0 to 100.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ClassWeight(pub Arc<str>, pub u8);

/// A class that no rule gives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceClass {
    /// One sentence for people.
    pub description: String,
    /// As of a rule.
    pub hipaa: Option<String>,
    /// As of a rule.
    pub gdpr: Option<String>,
    /// Where the places are specified.
    pub references: Vec<String>,
}

/// Elements by resource, and the leaves of data types. The table is kept as types per element, so
/// that `Patient.contact.name` is one line and `Patient.contact.name.family` follows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FhirTables {
    /// Data type with role → element below it (`""` for the value itself) → classes.
    #[serde(default)]
    pub types: BTreeMap<String, BTreeMap<String, Vec<ClassWeight>>>,
    /// Resource → data type with role → elements, without the resource's name.
    #[serde(default)]
    pub elements: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Search parameter (`family`), or resource and parameter (`Patient?name`) → classes.
    #[serde(default)]
    pub search: BTreeMap<String, Vec<ClassWeight>>,
    /// URL of an extension, resource type that a reference points at, or name of a parameter of an
    /// operation (`parameter:family`) → token.
    #[serde(default)]
    pub marks: BTreeMap<String, String>,
    /// Types of resources that define and list codes, and say nothing of anybody.
    #[serde(default)]
    pub definitions: Vec<String>,
    /// What elements are called, in any resource or data type of any version.
    #[serde(default)]
    pub names: Vec<String>,
    /// Classes that only a place tells.
    #[serde(default)]
    pub classes: BTreeMap<String, PlaceClass>,
    /// Token of an issuer or contact system that is no rule's class (`phone`, `DL`) → class.
    #[serde(default)]
    pub tokens: BTreeMap<String, ClassWeight>,
}
