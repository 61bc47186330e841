//! The rules, and what in a tree breaks them.

use super::source::{File, Tree};
use super::sql;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The rules of a tree.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Modules from the ground up.
    pub(super) order: &'static [&'static str],
    /// Files that are outside of the order.
    pub(super) composition: &'static [&'static str],
    /// A table, or a column of one, and the module that may write it.
    pub(super) owners: &'static [(&'static str, &'static str)],
    pub(super) file_lines_max: usize,
    pub(super) function_lines_max: usize,
    /// Names of functions that may be longer: lists.
    pub(super) long_functions: &'static [&'static str],
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) rule: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {}", self.file, self.line, self.rule)
    }
}

/// Finds everything in a tree that breaks a rule.
pub(super) fn check(tree: &Tree, rules: &Rules) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        findings.extend(sizes(file, rules));
        if !file.is_of_tests() {
            findings.extend(arrows(tree, file, rules));
            findings.extend(writes(file, rules));
        }
    }
    findings.extend(cycles(tree, rules));
    findings
}

/// Finds what is too long.
fn sizes(file: &File, rules: &Rules) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, rule: String| findings.push(Finding { file: file.name.clone(), line, rule });
    if file.lines > rules.file_lines_max {
        find(1, format!("{} lines: a file has at most {}", file.lines, rules.file_lines_max));
    }
    for function in &file.functions {
        if function.lines > rules.function_lines_max
            && !rules.long_functions.contains(&function.name.as_str())
        {
            let (name, lines) = (&function.name, function.lines);
            find(
                function.line,
                format!("`{name}` has {lines} lines: a function has at most {}", rules.function_lines_max),
            );
        }
    }
    findings
}

/// Finds the uses of a file that point up.
fn arrows(tree: &Tree, file: &File, rules: &Rules) -> Vec<Finding> {
    let find = |line: usize, rule: String| Finding { file: file.name.clone(), line, rule };
    let from = room(&file.module);
    if rules.composition.contains(&file.module.as_str()) {
        return Vec::new();
    }
    let Some(rank) = rank(rules, from) else {
        return vec![find(1, format!("`{from}` is not in the order of modules"))];
    };
    let mut findings = BTreeMap::new();
    for (line, path) in &file.uses {
        let Some(target) = tree.target(file, path) else { continue };
        let to = room(&target.module);
        if self::rank(rules, to).is_some_and(|other| other > rank) {
            findings.entry((*line, to)).or_insert_with(|| {
                find(*line, format!("`{from}` uses `{to}` ({}), which is above it", path.join("::")))
            });
        }
    }
    findings.into_values().collect()
}

/// Finds statements that write a table of another module.
fn writes(file: &File, rules: &Rules) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in &file.texts {
        for table in sql::tables_written(text) {
            let columns =
                sql::columns_set(text, &table).into_iter().map(|column| format!("{table}.{column}"));
            let owned: Vec<String> = columns.filter(|column| owner(rules, column).is_some()).collect();
            for written in if owned.is_empty() { vec![table] } else { owned } {
                let Some(owner) = owner(rules, &written) else { continue };
                if !is_within(&file.module, owner) {
                    let rule = format!("writes `{written}`, which only `{owner}` may");
                    findings.push(Finding { file: file.name.clone(), line: *line, rule });
                }
            }
        }
    }
    findings
}

fn owner(rules: &Rules, written: &str) -> Option<&'static str> {
    rules.owners.iter().find(|(owned, _)| *owned == written).map(|(_, owner)| *owner)
}

/// Finds files of one module that use each other in a circle. That a `mod.rs` uses the files of its folder is no part
/// of one: it is their door.
fn cycles(tree: &Tree, rules: &Rules) -> Vec<Finding> {
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in tree.files.iter().filter(|file| !file.is_of_tests()) {
        let targets = file.uses.iter().filter_map(|(_, path)| tree.target(file, path));
        let targets = targets.map(|target| target.module.as_str()).filter(|to| {
            *to != file.module && !is_within(to, &file.module) && room(to) == room(&file.module)
        });
        if !rules.composition.contains(&file.module.as_str()) {
            graph.entry(&file.module).or_default().extend(targets);
        }
    }
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for start in graph.keys() {
        let Some(circle) = path_back(&graph, start) else { continue };
        if seen.insert(circle.iter().copied().collect::<BTreeSet<_>>()) {
            let file = tree.file(start).map(|file| file.name.clone()).unwrap_or_default();
            let rule = format!("a circle: {} → {start}", circle.join(" → "));
            findings.push(Finding { file, line: 1, rule });
        }
    }
    findings
}

