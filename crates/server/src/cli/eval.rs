//! `refrain eval`: imports a labeled file into a database of its own, without its labels, and scores what came
//! of it.

use super::import::{load, wait};
use super::table::Table;
use super::{Exit, open, print_error, print_line};
use crate::app::App;
use crate::config::{Config, DatabaseConfig};
use crate::ids::{OrgId, SessionId, StatementId};
use crate::imports::{Batch, Import, Options as ImportOptions, Record, list_files, read_files};
use crate::insights::{self, GroupedStatement};
use crate::sessions::Sender;
use crate::time::Timestamp;
use crate::{jobs, orgs, telemetry};
use anyhow::{Context, bail};
use refrain_nlp::evaluation::{Item, Scores, score};
use refrain_nlp::grouping::{Options, Statement, baselines};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub(super) struct EvalArgs {
    /// Labeled conversations, in the format of `refrain import` with `labels`
    #[arg(long, value_name = "FILE")]
    gold: PathBuf,
    /// Take each turn of a contact that has an id for a conversation of its own, and score turns
    #[arg(long)]
    turns: bool,
    /// Find the insights in these conversations, and only link the labeled ones to them
    #[arg(long, value_name = "FILE")]
    pool: Option<PathBuf>,
    /// Write {"id", "insight"} lines, with "insights" where there are several
    #[arg(long, value_name = "OUT")]
    predictions: Option<PathBuf>,
    /// Leave out the plain methods
    #[arg(long)]
    no_baselines: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The gold labels of a conversation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Labels {
    intents: Vec<String>,
    turns: HashMap<String, Vec<String>>,
}

/// A conversation or turn with its gold groups: none if it has no label.
struct Labeled {
    record: Record,
    gold: Vec<String>,
}

/// One line of the result.
struct Line {
    method: String,
    scores: Scores,
    seconds: f64,
}

pub(super) async fn eval(config: Config, args: EvalArgs) -> anyhow::Result<Exit> {
    let labeled = labeled(&args)?;
    let folder = tempfile::tempdir().context("making a folder for the database")?;
    let database = DatabaseConfig { data: folder.path().into(), ..DatabaseConfig::default() };
    let app = open(Config { database, ..config }).await?;
    let org_id = app.find_or_create_org(orgs::DEFAULT_NAME).await?;
    if let Some(pool) = &args.pool {
        let import = Import::begin(&app, org_id, "pool").await?;
        load(import, std::slice::from_ref(pool)).await?;
        settle(&app, org_id).await?;
    }
    let started = Instant::now();
    let ids = import(&app, org_id, &labeled, args.pool.is_none()).await?;
    let seconds = started.elapsed().as_secs_f64();
    let statements = insights::grouped_statements(&app.db, org_id).await?;
    let of_gold: HashSet<SessionId> = ids.iter().copied().collect();
    let statements: Vec<GroupedStatement> =
        statements.into_iter().filter(|statement| of_gold.contains(&statement.session_id)).collect();
    let are_compared = !args.no_baselines && statements.len() <= baselines::STATEMENTS_MAX;
    let vectors = if are_compared {
        insights::compared_vectors(&app.db, org_id, &statements).await?
    } else {
        HashMap::new()
    };
    app.db.close().await;
    let groups: Vec<Option<u32>> = statements.iter().map(|statement| statement.insight).collect();
    let predicted = by_session(&statements, &groups);
    if let Some(out) = &args.predictions {
        write_predictions(out, &labeled, &ids, &predicted)?;
    }
    let items = |predicted: &HashMap<SessionId, Vec<u32>>| -> Vec<Item> {
        let item = |(labeled, id): (&Labeled, &SessionId)| Item {
            gold: labeled.gold.clone(),
            predicted: predicted.get(id).cloned().unwrap_or_default(),
        };
        labeled.iter().zip(&ids).map(item).collect()
    };
    let mut lines = vec![Line { method: "Refrain".into(), scores: score(&items(&predicted)), seconds }];
    if are_compared {
        for (method, groups, seconds) in baselines(&statements, &vectors, lines[0].scores.gold_groups) {
            let groups: Vec<Option<u32>> = groups.into_iter().map(Some).collect();
            lines.push(Line { method, scores: score(&items(&by_session(&statements, &groups))), seconds });
        }
    }
    if !args.no_baselines && !are_compared {
        print_error(&format!("the plain methods take {} statements at most", baselines::STATEMENTS_MAX));
    }
    print(&args, &lines, statements.len())?;
    Ok(Exit::Success)
}

/// Reads the labeled file. A bad record or bad labels end it: a score on a part of the file would mislead.
fn labeled(args: &EvalArgs) -> anyhow::Result<Vec<Labeled>> {
    let mut labeled = Vec::new();
    for mut record in read(&args.gold)? {
        let labels: Option<Labels> = serde_json::from_value(record.labels.take())
            .with_context(|| format!("labels of {}", record.id))?;
        let labels = labels.unwrap_or_default();
        if args.turns {
            let turns = std::mem::take(&mut record.turns);
            for turn in turns.into_iter().filter(|turn| turn.role == Sender::Contact) {
                let Some(id) = turn.id.clone() else { continue };
                let gold = labels.turns.get(&id).cloned().unwrap_or_default();
                labeled.push(Labeled { record: Record { id, turns: vec![turn], ..record.clone() }, gold });
            }
        } else {
            labeled.push(Labeled { record, gold: labels.intents });
        }
    }
    if labeled.iter().all(|labeled| labeled.gold.is_empty()) {
        let what = if args.turns { "labels.turns" } else { "labels.intents (with --turns: labels.turns)" };
        bail!("{}: nothing has {what}", args.gold.display());
    }
    Ok(labeled)
}

fn read(path: &Path) -> anyhow::Result<Vec<Record>> {
    let mut records = Vec::new();
    let mut bad = None;
    read_files(
        &list_files(&[path.to_owned()])?,
        &ImportOptions::default(),
        &Arc::default(),
        |batch: Batch| {
            records.extend(batch.records);
            bad = batch.bad.into_iter().next();
            bad.is_none()
        },
    )?;
    match bad {
        Some(bad) => bail!("{}: {}", bad.place(), bad.reason),
        None => Ok(records),
    }
}

/// Imports the conversations; with `group` their statements are grouped, else only linked to what insights there
/// are. Returns the session of each.
async fn import(
    app: &App,
    org_id: OrgId,
    labeled: &[Labeled],
    group: bool,
) -> anyhow::Result<Vec<SessionId>> {
    let mut import = Import::begin(app, org_id, "gold").await?;
    import.write_all(labeled.iter().map(|labeled| labeled.record.clone())).await?;
    let ids = labeled.iter().map(|labeled| import.session_id(&labeled.record)).collect();
    if group {
        import.finish().await?;
        settle(app, org_id).await?;
    } else {
        // one job after the other, so that none groups what was just linked
        while jobs::backlog(app, org_id, Timestamp::from_micros(0)).await?.bulk > 0 {
            if !jobs::run_next(app).await? {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    Ok(ids)
}

/// Works until everything is read and grouped.
async fn settle(app: &App, org_id: OrgId) -> anyhow::Result<()> {
    tokio::select! {
        () = jobs::work(app.clone(), app.config.jobs.workers) => Ok(()),
        waited = wait(app, org_id) => waited,
    }
}

/// Returns the groups of each session, in the order in which it speaks of them.
fn by_session(statements: &[GroupedStatement], groups: &[Option<u32>]) -> HashMap<SessionId, Vec<u32>> {
    let mut by_session: HashMap<SessionId, Vec<u32>> = HashMap::new();
    for (statement, group) in statements.iter().zip(groups) {
        let session = by_session.entry(statement.session_id).or_default();
        session.extend(group.filter(|group| !session.contains(group)));
    }
    by_session
}

/// Groups the same statements by plain methods; each result comes with the seconds it took.
fn baselines(
    statements: &[GroupedStatement],
    vectors: &HashMap<StatementId, Vec<f32>>,
    gold_groups: usize,
) -> Vec<(String, Vec<u32>, f64)> {
    let threads = Options::default().threads;
    let texts: Vec<&str> = statements.iter().map(|statement| statement.text.as_str()).collect();
    let tf_idf = baselines::tf_idf(&texts);
    let own: Vec<Statement<'_>> = statements
        .iter()
        .map(|statement| Statement {
            text: &statement.text,
            vector: &vectors[&statement.id],
            weight: 1,
            speaker: 0,
        })
        .collect();
    let tf_idf: Vec<Statement<'_>> = texts
        .iter()
        .zip(&tf_idf)
        .map(|(text, vector)| Statement { text, vector, weight: 1, speaker: 0 })
        .collect();
    let timed = |method: &str, run: &dyn Fn() -> Vec<u32>| {
        let started = Instant::now();
        let clusters = run();
        (method.to_owned(), clusters, started.elapsed().as_secs_f64())
    };
    let told = format!("k-means, told that there are {gold_groups}");
    vec![
        timed("reference method, same vectors", &|| baselines::reference(&own, threads)),
        timed(&told, &|| baselines::k_means(&own, gold_groups, threads)),
        timed("reference method, TF-IDF", &|| baselines::reference(&tf_idf, threads)),
    ]
}

fn write_predictions(
    out: &Path,
    labeled: &[Labeled],
    ids: &[SessionId],
    predicted: &HashMap<SessionId, Vec<u32>>,
) -> anyhow::Result<()> {
    let writing = || format!("writing {}", out.display());
    let mut file = std::io::BufWriter::new(std::fs::File::create(out).with_context(writing)?);
    for (labeled, id) in labeled.iter().zip(ids) {
        let insights = predicted.get(id).map_or(&[][..], Vec::as_slice);
        let mut line =
            BTreeMap::from([("id", json!(labeled.record.id)), ("insight", json!(insights.first()))]);
        if insights.len() > 1 {
            line.insert("insights", json!(insights));
        }
        serde_json::to_writer(&mut file, &line).with_context(writing)?;
        writeln!(file).with_context(writing)?;
    }
    file.flush().with_context(writing)
}

fn print(args: &EvalArgs, lines: &[Line], statements: usize) -> anyhow::Result<()> {
    let memory = telemetry::peak_memory_mib(std::process::id());
    if args.json {
        let methods: Vec<Json> = lines.iter().map(Line::json).collect();
        let result = json!({"statements": statements, "peak_memory_mib": memory, "methods": methods});
        return print_line(&result.to_string());
    }
    let header = [
        "Method",
        "ACC",
        "F1",
        "P",
        "R",
        "NMI",
        "ARI",
        "Groups",
        "Gold",
        "Covered",
        "Count error",
        "Top 10",
        "s",
    ];
    let mut table = Table::new(&header);
    table.align_right(&(1..header.len()).collect::<Vec<_>>());
    for Line { method, scores, seconds } in lines {
        let percent = |value: f64| format!("{value:.1}");
        table.row(vec![
            method.clone(),
            percent(scores.accuracy),
            percent(scores.f1),
            percent(scores.precision),
            percent(scores.recall),
            percent(scores.nmi),
            percent(scores.ari),
            scores.groups.to_string(),
            scores.gold_groups.to_string(),
            percent(scores.coverage),
            percent(scores.count_error),
            percent(scores.top_found),
            format!("{seconds:.2}"),
        ]);
    }
    print_line(&table.to_string())?;
    let items = lines.first().map_or(0, |line| line.scores.items);
    let memory = memory.map_or(String::new(), |mib| format!(", {mib} MiB at most"));
    print_line(&format!(
        "{items} labeled {}, {statements} statements{memory}",
        if args.turns { "turns" } else { "conversations" }
    ))
}

impl Line {
    fn json(&self) -> Json {
        let Scores { items, groups, gold_groups, .. } = self.scores;
        json!({
            "method": self.method,
            "acc": self.scores.accuracy,
            "f1": self.scores.f1,
            "precision": self.scores.precision,
            "recall": self.scores.recall,
            "nmi": self.scores.nmi,
            "ari": self.scores.ari,
            "groups": groups,
            "gold_groups": gold_groups,
            "coverage": self.scores.coverage,
            "count_error": self.scores.count_error,
            "top10": self.scores.top_found,
            "items": items,
            "seconds": self.seconds,
        })
    }
}
