//! `GET` and `PATCH /settings`.

use super::{OwnSettings, Settings};
use crate::app::App;
use crate::config::Granularity;
use crate::error::{Error, Result};
use crate::escalation::{EscalationBasis, Sensitivity};
use crate::event::AuditKind;
use crate::http::{Api, ApiJson, Caller};
use crate::jobs;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Calendar;
use crate::wire::{Nullable, Patch, Positive, SafeInt, SingleLine};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use refrain_nlp::language::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

const CONTACTS_MAX: i64 = 1_000;
const GRACE_DAYS_MAX: i64 = 3_650;
const RETENTION_DAYS_MAX: i64 = 36_500;

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
}

/// The settings in effect.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Settings")]
struct SettingsOutput {
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
    /// The names of the members above that the organization set itself; the others are as the server is configured.
    own: Vec<&'static str>,
}

impl SettingsOutput {
    fn new(own: &OwnSettings, settings: Settings) -> Self {
        let names = [
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
        ];
        Self {
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
            own: names.into_iter().filter(|(_, is_own)| *is_own).map(|(name, _)| name).collect(),
        }
    }
}

/// The settings to change. What is absent stays; null goes back to what the server is configured to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct UpdateSettingsInput {
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
}

impl UpdateSettingsInput {
    /// Lists the names of the members that are there.
    fn members(&self) -> Vec<&'static str> {
        let members = [
            ("time_zone", self.time_zone.is_keep()),
            ("language", self.language.is_keep()),
            ("granularity", self.granularity.is_keep()),
            ("contacts_min", self.contacts_min.is_keep()),
            ("escalation_sensitivity", self.escalation_sensitivity.is_keep()),
            ("escalation_basis", self.escalation_basis.is_keep()),
            ("escalation_returns_week", self.escalation_returns_week.is_keep()),
            ("regress", self.regress.is_keep()),
            ("regress_grace_days", self.regress_grace_days.is_keep()),
        ];
        members.into_iter().filter(|(_, is_absent)| !is_absent).map(|(name, _)| name).collect()
    }

    fn apply(self, old: OwnSettings) -> Result<OwnSettings> {
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
        Ok(OwnSettings {
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
        })
    }
}

async fn show(State(app): State<App>, caller: Caller) -> Result<Json<SettingsOutput>> {
    let own = super::own(&app.db, caller.org_id).await?;
    Ok(Json(SettingsOutput::new(&own, own.over(&app.config))))
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<UpdateSettingsInput>,
) -> Result<Json<SettingsOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let old = super::own(&mut tx, caller.org_id).await?;
    let members = input.members();
    let new = input.apply(old.clone())?;
    if new != old {
        super::save(&mut tx, &new).await?;
        tx.audit(AuditKind::SettingsUpdated, caller.actor(), None, json!({"members": members}));
        tx.commit().await?;
        jobs::ring(&app);
    }
    Ok(Json(SettingsOutput::new(&new, new.over(&app.config))))
}