/// The shortest way from a module over others back to it.
fn path_back<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| graph.get(last)).into_iter().flatten() {
                if *next == start {
                    return Some(way);
                }
                if seen.insert(*next) {
                    longer.push([&way[..], &[*next]].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

/// The module by which the order goes: the top-level one, and within `insights` the room.
fn room(module: &str) -> &str {
    let parts = if module.starts_with("insights/") { 2 } else { 1 };
    let end = module.match_indices('/').nth(parts - 1).map_or(module.len(), |(at, _)| at);
    &module[..end]
}

fn rank(rules: &Rules, room: &str) -> Option<usize> {
    rules.order.iter().position(|module| *module == room)
}

/// Whether a module is this one or lies in its folder.
fn is_within(module: &str, folder: &str) -> bool {
    module.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{Finding, Rules, check, room};
    use crate::architecture::source::{File, Tree};

    const SMALL: Rules = Rules {
        order: &["db", "insights/list", "insights/routes", "insights", "cli"],
        composition: &["", "app"],
        owners: &[("insights", "insights/list")],
        file_lines_max: 4,
        function_lines_max: 2,
        long_functions: &["routes"],
    };

    /// What is found in these files.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree { files: files.iter().map(|(name, text)| File::parse(name, text)).collect() };
        check(&tree, &SMALL).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn arrows_point_down() {
        let files = [
            ("app.rs", "use crate::cli::x;"),
            ("cli/mod.rs", "use crate::db;\nuse crate::insights::list::List;"),
            ("db.rs", "use crate::app::App;\nfn f() { crate::cli::x() }"),
            ("insights/mod.rs", ""),
            ("insights/list/mod.rs", "use super::routes;"),
            ("insights/routes.rs", "use super::list::List;"),
            ("teams.rs", ""),
        ];
        let expected = [
            "src/db.rs:2: `db` uses `cli` (crate::cli::x), which is above it",
            "src/insights/list/mod.rs:1: `insights/list` uses `insights/routes` (super::routes), which is above it",
            "src/teams.rs:1: `teams` is not in the order of modules",
        ];
        assert_eq!(found(&files), expected);
    }

    #[test]
    fn files_of_a_module_use_each_other_in_no_circle() {
        let files = [
            ("db/mod.rs", "use self::a::A;"),
            ("db/a.rs", "use super::b::B;\nuse super::D;"),
            ("db/b.rs", "use super::c::C;"),
            ("db/c.rs", "use crate::db::a::A;"),
        ];
        assert_eq!(found(&files), ["src/db/a.rs:1: a circle: db/a → db/b → db/c → db/a"]);
    }

    #[test]
    fn a_table_is_written_by_its_owner() {
        let files = [
            ("db.rs", "fn f() { sql(\"\n  update insights set x = 1\") }"),
            ("insights/list/store.rs", "const A: &str = \"delete from insights\";"),
        ];
        assert_eq!(found(&files), ["src/db.rs:1: writes `insights`, which only `insights/list` may"]);
    }

    #[test]
    fn files_and_functions_are_short() {
        let files = [("db.rs", "fn a() {\n\n}\nfn routes() {\n\n}")];
        assert_eq!(
            found(&files),
            [
                "src/db.rs:1: 6 lines: a file has at most 4",
                "src/db.rs:1: `a` has 3 lines: a function has at most 2"
            ]
        );
    }

    #[test]
    fn a_room_is_a_module_of_the_order() {
        assert_eq!(room("insights/list/sql"), "insights/list");
        assert_eq!((room("insights"), room("http/guard")), ("insights", "http"));
    }
}
