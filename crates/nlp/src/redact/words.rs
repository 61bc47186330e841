//! The word lists of the finders: see `words.txt`.

use std::sync::LazyLock;

/// A list, in the order of the file.
type Words = LazyLock<Vec<&'static str>>;

pub(super) static GREETING: Words = LazyLock::new(|| list("greeting"));
pub(super) static AFTER_NAME: Words = LazyLock::new(|| list("after name"));
pub(super) static NAME_PARTICLE: Words = LazyLock::new(|| list("name particle"));
pub(super) static STREET_AFTER: Words = LazyLock::new(|| list("street after"));
pub(super) static STREET_BEFORE: Words = LazyLock::new(|| list("street before"));
pub(super) static STREET_BEHIND_NUMBER: Words = LazyLock::new(|| list("street behind number"));
pub(super) static STREET_ENDING: Words = LazyLock::new(|| list("street ending"));
pub(super) static STREET_ALONE: Words = LazyLock::new(|| list("street alone"));
pub(super) static STREET_PARTICLE: Words = LazyLock::new(|| list("street particle"));
pub(super) static MONTH: Words = LazyLock::new(|| list("month"));
pub(super) static DATE_LINK: Words = LazyLock::new(|| list("date link"));
pub(super) static DATE_NUMBER: Words = LazyLock::new(|| list("date number"));
pub(super) static NOT_PASSWORD: Words = LazyLock::new(|| list("not password"));
pub(super) static VERB: Words = LazyLock::new(|| list("verb"));
pub(super) static DIGITS: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    ["en", "de", "es", "fr", "it", "pt", "nl"].map(|language| list(&format!("digit {language}"))).into()
});
pub(super) static MODAL: Words = LazyLock::new(|| list("modal"));
pub(super) static CODE_LINK: Words = LazyLock::new(|| list("code link"));
pub(super) static FLAT: Words = LazyLock::new(|| list("flat"));
pub(super) static HOUSE: Words = LazyLock::new(|| list("house"));
pub(super) static NETWORK: Words = LazyLock::new(|| list("network"));
pub(super) static PROFILE: Words = LazyLock::new(|| list("profile"));
pub(super) static NO_PROFILE: Words = LazyLock::new(|| list("no profile"));
pub(super) static THAI: Words = LazyLock::new(|| list("thai"));
pub(super) static PRIVATE_PARAMETER: Words = LazyLock::new(|| list("private parameter"));
pub(super) static MAIL_PROVIDER: Words = LazyLock::new(|| list("mail provider"));
pub(super) static DOMAIN_ENDING: Words = LazyLock::new(|| list("domain ending"));
pub(super) static AT: Words = LazyLock::new(|| list("at"));
pub(super) static DOT: Words = LazyLock::new(|| list("dot"));
pub(super) static JOINT: Words = LazyLock::new(|| list("joint"));

fn list(name: &str) -> Vec<&'static str> {
    let lines = include_str!("words.txt").lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(list, _)| *list == name).flat_map(|(_, words)| words.split(", ")).collect()
}
