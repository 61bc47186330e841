//! The composition root: the state that a handler, a job and a command can reach, and the lists of routes, pages,
//! jobs, destinations and hooks.

use crate::access::{Caller, KnownKeys, keys_forgotten_elsewhere};
use crate::audit_log;
use crate::boilerplate::{self, RereadByBoilerplate};
use crate::categories::{self, AssignCategories};
use crate::changes;
use crate::config::Config;
use crate::contacts;
use crate::dashboard;
use crate::db::{Db, Query};
use crate::erasures::{self, ApplyRetention, EraseSessions, Purge};
use crate::error::{Error, Result};
use crate::exports;
use crate::group_commit::GroupCommit;
use crate::http::{Api, Peer, RateLimiter, Window, bearer};
use crate::ids::OrgId;
use crate::imports::{self, FollowImport, ImportFile};
use crate::insights::{
    self, Centroids, Consolidate, Indexes, RereadSessions, ResearchInsight, ReviewInsights, RewordInsights,
};
use crate::jobs::{JobKind, Place, Round};
use crate::keys;
use crate::language_model::LanguageModel;
use crate::members::{self, BackOff, Passwords};
use crate::orgs::{self, Hooks, OrgTx};
use crate::outbox::{self, Destination};
use crate::redaction;
use crate::sample;
use crate::seal::Sealer;
use crate::sessions::{self, IndexMessages, ReadSessions};
use crate::settings::{self, LanguageModels, Settings};
use crate::tags;
use crate::teams;
use crate::time::{Calendar, Clock};
use crate::turns::Turns;
use crate::views;
use crate::webhooks::{self, Webhooks};
use crate::workload;
use axum::Router;
use axum::http::header;
use axum::http::request::Parts;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// The interval at which [`App::drained`] polls.
const DRAIN_POLL: Duration = Duration::from_millis(250);

/// The steps that features take as an organization is written to.
static HOOKS: Hooks = Hooks {
    on_creation: &[|tx| Box::pin(categories::insert_starters(tx))],
    on_deletion: &[
        |tx, subject, id| Box::pin(sessions::forget(tx, subject, id)),
        |tx, subject, id| Box::pin(categories::forget(tx, subject, id)),
        |tx, subject, id| Box::pin(tags::forget(tx, subject, id)),
        |tx, subject, id| Box::pin(insights::forget(tx, subject, id)),
        |tx, subject, _| Box::pin(imports::forget(tx, subject)),
        |tx, subject, id| Box::pin(keys::forget(tx, subject, id)),
    ],
    on_commit: &[
        |tx| Box::pin(sessions::follow(tx)),
        |tx| Box::pin(insights::follow(tx)),
        |tx| Box::pin(outbox::write(tx)),
        |tx| Box::pin(audit_log::write(tx)),
    ],
};

/// The operations of the API, feature by feature.
pub static ROUTES: &[fn() -> Api] = &[
    sessions::routes,
    boilerplate::routes,
    contacts::routes,
    erasures::routes,
    redaction::routes,
    insights::routes,
    views::routes,
    categories::routes,
    teams::routes,
    tags::routes,
    settings::routes,
    webhooks::routes,
    imports::routes,
    exports::routes,
    sample::routes,
    audit_log::routes,
    changes::routes,
    workload::routes,
    members::routes,
    keys::routes,
];

/// The pages for browsers, which are no operations of the API.
pub static PAGES: &[fn(&Config) -> Router<App>] = &[dashboard::pages];

/// The jobs that workers know.
pub static JOBS: &[JobKind] = &[
    JobKind::of::<ReadSessions>(),
    JobKind::of::<IndexMessages>(),
    JobKind::of::<RereadSessions>(),
    JobKind::of::<RereadByBoilerplate>(),
    JobKind::of::<Consolidate>(),
    JobKind::of::<AssignCategories>(),
    JobKind::of::<RewordInsights>(),
    JobKind::of::<ReviewInsights>(),
    JobKind::of::<ResearchInsight>(),
    JobKind::of::<EraseSessions>(),
    JobKind::of::<ApplyRetention>(),
    JobKind::of::<Purge>(),
    JobKind::of::<ImportFile>(),
    JobKind::of::<FollowImport>(),
];

/// The kinds of destinations that events are delivered to.
pub static DESTINATIONS: &[&dyn Destination] = &[&Webhooks];

