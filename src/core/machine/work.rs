//! Goes through a plan, stage by stage and step by step.

use super::{After, Machine};
use crate::base::command::Outcome;
use crate::base::refusal::Code;
use crate::core::effect::{Effect, End, Fact, Task, Write};
use crate::core::event::{Finding, Ran, Recovery};
use crate::core::plan::{Class, Command, OnFailure, PROMOTE_STEP, StagePlan, Work};
use crate::core::story::Entry;
use crate::core::{Choice, Hold};

impl Machine<'_> {
    /// Makes the intent durable, and goes to work.
    pub(super) fn act(&mut self) -> Effect {
        if !self.run.plan.is_empty() && !self.setup.is_privileged {
            self.tell();
            return self.end(Code::Privilege, End::NoPrivilege);
        }
        if self.run.keeps {
            return self.work();
        }
        self.tell();
        self.intend();
        self.write_then(After::Work)
    }

    /// Goes to the first step that is not known as done.
    pub(super) fn work(&mut self) -> Effect {
        loop {
            let Some(stage) = self.run.plan.get(self.run.stage).cloned() else {
                let end = self.run.failure.take().unwrap_or(End::Complete);
                return self.settle(end);
            };
            if self.run.failure.is_some() && !self.may_follow_a_failure(&stage) {
                let end = self.run.failure.take().unwrap_or(End::Complete);
                return self.settle(end);
            }
            if self.is_done(&stage) {
                self.facts.push(Fact::StageDone(stage.name));
                self.next_stage();
                continue;
            }
            if self.run.stop {
                return self.settle(End::Stopped);
            }
            match &stage.work {
                Work::Commands(commands) => match self.next_command(&stage, commands) {
                    Some(command) => return self.begin(Task::Command(command)),
                    None => return self.stage_done(&stage),
                },
                Work::Accounts => return self.begin_accounts(),
                Work::Sweep => return self.order(Task::Sweep, None),
                Work::Recover => return self.order(Task::Prepare, None),
                Work::Restore => return self.order(Task::Restore, None),
            }
        }
    }

    /// Nothing is given back while something is left to finish.
    fn may_follow_a_failure(&self, stage: &StagePlan) -> bool {
        match stage.work {
            Work::Sweep => true,
            Work::Commands(_) | Work::Accounts | Work::Recover | Work::Restore => false,
        }
    }

    fn is_done(&self, stage: &StagePlan) -> bool {
        if stage.is_fence() {
            let promotion = self.memory.promotion.as_ref();
            return promotion.is_some_and(|it| it.fenced.is_some());
        }
        !self.run.keeps && self.is_taking_over() && self.memory.story.stages.contains(stage.name)
    }

    /// Whether what is done is a takeover, or finishes one.
    fn is_taking_over(&self) -> bool {
        match self.run.decision.as_ref().map(|it| &it.choice) {
            Some(Choice::Promote | Choice::Resume) => true,
            Some(
                Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Return | Choice::Failback,
            )
            | None => false,
        }
    }

    /// Returns the place of the first command that is left of a stage.
    fn next_command(&mut self, stage: &StagePlan, commands: &[Command]) -> Option<usize> {
        if self.run.command == 0 && self.is_taking_over() && !stage.is_fence() {
            let done = self.memory.story.commands.get(stage.name);
            self.run.done_before = done.cloned().unwrap_or_default();
        }
        while let Some(command) = commands.get(self.run.command) {
            if self.run.keeps && command.class != Class::Query {
                self.run.command += 1;
                continue;
            }
            let Some(at) = self.run.done_before.iter().position(|it| *it == command.id) else {
                return Some(self.run.command);
            };
            self.run.done_before.remove(at);
            let done = Fact::CommandDone(command.step, command.id.clone());
            self.facts.push(done);
            self.run.command += 1;
        }
        None
    }

    /// Begins a step, or looks first where its evidence is not good enough for it.
    pub(super) fn begin(&mut self, task: Task) -> Effect {
        let (step, class) = self.named(task);
        let not_after = match self.gate(class, task) {
            Ok(not_after) => not_after,
            Err(instead) => return instead,
        };
        if let Some(command) = self.numbered(task) {
            self.facts.push(Fact::Begins(step, command));
        }
        match class {
            Class::Query => {}
            // It notes its own steps.
            Class::Reversible if task == Task::Recover => {}
            Class::Irreversible | Class::Reversible | Class::Undo => {
                let step = step.to_owned();
                self.run.is_first_time = !self.memory.story.begun.contains(&step);
                self.note(Entry::Before { step });
            }
        }
        self.write_then(After::Run(task, not_after))
    }

    fn command(&self, task: Task) -> Option<&Command> {
        let Task::Command(at) = task else { return None };
        match &self.run.plan.get(self.run.stage)?.work {
            Work::Commands(commands) => commands.get(at),
            Work::Accounts | Work::Sweep | Work::Recover | Work::Restore => None,
        }
    }

    fn named(&self, task: Task) -> (&'static str, Class) {
        let stage = self.run.plan.get(self.run.stage).map_or("", |it| it.name);
        match task {
            Task::Command(_) => self
                .command(task)
                .map_or((stage, Class::Query), |it| (it.step, it.class)),
            Task::Promote => (PROMOTE_STEP, Class::Irreversible),
            Task::Recover => (stage, Class::Reversible),
            Task::Operations
            | Task::AwaitOperations
            | Task::List
            | Task::Sweep
            | Task::Prepare
            | Task::Restore => (stage, Class::Query),
        }
    }

    /// Returns which of the admin's commands it is.
    fn numbered(&self, task: Task) -> Option<(usize, usize, String)> {
        let command = self.command(task)?;
        let Task::Command(at) = task else { return None };
        let stage = self.run.plan.get(self.run.stage)?;
        let Work::Commands(commands) = &stage.work else {
            return None;
        };
        let like = |it: &&Command| it.step == command.step;
        let number = commands.iter().take(at + 1).filter(like).count();
        let all = commands.iter().filter(like).count();
        (all > 1 || command.class == Class::Reversible).then(|| (number, all, command.id.clone()))
    }

    /// A step has ended.
    pub(super) fn ran(&mut self, task: Task, ran: Ran) -> Effect {
        let was_not_started = matches!(ran.outcome, Outcome::Skipped(_));
        if was_not_started && self.run.is_first_time {
            let (step, _) = self.named(task);
            let step = step.to_owned();
            self.note(Entry::NotBegun { step });
        }
        self.run.is_first_time = false;
        if ran.finding == Finding::Late {
            return self.begin(task);
        }
        self.run.has_acted |= !was_not_started;
        self.run.stale_looks = 0;
        match task {
            Task::Command(_) => self.command_ran(task, &ran),
            Task::Operations | Task::AwaitOperations => self.operations_asked(task, &ran),
            Task::List => self.list_ran(ran),
            Task::Promote => self.promote_ran(&ran),
            Task::Sweep => self.swept(&ran),
            Task::Prepare | Task::Recover | Task::Restore => self.recovery_ran(ran),
        }
    }

    fn command_ran(&mut self, task: Task, ran: &Ran) -> Effect {
        let (Some(stage), Some(command)) = (
            self.run.plan.get(self.run.stage).cloned(),
            self.command(task).cloned(),
        ) else {
            return self.work();
        };
        let is_ok = ran.outcome == Outcome::Ok;
        if command.class != Class::Query {
            self.note(Entry::After {
                step: command.step.to_owned(),
                outcome: ran.outcome.to_string(),
            });
            if is_ok && self.is_taking_over() && !stage.is_fence() {
                self.note(Entry::CommandDone {
                    stage: stage.name.to_owned(),
                    command: command.id.clone(),
                });
            }
        }
        let after = match &ran.outcome {
            Outcome::Ok => {
                self.run.command += 1;
                After::Work
            }
            Outcome::Stopped | Outcome::Skipped(_) => After::Settle(End::Stopped),
            // What was never run is no fence that failed: the next run tries it.
            Outcome::Unjournalled(_) => After::Settle(End::Incomplete(format!(
                "{}: {}",
                command.step, ran.outcome
            ))),
            Outcome::Exit(_)
            | Outcome::Signal(_)
            | Outcome::TimedOut
            | Outcome::SpawnFailed(_)
            | Outcome::BadOutput(_) => self.command_failed(&stage, &command, &ran.outcome),
        };
        self.write_then(after)
    }

    fn command_failed(&mut self, stage: &StagePlan, command: &Command, outcome: &Outcome) -> After {
        let why = match self.numbered(Task::Command(self.run.command)) {
            Some((number, all, id)) => {
                format!("{} {number} of {all} ({id}): {outcome}", command.step)
            }
            None => format!("{}: {outcome}", command.step),
        };
        if self.run.keeps {
            if let Some(decision) = &mut self.run.decision {
                decision.choice = Choice::Hold(Hold::Drifted(why));
            }
            return After::Settle(End::Complete);
        }
        match stage.on_failure {
            OnFailure::Latch => After::Settle(End::FenceFailed(why)),
            OnFailure::Stop => After::Settle(End::Incomplete(why)),
            OnFailure::GoOn => self.go_on_after(End::Incomplete(why)),
        }
    }

    /// The stages after it run all the same.
    fn go_on_after(&mut self, failure: End) -> After {
        self.run.failure = Some(match (self.run.failure.take(), failure) {
            (Some(End::Incomplete(first)), End::Incomplete(second)) => {
                End::Incomplete(format!("{first}; {second}"))
            }
            (_, failure) => failure,
        });
        self.next_stage();
        After::Work
    }

    fn swept(&mut self, ran: &Ran) -> Effect {
        let Some(stage) = self.run.plan.get(self.run.stage).cloned() else {
            return self.work();
        };
        let undone = match &ran.finding {
            Finding::Swept { undone: 0, .. } => return self.stage_done(&stage),
            Finding::Swept { undone, .. } => format!("{undone} accounts are not done"),
            Finding::Nothing
            | Finding::Late
            | Finding::Listed(_)
            | Finding::Operations(_)
            | Finding::Recovery(..) => ran.outcome.to_string(),
        };
        if self.run.stop {
            return self.settle(End::Stopped);
        }
        self.run.owes = true;
        let after = self.go_on_after(End::Incomplete(format!("{}: {undone}", stage.name)));
        self.write_then(after)
    }

    fn recovery_ran(&mut self, ran: Ran) -> Effect {
        let (recovery, entries) = match ran.finding {
            Finding::Recovery(recovery, entries) => (recovery, entries),
            Finding::Nothing
            | Finding::Late
            | Finding::Listed(_)
            | Finding::Operations(_)
            | Finding::Swept { .. } => (Recovery::Incomplete(ran.outcome.to_string()), Vec::new()),
        };
        for entry in entries {
            self.memory.story.add(entry);
        }
        let end = match recovery {
            Recovery::Done => {
                let stage = self.run.plan.get(self.run.stage).cloned();
                return match stage {
                    Some(stage) => self.stage_done(&stage),
                    None => self.work(),
                };
            }
            Recovery::Ready => return self.begin(Task::Recover),
            Recovery::NotReady(why) => End::NotReady(why),
            Recovery::Incomplete(why) => End::Incomplete(why),
            Recovery::GivenUp(why) => End::GivenUp(why),
            Recovery::Stopped => End::Stopped,
        };
        self.settle(end)
    }

    /// A stage is done, and that is durable before the next one begins.
    pub(super) fn stage_done(&mut self, stage: &StagePlan) -> Effect {
        let next = self.run.plan.get(self.run.stage + 1);
        if self.is_taking_over() || matches!(stage.work, Work::Sweep) {
            match (stage.is_fence(), next.is_some_and(StagePlan::is_fence)) {
                (true, true) => {}
                (true, false) => {
                    let mut promotion = self.memory.promotion.clone();
                    if let Some(promotion) = &mut promotion {
                        promotion.fenced = Some(self.at.clone());
                    }
                    self.write(Write::Promotion(promotion));
                }
                (false, _) => {
                    let stage = stage.name.to_owned();
                    self.note(Entry::StageDone { stage });
                }
            }
        }
        self.next_stage();
        self.write_then(After::Work)
    }

    pub(super) fn next_stage(&mut self) {
        self.run.stage += 1;
        self.run.command = 0;
    }
}
