//! Messages as a caller is shown them, so that what was found in them can be placed.

use super::member_view::{self, Mask};
use super::set_aside::SetAsideReason;
use super::store;
use crate::access::Caller;
use crate::app::App;
use crate::error::Result;
use crate::http::Cursor;
use crate::ids::{MessageId, SessionId};
use crate::wire::Nullable;
use anyhow::Context;
use refrain_nlp::redact::Finding;

/// A message of a page of a history, in which bytes of the text as it was said are found again in the text that is shown.
#[derive(Debug)]
pub struct ShownMessage {
    /// Its id.
    pub id: MessageId,
    /// The reason why nothing is read in it, if it is set aside.
    pub set_aside: Option<SetAsideReason>,
    /// What is masked in it, or, where it is shown as it was said, what would be: places in bytes of what was said.
    pub masks: Vec<Finding>,
    /// For each byte of what was said, and the end, the number of characters that are shown before it.
    before: Vec<usize>,
    is_masked: bool,
}

impl ShownMessage {
    fn new(id: MessageId, text: &str, mask: Option<&Mask>, is_masked: bool) -> Result<Self> {
        let masks = mask.map_or(Ok(Vec::new()), |mask| mask.findings(text))?;
        let hidden = if is_masked { masks.as_slice() } else { &[] };
        let before = characters_before(text, hidden);
        let set_aside = mask.and_then(|mask| mask.set_aside);
        Ok(Self { id, set_aside, masks, before, is_masked })
    }

    /// Returns where these bytes of what was said are in what is shown, in characters; none if the text is another now. A
    /// part that begins or ends within something masked has all of what stands in its place.
    pub fn place(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let hidden = if self.is_masked { self.masks.as_slice() } else { &[] };
        let within = |at: usize| hidden.iter().find(|mask| mask.start < at && at < mask.end);
        let start = within(start).map_or(start, |mask| mask.start);
        let end = within(end).map_or(end, |mask| mask.end);
        let place = (*self.before.get(start)?, *self.before.get(end)?);
        (place.0 < place.1).then_some(place)
    }
}

/// Counts, for each byte of a text and its end, the characters before it where `hidden` is replaced by its labels.
fn characters_before(text: &str, hidden: &[Finding]) -> Vec<usize> {
    let mut before = Vec::with_capacity(text.len() + 1);
    let (mut shown, mut next) = (0, hidden.iter().peekable());
    for (at, c) in text.char_indices() {
        let skipped = next.peek().is_some_and(|mask| mask.start <= at);
        before.resize(at + c.len_utf8(), shown);
        if !skipped {
            shown += 1;
        } else if next.peek().is_some_and(|mask| mask.end <= at + c.len_utf8()) {
            shown += next.next().map_or(0, |mask| mask.kind.label().chars().count());
        }
    }
    before.push(shown);
    before
}

/// Loads the messages that the page of a history behind `after` has, as a caller is shown them, and where the next page
/// begins. A session that is absent is a 404.
pub async fn shown_messages(
    app: &App,
    caller: &Caller,
    id: SessionId,
    after: Option<Cursor>,
) -> Result<(Vec<ShownMessage>, Nullable<String>)> {
    let (messages, next) = store::history(&app.db, caller.org_id, id, after).await?;
    let ids = messages.iter().map(|message| message.id).collect();
    let masks = member_view::masks(app, caller.org_id, ids).await?;
    let is_masked = caller.is_member();
    let show = move || {
        let shown = messages.into_iter().filter_map(|message| message.text.map(|text| (message.id, text)));
        shown.map(|(id, text)| ShownMessage::new(id, &text, masks.get(&id), is_masked)).collect()
    };
    let shown: Result<Vec<ShownMessage>> =
        tokio::task::spawn_blocking(show).await.context("placing what was found in messages")?;
    Ok((shown?, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use refrain_nlp::redact::{self, Kind};

    #[test]
    fn a_part_is_found_again_in_the_text_that_is_shown() {
        let text = "Ça va, Ann? Write to ann@example.com, the card is late";
        let at = |part: &str| {
            let start = text.find(part).unwrap();
            (start, start + part.len())
        };
        let finding = |part: &str, kind| Finding { start: at(part).0, end: at(part).1, kind };
        let masks = vec![finding("Ann", Kind::Name), finding("ann@example.com", Kind::Email)];
        let id = MessageId::new(Timestamp::from_micros(0));
        for is_masked in [true, false] {
            let hidden = if is_masked { masks.as_slice() } else { &[] };
            let before = characters_before(text, hidden);
            let shown = ShownMessage { id, set_aside: None, masks: masks.clone(), before, is_masked };
            let seen: Vec<char> = redact::mask(text, hidden).chars().collect();
            let part = |(start, end): (usize, usize)| {
                let place = shown.place(start, end).unwrap();
                seen[place.0..place.1].iter().collect::<String>()
            };
            assert_eq!(part(at("the card is late")), "the card is late");
            assert_eq!(part(at("Ann")), if is_masked { "[name]" } else { "Ann" });
            let (start, end) = at("Write to ann");
            let expected = if is_masked { "Write to [email]" } else { "Write to ann" };
            assert_eq!(part((start, end)), expected);
            assert_eq!(shown.place(0, text.len() + 1), None);
        }
    }
}
