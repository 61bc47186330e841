//! HTML made plain text, as a browser would show it.

mod entities;
mod tags;

use super::mapped::{Mapped, Revision};
use entities::decode;
use std::ops::Range;
use tags::{Markup, Tag, markup_at};

/// Elements whose content is not shown as text.
const UNSEEN: &str =
    "style script head title template noscript svg select object audio video iframe map at xml";
/// Elements without content.
const EMPTY: &str = "area base br col embed hr img input link meta param source wbr";
/// Elements that begin and end a line.
const BLOCKS: &str = "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer \
    form h1 h2 h3 h4 h5 h6 header html legend li main nav ol p pre section summary table tbody tfoot thead tr ul";
/// Elements that stand apart from what is above them.
const PARAGRAPHS: &str = "p h1 h2 h3 h4 h5 h6 table ul ol";
/// What mail programs call the element that holds a quotation, or the words above one.
const QUOTATIONS: [&str; 14] = [
    "gmail_quote",
    "gmail_extra",
    "yahoo_quoted",
    "moz-cite-prefix",
    "moz-forward-container",
    "protonmail_quote",
    "zmail_extra",
    "divRplyFwdMsg",
    "OutlookMessageHeader",
    "appendonsend",
    "ms-outlook-mobile-reference-message",
    "tutanota_quote",
    "replyforwardmessage",
    "x_divRplyFwdMsg",
];
/// The same for a signature.
const SIGNATURES: [&str; 9] = [
    "gmail_signature",
    "moz-signature",
    "ms-outlook-mobile-signature",
    "protonmail_signature_block",
    "AppleMailSignature",
    "zmail_signature",
    "yahoo-signature",
    "\"Signature\"",
    "tutanota_signature",
];
/// The most elements within each other that are kept apart.
const DEPTH_MAX: usize = 8;

/// A text without markup.
pub(super) struct Plain {
    pub(super) text: Mapped,
    /// The bytes of the source at which a mail program says that a quotation begins.
    pub(super) seams: Vec<usize>,
}

/// Reads a text that may be HTML; none if there is nothing of HTML in it.
pub(super) fn plain(text: &Mapped) -> Option<Plain> {
    let once = pass(text)?;
    // what was made HTML twice is read twice
    let is_twice = !has_tags(text.text()) && has_tags(once.text.text());
    if is_twice { pass(&once.text).or(Some(once)) } else { Some(once) }
}

fn pass(text: &Mapped) -> Option<Plain> {
    let source = text.text();
    let is_marked_up = has_tags(source);
    if !is_marked_up && !source.match_indices('&').any(|(at, _)| decode(&source[at..]).is_some()) {
        return None;
    }
    let mut writer = Writer::new(text, is_marked_up, is_structured(source));
    writer.read();
    Some(Plain { seams: writer.seams, text: writer.revision.finish() })
}

fn has_tags(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| match markup_at(text, at) {
        Some(Markup::Tag(tag)) => tag.is_known(),
        _ => false,
    })
}

/// Tells a text whose lines are set by elements, so that the breaks of its own lines are blanks.
fn is_structured(text: &str) -> bool {
    [
        "</p", "</div", "</td", "</li", "</html", "</body", "</table", "</P", "</DIV", "</BODY", "</HTML",
        "</TD", "<p>", "<p ",
    ]
    .iter()
    .any(|tag| text.contains(tag))
}

/// Writes the text of HTML from its beginning to its end.
struct Writer<'a> {
    source: &'a str,
    of: &'a Mapped,
    revision: Revision<'a>,
    seams: Vec<usize>,
    is_marked_up: bool,
    is_structured: bool,
    /// The line breaks that were written last; as good as any before the first letter.
    breaks: usize,
    /// A blank was written last.
    is_blank: bool,
    /// The quotations that what is written stands in, and the elements with lines of their own.
    quotations: usize,
    preformatted: usize,
    /// Names of elements whose end was looked for in vain.
    unclosed: Vec<String>,
}

impl<'a> Writer<'a> {
    fn new(of: &'a Mapped, is_marked_up: bool, is_structured: bool) -> Self {
        Writer {
            source: of.text(),
            of,
            revision: Revision::of(of),
            seams: Vec::new(),
            is_marked_up,
            is_structured,
            breaks: 2,
            is_blank: true,
            quotations: 0,
            preformatted: 0,
            unclosed: Vec::new(),
        }
    }

    fn read(&mut self) {
        let mut at = 0;
        while at < self.source.len() {
            let next = self.source[at..].find(['<', '&']).map_or(self.source.len(), |next| at + next);
            self.words(at..next);
            at = next;
            let Some(sign) = self.source[at..].chars().next() else { break };
            at = match (sign, self.is_marked_up) {
                ('&', _) => self.character(at),
                (_, true) => self.markup(at),
                (_, false) => self.letter(at),
            };
        }
    }

    /// Writes a bracket or an ampersand that is one. Returns the byte behind it.
    fn letter(&mut self, at: usize) -> usize {
        self.words(at..at + 1);
        at + 1
    }

    fn character(&mut self, at: usize) -> usize {
        let Some((c, length)) = decode(&self.source[at..]) else { return self.letter(at) };
        let part = at..at + length;
        match c {
            '\n' | '\r' | '\t' | ' ' | '\u{a0}' if self.is_structured && self.is_blank => {
                self.revision.replace(part, "");
            }
            '\u{a0}' | '\t' | ' ' => {
                self.quote(at);
                self.revision.replace(part, " ");
                self.is_blank = true;
            }
            _ => {
                self.quote(at);
                let mut buffer = [0; 4];
                self.revision.replace(part, c.encode_utf8(&mut buffer));
                (self.is_blank, self.breaks) = (false, 0);
            }
        }
        at + length
    }

