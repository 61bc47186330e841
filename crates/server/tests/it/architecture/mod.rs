//! The rules of the source tree: which module may use which, who writes a table, and how long files and functions are.

mod rules;
mod source;
mod sql;

use rules::{Rules, check};
use source::Tree;
use std::path::Path;

/// Modules from the ground up. Each may use those above it in this list, and no other. The rooms of `insights` are
/// modules of their own; `insights` itself is its `mod.rs`, the door for other features.
const ORDER: &[&str] = &[
    "error",
    "turns",
    "background",
    "db",
    "backup",
    "time",
    "ids",
    "wire",
    "spreadsheet",
    "custom_data",
    "escalation",
    "http_client",
    "config",
    "seal",
    "telemetry",
    "memory",
    "event",
    "access",
    "orgs",
    "group_commit",
    "language_model",
    "jobs",
    "openapi",
    "http",
    "members",
    "keys",
    "idempotency",
    "outbox",
    "audit_log",
    "changes",
    "teams",
    "categories",
    "contacts",
    "tags",
    "sessions",
    "settings",
    "boilerplate",
    "insights/insight",
    "insights/filter",
    "insights/index",
    "insights/statements",
    "insights/occurrences",
    "insights/list",
    "insights/conversations",
    "insights/history",
    "insights/wording",
    "insights/audit",
    "insights/research",
    "insights/lifecycle",
    "insights/grouping",
    "insights/reading",
    "insights/trends",
    "insights/slices",
    "insights/curation",
    "insights/erasure",
    "insights/follow",
    "insights/routes",
    "insights",
    "views",
    "erasures",
    "redaction",
    "imports",
    "exports",
    "sample",
    "webhooks",
    "workload",
    "dashboard",
    "cli",
];

/// The composition root and the roots of the two crates: they may use everything, and everything may use them.
const COMPOSITION: &[&str] = &["", "app", "main"];

/// The module that may write a table; its files and those of its folder do. A column that is listed is its own
/// feature's: `orgs` carries what features keep of an organization, on the row that its transactions hold anyway.
const OWNERS: &[(&str, &str)] = &[
    ("orgs", "orgs"),
    ("orgs.grouping_version", "insights/grouping"),
    ("orgs.grouping_hash", "insights/grouping"),
    ("orgs.grouped_at", "insights/grouping"),
    ("orgs.grouped_statements", "insights/grouping"),
    ("orgs.new_statements", "insights"),
    ("orgs.rereading", "insights/reading"),
    ("orgs.boilerplate_version", "boilerplate"),
    ("orgs.outline_depth", "boilerplate"),
    ("orgs.norms", "insights/lifecycle"),
    ("orgs.norms_day", "insights/lifecycle"),
    ("orgs.reviewed_on", "insights/lifecycle"),
    ("orgs.language_model_day", "language_model"),
    ("orgs.language_model_requests", "language_model"),
    ("changes", "orgs"),
    ("idempotency_keys", "idempotency"),
    ("org_settings", "settings"),
    ("members", "members"),
    ("sign_ins", "members"),
    ("api_keys", "keys"),
    ("teams", "teams"),
    ("categories", "categories"),
    ("tags", "tags"),
    ("contacts", "contacts"),
    ("contact_values", "contacts"),
    ("sessions", "sessions"),
    ("session_values", "sessions"),
    ("session_tags", "sessions"),
    ("handoffs", "sessions"),
    ("messages", "sessions"),
    ("blobs", "sessions"),
    ("search_bits", "sessions"),
    ("boilerplate", "boilerplate"),
    ("message_outlines", "boilerplate"),
    ("statements", "insights/statements"),
    ("themes", "insights/grouping"),
    ("insights", "insights/insight"),
    ("archives", "insights/lifecycle"),
    ("surges", "insights/lifecycle"),
    ("wordings", "insights/wording"),
    ("occurrences", "insights/occurrences"),
    ("insight_events", "insights/insight"),
    ("researches", "insights/research"),
    ("audits", "insights/audit"),
    ("audit_pairs", "insights/audit"),
    ("insights_apart", "insights"),
    ("session_decisions", "insights"),
    ("lineage", "insights"),
    ("merged_sessions", "insights/curation"),
    ("erasures", "erasures"),
    ("imports", "imports"),
    ("import_records", "imports"),
    ("jobs", "jobs"),
    ("webhooks", "webhooks"),
    ("deliveries", "outbox"),
    ("audit_log", "audit_log"),
    ("views", "views"),
];

const RULES: Rules = Rules {
    order: ORDER,
    composition: COMPOSITION,
    owners: OWNERS,
    file_lines_max: 400,
    function_lines_max: 60,
    long_functions: &["routes"],
};

#[test]
fn the_source_tree_keeps_its_rules() {
    let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let findings: Vec<String> = check(&tree, &RULES).iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn every_table_has_an_owner() {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut tables: Vec<String> =
        source::files(&migrations, "sql").iter().flat_map(|(_, text)| sql::tables_made(text)).collect();
    tables.sort();
    tables.dedup();
    let tables_owned = OWNERS.iter().map(|(table, _)| *table).filter(|table| !table.contains('.'));
    let mut owned: Vec<&str> = tables_owned.collect();
    owned.sort_unstable();
    assert_eq!(tables, owned);
    let unknown = OWNERS.iter().find(|(_, owner)| !ORDER.contains(owner));
    assert_eq!(unknown, None, "an owner is no module of the order");
}
