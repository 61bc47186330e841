//! Chooses the sentence that stands for a group.
