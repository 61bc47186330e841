//! The settings of an organization: its own, and the configuration of the process as their default.

mod language_model;
mod routes;
mod ticket_links;

pub use language_model::{LanguageModels, language_model};
pub use routes::{UpdateSettingsInput, preview, routes};

use crate::config::{Config, Granularity};
use crate::db::{Query, sql};
use crate::error::Result;
use crate::escalation::{EscalationBasis, Sensitivity};
use crate::ids::OrgId;
use crate::orgs::{OrgTx, Subject};
use crate::time::Calendar;

/// The settings in effect for an organization.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The calendar of the organization's time zone.
    pub calendar: Calendar,
    /// The code of the language that is assumed for texts too short to detect one from.
    pub language: String,
    /// The breadth of an insight.
    pub granularity: Granularity,
    /// The number of different contacts that must say a thing before it is shown.
    pub contacts_min: u32,
    /// The sensitivity with which archived insights come back as they escalate.
    pub escalation_sensitivity: Sensitivity,
    /// The measure that has to grow.
    pub escalation_basis: EscalationBasis,
    /// The false returns a week to allow for, all insights together; in place of the sensitivity.
    pub escalation_returns_week: Option<f64>,
    /// True if resolved insights that are seen again become unresolved.
    pub regress: bool,
    /// The days after resolving during which they do not.
    pub regress_grace_days: u32,
    /// The days after its last message for which a closed session is kept; none: for good.
    pub retention_days: Option<u32>,
}

/// The settings that an organization set itself, as its row stores them.
#[derive(Clone, Debug, Default, PartialEq, crate::db::Record)]
struct OwnSettings {
    name: Option<String>,
    time_zone: Option<String>,
    language: Option<String>,
    granularity: Option<Granularity>,
    contacts_min: Option<i64>,
    escalation_sensitivity: Option<Sensitivity>,
    escalation_basis: Option<EscalationBasis>,
    escalation_returns_week: Option<f64>,
    regress: Option<bool>,
    regress_grace_days: Option<i64>,
    retention_days: Option<i64>,
    /// As [`ticket_links::to_column`] writes them.
    ticket_links: Option<String>,
    language_model_url: Option<String>,
    language_model: Option<String>,
    /// Sealed.
    language_model_key: Option<String>,
}

/// Loads the settings in effect for an organization.
pub async fn load(db: impl Query, config: &Config, org_id: OrgId) -> Result<Settings> {
    Ok(own(db, org_id).await?.over(config))
}

async fn own(db: impl Query, org_id: OrgId) -> Result<OwnSettings> {
    let query = sql("
        select name, time_zone, language, granularity, contacts_min, escalation_sensitivity, escalation_basis,
            escalation_returns_week, regress, regress_grace_days, retention_days, ticket_links,
            language_model_url, language_model, language_model_key
        from org_settings where org_id = $1
    ");
    Ok(db.fetch_optional(query.bind(org_id)).await?.unwrap_or_default())
}

async fn save(tx: &mut OrgTx, own: &OwnSettings) -> Result<()> {
    let query = sql("
        insert into org_settings (org_id, time_zone, language, granularity, contacts_min, escalation_sensitivity,
            escalation_basis, escalation_returns_week, regress, regress_grace_days, retention_days, name,
            language_model_url, language_model, language_model_key, ticket_links, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        on conflict (org_id) do update set time_zone = excluded.time_zone, language = excluded.language,
            granularity = excluded.granularity, contacts_min = excluded.contacts_min,
            escalation_sensitivity = excluded.escalation_sensitivity, escalation_basis = excluded.escalation_basis,
            escalation_returns_week = excluded.escalation_returns_week, regress = excluded.regress,
            regress_grace_days = excluded.regress_grace_days, retention_days = excluded.retention_days,
            name = excluded.name, language_model_url = excluded.language_model_url,
            language_model = excluded.language_model, language_model_key = excluded.language_model_key,
            ticket_links = excluded.ticket_links, updated_at = excluded.updated_at
    ");
    let query = query
        .bind(tx.org_id)
        .bind(own.time_zone.clone())
        .bind(own.language.clone())
        .bind(own.granularity)
        .bind(own.contacts_min)
        .bind(own.escalation_sensitivity)
        .bind(own.escalation_basis)
        .bind(own.escalation_returns_week)
        .bind(own.regress)
        .bind(own.regress_grace_days)
        .bind(own.retention_days)
        .bind(own.name.clone())
        .bind(own.language_model_url.clone())
        .bind(own.language_model.clone())
        .bind(own.language_model_key.clone())
        .bind(own.ticket_links.clone())
        .bind(tx.now);
    tx.run(query).await?;
    let org_id = tx.org_id;
    tx.changed(Subject::Settings, org_id);
    Ok(())
}

impl OwnSettings {
    /// Returns the settings in effect: the own ones over the configured ones, which were checked.
    fn over(&self, config: &Config) -> Settings {
        let (insights, escalation) = (&config.insights, &config.escalation);
        let whole = |own: Option<i64>, configured: u32| {
            own.and_then(|own| u32::try_from(own).ok()).unwrap_or(configured)
        };
        let time_zone = self.time_zone.as_ref().unwrap_or(&insights.time_zone);
        Settings {
            calendar: Calendar::of(time_zone).unwrap_or_default(),
            language: self.language.clone().unwrap_or_else(|| insights.language.clone()),
            granularity: self.granularity.unwrap_or(insights.granularity),
            contacts_min: whole(self.contacts_min, insights.contacts_min),
            escalation_sensitivity: self.escalation_sensitivity.unwrap_or(escalation.sensitivity),
            escalation_basis: self.escalation_basis.unwrap_or(escalation.basis),
            escalation_returns_week: self.escalation_returns_week.or(escalation.returns_week),
            regress: self.regress.unwrap_or(insights.regress),
            regress_grace_days: whole(self.regress_grace_days, insights.regress_grace_days),
            retention_days: match self.retention_days {
                Some(days) => u32::try_from(days).ok(),
                None => config.retention.retention_days,
            },
        }
    }
}
