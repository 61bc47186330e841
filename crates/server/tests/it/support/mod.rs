//! The means of the tests: the product in this process, the command line, servers that answer as told, and data.

pub(crate) mod app;
pub(crate) mod cli;
pub(crate) mod fixtures;
pub(crate) mod scripted;
