//! The settings as flags, environment variables and members of the settings file, and the help that lists them.

use crate::support::cli::{Cli, stderr};
use clap::Arg;
use serde_json::Value;
use std::process::{Command, Output};

/// The settings, which every command takes as flags.
fn settings() -> Vec<Arg> {
    refrain::config::flags()
}

/// Two values of a setting that are allowed, of which at most one is its default.
fn values(setting: &Arg) -> [String; 2] {
    let name = setting.get_id().as_str();
    let words: Vec<_> = setting.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect();
    if let [first, second, ..] = words.as_slice() {
        return [first.clone(), second.clone()];
    }
    let values = match (name, setting.get_value_names().unwrap()[0].as_str()) {
        ("database_url", _) => ["postgres://u@h/one", "postgres://u@h/two"],
        ("language", _) => ["de", "en"],
        ("granularity", _) => ["coarse", "balanced"],
        ("time_zone", _) => ["UTC", "Asia/Tokyo"],
        ("log", _) => ["warn", "refrain=debug"],
        ("escalation_sensitivity", _) => ["strict", "normal"],
        ("escalation_basis", _) => ["share", "volume"],
        (_, "N") => ["5", "7"],
        ("cors_origins", _) => ["https://one.example.com", "https://two.example.com,http://localhost:3000"],
        (_, "ADDR") => ["127.0.0.1:1", "127.0.0.1:2"],
        (_, "URL") => ["https://one.example.com/v1", "https://two.example.com/v1"],
        (_, "DIR" | "FILE" | "NAME") => ["one", "two"],
        _ => panic!("give two values of {name}"),
    };
    values.map(str::to_owned)
}

/// A value as the settings file has it.
fn toml(setting: &Arg, value: &str) -> String {
    let plain = value.parse::<i64>().is_ok() || value.parse::<bool>().is_ok();
    let name = setting.get_id();
    if plain { format!("{name} = {value}\n") } else { format!("{name} = {value:?}\n") }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string().trim_end_matches(".0").to_owned(), str::to_owned)
}

/// `refrain config`, in a folder of its own and with no other setting.
fn config(cli: &Cli) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_refrain"));
    command.arg("config").current_dir(cli.database.folder.path());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REFRAIN_")) {
        command.env_remove(name);
    }
    command
}

#[track_caller]
fn output(command: &mut Command) -> String {
    let output: Output = command.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn names_of_a_setting_are_alike() {
    for setting in settings() {
        let name = setting.get_id().as_str();
        assert_eq!(setting.get_long().unwrap(), name.replace('_', "-"));
        assert_eq!(setting.get_env().unwrap().to_str().unwrap(), format!("REFRAIN_{}", name.to_uppercase()));
    }
}

#[tokio::test]
async fn every_setting_comes_from_a_flag_before_the_environment_before_the_file() {
    let cli = Cli::new().await;
    // each source gives one value and those below it the other, both ways, so that one of the two is no default
    for (source, turned) in [(0, false), (0, true), (1, false), (1, true), (2, false), (2, true)] {
        let mut command = config(&cli);
        command.arg("--json");
        let mut file = String::new();
        for setting in settings() {
            let [mut own, mut other] = values(&setting);
            if turned {
                std::mem::swap(&mut own, &mut other);
            }
            let value = |of: i32| if of == source { &own } else { &other };
            file += &toml(&setting, value(0));
            if source >= 1 {
                command.env(setting.get_env().unwrap(), value(1));
            }
            if source >= 2 {
                command.arg(format!("--{}", setting.get_long().unwrap())).arg(value(2));
            }
        }
        cli.file("refrain.toml", file);
        let shown: Value = serde_json::from_str(&output(&mut command)).unwrap();
        for setting in settings() {
            let name = setting.get_id().as_str();
            let expected = &values(&setting)[usize::from(turned)];
            assert_eq!(text(&shown[name]), *expected, "{name} from source {source}");
        }
    }
}

#[tokio::test]
async fn what_config_prints_is_a_settings_file_with_the_same_values() {
    let cli = Cli::new().await;
    let defaults = output(config(&cli).arg("--json"));
    let printed = output(&mut config(&cli));
    for setting in settings() {
        assert!(printed.contains(&format!("{} = ", setting.get_id())), "{}", setting.get_id());
    }
    cli.file("refrain.toml", &printed);
    assert_eq!(output(config(&cli).arg("--json")), defaults);
    // what is left out by default comes with an example
    let examples: Vec<&str> = printed
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line))
        .filter(|line| !line.starts_with("language_model_key"))
        .collect();
    cli.file("refrain.toml", examples.join("\n"));
    output(&mut config(&cli));
    let others: String = settings().iter().map(|setting| toml(setting, &values(setting)[1])).collect();
    cli.file("refrain.toml", &others);
    let shown = output(config(&cli).arg("--json"));
    let printed = output(&mut config(&cli));
    cli.file("refrain.toml", printed);
    assert_eq!(output(config(&cli).arg("--json")), shown);
}

