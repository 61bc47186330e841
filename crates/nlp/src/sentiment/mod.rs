//! The mood of a contact: angry, neutral or happy.
//!
//! A weighted list of words and phrases in many languages, and what the writing itself shows: capitals, repeated
//! signs, drawn-out words. A plain request or report of a problem is neutral.

mod lexicon;
mod score;

use score::Score;

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

/// The displeasure, or pleasure, from which a text is angry, or happy.
const ANGRY: f32 = 2.0;
const HAPPY: f32 = 1.6;

/// Returns the mood of one message or statement; linear in its length.
pub fn of_text(text: &str) -> Sentiment {
    let Score { pleased, displeased, report, .. } = score::of(text);
    let displeased = displeased + report;
    if displeased >= ANGRY && displeased >= pleased {
        Sentiment::Angry
    } else if pleased >= HAPPY && pleased > displeased {
        Sentiment::Happy
    } else {
        Sentiment::Neutral
    }
}

/// Returns the mood of a whole conversation, from its contact's messages in order: later ones weigh up to twice as much, and
/// thanks at the end of an angry conversation do not make it happy.
pub fn of_messages<'a>(messages: impl IntoIterator<Item = &'a str>) -> Sentiment {
    let sentiments: Vec<Sentiment> = messages.into_iter().map(of_text).collect();
    let total = |wanted: Sentiment| {
        let weights = sentiments.iter().enumerate().filter(|(_, sentiment)| **sentiment == wanted);
        weights.map(|(i, _)| 1.0 + (i + 1) as f32 / sentiments.len() as f32).sum::<f32>()
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
