//! `GET` and `PATCH /settings`, and the language model tried out.

use super::ticket_links::{self, LINKS_MAX, TicketLink};
use super::{OwnSettings, Settings, language_model};
use crate::app::App;
use crate::config::{Config, Granularity, LanguageModelConfig, Secret};
use crate::error::{Error, Result};
use crate::escalation::{EscalationBasis, Sensitivity};
use crate::event::AuditKind;
use crate::http::{Api, ApiJson, Caller};
use crate::ids::OrgId;
use crate::jobs;
use crate::keys::{Resource, Scope};
use crate::language_model::spend;
use crate::openapi::Operation;
use crate::orgs;
use crate::time::Calendar;
use crate::wire::{BoundedVec, Maybe, Nullable, Patch, Positive, SafeInt, SingleLine};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use refrain_nlp::language::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const CONTACTS_MAX: i64 = 1_000;
const GRACE_DAYS_MAX: i64 = 3_650;
const RETENTION_DAYS_MAX: i64 = 36_500;
const KEY_EXPECTED: &str = "language_model_key: expected letters, digits and signs without blanks";
/// The longest that a language model may take to show that it answers.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Returns the operations on the settings of an organization.
pub fn routes() -> Api {
    Api::tagged("Settings")
        .route(
            Operation::new(Method::GET, "/settings", "getSettings")
                .summary("Get the settings of the organization")
                .scope(Scope::read(Resource::Settings))
                .revalidates()
                .returns::<SettingsOutput>(),
            show,
        )
        .route(
            Operation::new(Method::PATCH, "/settings", "updateSettings")
                .summary("Change settings of the organization; null is as the server is configured")
                .scope(Scope::write(Resource::Settings))
                .body::<UpdateSettingsInput>()
                .returns::<SettingsOutput>(),
            update,
        )
        .route(
            Operation::new(Method::POST, "/settings/language-model/test", "testLanguageModel")
                .summary("Ask a language model something small: the one that is named, or the one in effect")
                .scope(Scope::write(Resource::Settings))
                .body::<TestModelInput>()
                .returns::<TestModelOutput>()
                .or(409),
            test_model,
        )
}

/// The settings in effect.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Settings")]
struct SettingsOutput {
    /// The name of the organization.
    name: String,
    /// The time zone by which days and weeks are counted, as the IANA database names it.
    time_zone: String,
    /// The code of the language that is assumed where a text is too short to tell.
    language: String,
    /// The breadth of an insight.
    granularity: Granularity,
    /// The number of different contacts that must say a thing before it is shown.
    contacts_min: u32,
    /// The sensitivity with which archived insights come back as they escalate.
    escalation_sensitivity: Sensitivity,
    /// The measure that has to grow: an insight's share of the conversations, or its volume.
    escalation_basis: EscalationBasis,
    /// The false returns a week to allow for, all insights together. Null: each has its sensitivity.
    escalation_returns_week: Nullable<f64>,
    /// True if resolved insights that are seen again become unresolved.
    regress: bool,
    /// The days after which they do.
    regress_grace_days: u32,
    /// The days after its last message for which a closed session is kept. Null: for good.
    retention_days: Nullable<u32>,
    /// Where the records of help desks open: the `ticketing_system` of a session.
    ticket_links: Vec<TicketLink>,
    /// The address of the language model that rewords insights. Null: there is none.
    language_model_url: Nullable<String>,
    /// Its name there.
    language_model: Nullable<String>,
    /// True if there is a key for it, which is shown to nobody.
    language_model_has_key: bool,
    /// The names of the members above that the organization set itself; the others are as the server is configured.
    own: Vec<&'static str>,
}

impl SettingsOutput {
    async fn load(app: &App, org_id: OrgId) -> Result<Self> {
        let own = super::own(&app.db, org_id).await?;
        let name = orgs::name(&app.db, org_id).await?;
        Self::new(&own, &app.config, name)
    }

    fn new(own: &OwnSettings, config: &Config, org_name: String) -> Result<Self> {
        let settings = own.over(config);
        let (of_process, has_own_model) = (&config.language_model, own.language_model_url.is_some());
        let names = [
            ("name", own.name.is_some()),
            ("time_zone", own.time_zone.is_some()),
            ("language", own.language.is_some()),
            ("granularity", own.granularity.is_some()),
            ("contacts_min", own.contacts_min.is_some()),
            ("escalation_sensitivity", own.escalation_sensitivity.is_some()),
            ("escalation_basis", own.escalation_basis.is_some()),
            ("escalation_returns_week", own.escalation_returns_week.is_some()),
            ("regress", own.regress.is_some()),
            ("regress_grace_days", own.regress_grace_days.is_some()),
            ("retention_days", own.retention_days.is_some()),
            ("ticket_links", own.ticket_links.is_some()),
            ("language_model_url", has_own_model),
            ("language_model", has_own_model),
        ];
        let model = |own: &Option<String>, configured: &Option<String>| {
            if has_own_model { own.clone().into() } else { configured.clone().into() }
        };
        Ok(Self {
            name: own.name.clone().unwrap_or(org_name),
            time_zone: settings.calendar.name().to_owned(),
            language: settings.language,
            granularity: settings.granularity,
            contacts_min: settings.contacts_min,
            escalation_sensitivity: settings.escalation_sensitivity,
            escalation_basis: settings.escalation_basis,
            escalation_returns_week: settings.escalation_returns_week.into(),
            regress: settings.regress,
            regress_grace_days: settings.regress_grace_days,
            retention_days: settings.retention_days.into(),
            ticket_links: ticket_links::from_column(own.ticket_links.as_deref())?,
            language_model_url: model(&own.language_model_url, &of_process.url),
            language_model: model(&own.language_model, &of_process.model),
            language_model_has_key: if has_own_model {
                own.language_model_key.is_some()
            } else {
                of_process.key.is_some()
            },
            own: names.into_iter().filter(|(_, is_own)| *is_own).map(|(name, _)| name).collect(),
        })
    }
}

