//! Mails as they are kept: single ones, and mailboxes (mbox). Each is a part of the conversation that its references and those
//! of others join it to.

mod body;
mod mbox;

pub(super) use mbox::is_mbox;

use super::company::{Correspondents, is_ours};
use super::found::Found;
use anyhow::Context;
use body::{Part, Words};
use mail_parser::{Addr, Address, DateTime, HeaderName, HeaderValue, Message};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use std::io::{BufRead, Read};

/// The mails that one names before it, as far as they are followed; and those that are read of as recipients.
const REFERENCES_MAX: usize = 50;
const RECIPIENTS_MAX: usize = 50;
/// The bytes of the longest address: what is longer is none.
const EMAIL_MAX: usize = 320;
/// The bytes of the longest id that is kept as it is.
const ID_MAX: usize = 250;
/// The headers that mails begin with.
const HEADERS: [&str; 16] = [
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "received",
    "return-path",
    "mime-version",
    "delivered-to",
    "reply-to",
    "content-type",
    "dkim-signature",
    "x-original-to",
    "sender",
    "in-reply-to",
];

/// Tells a mail by its beginning: headers alone, some of which every mail has.
pub(super) fn is_mail(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let (mut known, mut has_origin) = (0, false);
    let lines = head.split(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    for line in lines.filter(|line| !line.starts_with(b" ") && !line.starts_with(b"\t")) {
        let Some(name) = header_name(line) else { break };
        let name = name.to_ascii_lowercase();
        known += usize::from(HEADERS.contains(&name.as_str()));
        has_origin |=
            matches!(name.as_str(), "from" | "received" | "return-path" | "message-id" | "delivered-to");
    }
    known >= 2 && has_origin
}

/// Returns the name of the header that a line begins with.
fn header_name(line: &[u8]) -> Option<&str> {
    let colon = line.iter().take(80).position(|byte| *byte == b':')?;
    let name = std::str::from_utf8(&line[..colon]).ok()?.trim_end();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then_some(name)
}

/// Reads mails, and remembers who wrote to whom.
#[derive(Debug, Default)]
pub(super) struct Mails {
    /// The names, addresses and domains of the company.
    me: Vec<String>,
    correspondents: Correspondents,
}

/// A mail as it was read.
#[derive(Debug, Default)]
pub(super) struct Mail {
    pub(super) found: Vec<Found>,
    /// What there is to say of it.
    pub(super) remarks: Vec<&'static str>,
}

impl Mails {
    pub(super) fn new(me: &[String]) -> Self {
        Self { me: me.to_vec(), ..Self::default() }
    }

    /// Reads a mailbox mail by mail, each with the line it begins at, until `take` says false.
    pub(super) fn read_mbox(
        &mut self,
        reader: impl BufRead,
        take: &mut dyn FnMut(u64, Mail) -> bool,
    ) -> anyhow::Result<()> {
        mbox::read(reader, &mut |line, raw| take(line, self.read(raw))).context("reading the mailbox")
    }

    /// Reads a file that is one mail.
    pub(super) fn read_one(&mut self, reader: impl BufRead) -> anyhow::Result<Mail> {
        let mut raw = Vec::new();
        reader.take(mbox::MAIL_MAX as u64).read_to_end(&mut raw).context("reading the mail")?;
        let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&raw);
        Ok(self.read(raw.trim_ascii_start()))
    }

    fn read(&mut self, raw: &[u8]) -> Mail {
        let mut mail = Mail::default();
        if raw.len() >= mbox::MAIL_MAX {
            mail.remarks.push("the mail is longer than 25 MiB; what is behind is left out");
        }
        let (head, body) = body::split(raw);
        let part = Part::new(&head, body);
        let headers = part.headers();
        let id = message_id(headers, raw);
        let references = references(headers, &id);
        mail.found.extend(references.iter().map(|other| Found::Same(id.clone(), other.clone())));
        let author = author(headers);
        if let Some(Author { name, email }) = &author
            && self.correspondents.count(
                email,
                !name.is_empty(),
                recipients(headers).iter().map(String::as_str),
            )
        {
            let role = if is_ours(&self.me, name, email) { "agent" } else { "contact" };
            mail.found.push(person(name, email, role));
        }
        let mut turn = turn(&part, author, &mut mail.remarks);
        turn.insert("id".into(), id.clone().into());
        let mut record = Map::new();
        record.insert("id".into(), references.first().unwrap_or(&id).clone().into());
        record.insert("channel".into(), "email".into());
        if let Some(subject) = headers.subject().map(str::trim).filter(|subject| !subject.is_empty()) {
            // what a conversation is about is said by its first mail
            let is_first = references.is_empty();
            let (of, name) = if is_first { (&mut record, "custom_data") } else { (&mut turn, "context") };
            of.insert(name.into(), json!({ "subject": subject }));
        }
        record.insert("turns".into(), Json::Array(vec![Json::Object(turn)]));
        mail.found.push(Found::Part(id, Json::Object(record)));
        mail
    }

    /// Says who is the company, once all mails are read, with what there is to say of it. The error asks for it.
    pub(super) fn finish(&self) -> Result<Option<(Found, String)>, String> {
        if !self.me.is_empty() {
            return Ok(None);
        }
        let company = self.correspondents.company()?;
        Ok(company.map(|email| {
            let remark = format!("{email} is taken as the company's address, as it is in nearly all mails: --me says it otherwise");
            (person("", email, "agent"), remark)
        }))
    }
}

