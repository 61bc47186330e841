//! What one organization asks for holds up no other.

mod deliveries;
mod pages;
mod queue;
mod search;
mod statements;
mod storage;