/// The settings to change. What is absent stays; null goes back to what the server is configured to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UpdateSettingsInput {
    /// A name for the organization.
    name: Patch<SingleLine<200>>,
    /// A time zone, as the IANA database names it.
    time_zone: Patch<SingleLine<100>>,
    /// The code of one of the languages that are told apart.
    language: Patch<SingleLine<10>>,
    granularity: Patch<Granularity>,
    contacts_min: Patch<Positive<CONTACTS_MAX>>,
    escalation_sensitivity: Patch<Sensitivity>,
    escalation_basis: Patch<EscalationBasis>,
    /// More than 0.
    escalation_returns_week: Patch<f64>,
    regress: Patch<bool>,
    /// From 0 to 3,650.
    regress_grace_days: Patch<SafeInt>,
    /// Closed sessions are erased so many days after their last message.
    retention_days: Patch<Positive<RETENTION_DAYS_MAX>>,
    /// All of them; for one kind of record of one help desk there is one.
    ticket_links: Patch<BoundedVec<TicketLink, LINKS_MAX>>,
    /// The base URL of an OpenAI-compatible endpoint, at a public address over https unless the server is configured
    /// otherwise. Another address needs its key again.
    language_model_url: Patch<SingleLine<500>>,
    /// The name of a model there; with `language_model_url` alone.
    language_model: Patch<SingleLine<200>>,
    /// The key to ask with. It is kept sealed, and never shown.
    language_model_key: Patch<SingleLine<1_000>>,
}

impl UpdateSettingsInput {
    /// Lists the names of the members that are there.
    fn members(&self) -> Vec<&'static str> {
        let members = [
            ("name", self.name.is_keep()),
            ("time_zone", self.time_zone.is_keep()),
            ("language", self.language.is_keep()),
            ("granularity", self.granularity.is_keep()),
            ("contacts_min", self.contacts_min.is_keep()),
            ("escalation_sensitivity", self.escalation_sensitivity.is_keep()),
            ("escalation_basis", self.escalation_basis.is_keep()),
            ("escalation_returns_week", self.escalation_returns_week.is_keep()),
            ("regress", self.regress.is_keep()),
            ("regress_grace_days", self.regress_grace_days.is_keep()),
            ("retention_days", self.retention_days.is_keep()),
            ("ticket_links", self.ticket_links.is_keep()),
            ("language_model_url", self.language_model_url.is_keep()),
            ("language_model", self.language_model.is_keep()),
            ("language_model_key", self.language_model_key.is_keep()),
        ];
        members.into_iter().filter(|(_, is_absent)| !is_absent).map(|(name, _)| name).collect()
    }

    fn check(&self) -> Result<()> {
        if let Patch::Set(zone) = &self.time_zone
            && Calendar::of(&zone.0).is_err()
        {
            return Err(Error::Invalid("time_zone: expected a name of the IANA database".into()));
        }
        if let Patch::Set(language) = &self.language
            && Language::from_code(&language.0).is_none()
        {
            return Err(Error::Invalid("language: expected the code of a known language, such as en".into()));
        }
        if let Patch::Set(returns) = &self.escalation_returns_week
            && !(returns.is_finite() && *returns > 0.0)
        {
            return Err(Error::Invalid("escalation_returns_week: expected more than 0".into()));
        }
        if let Patch::Set(days) = &self.regress_grace_days
            && !(0..=GRACE_DAYS_MAX).contains(&days.0)
        {
            let wrong = format!("regress_grace_days: expected an integer between 0 and {GRACE_DAYS_MAX}");
            return Err(Error::Invalid(wrong));
        }
        if let Patch::Set(links) = &self.ticket_links {
            ticket_links::check(&links.0)?;
        }
        if let Patch::Set(key) = &self.language_model_key
            && !is_key(&key.0)
        {
            return Err(Error::Invalid(KEY_EXPECTED.into()));
        }
        Ok(())
    }

    /// Returns the settings of an organization with these changes. A key is not sealed yet.
    fn apply(self, app: &App, old: OwnSettings) -> Result<OwnSettings> {
        self.check()?;
        let url =
            self.language_model_url.map(|url| url.0.trim().to_owned()).apply(old.language_model_url.clone());
        // a key goes to no other address than the one that it was given for
        let old_key = old.language_model_key.filter(|_| url == old.language_model_url);
        let model = self.language_model.map(|name| name.0.trim().to_owned()).apply(old.language_model);
        let key = self.language_model_key.map(|key| key.0.trim().to_owned()).apply(old_key);
        if url.is_some() != model.is_some() || (key.is_some() && url.is_none()) {
            let wrong =
                "language_model_url, language_model: expected both or neither, and a key with them alone";
            return Err(Error::Invalid(wrong.into()));
        }
        if let Some(url) = &url {
            language_model::require_url(app, url)?;
        }
        Ok(OwnSettings {
            name: self.name.map(|name| name.0.trim().to_owned()).apply(old.name),
            time_zone: self.time_zone.map(|zone| zone.0).apply(old.time_zone),
            language: self.language.map(|language| language.0).apply(old.language),
            granularity: self.granularity.apply(old.granularity),
            contacts_min: self.contacts_min.map(|least| least.0).apply(old.contacts_min),
            escalation_sensitivity: self.escalation_sensitivity.apply(old.escalation_sensitivity),
            escalation_basis: self.escalation_basis.apply(old.escalation_basis),
            escalation_returns_week: self.escalation_returns_week.apply(old.escalation_returns_week),
            regress: self.regress.apply(old.regress),
            regress_grace_days: self.regress_grace_days.map(|days| days.0).apply(old.regress_grace_days),
            retention_days: self.retention_days.map(|days| days.0).apply(old.retention_days),
            ticket_links: match self.ticket_links {
                Patch::Keep => old.ticket_links,
                Patch::Clear => None,
                Patch::Set(links) => ticket_links::to_column(&links.0)?,
            },
            language_model_url: url,
            language_model: model,
            language_model_key: key,
        })
    }
}

