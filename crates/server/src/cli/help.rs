//! The settings in the help of the commands. Every command takes every setting; its help lists those that concern it
//! and names the rest in one line.

use crate::config;
use clap::{Arg, Command};

/// Commands that do the jobs in the queue.
const WORKING: &[&str] = &["serve", "demo", "import", "eval", "config"];
/// Commands that serve the API.
const SERVING: &[&str] = &["serve", "demo", "config"];

/// The sections of the settings, by their headings, and the commands that they concern.
const SECTIONS: [(&str, &[&str]); 9] = [
    // what `eval` works on is in a folder of its own
    ("Database", &["serve", "demo", "import", "export", "insights", "keys", "audit", "doctor", "config"]),
    ("Server", SERVING),
    ("Jobs", WORKING),
    ("Log", WORKING),
    ("Insights", WORKING),
    ("Escalation", &["serve", "demo", "import", "config"]),
    ("Retention", SERVING),
    ("Language model", WORKING),
    ("Webhooks", SERVING),
];
/// The section that the short help of the program lists, too.
const FIRST_SECTION: &str = "Database";
const MORE: &str = "More settings: every command takes all of them, and `refrain config --help` lists them.";

/// Adds the settings to the program and to each of its commands.
pub(super) fn add_settings(mut program: Command) -> Command {
    let settings = config::flags();
    for command in program.get_subcommands_mut() {
        let name = command.get_name().to_owned();
        *command = list_settings(std::mem::take(command), &name, &settings);
    }
    let settings = settings.into_iter().map(|setting| {
        let is_first = heading(&setting) == FIRST_SECTION;
        setting.hide_short_help(!is_first)
    });
    program.args(settings)
}

/// Adds the settings to a command, hides those that do not concern it, and does the same for the commands below it.
fn list_settings(mut command: Command, name: &str, settings: &[Arg]) -> Command {
    for nested in command.get_subcommands_mut() {
        *nested = list_settings(std::mem::take(nested), name, settings);
    }
    let (listed, hidden): (Vec<_>, Vec<_>) =
        settings.iter().cloned().partition(|setting| concerns(heading(setting), name));
    if !hidden.is_empty() {
        command = command.after_help(MORE);
    }
    command.args(listed).args(hidden.into_iter().map(|setting| setting.hide(true)))
}

fn heading(setting: &Arg) -> &str {
    setting.get_help_heading().unwrap_or_default()
}

fn concerns(section: &str, command: &str) -> bool {
    SECTIONS.iter().any(|(heading, commands)| *heading == section && commands.contains(&command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_concerns_a_command_that_exists() {
        let program = crate::cli::command();
        for setting in config::flags() {
            let section = heading(&setting);
            assert!(SECTIONS.iter().any(|(heading, _)| *heading == section), "{section}");
        }
        for (section, commands) in SECTIONS {
            assert!(config::flags().iter().any(|setting| heading(setting) == section), "{section}");
            for command in commands {
                assert!(program.find_subcommand(command).is_some(), "{command}");
            }
        }
    }
}
