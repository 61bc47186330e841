//! Which of a contact's messages state something.