/// The running product. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// The configuration.
    pub config: Arc<Config>,
    /// The keys that were looked up a moment ago.
    pub known_keys: Arc<KnownKeys>,
    /// The rate limit of each key, and its use.
    pub limiter: Arc<RateLimiter>,
    /// The rate limit of each member, and its use.
    pub member_limiter: Arc<RateLimiter>,
    /// The places in which passwords are hashed.
    pub passwords: Arc<Passwords>,
    /// The failures to sign in, and the waits that follow from them.
    pub back_off: Arc<BackOff>,
    /// The cache of the centroids of insights, by organization.
    pub centroids: Arc<Centroids>,
    /// The sessions of organizations and the insights that show in them, in memory.
    pub indexes: Arc<Indexes>,
    /// The client of the language model, if one is configured.
    pub language_model: Option<Arc<LanguageModel>>,
    /// The clients of the language models that organizations have of their own.
    pub language_models: Arc<LanguageModels>,
    /// The bell for workers: it rings when a job is enqueued here, so that none of them sleeps on.
    pub job_added: Arc<Notify>,
    /// The sealer of secrets.
    pub sealer: Arc<Sealer>,
    /// The bell for the workers that take what was just said alone.
    pub live_job_added: Arc<Notify>,
    /// The organizations whose jobs were taken last.
    pub job_round: Arc<Round>,
    /// The requests that wait to write.
    pub group_commit: Arc<GroupCommit>,
    /// The places of exports.
    pub exports: Arc<Turns>,
    /// The places of searches over messages.
    pub searches: Arc<Turns>,
    /// The places of clients that listen for changes.
    pub listeners: Arc<Turns>,
    /// The places of requests that bring files to import.
    pub uploads: Arc<Turns>,
    /// The data folder.
    pub place: Arc<Place>,
    draining: Arc<AtomicBool>,
}

impl App {
    /// Makes the app over an open database.
    pub fn new(db: Db, clock: Clock, config: Config) -> Self {
        Self {
            db,
            clock,
            known_keys: Arc::default(),
            limiter: Arc::new(RateLimiter::new(config.server.rate_limit)),
            member_limiter: Arc::new(RateLimiter::new(config.server.member_rate_limit)),
            passwords: Arc::default(),
            back_off: Arc::default(),
            // a configuration that was loaded was checked
            language_model: LanguageModel::from_config(&config.language_model).ok().flatten().map(Arc::new),
            sealer: Arc::new(Sealer::new(config.database.secrets_key.as_ref())),
            place: Arc::new(Place::new(config.database.data.clone())),
            indexes: Arc::new(Indexes::new(config.insights.index_megabytes)),
            config: Arc::new(config),
            centroids: Arc::default(),
            language_models: Arc::default(),
            job_added: Arc::default(),
            live_job_added: Arc::default(),
            job_round: Arc::default(),
            group_commit: Arc::default(),
            exports: exports::places(),
            searches: sessions::search_places(),
            listeners: changes::places(),
            uploads: imports::upload_places(),
            draining: Arc::default(),
        }
    }

    /// Finds who sent a request: the holder of a key, or a member who signed in.
    pub async fn authenticate(&self, request: &Parts) -> Result<Caller> {
        let caller = if request.headers.contains_key(header::AUTHORIZATION) {
            let token = bearer(&request.headers).ok_or(Error::Unauthenticated)?;
            keys::authenticate(self, token).await?
        } else {
            members::authenticate(self, request).await?
        };
        let caller = caller.ok_or(Error::Unauthenticated)?;
        Ok(Caller { address: Peer::of(request).0, ..caller })
    }

    /// Waits until other processes that serve on the database refuse the keys that were revoked here.
    pub async fn keys_revoked(&self) {
        if self.db.is_shared() {
            keys_forgotten_elsewhere().await;
        }
    }

    /// Begins a transaction that writes to an organization.
    pub async fn begin(&self, org_id: OrgId) -> Result<OrgTx> {
        orgs::begin(&self.db, &self.clock, &HOOKS, org_id).await
    }

    /// Finds the organization of this name, or makes it.
    pub async fn find_or_create_org(&self, name: &str) -> Result<OrgId> {
        orgs::find_or_create(&self.db, &self.clock, &HOOKS, name).await
    }

    /// Loads the settings in effect for an organization.
    pub async fn settings(&self, db: impl Query, org_id: OrgId) -> Result<Settings> {
        settings::load(db, &self.config, org_id).await
    }

    /// Returns the calendar of an organization, for a window whose days begin by it.
    pub async fn calendar(&self, org_id: OrgId, window: &Window) -> Result<Calendar> {
        Ok(if window.has_days() {
            self.settings(&self.db, org_id).await?.calendar
        } else {
            Calendar::default()
        })
    }

    /// Returns the client of the language model that an organization asks: its own, or the configured one.
    pub async fn language_model_of(&self, org_id: OrgId) -> Result<Option<Arc<LanguageModel>>> {
        settings::language_model(self, org_id).await
    }

    /// Stops taking new work: readiness fails and workers end after the job in hand.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.job_added.notify_waiters();
        self.live_job_added.notify_waiters();
    }

    /// Waits until the app drains. To be raced with an answer from outside that need not be waited for then.
    pub async fn drained(&self) {
        while !self.is_draining() {
            tokio::time::sleep(DRAIN_POLL).await;
        }
    }

    /// Returns true if [`App::drain`] was called.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }
}
