//! Organizations, and the transaction through which everything of an organization is written.

use crate::db::{self, Db, Query, Record, Sql, Tx, Value, sql};
use crate::error::Result;
use crate::event::{Actor, AuditEvent, AuditKind, Event, EventName};
use crate::ids::{ContactId, OperationId, OrgId, SessionId};
use crate::time::{Clock, Timestamp};
use crate::wire::string_enum;
use futures_util::future::BoxFuture;
use metrics::Counter;
use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use uuid::Uuid;

/// The name of the organization that commands use if none is named.
pub const DEFAULT_NAME: &str = "default";
/// The number of newest changes that are kept.
const CHANGES_KEPT: i64 = 1_000_000;
/// The most sessions of which a transaction logs one by one that other insights show in them.
const OCCURRENCES_MAX: usize = 2_000;

string_enum! {
    /// The subject of a change log entry.
    Subject {
        /// A contact.
        Contact = "contact",
        /// A session.
        Session = "session",
        /// An insight.
        Insight = "insight",
        /// A category.
        Category = "category",
        /// A team.
        Team = "team",
        /// A view.
        View = "view",
        /// The settings of the organization.
        Settings = "settings",
        /// A member.
        Member = "member",
        /// The insights that show in a session, by the id of the session; by no id, those of many sessions.
        Occurrence = "occurrence",
    }
}

/// A step that follows from a transaction, within it.
pub type Hook = for<'a> fn(&'a mut OrgTx) -> BoxFuture<'a, Result<()>>;
/// A step that is taken before something is deleted, so that nothing refers to it any more.
pub type DeletionHook = for<'a> fn(&'a mut OrgTx, Subject, Uuid) -> BoxFuture<'a, Result<()>>;

/// The steps that features take as an organization is written to, in their order. The composition root lists them, so
/// that lower modules need not know the features.
#[derive(Debug)]
pub struct Hooks {
    /// Taken once an organization is made.
    pub on_creation: &'static [Hook],
    /// Taken before something is deleted.
    pub on_deletion: &'static [DeletionHook],
    /// Taken before a commit. A step sees the changes of the steps before it.
    pub on_commit: &'static [Hook],
}

/// A transaction on one organization's rows. One at a time holds the organization, so that times, numbers and the
/// change log are in the order of commits. If it is dropped without a commit, nothing is written.
#[derive(Debug)]
pub struct OrgTx {
    tx: Tx,
    /// The organization that the rows belong to.
    pub org_id: OrgId,
    /// The time of the transaction, never before an earlier one of the organization.
    pub now: Timestamp,
    /// The decision of a person that the transaction carries out, if it is one.
    pub(crate) operation_id: Option<OperationId>,
    hooks: &'static Hooks,
    /// The number of the last entry of the change log, which nobody else adds to meanwhile.
    change_seq: i64,
    changes: Vec<(Subject, Uuid)>,
    /// The contacts whose names changed: what they said is to be read again.
    pub(crate) renamed: BTreeSet<ContactId>,
    /// The sessions in which something was said or changed: they are to be read.
    pub(crate) unread: BTreeSet<SessionId>,
    /// The sessions that have another contact or began at another time than before.
    pub(crate) moved: BTreeSet<SessionId>,
    /// The events that the transaction emitted.
    pub(crate) outbox: Vec<Event>,
    /// The events of security that the transaction noted.
    pub(crate) audit: Vec<AuditEvent>,
    /// The bytes of messages and files that the transaction adds, less those that it takes away.
    stored_bytes: i64,
    /// The counters to raise after the commit, and by how much.
    counts: Vec<(Counter, u64)>,
    /// What is called after the commit.
    after_commit: Vec<fn()>,
    is_complete: bool,
}

