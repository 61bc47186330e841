//! A text made out of another one, which knows for each of its bytes where it came from.

use std::ops::Range;

/// A text and its places in the source that it was made of. What comes later in the text comes from no earlier a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    text: String,
    pieces: Vec<Piece>,
}

/// A run of the text, and the part of the source that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    text: Range<usize>,
    source: Range<usize>,
    /// Letter for letter the same; else the whole run stands for the whole part.
    is_verbatim: bool,
}

impl Mapped {
    /// Takes a source as it is.
    pub fn whole(source: &str) -> Mapped {
        let piece = Piece { text: 0..source.len(), source: 0..source.len(), is_verbatim: true };
        Mapped { text: source.to_owned(), pieces: if source.is_empty() { Vec::new() } else { vec![piece] } }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Tells if nothing of the source was changed or left out before the end of the text.
    pub fn is_verbatim(&self) -> bool {
        match self.pieces.as_slice() {
            [] => true,
            [only] => only.is_verbatim && only.source.start == 0,
            _ => false,
        }
    }

    /// Returns the part of the source that a part of the text stands for: a binary search.
    pub fn source_range(&self, part: Range<usize>) -> Range<usize> {
        let first = self.pieces.partition_point(|piece| piece.text.end <= part.start);
        if part.is_empty() {
            let at = match (self.pieces.get(first), self.pieces.last()) {
                (Some(piece), _) => piece.source_of(part.start).start,
                (None, Some(last)) => last.source.end,
                (None, None) => 0,
            };
            return at..at;
        }
        let last = self.pieces.partition_point(|piece| piece.text.end < part.end);
        match (self.pieces.get(first), self.pieces.get(last)) {
            (Some(first), Some(last)) => {
                let start = first.source_of(part.start).start;
                start..last.source_of(part.end - 1).end.max(start)
            }
            _ => 0..0,
        }
    }

    /// Returns the part of the text that comes from a part of the source; empty if nothing of it is left.
    pub fn text_range(&self, part: Range<usize>) -> Range<usize> {
        let first = self.pieces.partition_point(|piece| piece.source.end <= part.start);
        let behind = self.pieces.partition_point(|piece| piece.source.start < part.end);
        if first >= behind {
            let at = self.pieces.get(first).map_or(self.text.len(), |piece| piece.text.start);
            return at..at;
        }
        // what was put in between stands for nothing
        let mut said = self.pieces[first..behind].iter().filter(|piece| !piece.source.is_empty());
        let (Some(first), Some(last)) = (said.clone().next(), said.next_back()) else { return 0..0 };
        let start = if first.is_verbatim && part.start > first.source.start {
            first.text.start + (part.start - first.source.start)
        } else {
            first.text.start
        };
        let end = if last.is_verbatim && part.end < last.source.end {
            last.text.start + (part.end - last.source.start)
        } else {
            last.text.end
        };
        start..end.max(start)
    }

    /// Returns the text with nothing but these parts of it, which ascend. What is between two parts is kept if it is
    /// blank, and is the end of a line if not.
    pub(super) fn only(&self, parts: &[Range<usize>]) -> Mapped {
        let mut revision = Revision::of(self);
        let mut end = 0;
        for part in parts {
            let gap = &self.text[end..part.start];
            if end == 0 || !gap.trim().is_empty() {
                revision.insert(end, if end == 0 { "" } else { "\n" });
                revision.replace(end..part.start, "");
            }
            end = part.end;
        }
        revision.replace(end..self.text.len(), "");
        revision.finish()
    }
}

impl Piece {
    /// Returns the part of the source that the byte at this place of the text stands for.
    fn source_of(&self, at: usize) -> Range<usize> {
        if !self.is_verbatim || at < self.text.start {
            return self.source.clone();
        }
        let at = self.source.start + (at - self.text.start);
        at..at + 1
    }
}

/// A text while it is changed from its beginning to its end.
pub(super) struct Revision<'a> {
    of: &'a Mapped,
    new: Mapped,
    /// The byte of the old text up to which it is written, and the piece that it is in.
    at: usize,
    piece: usize,
}

