//! The operator's word about a promotion. It starts nothing.

use super::{After, Machine};
use crate::base::refusal::Code;
use crate::core::effect::{Effect, End, Ending, Write};
use crate::core::{Phase, Promotion};

impl Machine<'_> {
    /// The operator has seen it: it stops being an alarm. Accounts that nobody could list count as
    /// moved by hand.
    pub(super) fn acknowledge(&mut self, reason: String) -> Effect {
        let Some(mut promotion) = self.memory.promotion.clone() else {
            return self.end(Code::Done, End::Acknowledged(None));
        };
        promotion.acknowledged = Some(reason);
        match promotion.phase {
            Phase::NoAccounts => {
                promotion.phase = Phase::Finished;
                promotion.finished = Some(self.at.clone());
                promotion.failure = None;
            }
            Phase::Unfinished | Phase::FenceFailed | Phase::Finished | Phase::Returning => {}
        }
        self.take_down(promotion)
    }

    /// What failed may be tried again, as often as at first.
    pub(super) fn retry(&mut self, reason: String) -> Effect {
        let Some(mut promotion) = self.memory.promotion.clone() else {
            return self.end(Code::Done, End::Acknowledged(None));
        };
        match promotion.phase {
            Phase::Finished => return self.end(Code::Done, End::Acknowledged(None)),
            Phase::FenceFailed => promotion.phase = Phase::Unfinished,
            Phase::Unfinished | Phase::NoAccounts | Phase::Returning => {}
        }
        promotion.attempts = 0;
        promotion.finishing = 0;
        promotion.acknowledged = Some(reason);
        self.take_down(promotion)
    }

    fn take_down(&mut self, promotion: Promotion) -> Effect {
        self.write(Write::Promotion(Some(promotion.clone())));
        let end = End::Acknowledged(Some(Box::new(promotion)));
        let code = Code::Done;
        self.write_then(After::End(Ending { code, end }))
    }
}
