//! The building blocks of request and response bodies: what the contract means by nullable, integer,
//! e-mail, date and a closed list of words.

mod address;
mod date;
mod email;
mod list;
mod nullable;
mod numbers;
mod object;
mod string_enum;
mod surrogates;
mod text;

pub use address::{WebAddress, is_web_address};
pub use date::Date;
pub use email::Email;
pub use list::{BoundedVec, NonEmptyVec};
pub use nullable::{Maybe, Nullable, Patch};
pub use numbers::{Number, Positive, SafeInt};
pub use object::JsonObject;
pub use string_enum::SortOrder;
pub(crate) use string_enum::string_enum;
pub use surrogates::whole_pairs;
pub use text::{SingleLine, Text, escaped, printable, printable_json, printable_members};
