//! A plan as the commands it runs, for showing.

use super::stage::{Argv, Names, Stage, Step, Work};

/// Returns every command of a plan, in order, for showing. Where the namespace is found out at run
/// time the one tried first is shown; where names are filled in at run time a placeholder is.
pub fn lines(stages: &[Stage]) -> Vec<Argv> {
    let first = |step: &Step| step.variants.first().cloned().unwrap_or_default();
    stages
        .iter()
        .flat_map(|stage| match &stage.work {
            Work::Sequence(steps) => steps.iter().map(first).collect(),
            Work::Switch { commands, verify } => commands.iter().chain(verify).map(first).collect(),
            Work::PowerOff { vcenter, hosts, .. } => {
                let order = |host: &String| -> Argv {
                    let words = ["(vcenter)", &vcenter.base_url, "power-off", host];
                    words.map(str::to_owned).into()
                };
                hosts.iter().map(order).collect()
            }
            Work::Recover(recovery) => recovery.lines(),
            Work::Restore(recovery) => vec![first(&recovery.start)],
            Work::Promote { list, promote, .. } => {
                vec![first(list), first(promote), first(list)]
            }
            Work::Batches {
                steps,
                names,
                max_names,
                ..
            } => steps
                .iter()
                .map(|step| {
                    let mut argv = first(step);
                    argv.push(match names {
                        Names::Arguments => format!("<up to {max_names} accounts>"),
                        Names::CommaList => {
                            format!("<up to {max_names} accounts, comma-separated>")
                        }
                    });
                    argv
                })
                .collect::<Vec<_>>(),
        })
        .collect()
}
