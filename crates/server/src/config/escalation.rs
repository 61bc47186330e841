//! The settings of escalation, the return of archived insights (docs/escalation.md).

use crate::escalation::{EscalationBasis, Sensitivity};
use anyhow::bail;
use clap::Args;
use serde::{Deserialize, Serialize};

/// The settings of escalation, for organizations that have none of their own.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Escalation")]
pub struct EscalationConfig {
    /// Sensitivity with which insights come back that are archived until they escalate: eager, normal or strict
    /// (docs/escalation.md)
    #[arg(
        id = "escalation_sensitivity",
        long = "escalation-sensitivity",
        value_name = "WORD",
        env = "REFRAIN_ESCALATION_SENSITIVITY"
    )]
    #[serde(rename = "escalation_sensitivity")]
    pub sensitivity: Sensitivity,
    /// Measure that has to grow: an insight's share of the conversations, or its volume
    #[arg(
        id = "escalation_basis",
        long = "escalation-basis",
        value_name = "WORD",
        env = "REFRAIN_ESCALATION_BASIS"
    )]
    #[serde(rename = "escalation_basis")]
    pub basis: EscalationBasis,
    /// False returns a week to allow for, all insights together [default: none, each by its sensitivity]
    #[arg(
        id = "escalation_returns_week",
        long = "escalation-returns-week",
        value_name = "N",
        env = "REFRAIN_ESCALATION_RETURNS_WEEK"
    )]
    #[serde(rename = "escalation_returns_week")]
    pub returns_week: Option<f64>,
}

impl Default for EscalationConfig {
    fn default() -> Self {
        Self { sensitivity: Sensitivity::Normal, basis: EscalationBasis::Share, returns_week: None }
    }
}

impl EscalationConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.returns_week.is_some_and(|returns| returns.is_nan() || returns <= 0.0) {
            bail!("escalation_returns_week: expected more than 0");
        }
        Ok(())
    }
}
