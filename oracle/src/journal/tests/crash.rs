//! Whatever happens, in whatever order: no purpose has two transactions that could be included, and all end paid once.

use futures::executor::block_on;
use liaise_chain_api::FeeLimit;
use proptest::prelude::*;

use super::model::{Disk, Operator, World, claim};
use crate::journal::{Journal, Progress};

const FEE: FeeLimit = FeeLimit(1);
const PAYEES: u8 = 3;

#[derive(Clone, Debug)]
enum Happening {
    Want { operator: u8, payee: u8 },
    Resume { operator: u8 },
    Mine,
    Reorg { depth: usize, keep: bool },
    Forget,
    Finalise,
    Replace { operator: u8 },
    CrashIn { operations: u32, after_effect: bool },
}

fn happening(operators: u8) -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (0..operators, 0..PAYEES).prop_map(|(operator, payee)| Happening::Want { operator, payee }),
        2 => (0..operators).prop_map(|operator| Happening::Resume { operator }),
        4 => Just(Happening::Mine),
        2 => (1..4usize, any::<bool>()).prop_map(|(depth, keep)| Happening::Reorg { depth, keep }),
        1 => Just(Happening::Forget),
        2 => Just(Happening::Finalise),
        1 => (0..operators).prop_map(|operator| Happening::Replace { operator }),
        3 => (0..8u32, any::<bool>()).prop_map(|(operations, after_effect)| Happening::CrashIn { operations, after_effect }),
    ]
}

/// The processes of some operators; one that fails ends, and starts again from its disk.
struct Processes {
    world: World,
    disks: Vec<Disk>,
    journals: Vec<Journal<Disk>>,
}

impl Processes {
    fn new(world: &World, operators: u8) -> Self {
        let disks: Vec<Disk> = (0..operators).map(|_| Disk::new(world)).collect();
        let journals = disks.iter().map(|disk| Journal::open(disk.clone()).expect("readable rows")).collect();
        Self { world: world.clone(), disks, journals }
    }

    fn restart(&mut self, operator: u8) {
        self.world.no_crash();
        let disk = self.disks[operator as usize].clone();
        self.journals[operator as usize] = Journal::open(disk).expect("readable rows");
    }

    fn want(&mut self, operator: u8, payee: u8) -> Option<Progress> {
        let submitter = Operator::new(&self.world, operator);
        let journal = &mut self.journals[operator as usize];
        let progress = block_on(journal.want(&submitter, &claim(payee), FEE));
        if progress.is_err() {
            self.restart(operator);
        }
        progress.ok()
    }

    fn resume(&mut self, operator: u8) {
        let submitter = Operator::new(&self.world, operator);
        let results = block_on(self.journals[operator as usize].resume(&submitter));
        if results.iter().any(|(_, progress)| progress.is_err()) {
            self.restart(operator);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Want { operator, payee } => {
                self.want(operator, payee);
            }
            Happening::Resume { operator } => self.resume(operator),
            Happening::Mine => self.world.mine(),
            Happening::Reorg { depth, keep } => self.world.reorg(depth, keep),
            Happening::Forget => self.world.forget(),
            Happening::Finalise => self.world.finalise(),
            Happening::Replace { operator } => self.world.replace(operator),
            Happening::CrashIn { operations, after_effect } => self.world.crash_in(operations, after_effect),
        }
    }

