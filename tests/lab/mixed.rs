//! Witnesses of two kinds beside each other: Consul hears the agent, another one knows the machine.
//! One table, played on fakes of both, and on a real cluster with VMware's simulator.

use std::process::Command;

use crate::cases::Knowledge::Several;
use crate::cases::Power::{Off, On, Suspended};
use crate::cases::Trouble::{Machine as Turned, PrimaryDead, PrimaryMute};
use crate::cases::{ALIVE, Case, RETURNED, RETURNING, Trouble, case, scene};
use crate::http::Answer;
use crate::machine::Machine;
use crate::play::{Place, World};

const BOTH: &str = "witnesses: [{provider: consul}, {MACHINE}]\nquorum: all";
const EITHER: &str = "witnesses: [{provider: consul}, {MACHINE}]\nquorum: 1";
/// The third cannot say: its program ends as none that works.
const TWO_OF_THREE: &str = "witnesses: [{provider: consul}, {MACHINE}, \
     {provider: command, name: third, argv: [/bin/sh, -c, 'exit 2']}]\nquorum: majority";
/// The one that knows the machine stands in the site that is judged.
const IN_JUDGED: &str = "witnesses: [{provider: consul}, {MACHINE, site: primary}]\nquorum: 1";
/// And Consul is asked for a name that it does not know.
const ONLY_IN_JUDGED: &str = "witnesses: [{provider: consul, host: mbox9.example.com}, \
     {MACHINE, site: primary}]\nquorum: 1";

const DISPUTED: &str = "hold cut: cut, heard down+up in contradiction, exit 3";
const DISPUTED_BY_CONSUL: &str = "hold cut: cut, heard up+down in contradiction, exit 3";
const UNSURE: &str = "hold unknown: unknown, heard down+unclear, exit 3";

/// Cases that need the same world stand next to each other: the world is then made once.
pub(crate) const CASES: &[Case] = &[
    case(
        "the host hangs, its machine is on until somebody switches it off",
        Several(BOTH),
        &[
            scene(&[], &[ALIVE]),
            scene(&[PrimaryDead], &[DISPUTED, DISPUTED]),
            scene(
                &[PrimaryDead, Turned(Off)],
                &[
                    "hold confirming: dead, heard down+down, exit 0",
                    "promote confirmed: dead, heard down+down, exit 0",
                    "hold already-promoted: dead, heard down+down, exit 0",
                ],
            ),
            scene(&[], &[RETURNING, RETURNED, ALIVE]),
        ],
    ),
    case(
        "the machine that is off is not the one whose agent Consul hears",
        Several(EITHER),
        &[scene(
            &[PrimaryMute, Turned(Off)],
            &[DISPUTED_BY_CONSUL, DISPUTED_BY_CONSUL],
        )],
    ),
    case(
        "a witness in the judged site vetoes, and is not needed",
        Several(IN_JUDGED),
        &[
            scene(&[PrimaryDead], &[DISPUTED, DISPUTED]),
            scene(
                &[PrimaryDead, Turned(Suspended)],
                &[
                    "hold confirming: dead, heard down+unclear, exit 0",
                    "promote confirmed: dead, heard down+unclear, exit 0",
                ],
            ),
        ],
    ),
    case(
        "one of two cannot say, and both are needed",
        Several(BOTH),
        &[scene(
            &[PrimaryDead, Turned(Suspended)],
            &[UNSURE, UNSURE, UNSURE],
        )],
    ),
    case(
        "one of two cannot say, and one is enough",
        Several(EITHER),
        &[scene(
            &[PrimaryDead, Turned(Suspended)],
            &[
                "hold confirming: dead, heard down+unclear, exit 0",
                "promote confirmed: dead, heard down+unclear, exit 0",
                "hold already-promoted: dead, heard down+unclear, exit 0",
            ],
        )],
    ),
    case(
        "two of three cannot say, then one",
        Several(TWO_OF_THREE),
        &[
            scene(
                &[PrimaryDead, Turned(Suspended)],
                &["hold unknown: unknown, heard down+unclear+unclear, exit 3"; 2],
            ),
            scene(
                &[PrimaryDead, Turned(Suspended), Turned(Off)],
                &[
                    "hold confirming: dead, heard down+down+unclear, exit 0",
                    "promote confirmed: dead, heard down+down+unclear, exit 0",
                ],
            ),
        ],
    ),
    case(
        "a witness in the judged site does not count when it says down",
        Several(ONLY_IN_JUDGED),
        &[scene(
            &[PrimaryDead, Turned(Suspended), Turned(Off)],
            &["hold unknown: unknown, heard not-member+down, exit 3"; 3],
        )],
    ),
];

/// A world, and the machine of its primary.
pub(crate) struct Mixed<W, M> {
    // Field order is drop order: what runs in the world ends before it.
    machine: M,
    world: W,
}

impl<W, M> Mixed<W, M> {
    pub(crate) fn new(world: W, machine: M) -> Self {
        Self { machine, world }
    }
}

impl<W: World, M: Machine> World for Mixed<W, M> {
    fn suffer(&mut self, trouble: Trouble) {
        if let Turned(power) = trouble {
            self.machine.turn(power);
        } else {
            self.world.suffer(trouble);
        }
    }

    fn mend(&mut self) {
        self.machine.turn(On);
        self.world.mend();
    }

    fn place(&self) -> Place {
        Place {
            machine: self.machine.entry(),
            ..self.world.place()
        }
    }

    fn command(&self, program: &str) -> Command {
        self.world.command(program)
    }

    fn ask(&self, path: &str, token: Option<&str>) -> Answer {
        self.world.ask(path, token)
    }
}
