//! Holds every claim against the database: what it cites exists and is of the kind it speaks of, and what it counts are
//! so many.

use super::claims::{Claim, Frame, Set, Unit, count};
use crate::db::{Tx, sql};
use crate::error::Result;

/// Which of these claims hold.
pub(super) async fn check(tx: &mut Tx, frame: &Frame, claims: &[&Claim]) -> Result<Vec<bool>> {
    let mut known: Vec<(Set, Unit, i64)> = Vec::new();
    let mut hold = Vec::new();
    for claim in claims {
        let mut holds = cites(tx, frame, claim).await?;
        for claimed in &claim.counts {
            let found = known.iter().find(|(set, unit, _)| (set, *unit) == (&claimed.set, claimed.unit));
            let value = match found {
                Some((.., value)) => *value,
                None => {
                    let value = count(tx, frame, &claimed.set, claimed.unit).await?;
                    known.push((claimed.set.clone(), claimed.unit, value));
                    value
                }
            };
            holds &= value == claimed.value && numbers(&claim.text).any(|number| number == value.to_string());
        }
        hold.push(holds);
    }
    Ok(hold)
}

/// Whether a claim cites sessions, each of them of its set.
async fn cites(tx: &mut Tx, frame: &Frame, claim: &Claim) -> Result<bool> {
    let mut query = sql("select count(distinct s.ticket_number)");
    claim.set.push(frame, &mut query);
    query.push(" and s.ticket_number in ").push_list(claim.cited.iter().copied());
    let (count,): (i64,) = tx.fetch_one(query).await?;
    Ok(count > 0 && count == claim.cited.len() as i64)
}

/// The numbers that stand in a text, with what is behind their point.
pub(super) fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_numeric() && c != '.' && c != ',')
        .map(|number| number.trim_matches(['.', ',']))
        .filter(|number| !number.is_empty())
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn numbers_are_read_with_their_point() {
        let read = |text: &'static str| numbers(text).collect::<Vec<_>>();
        assert_eq!(read("60 of 100 sessions (6.5 %), and 3."), ["60", "100", "6.5", "3"]);
        assert_eq!(read("no number, none."), [""; 0]);
    }
}