    /// Writes words as they are; where elements set the lines, with single blanks.
    fn words(&mut self, part: Range<usize>) {
        if !self.is_structured || self.preformatted > 0 {
            let said = &self.source[part.clone()];
            if !said.is_empty() {
                self.quote(part.start);
                self.breaks = said.len() - said.trim_end_matches('\n').len();
                self.is_blank = said.ends_with(char::is_whitespace);
            }
            return;
        }
        let said = &self.source[part.clone()];
        for (offset, c) in said.char_indices() {
            let at = part.start + offset;
            if !matches!(c, ' ' | '\n' | '\r' | '\t' | '\u{a0}') {
                self.quote(at);
                (self.is_blank, self.breaks) = (false, 0);
            } else if self.is_blank {
                self.revision.replace(at..at + c.len_utf8(), "");
            } else {
                if c != ' ' {
                    self.revision.replace(at..at + c.len_utf8(), " ");
                }
                self.is_blank = true;
            }
        }
    }

    /// Writes the mark of a quotation if a line of one begins here.
    fn quote(&mut self, at: usize) {
        if self.quotations > 0 && self.breaks > 0 {
            self.revision.insert(at, "> ");
            self.breaks = 0;
        }
    }

    /// Reads markup. Returns the byte behind it.
    fn markup(&mut self, at: usize) -> usize {
        match markup_at(self.source, at) {
            Some(Markup::Skipped(range)) => {
                self.revision.replace(range.clone(), "");
                range.end
            }
            Some(Markup::Tag(tag)) if tag.is_known() || self.is_foreign(&tag) => self.tag(&tag),
            _ => self.letter(at),
        }
    }

    /// Tells a tag that no browser knows but every program of an office writes.
    fn is_foreign(&self, tag: &Tag<'_>) -> bool {
        tag.name.contains([':', '-']) || self.is_structured && tag.attributes.contains('=')
    }

    fn tag(&mut self, tag: &Tag<'_>) -> usize {
        let names = |list: &[&str]| list.iter().any(|name| tag.attributes.contains(name));
        let is_element = !tag.is_closing && !tag.is_one_of(EMPTY);
        let is_unseen = is_element && (tag.is_one_of(UNSEEN) || is_hidden(tag) || names(&SIGNATURES));
        if is_unseen && let Some(end) = self.end_of(tag) {
            if tag.is_one_of(BLOCKS) {
                self.break_line(tag.range.start, 1);
            }
            self.revision.replace(tag.range.start..end, "");
            return end;
        }
        if !tag.is_closing && names(&QUOTATIONS) {
            self.seams.push(self.of.source_range(tag.range.clone()).start);
        }
        self.set_out(tag);
        self.revision.replace(tag.range.clone(), "");
        tag.range.end
    }

    /// Writes what a tag amounts to in plain text.
    fn set_out(&mut self, tag: &Tag<'_>) {
        let at = tag.range.start;
        let is_mso = tag.attributes.contains("Mso");
        match tag.name.as_str() {
            "br" => {
                self.quote(at);
                self.revision.insert(at, "\n");
                (self.breaks, self.is_blank) = (self.breaks + 1, true);
            }
            "hr" => {
                self.break_line(at, 1);
                self.revision.insert(at, "________________\n");
                (self.breaks, self.is_blank) = (1, true);
            }
            "td" | "th" if !tag.is_closing && self.breaks == 0 => {
                self.revision.insert(at, "\t");
                self.is_blank = true;
            }
            "blockquote" => {
                self.break_line(at, 1);
                let depth =
                    if tag.is_closing { self.quotations.saturating_sub(1) } else { self.quotations + 1 };
                self.quotations = depth.min(DEPTH_MAX);
            }
            "pre" => {
                self.break_line(at, 1);
                self.preformatted = usize::from(!tag.is_closing);
            }
            _ if tag.is_one_of(PARAGRAPHS) && !is_mso => self.break_line(at, 2),
            _ if tag.is_one_of(BLOCKS) => self.break_line(at, 1),
            _ => {}
        }
    }

    /// Ends the line, if anything is on it, so that there are so many breaks.
    fn break_line(&mut self, at: usize, breaks: usize) {
        while self.breaks < breaks {
            self.revision.insert(at, "\n");
            self.breaks += 1;
        }
        self.is_blank = true;
    }

    /// Returns the byte behind the end of an element.
    fn end_of(&mut self, tag: &Tag<'_>) -> Option<usize> {
        if self.unclosed.contains(&tag.name) {
            return None;
        }
        let mut depth = 1;
        let mut at = tag.range.end;
        while let Some(next) = self.source[at..].find('<') {
            at += next;
            match markup_at(self.source, at) {
                Some(Markup::Tag(found)) => {
                    if found.name == tag.name && !tag.is_one_of(EMPTY) {
                        depth = if found.is_closing { depth - 1 } else { depth + 1 };
                    }
                    at = found.range.end;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                Some(Markup::Skipped(range)) => at = range.end,
                None => at += 1,
            }
        }
        self.unclosed.push(tag.name.clone());
        None
    }
}

/// Tells an element that is there for programs alone, such as the line that a list of mails shows.
fn is_hidden(tag: &Tag<'_>) -> bool {
    let style = tag.attributes;
    style.contains("isplay:none")
        || style.contains("isplay: none")
        || style.contains("mso-hide:all")
        || style.contains("isibility:hidden")
        || style.contains("isibility: hidden")
}
