//! Statements in the text of SQL.

/// The tables that a text writes: those after `insert into`, `update` and `delete from`.
pub(super) fn tables_written(sql: &str) -> Vec<String> {
    let words = words(sql);
    let mut tables = Vec::new();
    for i in 0..words.len() {
        let at = |n: usize| words.get(i + n).map_or("", String::as_str);
        match (at(0), at(1), at(2)) {
            ("insert", "into", table) | ("delete", "from", table) => tables.push(table.to_owned()),
            // an alias may stand between the table and `set`
            ("update", table, "set" | "as") if table != "set" => tables.push(table.to_owned()),
            ("update", table, _) if at(3) == "set" => tables.push(table.to_owned()),
            _ => {}
        }
    }
    tables
}

/// The columns that a text's `update` of a table sets; none where the text updates none, or sets what is filled in.
pub(super) fn columns_set(sql: &str, table: &str) -> Vec<String> {
    let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let Some((_, rest)) = sql.split_once(&format!("update {table} set ")) else { return Vec::new() };
    let ends = [" where ", " from ", " returning "];
    let end = ends.iter().filter_map(|word| rest.find(word)).min().unwrap_or(rest.len());
    let mut depth = 0;
    let assignments = rest[..end].split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    assignments.filter_map(|assignment| Some(assignment.split_once(" =")?.0.trim().to_owned())).collect()
}

/// The tables that a migration makes.
pub(super) fn tables_made(sql: &str) -> Vec<String> {
    let words = words(sql);
    words.windows(3).filter(|three| three[..2] == ["create", "table"]).map(|three| three[2].clone()).collect()
}

fn words(sql: &str) -> Vec<String> {
    sql.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[test]
fn statements_name_the_tables_they_write() {
    let check = |sql: &str, expected: &[&str]| assert_eq!(tables_written(sql), expected, "{sql}");
    check("select 1 from insights", &[]);
    check("insert into teams (id) values ($1) on conflict do update set name = $2", &["teams"]);
    check("update insights i set x = 1", &["insights"]);
    check("with x as (select 1)\n update orgs\n set clock = 2", &["orgs"]);
    check("delete from jobs where kind = 'x'", &["jobs"]);
    check("select 1 for update", &[]);
    assert_eq!(tables_made("create table a (b text);\n CREATE TABLE c(d text)"), ["a", "c"]);
    let columns = |sql: &str| columns_set(sql, "orgs");
    assert_eq!(columns("update orgs set a = f(1, 2), b = b + 1 where c = 3"), ["a", "b"]);
    assert_eq!(columns("update teams set a = 1"), [""; 0]);
}
