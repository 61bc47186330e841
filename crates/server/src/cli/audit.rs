//! `refrain audit`: a person judges pairs of statements, and from that come precision and recall of the grouping.

use super::sheet::{self, Answer, Row};
use super::table::Table;
use super::{Exit, OrgArg, UsageError, find_org, open, print_line};
use crate::app::App;
use crate::config::Config;
use crate::ids::{OrgId, StatementId};
use crate::insights::{self, Pair, STRATA, Sample, Share, Stratum};
use crate::sessions::KnownLanguage;
use anyhow::bail;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
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
            let result = Judged::of(&app, org_id, rows).await?;
            print_line(&if args.json { result.json().to_string() } else { result.text() })?;
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
    let texts = texts(app, org_id, &pairs).await?;
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

async fn texts(app: &App, org_id: OrgId, pairs: &[Pair]) -> anyhow::Result<HashMap<StatementId, String>> {
    let ids: Vec<StatementId> = pairs.iter().flat_map(|pair| pair.statements).collect();
    Ok(insights::statement_texts(&app.db, org_id, &ids).await?)
}

/// The result of a judged sheet.
struct Judged {
    precision: Option<Share>,
    recall: Option<Share>,
    /// True if insights were grouped again since the pairs were drawn.
    is_regrouped: bool,
    counts: [Counts; 4],
    sizes: [u64; 4],
    /// Ids of pairs with a statement that is no longer there.
    gone: Vec<String>,
    wrong: Vec<Wrong>,
}

/// Pairs of one stratum that were drawn.
#[derive(Clone, Copy, Default)]
struct Counts {
    same: u64,
    different: u64,
    unsure: u64,
    blank: u64,
    gone: u64,
}

/// A pair that was put together or apart wrongly.
struct Wrong {
    id: String,
    same: bool,
    insights: [Option<i64>; 2],
    texts: [String; 2],
}

impl Judged {
    async fn of(app: &App, org_id: OrgId, rows: Vec<Row>) -> anyhow::Result<Self> {
        let pairs: Vec<Pair> = rows.iter().map(|row| row.pair.clone()).collect();
        let Some(Pair { grouping, sizes, .. }) = pairs.first().cloned() else {
            bail!("the sheet has no pairs");
        };
        let texts = texts(app, org_id, &pairs).await?;
        let is_regrouped = !insights::is_grouping_current(&app.db, org_id, grouping).await?;
        let mut counts = [Counts::default(); 4];
        let (mut gone, mut wrong) = (Vec::new(), Vec::new());
        for Row { id, answer, pair } in rows {
            let count = &mut counts[pair.stratum as usize];
            let [Some(first), Some(second)] = pair.statements.map(|id| texts.get(&id).cloned()) else {
                count.gone += 1;
                gone.push(id);
                continue;
            };
            match answer {
                Some(Answer::Same) => count.same += 1,
                Some(Answer::Different) => count.different += 1,
                Some(Answer::Unsure) => count.unsure += 1,
                None => count.blank += 1,
            }
            let same = answer == Some(Answer::Same);
            let is_judged = same || answer == Some(Answer::Different);
            if is_judged && same != (pair.stratum == Stratum::Together) {
                wrong.push(Wrong { id, same, insights: pair.insights, texts: [first, second] });
            }
        }
        if gone.len() == pairs.len() {
            bail!("no pair of the sheet is there any more; is it of another organization?");
        }
        wrong.sort_by(|a, b| {
            let key = |wrong: &Wrong| (wrong.same, wrong.insights, wrong.id.len());
            key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
        });
        let sample = |i: usize| Sample {
            size: sizes[i],
            judged: counts[i].same + counts[i].different,
            hits: counts[i].same,
        };
        let samples = [0, 1, 2, 3].map(sample);
        Ok(Self {
            precision: insights::share(samples[0]),
            recall: insights::share_in_first(&samples),
            is_regrouped,
            counts,
            sizes,
            gone,
            wrong,
        })
    }

    fn text(&self) -> String {
        let mut parts = vec![
            format!("Precision  {}", share(self.precision)),
            format!("Recall     {}", share(self.recall)),
        ];
        if self.is_regrouped {
            parts.push(
                "Insights were grouped again since; this is about the grouping the pairs were drawn from."
                    .into(),
            );
        }
        let mut table = Table::new(&["Pairs", "All", "Same", "Different", "Unsure", "Blank", "Gone"]);
        table.align_right(&[1, 2, 3, 4, 5, 6]);
        for ((stratum, counts), size) in STRATA.iter().zip(&self.counts).zip(self.sizes) {
            let Counts { same, different, unsure, blank, gone } = counts;
            let name = match stratum {
                Stratum::Together => "in one insight",
                Stratum::Near => "in neighboring insights",
                Stratum::Unlinked => "nearby, in no insight",
                Stratum::Far => "far apart",
            };
            let numbers = [size, *same, *different, *unsure, *blank, *gone].map(|n| n.to_string());
            table.row([vec![name.to_owned()], numbers.to_vec()].concat());
        }
        parts.push(format!("\n{table}"));
        if !self.wrong.is_empty() {
            let mut table = Table::new(&["Pair", "Insights", "Judged", "First", "Second"]);
            table.align_right(&[0]);
            for Wrong { id, same, insights, texts: [first, second] } in &self.wrong {
                let numbers =
                    insights.map(|number| number.map_or("none".into(), |number| number.to_string()));
                let judged = if *same { "same" } else { "different" };
                table.row(vec![id.clone(), numbers.join(", "), judged.into(), first.clone(), second.clone()]);
            }
            parts.push(format!("\n{table}"));
        }
        if !self.gone.is_empty() {
            parts.push(format!("\nNo longer there, and left out: pairs {}", self.gone.join(", ")));
        }
        parts.join("\n")
    }

    fn json(&self) -> Json {
        let strata = STRATA.iter().zip(&self.counts).zip(self.sizes).map(|((stratum, counts), size)| {
            json!({
                "stratum": stratum,
                "pairs": size,
                "same": counts.same,
                "different": counts.different,
                "unsure": counts.unsure,
                "blank": counts.blank,
                "gone": counts.gone,
            })
        });
        let wrong = self.wrong.iter().map(|wrong| {
            json!({"id": wrong.id, "same": wrong.same, "insights": wrong.insights, "texts": wrong.texts})
        });
        json!({
            "precision": self.precision.map(percent),
            "recall": self.recall.map(percent),
            "regrouped": self.is_regrouped,
            "strata": strata.collect::<Vec<_>>(),
            "wrong": wrong.collect::<Vec<_>>(),
            "gone": self.gone,
        })
    }
}

fn percent(share: Share) -> Json {
    json!({"estimate": 100.0 * share.estimate, "low": 100.0 * share.low, "high": 100.0 * share.high})
}

fn share(share: Option<Share>) -> String {
    share.map_or("nothing to tell it by: judge more pairs".into(), |Share { estimate, low, high }| {
        format!(
            "{:.1} %, with 95 % confidence between {:.1} and {:.1} %",
            100.0 * estimate,
            100.0 * low,
            100.0 * high
        )
    })
}
