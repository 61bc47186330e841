//! The parts of messages that are masked, as readings found them. They are kept, so that a later reading, which may
//! know fewer names, never finds fewer.

use crate::db::{Value, sql};
use crate::error::Result;
use crate::ids::MessageId;
use crate::orgs::OrgTx;
use anyhow::Context;
use refrain_nlp::redact::{Finding, Kind};

/// The messages in one SQL statement.
const CHUNK: usize = 2_000;

/// Reads the findings that [`to_column`] wrote, but for those that the text has no place for.
pub(super) fn from_column(column: Option<&str>, text: &str) -> Result<Vec<Finding>> {
    let Some(column) = column else { return Ok(Vec::new()) };
    let spans: Vec<(usize, usize, String)> =
        serde_json::from_str(column).context("reading what is masked in a message")?;
    let findings = spans.into_iter().map(|(start, end, label)| Finding { start, end, kind: kind(&label) });
    Ok(findings.filter(|found| text.get(found.start..found.end).is_some()).collect())
}

/// Returns the kind of a label. One that a later release made is a secret.
fn kind(label: &str) -> Kind {
    Kind::ALL.into_iter().find(|kind| kind.label() == label).unwrap_or(Kind::Secret)
}

/// Writes findings as the column keeps them: null if there are none.
fn to_column(findings: &[Finding]) -> Result<Option<String>> {
    if findings.is_empty() {
        return Ok(None);
    }
    let spans: Vec<_> = findings.iter().map(|found| (found.start, found.end, found.kind.label())).collect();
    Ok(Some(serde_json::to_string(&spans).context("writing what is masked in a message")?))
}

/// Stores what is masked in these messages, in place of what was found before.
pub(super) async fn save(tx: &mut OrgTx, masked: &[(MessageId, Vec<Finding>)]) -> Result<()> {
    for masked in masked.chunks(CHUNK) {
        let mut rows: Vec<[Value; 2]> = Vec::new();
        for (id, findings) in masked {
            rows.push([(*id).into(), to_column(findings)?.into()]);
        }
        let mut query = sql("with f (id, masked) as (");
        query.push_values(rows).push(") update messages set masked = f.masked");
        query.push_from_f("messages", tx.org_id);
        tx.run(query).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_nlp::redact;

    #[test]
    fn findings_are_read_as_they_were_written() {
        let text = "Ann here, write to ann@example.com";
        let findings = redact::find(text, &["Ann"]);
        assert_eq!(findings.len(), 2);
        let column = to_column(&findings).unwrap();
        assert_eq!(from_column(column.as_deref(), text).unwrap(), findings);
        // of a shorter text the findings that are within it
        assert_eq!(from_column(column.as_deref(), "Bob here").unwrap(), findings[..1]);
        assert_eq!(to_column(&[]).unwrap(), None);
        assert_eq!(from_column(Some("[[0,3,\"[later]\"]]"), text).unwrap()[0].kind, Kind::Secret);
    }
}
