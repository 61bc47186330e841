//! Importing a file again changes nothing, and a file of which a part came before ends as if it came at once.

use super::corpus::{Dice, Example, ME, examples};
use crate::support::app::TestApp;
use refrain::db::sql;
use refrain::ids::{OrgId, SessionId};
use refrain::imports::{Batch, Import, Options, Totals, list_files, read_files};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The places at which each example is cut.
const CUTS: usize = 8;

/// The tables whose rows have no id, so that half a row is another conversation than all of it.
const WITHOUT_IDS: [&str; 2] = ["reviews.csv", "one-column.csv"];

/// Writes files into a folder, and returns the folder.
fn folder(files: &[(String, Vec<u8>)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

/// Imports what is in a folder, as the command does.
async fn import(t: &TestApp, org_id: OrgId, folder: &Path) -> Totals {
    let files = list_files(&[PathBuf::from(folder)]).unwrap();
    let options = Options { me: ME.map(str::to_owned).to_vec(), ..Options::default() };
    let mut batches: Vec<Batch> = Vec::new();
    read_files(&files, &options, &std::sync::Arc::default(), |batch| {
        batches.push(batch);
        true
    })
    .unwrap();
    let mut import = Import::begin(&t.app, org_id, "import").await.unwrap();
    for batch in batches {
        import.write(batch).await.unwrap();
    }
    import.finish().await.unwrap()
}

/// Everything of an organization but ids that are its own: a text for each session, then the contacts.
async fn dump(t: &TestApp, org_id: OrgId) -> Vec<String> {
    let of_sessions = [
        "select s.id, s.status || '|' || s.channel || '|' || coalesce(s.language, '-') || '|' || cast(s.created_at as text) || '|'
            || cast(s.last_message_at as text) || '|' || s.custom_data || '|' || coalesce(s.ticketing_system, '-') || '|'
            || coalesce(s.assignee_id, '-') || '|' || cast(s.next_seq as text) || '|' || cast(s.summary_wanted as text)
            || '|' || coalesce(c.email, '-') || '|' || coalesce(c.name, '-') || '|' || coalesce(c.phone_number, '-') || '|'
            || coalesce(t.name, '-')
            from sessions s left join contacts c on c.org_id = s.org_id and c.id = s.contact_id
            left join teams t on t.org_id = s.org_id and t.id = s.team_id where s.org_id = $1",
        "select session_id, event_type || '|' || sender || '|' || coalesce(sender_name, '-') || '|' || coalesce(text, '-') || '|'
            || coalesce(attachments, '-') || '|' || coalesce(context, '-') || '|' || coalesce(cast(created_at as text), '-')
            from messages where org_id = $1 order by seq",
        "select session_id, tag_name from session_tags where org_id = $1 order by tag_name",
        "select session_id, key || '=' || value from session_values where org_id = $1 order by key, value",
        "select session_id, summary || '|' || coalesce(sentiment, '-') from handoffs where org_id = $1 order by summary",
    ];
    let mut sessions: BTreeMap<SessionId, String> = BTreeMap::new();
    for query in of_sessions {
        let rows: Vec<(SessionId, String)> = t.app.db.fetch_all(sql(query).bind(org_id)).await.unwrap();
        for (id, row) in rows {
            sessions.entry(id).or_default().push_str(&format!("{row}\n"));
        }
    }
    let mut dump: Vec<String> = sessions.into_values().collect();
    dump.sort();
    let of_org = [
        "select coalesce(email, '-') || '|' || coalesce(phone_number, '-') || '|' || coalesce(name, '-') || '|'
            || coalesce(custom_data, '-') || '|' || coalesce(non_verified_email, '-')
            from contacts c where org_id = $1
            -- half an address is somebody else, who stays without conversations
            and exists (select 1 from sessions s where s.org_id = c.org_id and s.contact_id = c.id)",
        "select name from teams where org_id = $1",
        "select cast(stored_bytes as text) || ' bytes' from orgs where id = $1",
    ];
    for query in of_org {
        let rows: Vec<(String,)> = t.app.db.fetch_all(sql(query).bind(org_id)).await.unwrap();
        let mut rows: Vec<String> = rows.into_iter().map(|(row,)| row).collect();
        rows.sort();
        dump.extend(rows);
    }
    dump
}

/// Cuts one of the files at a random place: at the end of a line, where half a row would be a conversation of its own.
fn cut(example: &Example, dice: &mut Dice) -> (Vec<(String, Vec<u8>)>, String) {
    let mut files = example.clone();
    let at = dice.below(files.len());
    let (name, bytes) = &mut files[at];
    let mut end = dice.below(bytes.len());
    if WITHOUT_IDS.contains(&example[0].0.as_str()) {
        end = bytes[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    }
    bytes.truncate(end);
    let place = format!("{}: {name} cut at {end}", example[0].0);
    // what would have come behind it is missing too
    files.truncate(at + 1);
    (files, place)
}

#[tokio::test]
async fn importing_twice_or_cut_and_again_ends_in_the_same_database() {
    let t = TestApp::new().await;
    let mut dice = Dice(1);
    let mut differing = Vec::new();
    for example in examples() {
        let whole = folder(&example);
        let org_id = t.app.find_or_create_org(&example[0].0).await.unwrap();
        let first = import(&t, org_id, whole.path()).await;
        let expected = dump(&t, org_id).await;
        assert!(first.imported > 0, "{}: nothing was imported", example[0].0);
        let again = import(&t, org_id, whole.path()).await;
        assert_eq!((again.imported, again.updated), (0, 0), "{}", example[0].0);
        assert_eq!(dump(&t, org_id).await, expected, "{}", example[0].0);
        for n in 0..CUTS {
            let (files, place) = cut(&example, &mut dice);
            let part = folder(&files);
            let org_id = t.app.find_or_create_org(&format!("{} {n}", example[0].0)).await.unwrap();
            import(&t, org_id, part.path()).await;
            import(&t, org_id, whole.path()).await;
            let found = dump(&t, org_id).await;
            if found != expected {
                let new = found.iter().filter(|row| !expected.contains(row));
                let missing = expected.iter().filter(|row| !found.contains(row));
                let rows: Vec<String> =
                    new.map(|row| format!("+ {row}")).chain(missing.map(|row| format!("- {row}"))).collect();
                differing.push(format!("== {place}\n{}", rows.join("\n")));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
