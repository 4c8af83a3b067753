//! A schedule, from its seed to its end.

use liaise_ledger::EpochNumber;

use crate::check::Broken;
use crate::network::CHAINS;
use crate::rules::Rules;
use crate::world::World;

/// What may go wrong in a schedule, besides reorganisations, vetoes, rotations, and oracles below the threshold that lie, lack, lag and
/// crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing more.
    Plain,
    /// Chains fall silent, some for good, and emergencies are decreed, also without a reason.
    Silence,
    /// A quorum is dishonest for a while.
    Dishonest,
}

impl Mode {
    /// A seed's.
    pub const fn of(seed: u64) -> Self {
        match seed % 3 {
            0 => Self::Plain,
            1 => Self::Silence,
            _ => Self::Dishonest,
        }
    }
}

/// What happened in some schedules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many.
    pub schedules: u64,
    /// Turns.
    pub turns: u64,
    /// Calls that a distributor accepted, and refused.
    pub accepted: u64,
    /// See [`Self::accepted`].
    pub refused: u64,
    /// Vetoes.
    pub vetoes: u64,
    /// Rotations of a distributor's oracle set.
    pub rotations: u64,
    /// Blocks that went away.
    pub reorgs: u64,
    /// Oracles that ended between writing down and telling.
    pub crashes: u64,
    /// Contents that an oracle's guard refused to sign.
    pub refused_to_sign: u64,
    /// Chains that fell silent.
    pub silences: u64,
    /// Emergencies that were decreed.
    pub emergencies: u64,
    /// Hand-overs that became rows.
    pub hand_overs: u64,
    /// Late statements.
    pub late: u64,
    /// Epochs that no range could hold any more.
    pub lost_epochs: u64,
    /// Statements of a dishonest quorum that were accepted.
    pub false_statements: u64,
    /// Under a dishonest quorum: epochs that two distributors emitted.
    pub emitted_twice: u64,
    /// Under a dishonest quorum: what honest people had earned and can't be paid, base units.
    pub robbed_units: u64,
    /// Under a dishonest quorum: what was owed beyond what a distributor still owes, base units.
    pub lost_units: u64,
}

impl Report {
    /// Adds another's numbers.
    pub fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.schedules, other.schedules),
            (&mut self.turns, other.turns),
            (&mut self.accepted, other.accepted),
            (&mut self.refused, other.refused),
            (&mut self.vetoes, other.vetoes),
            (&mut self.rotations, other.rotations),
            (&mut self.reorgs, other.reorgs),
            (&mut self.crashes, other.crashes),
            (&mut self.refused_to_sign, other.refused_to_sign),
            (&mut self.silences, other.silences),
            (&mut self.emergencies, other.emergencies),
            (&mut self.hand_overs, other.hand_overs),
            (&mut self.late, other.late),
            (&mut self.lost_epochs, other.lost_epochs),
            (&mut self.false_statements, other.false_statements),
            (&mut self.emitted_twice, other.emitted_twice),
            (&mut self.robbed_units, other.robbed_units),
            (&mut self.lost_units, other.lost_units),
        ];
        for (sum, more) in pairs {
            *sum += more;
        }
    }
}

/// Runs a seed's schedule in its own mode.
///
/// # Errors
/// The promise that was broken.
pub fn run(seed: u64, rules: Rules) -> Result<Report, Broken> {
    Ok(whole(World::new(seed, Mode::of(seed), rules, false))?.report)
}

/// Runs the turns of a seed's schedule, without the calm after them, and records what happens.
///
/// # Errors
/// The promise that was broken.
pub fn record(seed: u64) -> Result<World, Broken> {
    let mut world = World::new(seed, Mode::of(seed), Rules::ALL, true);
    take_turns(&mut world)?;
    Ok(world)
}

fn take_turns(world: &mut World) -> Result<(), Broken> {
    world.check()?;
    let turns = 30 + world.dice.below(130);
    for _ in 0..turns {
        world.turn();
        world.check()?;
    }
    world.report.turns = turns;
    Ok(())
}

fn whole(mut world: World) -> Result<World, Broken> {
    take_turns(&mut world)?;
    world.bury_the_silent();
    world.calm()?;
    for chain in 0..CHAINS {
        let filed = &world.chains[chain].distributor.log.filed;
        world.report.late += filed.iter().filter(|filed| filed.late).count() as u64;
    }
    let table = world.table(EpochNumber::MAX, &world.final_hand_overs());
    world.report.hand_overs += table.iter().filter(|row| !row.is_decreed).count() as u64;
    Ok(world)
}
