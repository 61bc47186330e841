//! The sheet of `refrain audit`: a CSV file for a spreadsheet, one pair of statements a row.
//!
//! The column `draw` has all it takes to weigh a judgment, so that a sheet stands for itself, whatever is
//! sorted, deleted or grouped anew before it is read back. The column is made unreadable, so that nobody judges
//! with an eye on what the grouping did; it keeps no secret.

use crate::ids::StatementId;
use crate::insights::{Answer, Judgment, Pair};
use crate::spreadsheet::{BYTE_ORDER_MARK, no_formula};
use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

const COLUMNS: [&str; 5] = ["id", "first", "second", "same", "draw"];
/// The beginning of `draw`: a letter, so that no spreadsheet takes it for a number or a formula.
const DRAW_MARK: &str = "p";
const CHECKSUM: usize = 8;
/// The largest file that is read as a sheet.
const BYTES_MAX: u64 = 256 << 20;
const WRONG_LISTED_MAX: usize = 20;

/// Writes a sheet that is still to be filled in. An older file is never overwritten: it may hold a day's work.
pub(super) fn write(path: &Path, pairs: &[Pair], texts: &HashMap<StatementId, String>) -> anyhow::Result<()> {
    let writing = || format!("writing {}", path.display());
    let mut file = File::create_new(path).with_context(writing)?;
    file.write_all(BYTE_ORDER_MARK.as_bytes()).with_context(writing)?;
    let mut csv = csv::Writer::from_writer(file);
    csv.write_record(COLUMNS).with_context(writing)?;
    for (i, pair) in pairs.iter().enumerate() {
        let [first, second] = pair.statements.map(|id| cell(texts.get(&id).map_or("", String::as_str)));
        csv.write_record([(i + 1).to_string(), first, second, String::new(), seal(pair)?])
            .with_context(writing)?;
    }
    csv.flush().with_context(writing)
}

/// Reads a sheet that was filled in, rows in any order. Lists the lines that are wrong, if any is.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Judgment>> {
    let name = path.display();
    let reading = || format!("reading {name}");
    let size = std::fs::metadata(path).with_context(reading)?.len();
    if size > BYTES_MAX {
        bail!("{name}: longer than {BYTES_MAX} bytes");
    }
    let bytes = std::fs::read(path).with_context(reading)?;
    // texts are not read back, so that it does not matter what a spreadsheet made of their letters
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    let header = text.lines().next().unwrap_or("");
    let delimiter = [b';', b'\t'].into_iter().find(|d| header.contains(char::from(*d))).unwrap_or(b',');
    let mut csv = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let header = csv.headers().with_context(reading)?;
    let column = |name: &str| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
    let (Some(id), Some(same), Some(draw)) = (column("id"), column("same"), column("draw")) else {
        bail!("{name}: expected the columns {}", COLUMNS.join(", "));
    };
    let mut rows: Vec<Judgment> = Vec::new();
    let mut line_of: HashMap<[StatementId; 2], u64> = HashMap::new();
    let mut wrong = Vec::new();
    for record in csv.into_records() {
        let record = record.with_context(reading)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| record.get(column).unwrap_or("").trim();
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let row = answer(cell(same)).and_then(|answer| {
            let pair = unseal(cell(draw)).ok_or("draw: not as it was written")?;
            if rows
                .first()
                .is_some_and(|first| (first.pair.grouping, first.pair.sizes) != (pair.grouping, pair.sizes))
            {
                return Err("draw: of another draw than the first row".into());
            }
            match line_of.insert(pair.statements, line) {
                Some(other) => Err(format!("draw: line {other} has the same")),
                None => Ok(Judgment { id: cell(id).to_owned(), answer, pair }),
            }
        });
        match row {
            Ok(row) => rows.push(row),
            Err(reason) => wrong.push(format!("{name}:{line}: {reason}")),
        }
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(WRONG_LISTED_MAX);
        wrong.truncate(WRONG_LISTED_MAX);
        wrong.extend((more > 0).then(|| format!("and {more} more")));
        bail!(wrong.join("\n"));
    }
    Ok(rows)
}

fn answer(cell: &str) -> Result<Option<Answer>, String> {
    match cell.to_lowercase().as_str() {
        "" => Ok(None),
        "y" | "yes" => Ok(Some(Answer::Same)),
        "n" | "no" => Ok(Some(Answer::Different)),
        "?" => Ok(Some(Answer::Unsure)),
        _ => Err("same: expected y, n, ? or nothing".into()),
    }
}

/// Makes a text of one line that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    no_formula(&text).into_owned()
}

fn seal(pair: &Pair) -> anyhow::Result<String> {
    let body = serde_json::to_vec(pair)?;
    let checksum = &Sha256::digest(&body)[..CHECKSUM];
    let sealed = [checksum, &mask(checksum, &body)].concat();
    Ok(format!("{DRAW_MARK}{}", URL_SAFE_NO_PAD.encode(sealed)))
}

fn unseal(cell: &str) -> Option<Pair> {
    let sealed = URL_SAFE_NO_PAD.decode(cell.strip_prefix(DRAW_MARK)?).ok()?;
    let (checksum, masked) = sealed.split_at_checked(CHECKSUM)?;
    let body = mask(checksum, masked);
    if &Sha256::digest(&body)[..CHECKSUM] != checksum {
        return None;
    }
    serde_json::from_slice(&body).ok()
}

/// Makes bytes unreadable by a key, or readable again.
fn mask(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let stream = (0_u32..).flat_map(|block| {
        let digest = Sha256::new().chain_update(key).chain_update(block.to_be_bytes()).finalize();
        digest.as_slice().to_vec()
    });
    bytes.iter().zip(stream).map(|(byte, key)| byte ^ key).collect()
}
