//! Text in, findings out. Nothing here knows SQL, HTTP or the product: every function is pure, and the
//! same text with the same model gives the same result.
//!
//! No module uses one that comes after it in this reading order:
//!
//! 1. [`case_fold`], [`random`], [`vectors`] and `fnv`: small arithmetic of letters and numbers. `parallel`: work on several threads.
//! 2. `text` and `phrases`: a text as the finders see it, and what they find. [`language`]: the language of a text. [`encoders`]: its embeddings.
//! 3. [`redact`] and [`sentiment`]: what must not be shown, and the mood.
//! 4. [`conversation`]: what is read, and what is found in it. [`statements`]: the places where something is stated.
//!    [`machines`]: what no person wrote.
//! 5. [`cleaning`]: what of a message its author wrote.
//! 6. `summary` and [`reading`]: a conversation read whole, which calls all of the above.
//! 7. [`contrast`]: texts that say the opposite. [`grouping`] and [`title`]: many statements brought together and
//!    named. [`evaluation`]: how well that went.

pub mod case_fold;
pub mod cleaning;
pub mod contrast;
pub mod conversation;
pub mod encoders;
pub mod evaluation;
mod fnv;
pub mod grouping;
pub mod language;
pub mod machines;
mod memo;
mod parallel;
mod phrases;
pub mod random;
pub mod reading;
pub mod redact;
pub mod sentiment;
pub mod statements;
mod summary;
mod text;
pub mod title;
pub mod vectors;
