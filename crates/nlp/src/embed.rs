//! Sentence vectors from the static English model.