/// Returns what a mail says, by whom and when.
fn turn(part: &Part<'_>, author: Option<Author>, remarks: &mut Vec<&'static str>) -> Map<String, Json> {
    let headers = part.headers();
    let mut turn = Map::new();
    if is_automatic(headers) {
        turn.insert("role".into(), "system".into());
    }
    match author {
        Some(Author { name, email }) => {
            turn.insert("person".into(), email.into());
            if !name.is_empty() {
                turn.insert("name".into(), name.into());
            }
        }
        None => {
            remarks.push("the mail names no sender");
            turn.entry("role").or_insert("contact".into());
        }
    }
    match time(headers) {
        Some(time) => drop(turn.insert("created_at".into(), time.into())),
        None => remarks.push("no date that can be read"),
    }
    let body = part.read();
    if body.is_broken {
        remarks.push("the parts of the mail are not as they should be; it is read as far as it can be");
    }
    match body.words() {
        Words::None => {}
        Words::Plain(text) => drop(turn.insert("text".into(), text.into())),
        Words::Html(html) => drop(turn.insert("html".into(), html.into())),
    }
    if !body.files.is_empty() {
        let files = body.files.into_iter().map(|name| json!({ "name": name }));
        turn.insert("attachments".into(), Json::Array(files.collect()));
    }
    turn
}

fn person(name: &str, email: &str, role: &str) -> Found {
    let mut person = json!({ "email": email, "role": role });
    if !name.is_empty() {
        person["name"] = name.into();
    }
    Found::Person(email.to_owned(), person)
}

/// Somebody who wrote a mail.
struct Author {
    name: String,
    email: String,
}

impl Author {
    fn of(address: &Addr<'_>) -> Option<Self> {
        let email = address.address.as_deref()?.trim();
        if email.len() > EMAIL_MAX {
            return None;
        }
        let email = email.to_lowercase();
        let name = address.name.as_deref().unwrap_or_default().trim().to_owned();
        email.contains('@').then_some(Self { name, email })
    }
}

/// Returns who wrote a mail: whom to answer, where a form or a list sent it to the company in their place.
fn author(headers: &Message<'_>) -> Option<Author> {
    let first = |addresses: Option<&Address<'_>>| addresses.and_then(Address::first).and_then(Author::of);
    let from = first(headers.from()).or_else(|| first(headers.sender()))?;
    let domain = |email: &str| super::company::domain_of(email).to_owned();
    let own = domain(&from.email);
    let is_to_own =
        headers.to().into_iter().flat_map(Address::iter).take(RECIPIENTS_MAX).filter_map(Author::of);
    let is_to_own = is_to_own.into_iter().any(|to| to.email == from.email || domain(&to.email) == own);
    let answer_to =
        first(headers.reply_to()).filter(|answer_to| is_to_own && domain(&answer_to.email) != own);
    Some(answer_to.unwrap_or(from))
}

