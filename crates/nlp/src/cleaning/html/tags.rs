//! The tags of HTML in a text, told from other uses of angle brackets.

use std::ops::Range;

const NAMES: &str = " a abbr acronym address article aside at b base big blockquote body br button caption center cite code \
    col colgroup dd del details dfn div dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head \
    header hr html i iframe img input ins kbd label legend li link main map mark meta nav noscript object ol option p param \
    picture pre q s samp script section select small source span strike strong style sub summary sup svg table tbody td \
    template textarea tfoot th thead time title tr tt u ul var video wbr xml nobr ruby rt rp menu dialog data output dir hgroup ";
/// Attributes that may stand without a value.
const BARE: &str =
    " checked disabled hidden nowrap noshade selected readonly required reversed open compact multiple ";

const ATTRIBUTES_MAX: usize = 60;
const VALUE_BYTES_MAX: usize = 8_192;

/// A tag of HTML.
#[derive(Clone, Debug)]
pub(super) struct Tag<'a> {
    pub(super) range: Range<usize>,
    /// Its name, in small letters.
    pub(super) name: String,
    pub(super) is_closing: bool,
    pub(super) attributes: &'a str,
}

/// What begins with an angle bracket.
pub(super) enum Markup<'a> {
    Tag(Tag<'a>),
    /// A comment or a declaration.
    Skipped(Range<usize>),
}

impl Tag<'_> {
    /// Tells a name that HTML knows.
    pub(super) fn is_known(&self) -> bool {
        is_in(NAMES, &self.name)
    }

    /// Tells one of several names, parted by blanks.
    pub(super) fn is_one_of(&self, names: &str) -> bool {
        names.split(' ').any(|name| name == self.name)
    }
}

fn is_in(list: &str, name: &str) -> bool {
    !name.is_empty()
        && list.match_indices(name).any(|(at, _)| {
            list.as_bytes()[at - 1] == b' ' && list.as_bytes().get(at + name.len()) == Some(&b' ')
        })
}

/// Reads the markup that begins at a byte of a text, which is an opening angle bracket; none if it is no markup.
/// It looks at no byte twice, but for attributes that turn out to be none.
pub(super) fn markup_at(text: &str, at: usize) -> Option<Markup<'_>> {
    let rest = &text[at..];
    if let Some(comment) = rest.strip_prefix("<!--") {
        let length =
            comment.find("-->").map_or_else(|| comment.find('>').map(|end| end + 1), |end| Some(end + 3));
        return length.map(|length| Markup::Skipped(at..at + 4 + length));
    }
    let declares =
        ["<!doctype", "<![", "<?xml", "<!DOCTYPE", "<!Doctype"].iter().any(|start| rest.starts_with(start));
    if declares {
        return rest.find('>').map(|end| Markup::Skipped(at..at + end + 1));
    }
    let is_closing = rest[1..].starts_with('/');
    let name_start = 1 + usize::from(is_closing);
    let name: String = rest[name_start..]
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-'))
        .take(40)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let attributes = name_start + name.len();
    let length = attributes_length(&rest[attributes..])?;
    let end = attributes + length;
    let range = at..(at + end + 1).min(text.len());
    Some(Markup::Tag(Tag { range, name, is_closing, attributes: &rest[attributes..end] }))
}

/// Returns the length of the attributes up to the bracket that closes their tag, or up to the end of the text if that
/// is cut off within them. None if they are no attributes.
fn attributes_length(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut at, mut is_apart) = (0, false);
    for count in 0..ATTRIBUTES_MAX {
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/') {
            (at, is_apart) = (at + 1, true);
        }
        match bytes.get(at) {
            None => return (count > 0).then_some(rest.len()),
            Some(b'>') => return Some(at),
            Some(_) if !is_apart => return None,
            Some(_) => match attribute_end(rest, at)? {
                // the text ends within a value
                end if end > rest.len() => return (count > 0).then_some(rest.len()),
                end => {
                    at = end;
                    // behind a value in quotes the next may follow at once
                    is_apart = matches!(bytes[at - 1], b'"' | b'\'');
                }
            },
        }
    }
    None
}

/// Returns the end of the attribute that begins at a byte; it is past the end of the text if its value is cut off there.
fn attribute_end(rest: &str, at: usize) -> Option<usize> {
    let bytes = rest.as_bytes();
    let is_name =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'_' | b'.' | b'@');
    let end = at + bytes[at..].iter().take_while(|byte| is_name(byte)).count();
    let blanks = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let equals = end + blanks(end);
    if end == at {
        return None;
    }
    if bytes.get(equals) != Some(&b'=') {
        return is_in(BARE, &rest[at..end].to_ascii_lowercase()).then_some(end);
    }
    let value = equals + 1 + blanks(equals + 1);
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(value) {
        let length = bytes[value + 1..].iter().take(VALUE_BYTES_MAX).position(|byte| byte == quote);
        return match length {
            Some(length) => Some(value + 1 + length + 1),
            None => (rest.len() - value <= VALUE_BYTES_MAX).then_some(rest.len() + 1),
        };
    }
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'<' | b'"' | b'\'');
    let length = bytes[value..].iter().take_while(|byte| !ends(byte)).count();
    (length > 0).then_some(value + length)
}
