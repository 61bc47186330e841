use super::said_by;
use crate::cleaning::boilerplate::Boilerplate;
use crate::cleaning::clean;
use crate::conversation::{Author, Turn};
use proptest::prelude::*;
use std::time::Instant;

/// Pieces of messages that call for the most work, or for none.
const PIECES: [&str; 44] = [
    "<",
    ">",
    "<p>",
    "</div>",
    "<a b=\"",
    "<blockquote>",
    "<style>",
    "&amp;",
    "&#x0;",
    "&",
    "[x](y.z)",
    "**",
    "_",
    "`",
    ":a:",
    "\n",
    "\n> ",
    "From: a@b\n",
    "On 5 May 2025 at 10:00 wrote:\n",
    "10:02 A: ",
    "Name: x\n",
    "-- \n",
    "\u{200d}",
    "e\u{301}",
    "https://x.y/z?",
    "Best regards,\n",
    "ERROR x.y() = 1\n",
    "ＡＢ",
    "www.x.y ",
    "at www.x.y/z",
    "HTTP://x.y ",
    "x | ",
    "|",
    "||",
    "~~",
    "~",
    "[b]",
    "[/b]",
    "![",
    "<@U1>",
    "<http://x.y|z>",
    "# ",
    "* ",
    "```\n",
];

proptest! {
    #[test]
    fn any_text_is_read_and_its_places_hold(text in ".{0,200}", pieces in prop::collection::vec(0..PIECES.len(), 0..60)) {
        let mixed: String = pieces.iter().map(|piece| PIECES[*piece]).chain([text.as_str()]).collect();
        for text in [text.as_str(), mixed.as_str()] {
            for author in [Author::Contact, Author::Other] {
                for words in clean(&[Turn { author, text }], &["A"], &Boilerplate::default()).said {
                    let said = words.text.text();
                    let mut end = 0;
                    for (at, c) in said.char_indices() {
                        let source = words.text.source_range(at..at + c.len_utf8());
                        prop_assert!(source.start <= source.end && source.end <= text.len());
                        prop_assert!(source.start >= end || source.end >= end, "places go back at {at}");
                        prop_assert!(text.is_char_boundary(source.start) && text.is_char_boundary(source.end));
                        let back = words.text.text_range(source.clone());
                        prop_assert!(source.is_empty() || back.start <= at && at + c.len_utf8() <= back.end);
                        end = source.end.max(end);
                    }
                }
            }
        }
    }

    #[test]
    fn plain_words_stay_as_they_are(words in prop::collection::vec("[a-zäöüß]{2,9}", 1..30)) {
        let text = words.join(" ");
        prop_assert_eq!(said_by(&text, &[]), text);
    }

    #[test]
    fn what_is_clean_stays_clean(pieces in prop::collection::vec(0..4usize, 1..6)) {
        const CLEAN: [&str; 4] = ["The desk wobbles.", "It is made of oak, I think.", "", "Why does it do that?"];
        let text: Vec<&str> = pieces.iter().map(|piece| CLEAN[*piece]).collect();
        let once = said_by(&text.join("\n"), &[]);
        prop_assert_eq!(said_by(&once, &[]), once);
    }
}

#[test]
fn the_time_it_takes_grows_with_the_text_alone() {
    for piece in PIECES.iter().chain(&[
        "<a b=\"c",
        "<div style=\"display:none\">",
        "> a\n",
        "a: b\n",
        "{\"a\": 1}\n",
        "*a",
    ]) {
        let text = piece.repeat(20_000 / piece.len());
        let began = Instant::now();
        clean(&[Turn { author: Author::Contact, text: &text }], &[], &Boilerplate::default());
        assert!(began.elapsed().as_millis() < 2_000, "{piece:?} takes {:?}", began.elapsed());
    }
}
