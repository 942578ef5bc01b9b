//! How much evidence a class needs: by what the person who asks would rather live with.

/// How fields are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Reports what is more likely so than not.
    #[default]
    Default,
    /// Would rather look at a field in vain than miss one: every class is believed at odds
    /// `exp(4)`, about 55 times, lower, so that a single valid value with a telling format, or a
    /// name that only hints, is enough.
    Strict,
    /// For traffic made for tests: where every value that speaks for a class is of a range that
    /// its issuer keeps for tests and examples, the class is withheld.
    Lab,
}

/// What [`Profile::Strict`] adds to the log-odds of every class.
const LEAN_STRICT: f64 = 4.0;

impl Profile {
    /// Every profile.
    pub const ALL: [Profile; 3] = [Profile::Default, Profile::Strict, Profile::Lab];

    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Default => "default",
            Profile::Strict => "strict",
            Profile::Lab => "lab",
        }
    }

    /// The profile that [`Profile::name`] calls so.
    pub fn named(name: &str) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// What is added to the log-odds of every class.
    pub(super) fn lean(self) -> f64 {
        match self {
            Profile::Strict => LEAN_STRICT,
            Profile::Default | Profile::Lab => 0.0,
        }
    }
}
