//! Sign-ins: a member in one browser, known by the token in its cookie. One ends after twelve hours without use and after
//! thirty days in any case.

use super::role::Role;
use crate::access::{random_token, token_hash};
use crate::app::App;
use crate::db::{Query, sql};
use crate::error::Result;
use crate::ids::{MemberId, OrgId, SignInId};
use crate::orgs::OrgTx;
use crate::time::{DAY, Timestamp};

/// The longest that a sign-in lasts, and the longest that it is not used.
const LASTS: i64 = 30 * DAY;
const IDLE_MAX: i64 = DAY / 2;
/// The time for which a use that was noted stands for those after it.
const USE_NOTED: i64 = 60 * 1_000_000;
/// The most sign-ins of a member that are kept, the newest, those that ended among them.
const KEPT_MAX: i64 = 50;

/// A sign-in that holds, and whose it is.
#[derive(Debug, crate::db::Record)]
pub(super) struct Held {
    pub(super) org_id: OrgId,
    pub(super) id: SignInId,
    pub(super) member_id: MemberId,
    pub(super) role: Role,
    used_at: Timestamp,
}

/// A sign-in as its member is shown it.
#[derive(Debug, crate::db::Record)]
pub(super) struct SignIn {
    pub(super) id: SignInId,
    pub(super) address: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) used_at: Timestamp,
    pub(super) ends_at: Timestamp,
}

/// A sign-in that was just begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) token: String,
    pub(super) ends_at: Timestamp,
}

/// Finds the sign-in whose token this is, if it holds, and notes that it is used.
pub(super) async fn hold(app: &App, token: &str) -> Result<Option<Held>> {
    let now = app.clock.now();
    let query = sql("
        select s.org_id, s.id, s.member_id, m.role, s.used_at
        from sign_ins s join members m on m.org_id = s.org_id and m.id = s.member_id
        where s.token_hash = $1 and s.ended_at is null and s.ends_at > $2 and s.used_at > $3
            and m.role is not null
    ");
    let query = query.bind(token_hash(token)).bind(now).bind(now.plus(-IDLE_MAX));
    let held: Option<Held> = app.db.fetch_optional(query).await?;
    if let Some(held) = held.as_ref().filter(|held| held.used_at <= now.plus(-USE_NOTED)) {
        note_use(app, held, now);
    }
    Ok(held)
}

/// Notes a use in the background: no answer waits for it, and none fails if it can't be noted. It moves nothing that the
/// organization's answers follow from, and so takes no turn among its transactions.
fn note_use(app: &App, held: &Held, now: Timestamp) {
    let (db, org_id, id) = (app.db.clone(), held.org_id, held.id);
    tokio::spawn(async move {
        let note = async {
            let mut tx = db.begin_for(org_id).await?;
            let query =
                sql("update sign_ins set used_at = $3 where org_id = $1 and id = $2 and used_at < $3");
            tx.run(query.bind(org_id).bind(id).bind(now)).await?;
            tx.commit().await
        };
        if let Err(error) = note.await {
            tracing::warn!(error = format!("{error:#}"), "the use of a sign-in was not noted");
        }
    });
}

/// Begins a sign-in, and forgets those of the member that are too old or too many.
pub(super) async fn begin(
    tx: &mut OrgTx,
    member_id: MemberId,
    address: Option<String>,
    user_agent: Option<String>,
) -> Result<Begun> {
    let begun = Begun { token: random_token()?, ends_at: tx.now.plus(LASTS) };
    let query = sql("
        insert into sign_ins
            (org_id, id, member_id, token_hash, address, user_agent, created_at, used_at, ends_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7, $8)
    ");
    let query = query.bind(tx.org_id).bind(SignInId::new(tx.now)).bind(member_id);
    let query = query.bind(token_hash(&begun.token)).bind(address).bind(user_agent);
    tx.run(query.bind(tx.now).bind(begun.ends_at)).await?;
    let query = sql("
        delete from sign_ins
        where org_id = $1 and member_id = $2 and (ends_at <= $3 or id not in (
            select id from sign_ins where org_id = $1 and member_id = $2 order by id desc limit $4
        ))
    ");
    tx.run(query.bind(tx.org_id).bind(member_id).bind(tx.now).bind(KEPT_MAX)).await?;
    Ok(begun)
}

/// Ends the sign-in of the organization whose token this is, if there is one.
pub(super) async fn end_by_token(tx: &mut OrgTx, token: &str) -> Result<()> {
    let query = sql("
        update sign_ins set ended_at = $3 where org_id = $1 and token_hash = $2 and ended_at is null
    ");
    tx.run(query.bind(tx.org_id).bind(token_hash(token)).bind(tx.now)).await
}

/// Ends a sign-in of a member. Returns false if there is none that could be.
pub(super) async fn end(tx: &mut OrgTx, member_id: MemberId, id: SignInId) -> Result<bool> {
    let query = sql("
        update sign_ins set ended_at = $4
        where org_id = $1 and member_id = $2 and id = $3 and ended_at is null
    ");
    Ok(tx.execute(query.bind(tx.org_id).bind(member_id).bind(id).bind(tx.now)).await? > 0)
}

/// Ends the sign-ins of a member, but for one. Returns their number.
pub(super) async fn end_all(tx: &mut OrgTx, member_id: MemberId, but: Option<SignInId>) -> Result<u64> {
    let mut query = sql("
        update sign_ins set ended_at = $3 where org_id = $1 and member_id = $2 and ended_at is null
    ")
    .bind(tx.org_id)
    .bind(member_id)
    .bind(tx.now);
    if let Some(but) = but {
        query.push(" and id <> ").push_bind(but);
    }
    tx.execute(query).await
}

/// Lists the sign-ins of a member that hold, the newest first.
pub(super) async fn list(
    db: impl Query,
    org_id: OrgId,
    member_id: MemberId,
    now: Timestamp,
) -> Result<Vec<SignIn>> {
    let query = sql("
        select id, address, user_agent, created_at, used_at, ends_at from sign_ins
        where org_id = $1 and member_id = $2 and ended_at is null and ends_at > $3 and used_at > $4
        order by id desc limit $5
    ");
    let query = query.bind(org_id).bind(member_id).bind(now).bind(now.plus(-IDLE_MAX));
    db.fetch_all(query.bind(KEPT_MAX)).await
}

/// Lists the addresses from which a member signed in within the last thirty days.
pub(super) async fn addresses(
    db: impl Query,
    org_id: OrgId,
    member_id: MemberId,
    now: Timestamp,
) -> Result<Vec<String>> {
    let query = sql("
        select distinct address from sign_ins
        where org_id = $1 and member_id = $2 and ends_at > $3 and address is not null limit $4
    ");
    let query = query.bind(org_id).bind(member_id).bind(now).bind(KEPT_MAX);
    let addresses: Vec<(String,)> = db.fetch_all(query).await?;
    Ok(addresses.into_iter().map(|(address,)| address).collect())
}
