//! stand-in
use super::record::Record;
use crate::sessions::Sender;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The order of day and month in dates that do not tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DateOrder {
    /// Day first.
    Dmy,
    /// Month first.
    Mdy,
}
#[derive(Clone, Debug)]
pub(super) struct Remark {
    pub member: String,
    pub what: String,
}
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub dates: Option<DateOrder>,
    pub roles: BTreeMap<String, Sender>,
    pub me: Vec<String>,
}
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderTold {
    Nothing,
    Ambiguous,
    Dmy,
    Mdy,
}
pub(super) fn read(json: Json, _reading: &Reading, _remarks: &mut Vec<Remark>) -> Result<Record, String> {
    Record::from_json(json)
}
pub(super) fn order_told(_json: &Json) -> OrderTold {
    OrderTold::Nothing
}
