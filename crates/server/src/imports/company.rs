//! Who of those who write is the company: by what was said of it, or, in mails, by who takes part in nearly all of them.

use std::collections::HashMap;

/// The people who are counted.
const PEOPLE_MAX: usize = 1_000_000;
/// The mails that it takes to tell the company's address, and the share of them that it takes part in.
const MAILS_MIN: u64 = 4;
const SHARE_MIN: f64 = 0.9;
/// The share that nobody else may come near.
const OTHERS_MAX: f64 = 0.5;
/// The names that are shown where it is asked who is the company.
pub(super) const SHOWN_MAX: usize = 5;

/// Tells if somebody is the company: `me` has names, addresses, and domains as "@shop.example".
pub(super) fn is_ours(me: &[String], name: &str, email: &str) -> bool {
    let same = |one: &str, other: &str| {
        !one.is_empty()
            && (one.eq_ignore_ascii_case(other)
                || !(one.is_ascii() && other.is_ascii()) && one.to_lowercase() == other.to_lowercase())
    };
    me.iter().map(|ours| ours.trim()).any(|ours| {
        let domain = domain_of(email);
        match ours.strip_prefix('@') {
            Some(ours) => same(ours, domain),
            None => same(ours, name) || same(ours, email) || ours.contains('.') && same(ours, domain),
        }
    })
}

/// Returns what stands behind the @ of an address.
pub(super) fn domain_of(email: &str) -> &str {
    email.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// Those who wrote mails or received them, by address.
#[derive(Debug, Default)]
pub(super) struct Correspondents {
    mails: u64,
    people: HashMap<String, Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    wrote: u64,
    took_part: u64,
    is_named: bool,
}

impl Correspondents {
    /// Counts a mail. Returns true if its author, or the author's name, is new.
    pub(super) fn count<'a>(
        &mut self,
        author: &'a str,
        is_named: bool,
        others: impl IntoIterator<Item = &'a str>,
    ) -> bool {
        self.mails += 1;
        let mut seen = vec![author];
        for other in others {
            if !seen.contains(&other) {
                seen.push(other);
            }
        }
        let mut is_new = true;
        for (at, address) in seen.into_iter().enumerate() {
            if !self.people.contains_key(address) && self.people.len() < PEOPLE_MAX {
                self.people.insert(address.to_owned(), Counts::default());
            }
            let Some(counts) = self.people.get_mut(address) else { continue };
            counts.took_part += 1;
            if at == 0 {
                is_new = counts.wrote == 0 || is_named && !counts.is_named;
                counts.wrote += 1;
                counts.is_named |= is_named;
            }
        }
        is_new
    }

    /// Returns the company's address if there is no doubt; none if there were no mails. The error asks for it.
    pub(super) fn company(&self) -> Result<Option<&str>, String> {
        if self.mails == 0 {
            return Ok(None);
        }
        let mut people: Vec<(&str, &Counts)> =
            self.people.iter().map(|(address, counts)| (address.as_str(), counts)).collect();
        people.sort_unstable_by_key(|(address, counts)| (std::cmp::Reverse(counts.took_part), *address));
        let share =
            |at: usize| people.get(at).map_or(0.0, |(_, counts)| counts.took_part as f64 / self.mails as f64);
        if self.mails >= MAILS_MIN && share(0) >= SHARE_MIN && share(1) < OTHERS_MAX {
            let (first, _) = people[0];
            // who else writes from there may be a colleague, or another customer of the same mail provider
            let is_alone = people[1..]
                .iter()
                .all(|(address, counts)| counts.wrote == 0 || domain_of(address) != domain_of(first));
            if is_alone {
                return Ok(Some(first));
            }
        }
        let shown = people.iter().take(SHOWN_MAX);
        let shown: Vec<String> = shown
            .map(|(address, counts)| format!("{address} ({} of {} mails)", counts.took_part, self.mails))
            .collect();
        Err(format!(
            "which address is the company's? Say --me ADDRESS, or --me @DOMAIN if several are; there are {}",
            shown.join(", ")
        ))
    }
}
