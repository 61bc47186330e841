//! A piece of a text that must not be shown.

/// The kind of a finding; of two readings of the same characters the one listed first holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A web address that carries a token or something personal.
    Url,
    /// An e-mail address, also one spelled out.
    Email,
    /// A payment card number.
    Card,
    /// An international bank account number.
    Iban,
    /// A number that a state gave to a person.
    NationalId,
    /// A password, key, token, PIN or one-time code.
    Secret,
    /// A telephone number.
    Phone,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A person's date of birth.
    BirthDate,
    /// A street and house number.
    Address,
    /// A person's name.
    Name,
    /// A long number that is nothing of the above: an account, a customer, a policy.
    Number,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 12] = [
        Kind::Url,
        Kind::Email,
        Kind::Card,
        Kind::Iban,
        Kind::NationalId,
        Kind::Secret,
        Kind::Phone,
        Kind::Ip,
        Kind::BirthDate,
        Kind::Address,
        Kind::Name,
        Kind::Number,
    ];

    /// Returns the mark that takes the place of a finding of this kind in a masked text.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Url => "[url]",
            Kind::Email => "[email]",
            Kind::Card => "[card]",
            Kind::Iban => "[iban]",
            Kind::NationalId => "[id]",
            Kind::Secret => "[secret]",
            Kind::Phone => "[phone]",
            Kind::Ip => "[ip]",
            Kind::BirthDate => "[birth date]",
            Kind::Address => "[address]",
            Kind::Name => "[name]",
            Kind::Number => "[number]",
        }
    }
}

/// A piece of a text that must not be shown: byte offsets, on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Its kind.
    pub kind: Kind,
}

/// A finding while it is made: positions in `Text::chars`.
pub(super) type Span = (usize, usize, Kind);
