//! Which of the 37 languages a text is in.
