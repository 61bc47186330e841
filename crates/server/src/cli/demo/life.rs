//! The life of the sample: its last four weeks, day by day, with what people decided on the way.

use crate::app::App;
use crate::categories;
use crate::ids::{MemberId, OrgId, SessionId};
use crate::imports::Record;
use crate::insights::{self, Consolidate};
use crate::jobs;
use crate::members::{self, Member};
use crate::orgs;
use crate::sample::{Script, Set};
use crate::teams;
use crate::time::{Clock, DAY, Timestamp};
use anyhow::bail;
use std::collections::HashMap;
use std::time::Duration;

/// The number of days that are lived through; what came before them is grouped at once.
pub(super) const DAYS: i64 = 28;
/// The time of a day at which its conversations are imported, and people decide.
const EVENING: i64 = DAY / 4 * 3;
/// A job that is due later than this waits for another day.
const SOON_MICROS: i64 = 5_000_000;
const SECOND: i64 = 1_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Makes the organization as of four weeks before today, if it is not there. Returns its id, and the first moment of the
/// day on which it was lived through; of one that was there before there is no life, so none.
pub(super) async fn begin(app: &App) -> anyhow::Result<(OrgId, Option<Timestamp>)> {
    let born = app.clock.now().start_of_day().plus(-DAYS * DAY);
    let org_id = as_of(app, born).find_or_create_org(orgs::DEFAULT_NAME).await?;
    let created_at = orgs::created_at(&app.db, org_id).await?;
    // nobody but this begins at the very first moment of a day
    let is_made_here = created_at == created_at.start_of_day();
    Ok((org_id, is_made_here.then(|| created_at.plus(DAYS * DAY))))
}

/// Returns the app with a clock that stands at `time`. What is written through it does not move an organization on to now.
pub(super) fn as_of(app: &App, time: Timestamp) -> App {
    let mut past = app.clone();
    past.clock = Clock::fixed(time);
    past
}

/// Lives through the days before `today` that were not lived through yet: imports what came on each, lets it be read, and
/// decides as the script says. Everything happens as it would have, by a clock that is put back and set by hand.
pub(super) async fn live(
    app: &App,
    org_id: OrgId,
    script: &Script,
    sets: &[Set],
    today: Timestamp,
) -> anyhow::Result<()> {
    let reached = orgs::clock(&app.db, org_id).await?;
    if reached >= today {
        return Ok(());
    }
    let past = as_of(app, reached);
    let members = settle_in(&past, org_id, script).await?;
    let workers = tokio::spawn(jobs::work(past.clone(), app.config.jobs.workers));
    let told = told(&past, org_id, script, sets).await?;
    let mut life = Life { app: past, org_id, script, sets, members, told, today, imported_to: None };
    for days_ago in (1..DAYS).rev() {
        // a day that was cut short goes on
        if evening(today, days_ago - 1) > reached {
            life.live_day(days_ago).await?;
        }
    }
    workers.abort();
    Ok(())
}

/// Returns the time at which a day ends for the demo.
fn evening(today: Timestamp, days_ago: i64) -> Timestamp {
    today.plus(EVENING - days_ago * DAY)
}

/// Makes the members and the teams, and says which team the insights of a category go to.
async fn settle_in(app: &App, org_id: OrgId, script: &Script) -> anyhow::Result<HashMap<String, MemberId>> {
    let mut tx = app.begin(org_id).await?;
    let mut known = HashMap::new();
    for person in &script.members {
        let id = members::find_or_create(&mut tx, &Member::from(person)).await?;
        known.insert(person.email.as_str().to_owned(), id);
    }
    for (category, team) in &script.categories {
        let team_id = teams::find_or_create(&mut tx, team).await?;
        categories::set_team(&mut tx, category, team_id).await?;
    }
    tx.commit().await?;
    Ok(known)
}

/// A conversation of a story: when it came, and the session that it became.
type Told = (Timestamp, SessionId);

/// Lists the conversations of each story, in the order of the stories.
async fn told(app: &App, org_id: OrgId, script: &Script, sets: &[Set]) -> anyhow::Result<Vec<Vec<Told>>> {
    let mut told = vec![Vec::new(); script.stories.len()];
    for set in sets.iter().filter(|set| set.is_told) {
        let import = set.import(app, org_id).await?;
        for record in &set.records {
            if let (Some(story), Some(at)) = (script.story_of(record), record.created_at) {
                told[story].push((at, import.session_id(record)));
            }
        }
    }
    Ok(told)
}

/// The sample as it is lived through.
struct Life<'a> {
    /// The app, with its clock put back.
    app: App,
    org_id: OrgId,
    script: &'a Script,
    sets: &'a [Set],
    members: HashMap<String, MemberId>,
    told: Vec<Vec<Told>>,
    today: Timestamp,
    /// The time up to which conversations are imported; none if it is not known.
    imported_to: Option<Timestamp>,
}

impl Life<'_> {
    /// Lives through a day up to its evening. On the first, what came before is grouped; from then on what is said is
    /// linked to the insights that are there.
    async fn live_day(&mut self, days_ago: i64) -> anyhow::Result<()> {
        let evening = evening(self.today, days_ago);
        self.app.clock.advance((evening.micros() - self.app.clock.now().micros()).max(0));
        let mut imports = Vec::new();
        for set in self.sets {
            let came =
                |record: &&Record| record.created_at < Some(evening) && record.created_at >= self.imported_to;
            let came: Vec<Record> = set.records.iter().filter(came).cloned().collect();
            if !came.is_empty() {
                let mut import = set.import(&self.app, self.org_id).await?;
                import.write_all(came).await?;
                imports.push(import);
            }
        }
        if days_ago == DAYS - 1 {
            for import in imports {
                import.finish().await?;
            }
        }
        self.imported_to = Some(evening);
        self.settle().await?;
        self.decide(days_ago, evening).await?;
        self.settle().await?;
        // nothing is grouped anew before today
        let mut tx = self.app.begin(self.org_id).await?;
        jobs::move_waiting(&mut tx, &Consolidate {}, self.today).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Waits until everything that is due is done. The clock stands still but for what is due within seconds.
    async fn settle(&self) -> anyhow::Result<()> {
        loop {
            let now = self.app.clock.now();
            let due = jobs::backlog(&self.app, self.org_id, now).await?;
            if due.failed > 0 {
                bail!("{} jobs failed; refrain doctor says which", due.failed);
            }
            if due.due == 0 && due.bulk == 0 {
                if jobs::backlog(&self.app, self.org_id, now.plus(SOON_MICROS)).await?.due == 0 {
                    return Ok(());
                }
                self.app.clock.advance(SECOND);
                jobs::ring(&self.app);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Makes the decisions of a day, in one transaction.
    async fn decide(&self, days_ago: i64, evening: Timestamp) -> anyhow::Result<()> {
        let mut tx = self.app.begin(self.org_id).await?;
        let settings = self.app.settings(&mut tx, self.org_id).await?;
        for (story, told) in self.script.stories.iter().zip(&self.told) {
            let Some(decided) = story.decision.as_ref().filter(|decided| decided.days_ago == days_ago) else {
                continue;
            };
            let came = told.iter().filter(|(at, _)| *at < evening);
            let sessions: Vec<SessionId> = came.map(|(_, id)| *id).collect();
            let Some(id) = insights::most_shown(&mut tx, self.org_id, &sessions).await? else { continue };
            let by = self.members.get(decided.by.as_str()).copied();
            insights::decide(&settings, &mut tx, &[id], &decided.decision()?, by).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
