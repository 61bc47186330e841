//! Groups statements that say the same, without being told how many groups there are.