    /// Quiet weather until everything is done.
    fn settle(&mut self, operators: u8) {
        self.world.no_crash();
        for _ in 0..12 {
            for operator in 0..operators {
                for payee in 0..PAYEES {
                    self.want(operator, payee);
                }
            }
            self.world.mine();
            self.world.finalise();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// The chain shows nothing, so nothing but the journal's own rules keeps a payee from being paid twice.
    #[test]
    fn one_operator_sends_nothing_twice_even_blind(happenings in proptest::collection::vec(happening(1), 1..60)) {
        let world = World::new(false);
        let mut processes = Processes::new(&world, 1);
        for happening in happenings {
            processes.happen(happening);
            for payee in 0..PAYEES {
                prop_assert!(world.could_pay(0, payee) <= 1, "payee {payee} could be paid twice");
                prop_assert!(world.paid(payee) <= 1, "payee {payee} was paid twice");
            }
        }
        processes.settle(1);
        for payee in 0..PAYEES {
            prop_assert_eq!(world.paid(payee), 1);
            prop_assert!(matches!(processes.want(0, payee), Some(Progress::Done(_))));
        }
        prop_assert!(processes.journals[0].live().is_empty());
    }

    /// Two operators do the same at once: each sends nothing twice, both end without an error.
    #[test]
    fn two_operators_both_come_to_an_end(happenings in proptest::collection::vec(happening(2), 1..60)) {
        let world = World::new(true);
        let mut processes = Processes::new(&world, 2);
        for happening in happenings {
            processes.happen(happening);
            for (operator, payee) in (0..2).flat_map(|operator| (0..PAYEES).map(move |payee| (operator, payee))) {
                prop_assert!(world.could_pay(operator, payee) <= 1, "operator {operator} could pay {payee} twice");
            }
        }
        processes.settle(2);
        for (operator, payee) in (0..2).flat_map(|operator| (0..PAYEES).map(move |payee| (operator, payee))) {
            let progress = processes.want(operator, payee);
            prop_assert!(matches!(progress, Some(Progress::Done(_) | Progress::DoneByOthers)), "{progress:?}");
        }
        for payee in 0..PAYEES {
            prop_assert!((1..=2).contains(&world.paid(payee)));
        }
    }
}

/// A crash before and after each single operation of a claim's whole life, one run for each.
#[test]
fn a_crash_at_every_step_of_a_life() {
    let operations_of_a_life = 12;
    let mut crashed = 0;
    for operations in 0..operations_of_a_life {
        for after_effect in [false, true] {
            let world = World::new(false);
            let mut processes = Processes::new(&world, 1);
            world.crash_in(operations, after_effect);
            for _ in 0..6 {
                crashed += usize::from(processes.want(0, 1).is_none());
                assert!(world.could_pay(0, 1) <= 1);
                world.mine();
                world.finalise();
            }
            assert_eq!(world.paid(1), 1, "crash at operation {operations}, after its effect: {after_effect}");
            assert!(matches!(processes.want(0, 1), Some(Progress::Done(_))));
        }
    }
    assert!(crashed >= 10, "{crashed} crashes: a life has at least look, sign, write, send, ask, write");
}

/// After a write that failed nothing is sent, not even on a second try, until the rows are read anew.
#[test]
fn a_failed_write_stops_everything() {
    let world = World::new(true);
    let mut journal = Journal::open(Disk::new(&world)).expect("readable rows");
    let submitter = Operator::new(&world, 0);
    // look, sign, then the write
    world.crash_in(2, true);
    assert!(block_on(journal.want(&submitter, &claim(0), FEE)).is_err());
    world.no_crash();
    assert!(block_on(journal.want(&submitter, &claim(0), FEE)).is_err());
    assert!(block_on(journal.want(&submitter, &claim(1), FEE)).is_err());
    world.mine();
    assert_eq!((world.paid(0), world.paid(1)), (0, 0));
}

/// A transaction that is on disk and not yet sent keeps its nonce: the next one takes another, and neither dies.
#[test]
fn what_is_written_and_not_sent_keeps_its_nonce() {
    let world = World::new(true);
    let mut processes = Processes::new(&world, 1);
    // look, sign, write, then the broadcast
    world.crash_in(3, false);
    assert_eq!(processes.want(0, 0), None);
    assert_eq!(processes.journals[0].live().len(), 1);
    let second = processes.want(0, 1);
    assert!(matches!(second, Some(Progress::UnderWay(_))), "{second:?}");
    processes.resume(0);
    world.mine();
    world.finalise();
    for payee in 0..2 {
        assert!(matches!(processes.want(0, payee), Some(Progress::Done(_))));
        assert_eq!(world.paid(payee), 1);
    }
}