fn is_key(key: &str) -> bool {
    key.trim().bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns the settings in effect, and those that would be after a change.
pub async fn preview(app: &App, org_id: OrgId, input: UpdateSettingsInput) -> Result<(Settings, Settings)> {
    let old = super::own(&app.db, org_id).await?;
    let new = input.apply(app, old.clone())?;
    Ok((old.over(&app.config), new.over(&app.config)))
}

async fn show(State(app): State<App>, caller: Caller) -> Result<Json<SettingsOutput>> {
    SettingsOutput::load(&app, caller.org_id).await.map(Json)
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<UpdateSettingsInput>,
) -> Result<Json<SettingsOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let old = super::own(&mut tx, caller.org_id).await?;
    let members = input.members();
    let is_new_key = matches!(input.language_model_key, Patch::Set(_));
    let mut new = input.apply(&app, old.clone())?;
    if is_new_key && let Some(key) = new.language_model_key.take() {
        new.language_model_key = Some(language_model::seal(&app, caller.org_id, key)?);
    }
    if new != old {
        super::save(&mut tx, &new).await?;
        tx.audit(AuditKind::SettingsUpdated, caller.actor(), None, json!({"members": members}));
        tx.commit().await?;
        jobs::ring(&app);
    }
    SettingsOutput::load(&app, caller.org_id).await.map(Json)
}

/// The model to ask; without an address the one in effect.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct TestModelInput {
    language_model_url: Maybe<SingleLine<500>>,
    language_model: Maybe<SingleLine<200>>,
    language_model_key: Maybe<SingleLine<1_000>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TestModelOutput {
    /// True if it answered.
    answers: bool,
    /// Why it did not.
    failure: Nullable<String>,
}

async fn test_model(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<TestModelInput>,
) -> Result<Json<TestModelOutput>> {
    let url = input.language_model_url.0.map(|url| url.0);
    let config = LanguageModelConfig {
        url: url.clone(),
        model: input.language_model.0.map(|name| name.0),
        key: input.language_model_key.0.map(|key| Secret(key.0)),
        ..app.config.language_model.clone()
    };
    let model = match url {
        Some(_) if config.model.is_none() => {
            return Err(Error::Invalid("language_model: is required with language_model_url".into()));
        }
        Some(url) => {
            language_model::require_url(&app, &url)?;
            if config.key.as_ref().is_some_and(|key| !is_key(&key.0)) {
                return Err(Error::Invalid(KEY_EXPECTED.into()));
            }
            Some(Arc::new(language_model::model(&app, &config)?))
        }
        None => language_model(&app, caller.org_id).await?,
    };
    let none = || Error::Conflict("there is no language model".into());
    let model = model.ok_or_else(none)?;
    let mut tx = app.begin(caller.org_id).await?;
    if !spend(&mut tx, app.config.language_model.requests_day).await? {
        return Err(Error::Conflict("the requests to the language model are used up for today".into()));
    }
    tx.commit().await?;
    let answer =
        tokio::time::timeout(TEST_TIMEOUT, model.ask("Answer with one word.", "Do you answer?")).await;
    let failure = match answer {
        Ok(answer) => answer.err().map(|failure| failure.to_string()),
        Err(_) => Some("it took too long".to_owned()),
    };
    Ok(Json(TestModelOutput { answers: failure.is_none(), failure: failure.into() }))
}
