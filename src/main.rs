//! The door: parse, run, turn the result into an exit code.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use habeat::app::Errand;
use habeat::base::refusal::{Code, Refusal};
use habeat::base::{logging, process};
use habeat::cli::{Cli, Common, RunArgs, Verb};
use habeat::drill::Drilled;
use habeat::verbs::check;
use habeat::{app, drill};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let common = cli.common().clone();
    let verb = cli.verb().unwrap_or_else(|error| error.exit());
    die_as_a_bug();
    let code = dispatch(&common, verb).unwrap_or_else(|refusal| {
        log::error!("{:#}", refusal.error);
        refusal.code
    });
    ExitCode::from(code.number())
}

fn dispatch(common: &Common, verb: Verb) -> Result<Code, Refusal> {
    process::set_up()?;
    // Where a parent left SIGCHLD ignored, no program's exit status could be had.
    catch(signal_hook::consts::SIGCHLD, &Arc::default())?;
    match verb {
        Verb::Run(args) => run(common, Errand::Run, &args),
        Verb::Failback(args) => run(common, Errand::Failback, &args),
        Verb::Check { online, json } => {
            logging::start(None, common.level().min(log::LevelFilter::Warn));
            let (text, code) = check::check(&common.config, online, json);
            say(&text);
            Ok(code)
        }
        Verb::Ack { reason } => {
            logging::start(Some(&common.log), common.level());
            app::ack(&common.config, &reason).map(|text| {
                say(&text);
                Code::Done
            })
        }
        Verb::Drill {
            name,
            list,
            json,
            keep,
        } => {
            logging::start(None, common.level().min(log::LevelFilter::Warn));
            drill::run(name.as_deref(), list, json, keep).map(|drilled| match drilled {
                Drilled::Passed => Code::Done,
                Drilled::Failed => Code::Failed,
            })
        }
    }
}

fn run(common: &Common, errand: Errand, args: &RunArgs) -> Result<Code, Refusal> {
    let log_file = (!args.dry_run).then_some(common.log.as_path());
    logging::start(log_file, common.level());
    let report = if args.dry_run {
        app::dry_run(&common.config, errand)
    } else {
        app::run(&common.config, errand, &stop_on_signals()?)
    }?;
    if args.json {
        say(&serde_json::to_string(&report).map_err(|error| Refusal::bug(error.into()))?);
    } else if args.dry_run {
        say(&report.dry_run_text());
    }
    Ok(report.code)
}

/// A first SIGTERM or SIGINT asks the run to end in good order.
fn stop_on_signals() -> Result<Arc<AtomicBool>, Refusal> {
    let stop = Arc::new(AtomicBool::new(false));
    catch(signal_hook::consts::SIGTERM, &stop)?;
    catch(signal_hook::consts::SIGINT, &stop)?;
    Ok(stop)
}

fn catch(signal: i32, caught: &Arc<AtomicBool>) -> Result<(), Refusal> {
    signal_hook::flag::register(signal, Arc::clone(caught))
        .map(|_| ())
        .map_err(|error| Refusal::bug(error.into()))
}

/// A panic in any thread ends the run at once: the journal is durable, the next run goes on.
fn die_as_a_bug() {
    std::panic::set_hook(Box::new(|panic| {
        log::error!("bug: {panic}; please report it with the log of this run");
        std::process::exit(i32::from(Code::Bug.number()));
    }));
}

/// A reader that has gone away is no reason to fail.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}
