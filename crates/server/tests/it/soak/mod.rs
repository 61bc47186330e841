//! Long runs, which are asked for by name.

mod year;
