//! The command line.

mod commands;
mod eval;
