//! Long runs, which are asked for by name.

mod live;
mod year;