fn recipients(headers: &Message<'_>) -> Vec<String> {
    let from = headers.from().into_iter().chain(headers.to()).chain(headers.cc());
    from.flat_map(Address::iter)
        .take(RECIPIENTS_MAX)
        .filter_map(Author::of)
        .map(|author| author.email)
        .collect()
}

/// Returns the id of a mail; one that has none gets one of what it holds.
fn message_id(headers: &Message<'_>, raw: &[u8]) -> String {
    let own = ids(headers.header(HeaderName::MessageId)).next();
    own.unwrap_or_else(|| hex::encode(&Sha256::digest(raw.trim_ascii())[..16]))
}

/// Returns the ids of the mails that this one follows, the eldest first.
fn references(headers: &Message<'_>, own: &str) -> Vec<String> {
    let mut references: Vec<String> = ids(headers.header(HeaderName::References))
        .chain(ids(headers.header(HeaderName::InReplyTo)))
        .collect();
    references.retain(|id| id != own);
    if references.len() > REFERENCES_MAX {
        references.drain(1..=references.len() - REFERENCES_MAX);
    }
    references
}

fn ids<'a>(header: Option<&'a HeaderValue<'_>>) -> impl Iterator<Item = String> + 'a {
    let ids = header.and_then(HeaderValue::as_text_list).unwrap_or_default();
    // some programs write a sentence instead
    let ids = ids.iter().filter(|id| id.len() >= 3 && !id.contains(char::is_whitespace));
    ids.map(|id| {
        if id.len() > ID_MAX { hex::encode(&Sha256::digest(id.as_bytes())[..16]) } else { id.to_string() }
    })
}

/// Returns when a mail was sent, else when it came in.
fn time(headers: &Message<'_>) -> Option<String> {
    let received = || {
        let raw = headers.header(HeaderName::Received).and_then(HeaderValue::as_text)?;
        DateTime::parse_rfc822(raw.rsplit_once(';')?.1.trim())
    };
    let is_right = |time: &DateTime| time.is_valid() && time.year >= 1970;
    let time = headers.date().copied().filter(is_right).or_else(|| received().filter(is_right))?;
    Some(time.to_rfc3339())
}

/// Tells a mail that a program sent by itself, by its headers. One that came over a list is a person's if it was written to
/// the list: newsletters are not.
fn is_automatic(headers: &Message<'_>) -> bool {
    let said = |name: &'static str| -> String {
        let value = headers.header(name).and_then(HeaderValue::as_text);
        value.unwrap_or_default().trim().to_ascii_lowercase()
    };
    let auto_submitted = said("Auto-Submitted");
    let kind = headers.header(HeaderName::ContentType).and_then(HeaderValue::as_content_type);
    let is_report =
        kind.is_some_and(|kind| kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("report")));
    let list = headers.header(HeaderName::ListId).and_then(HeaderValue::as_text).unwrap_or_default();
    let list =
        list.rsplit_once('<').map_or(list, |(_, id)| id).trim_matches(|c| matches!(c, '<' | '>' | ' '));
    let is_to_list = recipients(headers).iter().any(|to| to.replace('@', ".").eq_ignore_ascii_case(list));
    let return_path = headers.header(HeaderName::ReturnPath).and_then(HeaderValue::as_text);
    !matches!(auto_submitted.split(';').next().unwrap_or_default().trim(), "" | "no")
        || matches!(said("Precedence").as_str(), "bulk" | "junk" | "auto_reply")
        || ["X-Autoreply", "X-Autorespond", "X-Failed-Recipients"].iter().any(|name| !said(name).is_empty())
        || is_report
        || !list.is_empty() && !is_to_list
        || return_path.is_some_and(|path| path.trim() == "<>")
}

#[cfg(test)]
mod tests;
