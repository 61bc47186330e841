//! The settings of reading, counting and grouping.

use crate::time::Calendar;
use crate::wire::string_enum;
use anyhow::{Context, bail};
use clap::{ArgAction, Args};
use refrain_nlp::grouping::Options;
use refrain_nlp::language::Language;
use serde::{Deserialize, Serialize};

/// The settings of insights, for organizations that have none of their own.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Insights")]
pub struct InsightsConfig {
    /// Code of the language that is assumed where a text is too short to tell
    #[arg(long, value_name = "CODE", env = "REFRAIN_LANGUAGE")]
    pub language: String,
    /// Different contacts that must say a thing before it is shown
    #[arg(long, value_name = "N", env = "REFRAIN_CONTACTS_MIN")]
    pub contacts_min: u32,
    /// Breadth of an insight, by how much has to be the same; takes effect with the next grouping
    #[arg(long, value_name = "WORD", env = "REFRAIN_GRANULARITY")]
    pub granularity: Granularity,
    /// Time zone by which days and weeks are counted, as the IANA database names it
    #[arg(long, value_name = "NAME", env = "REFRAIN_TIME_ZONE")]
    pub time_zone: String,
    /// Resolved insights that are seen again become unresolved
    #[arg(long, value_name = "BOOL", env = "REFRAIN_REGRESS", action = ArgAction::Set)]
    pub regress: bool,
    /// Days after which a resolved insight that is seen again becomes unresolved
    #[arg(long, value_name = "N", env = "REFRAIN_REGRESS_GRACE_DAYS")]
    pub regress_grace_days: u32,
    /// Most megabytes of memory for the indexes by which slices are counted; 100,000 sessions take about 25
    #[arg(long, value_name = "N", env = "REFRAIN_INDEX_MEGABYTES")]
    pub index_megabytes: u64,
}

impl Default for InsightsConfig {
    fn default() -> Self {
        Self {
            language: "en".into(),
            contacts_min: 3,
            granularity: Granularity::Balanced,
            time_zone: "UTC".into(),
            regress: true,
            regress_grace_days: 0,
            index_megabytes: 512,
        }
    }
}

impl InsightsConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if Language::from_code(&self.language).is_none() {
            bail!("language: expected one of the 37 language codes, such as en");
        }
        if self.contacts_min == 0 {
            bail!("contacts_min: expected at least 1");
        }
        Calendar::of(&self.time_zone).context("time_zone")?;
        Ok(())
    }
}

string_enum! {
    /// The breadth of an insight.
    Granularity {
        /// Fewer and broader insights.
        Coarse = "coarse",
        /// The breadth that suits most.
        Balanced = "balanced",
        /// More and narrower insights.
        Fine = "fine",
    }
}

impl Granularity {
    /// Returns the settings of the grouping (docs/engine.md).
    pub fn options(self) -> Options {
        match self {
            Self::Coarse => Options { broader: 0.12, ..Options::default() },
            Self::Balanced => Options::default(),
            Self::Fine => Options { broader: -0.11, least: 0.09, ..Options::default() },
        }
    }
}
