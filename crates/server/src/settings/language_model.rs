//! The language model that an organization asks: its own, or the one that the process is configured to.

use super::OwnSettings;
use crate::app::App;
use crate::config::{LanguageModelConfig, Secret};
use crate::error::{Error, Result};
use crate::http_client::{self, Reach};
use crate::ids::OrgId;
use crate::language_model::LanguageModel;
use anyhow::Context;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most organizations whose model is kept between requests.
const KEPT_MAX: usize = 1_000;
/// The place in which a key is sealed, beside the organization's id.
const PLACE: &[u8] = b"language_model_key";

/// The models of organizations that have their own, each with its circuit breaker.
#[derive(Debug, Default)]
pub struct LanguageModels(Mutex<HashMap<OrgId, (LanguageModelConfig, Arc<LanguageModel>)>>);

/// Returns the model that an organization asks, if there is one.
pub async fn language_model(app: &App, org_id: OrgId) -> Result<Option<Arc<LanguageModel>>> {
    let own = super::own(&app.db, org_id).await?;
    let Some(config) = config(app, org_id, &own)? else { return Ok(app.language_model.clone()) };
    let mut kept = app.language_models.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, model)) = kept.get(&org_id).filter(|(kept, _)| *kept == config) {
        return Ok(Some(Arc::clone(model)));
    }
    let model = Arc::new(model(app, &config)?);
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(org_id, (config, Arc::clone(&model)));
    Ok(Some(model))
}

/// Makes the client of a model that an organization named.
pub(super) fn model(app: &App, config: &LanguageModelConfig) -> Result<LanguageModel> {
    let model = LanguageModel::with_reach(config, reach(app))?;
    Ok(model.context("a language model without an address")?)
}

/// Returns the settings of an organization's own model, if it has one.
fn config(app: &App, org_id: OrgId, own: &OwnSettings) -> Result<Option<LanguageModelConfig>> {
    if own.language_model_url.is_none() {
        return Ok(None);
    }
    let open = |sealed: &String| app.sealer.open(sealed, &place(org_id));
    let key = own.language_model_key.as_ref().map(open).transpose().context("the key of a language model")?;
    Ok(Some(LanguageModelConfig {
        url: own.language_model_url.clone(),
        model: own.language_model.clone(),
        key: key.map(Secret),
        ..app.config.language_model.clone()
    }))
}

/// Seals the key of an organization's model.
pub(super) fn seal(app: &App, org_id: OrgId, key: String) -> Result<String> {
    Ok(app.sealer.seal(key, &place(org_id))?)
}

fn place(org_id: OrgId) -> Vec<u8> {
    [org_id.as_bytes(), PLACE].concat()
}

/// Fails with the 400 if an organization may not have its model at this address.
pub(super) fn require_url(app: &App, base: &str) -> Result<()> {
    let wrong = |why: &str| Error::Invalid(format!("language_model_url: {why}"));
    let url = crate::config::completions_url(base);
    let url = url.ok().ok_or_else(|| wrong("expected an http or https URL without a user and a query"))?;
    http_client::refusal(&url, reach(app)).map_or(Ok(()), |refusal| Err(wrong(refusal)))
}

/// Returns the addresses that an organization may name: public ones, or what webhooks may be at.
fn reach(app: &App) -> Reach {
    if app.config.webhooks.private { Reach::Anywhere } else { Reach::Public }
}
