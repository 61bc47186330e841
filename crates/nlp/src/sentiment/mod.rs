//! The mood of a contact: angry, neutral or happy.
//!
//! A weighted list of words and phrases in many languages, what the writing itself shows (capitals, repeated signs,
//! drawn-out words), and a learned head on the text's embedding, which finds displeasure that no single word tells. A plain
//! request or report of a problem is neutral.

mod head;
mod lexicon;
mod score;
#[cfg(test)]
mod tests;

use crate::encoders::static_embedding::{self, DIMENSIONS};
use crate::language::{self, Language};
use crate::memo::Memo;
use head::{HEAD, Signs};
use score::Score;
use std::sync::LazyLock;

/// The mood of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sentiment {
    /// Complains, accuses, insults, or is at the end of patience.
    Angry,
    /// Praises, is delighted or warmly grateful.
    Happy,
    /// Asks, reports, answers.
    Neutral,
}

impl Sentiment {
    /// Returns the name on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Sentiment::Angry => "angry",
            Sentiment::Happy => "happy",
            Sentiment::Neutral => "neutral",
        }
    }

    /// Finds the sentiment of that name.
    pub fn from_code(code: &str) -> Option<Sentiment> {
        [Sentiment::Angry, Sentiment::Happy, Sentiment::Neutral].into_iter().find(|s| s.code() == code)
    }
}

/// Returns the mood of one message or statement; linear in its length. Of texts in other languages than English it has only
/// the list to go by.
pub fn of_text(text: &str) -> Sentiment {
    let language = language::detect(text, None);
    if language.is_none_or(|language| language == Language::En) {
        of_english(text)
    } else {
        of_other(text, None)
    }
}

/// Returns the mood of an English text.
pub(crate) fn of_english(text: &str) -> Sentiment {
    ENGLISH.get(text, || judge(&score::of(text), english_embedding(text).as_ref(), ANGRY_IN_PUBLIC))
}

/// The moods of English texts.
static ENGLISH: LazyLock<Memo<Sentiment>> = LazyLock::new(Memo::new);

/// Returns the mood of a text in another language, with its embedding if that is at hand.
pub(crate) fn of_other(text: &str, embedding: Option<&[f32; DIMENSIONS]>) -> Sentiment {
    judge(&score::of(text), embedding, ANGRY_IN_PUBLIC_ELSEWHERE)
}

/// Returns the static embedding of a text without the names of accounts, which say nothing of a mood.
fn english_embedding(text: &str) -> Option<[f32; DIMENSIONS]> {
    let words: Vec<&str> = text.split_whitespace().filter(|word| !score::is_account(word)).collect();
    static_embedding::encode(&words.join(" "))
}

/// The lead over the other moods with which the head calls a text angry, or happy; less of it is needed where the list
/// says so too, and before the public, where problems are complaints and thanks are praise.
const ANGRY: f32 = 0.8;
const ANGRY_LISTED: f32 = -1.1;
const ANGRY_IN_PUBLIC: f32 = -1.3;
/// Embeddings of other languages are less exact.
const ANGRY_IN_PUBLIC_ELSEWHERE: f32 = 0.0;
const HAPPY: f32 = 0.4;
const HAPPY_LISTED: f32 = -0.2;

/// The words up to which the list decides alone: an embedding of few says more of what they are about than of a mood.
const FEW_WORDS: usize = 4;

/// Weighs what the list and the head find.
fn judge(score: &Score, embedding: Option<&[f32; DIMENSIONS]>, angry_in_public: f32) -> Sentiment {
    let embedding = embedding.filter(|_| score.is_public || score.words > FEW_WORDS);
    let (mut is_angry, mut is_happy) = (score.is_angry(), score.is_happy());
    if let Some(embedding) = embedding {
        let Signs { angry, happy } = HEAD.weigh(embedding, &head::findings(score));
        // what the list takes for the mere report of a problem is one
        let is_report = !score.is_public && score.report > 0.0 && score.displeased == 0.0;
        let angry_min = match (is_angry, score.is_public) {
            (true, _) => ANGRY_LISTED,
            (false, true) => angry_in_public,
            (false, false) => ANGRY,
        };
        let happy_min = if is_happy || score.is_public { HAPPY_LISTED } else { HAPPY };
        is_angry = angry - happy.max(0.0) > angry_min && (is_angry || !is_report);
        is_happy = happy - angry.max(0.0) > happy_min;
    }
    if is_angry {
        Sentiment::Angry
    } else if is_happy {
        Sentiment::Happy
    } else {
        Sentiment::Neutral
    }
}

/// Returns the mood of a whole conversation, from its contact's messages in order, by the words alone.
pub fn of_messages<'a>(messages: impl IntoIterator<Item = &'a str>) -> Sentiment {
    of_moods(messages.into_iter().map(of_text))
}

/// Returns the mood of a whole conversation, from those of its contact's messages in order: later ones weigh up to twice as
/// much, and thanks at the end of an angry conversation do not make it happy.
pub fn of_moods(moods: impl IntoIterator<Item = Sentiment>) -> Sentiment {
    let moods: Vec<Sentiment> = moods.into_iter().collect();
    let total = |wanted: Sentiment| {
        let weights = moods.iter().enumerate().filter(|(_, mood)| **mood == wanted);
        weights.map(|(i, _)| 1.0 + (i + 1) as f32 / moods.len() as f32).sum::<f32>()
    };
    let (angry, happy) = (total(Sentiment::Angry), total(Sentiment::Happy));
    if angry > 0.0 && angry >= happy {
        Sentiment::Angry
    } else if angry == 0.0 && happy > HAPPY_MIN {
        Sentiment::Happy
    } else {
        Sentiment::Neutral
    }
}

/// The weight above which a conversation is happy: one happy message in the later half has it, or two anywhere.
const HAPPY_MIN: f32 = 1.5;

/// Returns the commonest; angry wins ties, happy needs more than neutral.
pub fn majority(sentiments: impl IntoIterator<Item = Sentiment>) -> Sentiment {
    let (mut angry, mut happy, mut neutral) = (0, 0, 0);
    for sentiment in sentiments {
        match sentiment {
            Sentiment::Angry => angry += 1,
            Sentiment::Happy => happy += 1,
            Sentiment::Neutral => neutral += 1,
        }
    }
    if angry > 0 && angry >= happy && angry >= neutral {
        Sentiment::Angry
    } else if happy > neutral {
        Sentiment::Happy
    } else {
        Sentiment::Neutral
    }
}
