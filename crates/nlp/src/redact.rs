//! Finds and masks what must not be shown: addresses, numbers, secrets, names.