#[tokio::test]
async fn the_file_is_read_strictly_and_secrets_are_not_printed() {
    let cli = Cli::new().await;
    for (file, expected) in [
        ("workers = 2\ncolour = \"red\"\n", ["line 2", "unknown field `colour`", "`webhooks_private`"]),
        ("\nworkers = \"many\"\n", ["line 2", "workers: ", "expected"]),
        ("workers = 2\nlanguage_model_key = many\n", ["line 2", "language_model_key: ", "expected"]),
        ("language_model_key = 8004711\n", ["line 1", "language_model_key: ", "expected a string"]),
        ("language_model_key = \"many\n", ["line 1", "language_model_key: ", "refrain.toml"]),
    ] {
        cli.file("refrain.toml", file);
        let output = config(&cli).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        for part in expected {
            assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
        }
        assert!(!stderr(&output).contains("many") && !stderr(&output).contains("8004711"));
    }
    for (url, shown) in [
        ("postgres://u@h/d?password=quiet", "postgres://u@h/d"),
        (
            "postgres://u:quiet@h/d?sslmode=require&password=quiet&sslpassword=quiet",
            "postgres://u@h/d?sslmode=require",
        ),
        ("postgres:///d?user=u&PASSWORD=quiet&host=h", "postgres:///d?user=u&host=h"),
        ("postgres://u:qu?quiet@h/d?application_name=a", "postgres://u@h/d?application_name=a"),
    ] {
        cli.file("refrain.toml", format!("database_url = \"{url}\"\n"));
        let printed = output(&mut config(&cli));
        assert!(printed.contains(&format!("\"{shown}\"")) && !printed.contains("quiet"), "{printed}");
    }
    let secrets = "language_model_key = \"quiet\"\nmetrics_key = \"quiet-for-its-length\"\n";
    cli.file("refrain.toml", format!("{secrets}database_url = \"postgres://u:quiet@h/d\"\n"));
    for args in [&[][..], &["--json"]] {
        let mut config = config(&cli);
        config.env("REFRAIN_METRICS_KEY", "quiet-for-its-length");
        let printed = output(config.env("REFRAIN_LANGUAGE_MODEL_KEY", "quiet").args(args));
        assert!(printed.contains("postgres://u@h/d"), "{printed}");
        assert!(!printed.contains("quiet"), "{printed}");
    }
}

#[tokio::test]
async fn the_help_of_a_command_lists_the_settings_that_concern_it() {
    let cli = Cli::new().await;
    let help = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_refrain"));
        output(command.args(args).current_dir(cli.database.folder.path()))
    };
    for flag in ["-h", "--help"] {
        for command in ["serve", "config"] {
            let text = help(&[command, flag]);
            for setting in settings() {
                assert!(text.contains(&format!("--{} <", setting.get_long().unwrap())), "{setting:?}");
            }
            assert!(!text.contains("More settings:"), "{text}");
        }
        let keys = help(&["keys", "create", flag]);
        for listed in ["--config <", "--data <", "--database-url <", "\nMore settings: "] {
            assert!(keys.contains(listed), "{keys}");
        }
        for hidden in ["--listen", "--webhooks-private", "--language", "--workers"] {
            assert!(!keys.contains(hidden), "{keys}");
        }
        let import = help(&["import", flag]);
        assert!(import.contains("--contacts-min <") && !import.contains("--listen"), "{import}");
    }
    assert!(help(&["--help"]).contains("--webhooks-private <"));
    assert!(!help(&["-h"]).contains("--webhooks-private <"));
}

#[test]
fn every_command_takes_every_setting() {
    let program = refrain::cli::command();
    for command in program.get_subcommands() {
        for setting in settings() {
            let (flag, value) = (format!("--{}", setting.get_long().unwrap()), &values(&setting)[0]);
            let mut line = vec!["refrain", command.get_name(), &flag, value];
            // the commands below a command get what is above them
            if ["keys", "members"].contains(&command.get_name()) {
                line.insert(2, "list");
            }
            let rest: &[&str] = match command.get_name() {
                "import" | "backup" | "restore" => &["a.jsonl"],
                "eval" => &["--gold", "a.jsonl"],
                "export" | "audit" => &["--out", "a"],
                _ => &[],
            };
            line.extend(rest);
            let parsed = program.clone().try_get_matches_from(&line);
            assert!(parsed.is_ok(), "{line:?}: {}", parsed.err().unwrap());
        }
    }
}
