//! `refrain audit`: a person judges pairs of statements, and from that come precision and recall of the grouping.

use super::sheet;
use super::table::Table;
use super::{Exit, OrgArg, UsageError, find_org, open, print_line};
use crate::app::App;
use crate::config::Config;
use crate::ids::{OrgId, StatementId};
use crate::insights::{self, Judged, Percent, Stratum, StratumCounts, Wrong};
use crate::sessions::KnownLanguage;
use anyhow::bail;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The most pairs of one sheet.
const PAIRS_MAX: u64 = 10_000;

#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    org: OrgArg,
    /// Draw pairs of statements and write them to this new sheet
    #[arg(long, value_name = "SHEET", required_unless_present = "judged", conflicts_with = "judged")]
    out: Option<PathBuf>,
    /// Read this sheet back, with y, n or ? in its column `same`
    #[arg(long, value_name = "SHEET")]
    judged: Option<PathBuf>,
    /// Draw only statements in this language, by its ISO 639-1 code
    #[arg(long, value_name = "CODE")]
    in_language: Option<KnownLanguage>,
    /// Number of pairs to draw
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=PAIRS_MAX))]
    pairs: u64,
    /// Seed of the draw: the same number draws the same pairs
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn audit(config: Config, args: AuditArgs) -> anyhow::Result<Exit> {
    let rows = args.judged.as_deref().map(sheet::read).transpose()?;
    let app = open(config).await?;
    let org_id = find_org(&app, &args.org).await?;
    match (rows, &args.out) {
        (Some(rows), _) => {
            let Some(judged) = Judged::of(&app.db, org_id, rows).await? else {
                bail!("the sheet has no pairs");
            };
            if judged
                .strata
                .iter()
                .all(|counts| counts.same + counts.different + counts.unsure + counts.blank == 0)
            {
                bail!("no pair of the sheet is there any more; is it of another organization?");
            }
            print_line(&if args.json { serde_json::to_string(&judged)? } else { text(&judged) })?;
        }
        (None, Some(out)) => draw(&app, org_id, out, &args).await?,
        (None, None) => return Err(UsageError("expected --out or --judged".into()).into()),
    }
    app.db.close().await;
    Ok(Exit::Success)
}

async fn draw(app: &App, org_id: OrgId, out: &Path, args: &AuditArgs) -> anyhow::Result<()> {
    let language = args.in_language.map(|language| language.0);
    let pairs = insights::draw_pairs(&app.db, org_id, language, args.pairs, args.seed).await?;
    if pairs.is_empty() {
        bail!("there are no two statements of different contacts to compare");
    }
    let ids: Vec<StatementId> = pairs.iter().flat_map(|pair| pair.statements).collect();
    let texts = insights::statement_texts(&app.db, org_id, &ids).await?;
    sheet::write(out, &pairs, &texts)?;
    let count = pairs.len();
    if args.json {
        return print_line(&json!({"sheet": out.display().to_string(), "pairs": count}).to_string());
    }
    let sheet = out.display();
    print_line(&format!("{count} pairs in {sheet}"))?;
    print_line(
        "Are the two statements of a pair the same issue? Fill its column `same`: y, n, or ? if you can't tell.",
    )?;
    print_line(&format!("Then: refrain audit --judged {sheet}"))
}

/// Formats what judged pairs say.
fn text(judged: &Judged) -> String {
    let mut parts = vec![
        format!("Precision  {}", share(judged.precision.0)),
        format!("Recall     {}", share(judged.recall.0)),
    ];
    if judged.regrouped {
        parts.push(
            "Insights were grouped again since; this is about the grouping the pairs were drawn from.".into(),
        );
    }
    let mut table = Table::new(&["Pairs", "All", "Same", "Different", "Unsure", "Blank", "Gone"]);
    table.align_right(&[1, 2, 3, 4, 5, 6]);
    for counts in &judged.strata {
        let StratumCounts { stratum, pairs, same, different, unsure, blank, gone } = counts;
        let name = match stratum {
            Stratum::Together => "in one insight",
            Stratum::Near => "in neighboring insights",
            Stratum::Unlinked => "nearby, in no insight",
            Stratum::Far => "far apart",
        };
        let numbers = [pairs, same, different, unsure, blank, gone].map(u64::to_string);
        table.row([vec![name.to_owned()], numbers.to_vec()].concat());
    }
    parts.push(format!("\n{table}"));
    if !judged.wrong.is_empty() {
        let mut table = Table::new(&["Pair", "Insights", "Judged", "First", "Second"]);
        table.align_right(&[0]);
        for Wrong { id, same, insights, texts: [first, second] } in &judged.wrong {
            let numbers = insights.map(|number| number.map_or("none".into(), |number| number.to_string()));
            let judged = if *same { "same" } else { "different" };
            table.row(vec![id.clone(), numbers.join(", "), judged.into(), first.clone(), second.clone()]);
        }
        parts.push(format!("\n{table}"));
    }
    if !judged.gone.is_empty() {
        parts.push(format!("\nNo longer there, and left out: pairs {}", judged.gone.join(", ")));
    }
    parts.join("\n")
}

fn share(share: Option<Percent>) -> String {
    share.map_or("nothing to tell it by: judge more pairs".into(), |Percent { estimate, low, high }| {
        format!("{estimate:.1} %, with 95 % confidence between {low:.1} and {high:.1} %")
    })
}
