//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use log::LevelFilter;

/// Where the config is looked for, as the ancestor's documented installation has it.
pub const DEFAULT_CONFIG: &str = "/etc/hamon/habeat.yml";
/// Where the log is written.
pub const DEFAULT_LOG: &str = "/var/log/habeat.log";

/// Notices the death of the peer site, has it confirmed by a witness, and takes over.
///
/// Without a verb it makes one run, as its timer does.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = false)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    run: RunArgs,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What every verb takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The config file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG, global = true)]
    pub config: PathBuf,
    /// The log file; the log also goes to standard error
    #[arg(long, value_name = "FILE", default_value = DEFAULT_LOG, global = true)]
    pub log: PathBuf,
    /// Log more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Print warnings and errors only; the log file stays complete
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// What is printed on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Lines for a person, or nothing.
    Text,
    /// Exactly one JSON document, whatever happens.
    Json,
}

/// What a run takes, and a failback.
#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    /// Show what would be run, in order; run nothing, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the run as one JSON document
    #[arg(long)]
    pub json: bool,
}

impl RunArgs {
    /// What stands before the verb and what stands after it count alike.
    fn or(&self, after: &Self) -> Self {
        Self {
            dry_run: self.dry_run || after.dry_run,
            json: self.json || after.json,
        }
    }
}

/// What an operator's word takes.
#[derive(Debug, Clone, Args)]
pub struct WordArgs {
    /// Why; kept with the promotion
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
}

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Verb {
    /// Make one run: observe, decide, act, record (the same as no verb)
    Run(RunArgs),
    /// Return by hand: run the role's return steps now, if the peer answers
    Failback(RunArgs),
    /// Check the config, its cross-rules and the installed units
    Check {
        /// Also ask every probe, anchor and witness once, and show what each said
        #[arg(long)]
        online: bool,
        /// A config that would hold when the whole site is lost is an error
        #[arg(long)]
        strict: bool,
        /// Hold it against the other site's config
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show the config as it counts, or its schema
    Config {
        /// What to show
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    /// Acknowledge a promotion: you have seen it, it is no alarm any more; starts nothing
    Ack(WordArgs),
    /// Let a failed promotion be tried again, as often as at first
    Retry(WordArgs),
    /// Play whole outages against an embedded lab, and show what happens
    Drill {
        /// The scenario; all of them when not given
        name: Option<String>,
        /// List the scenarios
        #[arg(long, conflicts_with = "name")]
        list: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// Keep the lab's folder, to look into
        #[arg(long)]
        keep: bool,
    },
}

/// What can be shown of a config.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigVerb {
    /// Every value that counts, with its line or "default"; secrets hidden
    Show,
    /// The JSON Schema of the file, for editors
    Schema,
    /// Comes with a later version
    #[command(hide = true)]
    Import {
        /// What to read
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
}

impl Cli {
    /// Returns what every verb takes, and the verb; an option of a run before another verb is an
    /// error, not a surprise.
    ///
    /// # Errors
    /// When `--dry-run` or `--json` stand before a verb they do not belong to.
    pub fn into_parts(self) -> Result<(Common, Verb), clap::Error> {
        let before = self.run;
        let verb = match self.verb {
            None => Verb::Run(before),
            Some(Verb::Run(after)) => Verb::Run(before.or(&after)),
            Some(Verb::Failback(after)) => Verb::Failback(before.or(&after)),
            Some(
                verb @ (Verb::Check { .. }
                | Verb::Config { .. }
                | Verb::Ack(_)
                | Verb::Retry(_)
                | Verb::Drill { .. }),
            ) if before.dry_run || before.json => {
                return Err(clap::Error::raw(
                    clap::error::ErrorKind::ArgumentConflict,
                    format!(
                        "--dry-run and --json before the verb belong to run and failback, not to {verb}\n"
                    ),
                ));
            }
            Some(
                verb @ (Verb::Check { .. }
                | Verb::Config { .. }
                | Verb::Ack(_)
                | Verb::Retry(_)
                | Verb::Drill { .. }),
            ) => verb,
        };
        Ok((self.common, verb))
    }
}

impl Verb {
    /// Returns the form of what it prints.
    pub fn form(&self) -> Form {
        let json = match self {
            Self::Run(args) | Self::Failback(args) => args.json,
            Self::Check { json, .. } | Self::Drill { json, .. } => *json,
            Self::Config { .. } | Self::Ack(_) | Self::Retry(_) => false,
        };
        if json { Form::Json } else { Form::Text }
    }
}

impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Run(_) => "run",
            Self::Failback(_) => "failback",
            Self::Check { .. } => "check",
            Self::Config { .. } => "config",
            Self::Ack(_) => "ack",
            Self::Retry(_) => "retry",
            Self::Drill { .. } => "drill",
        })
    }
}

impl Common {
    /// Returns how much is logged.
    pub fn level(&self) -> LevelFilter {
        match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::Warn,
            (false, true) => LevelFilter::Debug,
            (false, false) => LevelFilter::Info,
        }
    }
}
