//! The door: parse, run, turn the result into an exit code.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use habeat::base::command::gate;
use habeat::base::outlet::Outlet;
use habeat::base::refusal::{Code, Refusal};
use habeat::base::{confine, logging};
use habeat::cli::{Cli, Common, Form, RunArgs, Verb};
use habeat::config::Invalid;
use habeat::core::event::Errand;
use habeat::drill::Drilled;
use habeat::report::record::refused;
use habeat::verbs::check::{self, Scope};
use habeat::verbs::{ack, config};
use habeat::{app, drill};

fn main() -> ExitCode {
    if let Some(code) = gate::enter() {
        return ExitCode::from(code);
    }
    let (common, verb) = match Cli::try_parse().and_then(Cli::into_parts) {
        Ok(parts) => parts,
        Err(error) => return no_call(&error),
    };
    let form = verb.form();
    die_as_a_bug(form);
    let code = dispatch(&common, verb).unwrap_or_else(|refusal| refuse(form, &refusal));
    log::logger().flush();
    ExitCode::from(code.number())
}

/// Ends a call that is none: wrong usage, or a question for help or version.
fn no_call(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        say(&error.to_string());
        return ExitCode::from(Code::Done.number());
    }
    // It is not known where the option would have stood; that it was meant is.
    if std::env::args_os().any(|argument| argument == "--json") {
        let why = error.to_string();
        say(&refused(Code::Usage, why.trim_start_matches("error: ")));
    }
    put(std::io::stderr(), &error.to_string());
    ExitCode::from(Code::Usage.number())
}

/// Says why nothing could be done: a config's problems one by one.
fn refuse(form: Form, refusal: &Refusal) -> Code {
    match refusal.error.downcast_ref::<Invalid>() {
        Some(invalid) => {
            let (path, count) = (invalid.path.display().to_string(), invalid.errors.len());
            let path = logging::word(&path);
            log::error!("cannot use the config {path}: {count} problems; see habeat.yml(5)");
            for problem in &invalid.errors {
                log::error!("config={path} error={:?}", problem.to_string());
            }
        }
        None => log::error!("{:#}", refusal.error),
    }
    if form == Form::Json {
        say(&refused(refusal.code, &format!("{:#}", refusal.error)));
    }
    refusal.code
}

fn dispatch(common: &Common, verb: Verb) -> Result<Code, Refusal> {
    confine::set_up()?;
    // Where a parent left SIGCHLD ignored, no program's exit status could be had.
    catch(signal_hook::consts::SIGCHLD, &Arc::default())?;
    match verb {
        Verb::Run(args) => run(common, Errand::Run, &args),
        Verb::Failback(args) => run(common, Errand::Failback, &args),
        Verb::Check {
            online,
            strict,
            against,
            json,
        } => {
            logging::start(None, common.level().min(log::LevelFilter::Warn));
            let scope = Scope {
                online,
                strict,
                against,
            };
            let (text, code) = check::check(&common.config, &scope, json);
            say(&text);
            Ok(code)
        }
        Verb::Config { verb } => {
            logging::start(None, common.level().min(log::LevelFilter::Warn));
            config::config(&common.config, &verb).map(|text| {
                say(&text);
                Code::Done
            })
        }
        Verb::Ack(args) => word(common, &args.reason, ack::ack),
        Verb::Retry(args) => word(common, &args.reason, ack::retry),
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

/// Takes down an operator's word.
fn word(
    common: &Common,
    reason: &str,
    take_down: impl FnOnce(&Path, &str) -> Result<String, Refusal>,
) -> Result<Code, Refusal> {
    logging::start(Some(&common.log), common.level());
    say(&take_down(&common.config, reason)?);
    Ok(Code::Done)
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
fn die_as_a_bug(form: Form) {
    std::panic::set_hook(Box::new(move |panic| {
        let why = format!("bug: {panic}; please report it with the log of this run");
        log::error!("{why}");
        if form == Form::Json {
            say(&refused(Code::Bug, &why));
        }
        log::logger().flush();
        std::process::exit(i32::from(Code::Bug.number()));
    }));
}

/// Prints on standard output, after what the log said so far.
fn say(text: &str) {
    log::logger().flush();
    put(std::io::stdout(), &format!("{}\n", text.trim_end()));
}

/// A reader that has gone away, or stopped reading, is no reason to fail.
fn put(to: impl std::os::fd::AsFd, text: &str) {
    if let Ok(outlet) = Outlet::new(to) {
        outlet.put(text.as_bytes());
        outlet.drain();
    }
}