/// Begins a transaction that writes to an organization, and moves the organization's clock forward.
pub async fn begin(db: &Db, clock: &Clock, hooks: &'static Hooks, org_id: OrgId) -> Result<OrgTx> {
    let mut tx = db.begin_for(org_id).await?;
    let query = sql("
        update orgs set clock = case when clock < $2 then $2 else clock end, writes = writes + 1
        where id = $1 returning clock, change_seq
    ");
    let (now, change_seq) = tx.fetch_one(query.bind(org_id).bind(clock.now())).await?;
    Ok(OrgTx::new(tx, org_id, now, change_seq, hooks))
}

impl OrgTx {
    fn new(tx: Tx, org_id: OrgId, now: Timestamp, change_seq: i64, hooks: &'static Hooks) -> Self {
        Self {
            tx,
            org_id,
            now,
            operation_id: None,
            hooks,
            change_seq,
            changes: Vec::new(),
            outbox: Vec::new(),
            audit: Vec::new(),
            renamed: BTreeSet::new(),
            unread: BTreeSet::new(),
            moved: BTreeSet::new(),
            stored_bytes: 0,
            counts: Vec::new(),
            after_commit: Vec::new(),
            is_complete: false,
        }
    }

    /// Notes for the change log that `id` changed.
    pub fn changed(&mut self, subject: Subject, id: impl Into<Uuid>) {
        self.changes.push((subject, id.into()));
    }

    /// Returns true if something of a kind changed so far.
    pub fn has_changed(&self, subject: Subject) -> bool {
        self.changes.iter().any(|change| change.0 == subject)
    }

    /// Returns the ids of a kind that changed so far, each once, in order.
    pub fn changed_ids<Id: From<Uuid>>(&self, subject: Subject) -> Vec<Id> {
        let of_kind = self.changes.iter().filter(|change| change.0 == subject);
        let mut ids: Vec<Uuid> = of_kind.map(|change| change.1).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(Id::from).collect()
    }

    /// Takes the steps that have to be taken before something is deleted, and puts it into the change log.
    pub async fn deleting(&mut self, subject: Subject, id: impl Into<Uuid>) -> Result<()> {
        let id = id.into();
        for hook in self.hooks.on_deletion {
            hook(self, subject, id).await?;
        }
        self.changed(subject, id);
        Ok(())
    }

    /// Emits an event of a subject for the outbox. `source_id` is the entry of the subject's history from which
    /// destinations make the body.
    pub fn emit(&mut self, name: EventName, subject_id: impl Into<Value>, source_id: impl Into<Value>) {
        self.outbox.push(Event { name, subject_id: subject_id.into(), source_id: source_id.into() });
    }

    /// Notes an event of security for the audit log. `detail` has no values of customers.
    pub fn audit(
        &mut self,
        kind: AuditKind,
        actor: Actor,
        subject_id: Option<Uuid>,
        detail: serde_json::Value,
    ) {
        self.audit.push(AuditEvent { kind, actor, subject_id, detail });
    }

    /// Counts bytes of messages and files that the transaction adds, or takes away where they are negative.
    pub fn add_stored(&mut self, bytes: i64) {
        self.stored_bytes += bytes;
    }

    /// Returns the bytes that were counted so far.
    pub fn added_bytes(&self) -> i64 {
        self.stored_bytes
    }

    /// Raises a counter of the metrics once the transaction is committed.
    pub fn count(&mut self, counter: Counter, by: u64) {
        self.counts.push((counter, by));
    }

    /// Has something be called once the transaction is committed.
    pub fn after_commit(&mut self, call: fn()) {
        self.after_commit.push(call);
    }

    /// Takes `count` ticket numbers and returns the first.
    pub async fn take_ticket_numbers(&mut self, count: i64) -> Result<i64> {
        self.take_numbers("next_ticket_number", count).await
    }

    /// Takes `count` insight numbers and returns the first.
    pub async fn take_insight_numbers(&mut self, count: i64) -> Result<i64> {
        self.take_numbers("next_insight_number", count).await
    }

    /// Takes `count` sequence numbers of events and returns the first.
    pub async fn take_event_seqs(&mut self, count: usize) -> Result<i64> {
        self.take_numbers("next_event_seq", db::count(count)).await
    }

    async fn take_numbers(&mut self, next: &str, count: i64) -> Result<i64> {
        let query = sql(&format!("update orgs set {next} = {next} + $2 where id = $1 returning {next} - $2"));
        self.fetch_one(query.bind(self.org_id).bind(count)).await.map(|(first,)| first)
    }

    /// Deletes the oldest changes beyond the million that are kept.
    pub async fn trim_changes(&mut self) -> Result<()> {
        let query = sql("
            delete from changes
            where org_id = $1 and seq <= (select change_seq - $2 from orgs where id = $1)
        ");
        self.run(query.bind(self.org_id).bind(CHANGES_KEPT)).await
    }

    /// Takes the steps that follow from the transaction, and writes its change log entries. Only the commit may come after it,
    /// which does the same where it was not done.
    pub async fn complete(&mut self) -> Result<()> {
        for hook in self.hooks.on_commit {
            hook(self).await?;
        }
        self.is_complete = true;
        self.write_changes().await
    }

    /// Commits the transaction, with the steps that follow from it, its change log entries and its counters.
    pub async fn commit(mut self) -> Result<()> {
        if !self.is_complete {
            self.complete().await?;
        }
        self.tx.commit().await?;
        for (counter, by) in self.counts {
            counter.increment(by);
        }
        for call in self.after_commit {
            call();
        }
        Ok(())
    }

    async fn write_changes(&mut self) -> Result<()> {
        let mut changes = std::mem::take(&mut self.changes);
        if changes.is_empty() && self.stored_bytes == 0 {
            return Ok(());
        }
        let is_occurrence = |change: &(Subject, Uuid)| change.0 == Subject::Occurrence;
        if changes.iter().filter(|change| is_occurrence(change)).count() > OCCURRENCES_MAX {
            changes.retain(|change| !is_occurrence(change));
            changes.push((Subject::Occurrence, Uuid::nil()));
        }
        let query = sql("
            update orgs set change_seq = change_seq + $2, stored_bytes = stored_bytes + $3
            where id = $1
        ");
        self.run(query.bind(self.org_id).bind(db::count(changes.len())).bind(self.stored_bytes)).await?;
        let rows = (self.change_seq + 1..).zip(changes).map(|(seq, (subject, id))| {
            vec![self.org_id.into(), seq.into(), subject.into(), id.into(), self.now.into()]
        });
        let rows = rows.collect();
        let insert = "insert into changes (org_id, seq, kind, subject_id, created_at)";
        self.insert_all(insert, rows, "").await
    }
}

// the methods of `Tx` again: through `DerefMut` a query could not be bound to `tx.org_id` in the call that runs it
impl OrgTx {
    /// Runs `query` and returns the number of rows that it changed.
    pub async fn execute(&mut self, query: Sql) -> Result<u64> {
        self.tx.execute(query).await
    }

    /// Runs `query` and ignores the number of rows that it changed.
    pub async fn run(&mut self, query: Sql) -> Result<()> {
        self.tx.run(query).await
    }

    /// Reads every row of `query`, which must bound their number.
    pub async fn fetch_all<T: Record>(&mut self, query: Sql) -> Result<Vec<T>> {
        self.tx.fetch_all(query).await
    }

    /// Reads the only row of `query`, if it has one.
    pub async fn fetch_optional<T: Record>(&mut self, query: Sql) -> Result<Option<T>> {
        self.tx.fetch_optional(query).await
    }

    /// Reads the only row of `query`. Fails if it has none.
    pub async fn fetch_one<T: Record>(&mut self, query: Sql) -> Result<T> {
        self.tx.fetch_one(query).await
    }

    /// Inserts `rows` of equal length after `insert into … (…)`. Each statement ends with `suffix`.
    pub async fn insert_all(&mut self, insert: &str, rows: Vec<Vec<Value>>, suffix: &str) -> Result<()> {
        self.tx.insert_all(insert, rows, suffix).await
    }
}

impl Query for &mut OrgTx {
    async fn fetch_all<T: Record>(self, query: Sql) -> Result<Vec<T>> {
        self.tx.fetch_all(query).await
    }
}

impl Deref for OrgTx {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for OrgTx {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

/// Finds the organization of this name. Returns none if there is none.
pub async fn find(db: &Db, name: &str) -> Result<Option<OrgId>> {
    let row = db.fetch_optional::<(OrgId,)>(sql("select id from orgs where name = $1").bind(name)).await?;
    Ok(row.map(|(id,)| id))
}

/// Returns the name of an organization.
pub async fn name(db: &Db, id: OrgId) -> Result<String> {
    let query = sql("select name from orgs where id = $1").bind(id);
    db.fetch_one::<(String,)>(query).await.map(|(name,)| name)
}

/// Returns where an organization is in its history: numbers of which one grows with each of its transactions. A release
/// that does not count its transactions moves the others.
pub async fn position(db: &Db, id: OrgId) -> Result<[i64; 3]> {
    let query = sql("select writes, clock, change_seq from orgs where id = $1").bind(id);
    db.fetch_one(query).await.map(|(writes, clock, change_seq)| [writes, clock, change_seq])
}

/// Returns the time at which an organization was created.
pub async fn created_at(db: &Db, id: OrgId) -> Result<Timestamp> {
    let query = sql("select created_at from orgs where id = $1").bind(id);
    db.fetch_one::<(Timestamp,)>(query).await.map(|(time,)| time)
}

/// Returns the time that the clock of an organization reached: that of its last transaction.
pub async fn clock(db: &Db, id: OrgId) -> Result<Timestamp> {
    let query = sql("select clock from orgs where id = $1").bind(id);
    db.fetch_one::<(Timestamp,)>(query).await.map(|(time,)| time)
}

/// Finds the organization of this name, or creates it.
pub async fn find_or_create(db: &Db, clock: &Clock, hooks: &'static Hooks, name: &str) -> Result<OrgId> {
    if let Some(id) = find(db, name).await? {
        return Ok(id);
    }
    let (id, now) = (OrgId::new(clock.now()), clock.now());
    let mut tx = db.begin().await?;
    let insert = sql("
        insert into orgs (id, name, clock, created_at) values ($1, $2, $3, $3)
        on conflict (name) do nothing
    ");
    if tx.execute(insert.bind(id).bind(name).bind(now)).await? == 0 {
        drop(tx);
        return find(db, name).await?.ok_or_else(|| sqlx::Error::RowNotFound.into());
    }
    let mut tx = OrgTx::new(tx, id, now, 0, hooks);
    for hook in hooks.on_creation {
        hook(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(id)
}
