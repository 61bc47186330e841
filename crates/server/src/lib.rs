//! Refrain reads customer conversations and shows what customers keep saying. The modules stand in reading order: the
//! shared ones first, then the nouns of the product, then the command line.

// what is derived names it from outside
extern crate self as refrain;

pub mod access;
pub mod app;
pub mod background;
pub mod config;
pub mod custom_data;
pub mod db;
pub mod error;
pub mod escalation;
pub mod event;
pub mod group_commit;
pub mod http;
mod http_client;
pub mod idempotency;
pub mod ids;
pub mod jobs;
pub mod language_model;
mod memory;
pub mod openapi;
pub mod outbox;
mod seal;
pub mod spreadsheet;
pub mod telemetry;
pub mod time;
pub mod turns;
pub mod wire;

pub mod audit_log;
pub mod backup;
pub mod boilerplate;
pub mod categories;
pub mod changes;
pub mod contacts;
pub mod dashboard;
pub mod erasures;
pub mod exports;
pub mod imports;
pub mod insights;
pub mod keys;
pub mod members;
pub mod orgs;
pub mod redaction;
pub mod sample;
pub mod sessions;
pub mod settings;
pub mod tags;
pub mod teams;
pub mod views;
pub mod webhooks;
pub mod workload;

pub mod cli;