impl<'a> Revision<'a> {
    /// Begins to change a text.
    pub(super) fn of(of: &'a Mapped) -> Self {
        Revision { of, new: Mapped::default(), at: 0, piece: 0 }
    }

    /// Puts other words in the place of a part of the old text, which is behind those replaced before; none to leave it out.
    pub(super) fn replace(&mut self, part: Range<usize>, with: &str) {
        self.keep(part.start);
        if !with.is_empty() {
            let source = self.of.source_range(part.clone());
            let start = self.new.text.len();
            self.new.text.push_str(with);
            let text = start..self.new.text.len();
            self.new.pieces.push(Piece { text, source, is_verbatim: false });
        }
        self.at = part.end.max(self.at);
    }

    /// Puts words between two of the old text, which stand for nothing of the source.
    pub(super) fn insert(&mut self, at: usize, words: &str) {
        self.replace(at..at, words);
    }

    /// Writes what is left as it is.
    pub(super) fn finish(mut self) -> Mapped {
        self.keep(self.of.text.len());
        self.new
    }

    /// Writes the old text up to a byte as it is.
    fn keep(&mut self, end: usize) {
        while self.at < end {
            let Some(piece) = self.of.pieces.get(self.piece) else { break };
            if piece.text.end <= self.at {
                self.piece += 1;
                continue;
            }
            let part = self.at.max(piece.text.start)..end.min(piece.text.end);
            let offset = part.start - piece.text.start;
            let source = if piece.is_verbatim {
                piece.source.start + offset..piece.source.start + offset + part.len()
            } else {
                piece.source.clone()
            };
            self.push(part.clone(), source, piece.is_verbatim);
            self.at = part.end;
        }
    }

    fn push(&mut self, part: Range<usize>, source: Range<usize>, is_verbatim: bool) {
        let start = self.new.text.len();
        self.new.text.push_str(&self.of.text[part]);
        let text = start..self.new.text.len();
        match self.new.pieces.last_mut() {
            Some(last) if last.is_verbatim && is_verbatim && last.source.end == source.start => {
                last.text.end = text.end;
                last.source.end = source.end;
            }
            _ => self.new.pieces.push(Piece { text, source, is_verbatim }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revised(source: &str, edits: &[(Range<usize>, &str)]) -> Mapped {
        let whole = Mapped::whole(source);
        let mut revision = Revision::of(&whole);
        for (part, with) in edits {
            revision.replace(part.clone(), with);
        }
        revision.finish()
    }

    #[test]
    fn places_are_found_in_both_directions() {
        let source = "<b>My</b> card &amp; PIN";
        let text = revised(source, &[(0..3, ""), (5..9, ""), (15..20, "&")]);
        assert_eq!(text.text(), "My card & PIN");
        assert_eq!(&source[text.source_range(0..7)], "My</b> card");
        assert_eq!(&source[text.source_range(8..9)], "&amp;");
        assert_eq!(&text.text()[text.text_range(0..14)], "My card");
        assert_eq!(&text.text()[text.text_range(16..18)], "&");
        assert!(text.text_range(5..9).is_empty() && text.text_range(0..3).is_empty());
        assert!(!text.is_verbatim() && Mapped::whole(source).is_verbatim());
    }

    #[test]
    fn a_changed_text_is_changed_again() {
        let source = "a&#x200b;bc d";
        let once = revised(source, &[(1..9, "\u{200b}")]);
        let mut revision = Revision::of(&once);
        revision.replace(1..4, "");
        let twice = revision.finish();
        assert_eq!(twice.text(), "abc d");
        assert_eq!(&source[twice.source_range(0..2)], "a&#x200b;b");
        assert_eq!(twice.source_range(4..5), 12..13);
    }

    #[test]
    fn parts_that_stay_are_lines_of_their_own() {
        let text = Mapped::whole("Hello\n\nmy card\n> quoted\nis lost\n--\nAnn");
        let parts = text.only(&[0..5, 7..14, 24..31]);
        assert_eq!(parts.text(), "Hello\n\nmy card\nis lost");
        assert_eq!(parts.source_range(15..22), 24..31);
        assert_eq!(text.only(&[]).text(), "");
        assert_eq!(text.only(&[7..14, 14..14]).text(), "my card");
    }
}
