//! Everything that there is: chains, ledger, oracles.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use liaise_ledger::EpochNumber;
use liaise_ledger::hash::block_cid;
use liaise_oracle::fold::DecreedRow;
use liaise_summary::{CompressedKey, Hash32, OracleSet, Statement};

use crate::calls::{By, Call};
use crate::chain::Chain;
use crate::coverage::{Mark, Record};
use crate::dice::Dice;
use crate::distributor::{Block, Distributor, oracle_key};
use crate::network::{CHAINS, EPOCH_S, GENESIS_S, HOUR_S, LONG_DELAY_S, distributor_id};
use crate::oracles::{Memory, Oracle};
use crate::pay::{Payroll, Standings};
use crate::rules::Rules;
use crate::schedule::{Mode, Report};
use crate::trace::Event;
use crate::trees::Tree;

/// Everything.
#[derive(Debug)]
pub struct World {
    /// The dice.
    pub dice: Dice,
    /// The rules.
    pub rules: Rules,
    /// What may go wrong.
    pub mode: Mode,
    /// The world's clock, Unix seconds; chains may be behind.
    pub now_s: u64,
    /// The chains.
    pub chains: Vec<Chain>,
    /// Decreed rows.
    pub rows: Vec<DecreedRow>,
    /// What epochs earn.
    pub payroll: Payroll,
    /// All oracles that ever were.
    pub oracles: Vec<Oracle>,
    /// Oracle sets by version, and their members as bits.
    pub sets: Vec<OracleSet>,
    /// See [`Self::sets`].
    pub members: Vec<u64>,
    /// Oracles that sign anything; below the threshold.
    pub liars: u64,
    /// A dishonest quorum.
    pub evil: u64,
    /// Who was one, and was replaced.
    pub replaced: u64,
    /// Whether there ever was one.
    pub tainted: bool,
    /// All statements that anybody signed, and by which head.
    pub statements: Vec<Statement>,
    /// See [`Self::statements`].
    pub by_head: HashMap<Hash32, Vec<usize>>,
    /// Who signed them.
    pub votes: HashMap<Hash32, u64>,
    /// Trees by their root's hash.
    pub trees: HashMap<Hash32, Rc<Tree>>,
    /// What is behind statements that honest oracles folded.
    pub known: HashMap<Hash32, Standings>,
    /// What was wanted last.
    pub memory: Memory,
    /// A chain whose DAO opens nothing.
    pub shut: Option<usize>,
    /// Chance in a thousand that an oracle ends between writing down and telling.
    pub crash_permille: u64,
    /// Epochs that no range can hold any more.
    pub lost_epochs: BTreeSet<EpochNumber>,
    /// What happened.
    pub report: Report,
    /// What happens, where it is recorded.
    pub record: Option<Record>,
}

impl World {
    /// A network whose first range is open at genesis.
    pub fn new(seed: u64, mode: Mode, rules: Rules, recorded: bool) -> Self {
        let mut dice = Dice(seed);
        let count = dice.pick(&[5, 5, 7]);
        let payroll = Payroll::new(seed, &mut dice);
        let shut = (mode == Mode::Silence && dice.permille(200)).then(|| dice.below(CHAINS as u64) as usize);
        let first = dice.below(CHAINS as u64) as usize;
        let mut world = Self {
            dice,
            rules,
            mode,
            now_s: GENESIS_S,
            chains: (0..CHAINS).map(|chain| Chain::new(Distributor::new(chain))).collect(),
            rows: Vec::new(),
            payroll,
            oracles: Vec::new(),
            sets: Vec::new(),
            members: Vec::new(),
            liars: 0,
            evil: 0,
            replaced: 0,
            tainted: false,
            statements: Vec::new(),
            by_head: HashMap::new(),
            votes: HashMap::new(),
            trees: HashMap::new(),
            known: HashMap::new(),
            memory: Memory::default(),
            shut,
            crash_permille: 50,
            lost_epochs: BTreeSet::new(),
            report: Report { schedules: 1, ..Report::default() },
            record: recorded.then(Record::default),
        };
        world.add_set((0..count).collect());
        let most_liars = count as usize - liaise_summary::quorum(count as usize);
        for _ in 0..world.dice.below(most_liars as u64 + 1) {
            world.liars |= 1 << world.dice.below(u64::from(count));
        }
        world.decree(0, first, None, -9);
        world.open_the_first(first);
        world
    }

    /// Decrees a row, known from a seal on.
    pub fn decree(&mut self, first: EpochNumber, chain: usize, old: Option<usize>, seal: EpochNumber) {
        let id = |chain: usize| liaise_ledger::Hash(distributor_id(chain).0);
        let old = old.map_or(liaise_ledger::Hash::ZERO, id);
        self.rows.push(DecreedRow { first, new: id(chain), old, seal, message: block_cid(&[]) });
    }

    /// The first opening waits for its delay before genesis.
    fn open_the_first(&mut self, chain: usize) {
        let time_s = GENESIS_S - u64::from(LONG_DELAY_S) - 512;
        self.chains[chain].time_s = time_s;
        self.note(chain, Event::Block { time_s });
        let table = self.table(-1, &[]);
        let at = &self.chains[chain];
        let wanted = self.wanted(chain, (&at.distributor.clone(), at.time_s), -1, &[]).expect("the first row");
        assert_eq!(table.len(), 1);
        let Statement::Open(statement) = wanted.statement else { unreachable!("nothing was opened") };
        self.sign(&wanted, self.members[0]);
        let (first, old, head) = (statement.first.0, statement.old, statement.head);
        let (signers, dao) = (self.members[0], true);
        let approve = Call::ApproveOpen { first, old, head, by: By::Dao };
        if !self.chains[chain].distributor.is_utxo() {
            assert!(self.call(chain, &approve), "the DAO may");
        }
        assert!(self.call(chain, &Call::Open { statement, signers, dao }), "the first range");
        let opened = self.chains[chain].distributor.clone();
        self.chains[chain] = Chain::new(opened);
        for chain in 0..CHAINS {
            self.note(chain, Event::Block { time_s: GENESIS_S });
        }
    }

    /// Another oracle set, of which not all members need be new.
    pub fn add_set(&mut self, members: Vec<u32>) {
        let keys: Vec<CompressedKey> = members.iter().map(|number| oracle_key(*number)).collect();
        let version = u32::try_from(self.sets.len()).expect("few sets");
        self.sets.push(OracleSet::new(version, keys).expect("ascending"));
        self.members.push(members.iter().fold(0, |bits, number| bits | 1 << number));
        let hand_overs = self.final_hand_overs();
        for number in members {
            if !self.oracles.iter().any(|oracle| oracle.number == number) {
                self.oracles.push(Oracle::new(number, hand_overs.clone()));
            }
        }
    }

    /// Whether an oracle belongs to a set.
    pub fn is_member(&self, oracle: usize, set: u32) -> bool {
        self.members[set as usize] >> self.oracles[oracle].number & 1 == 1
    }

    /// Calls a distributor. Returns whether it accepted; a silent chain does not.
    pub fn call(&mut self, chain: usize, call: &Call) -> bool {
        let at = &mut self.chains[chain];
        if at.is_silent() {
            return false;
        }
        let block = Block { now_s: at.time_s, sets: &self.sets, rules: &self.rules };
        let before = self.record.as_ref().map(|_| at.distributor.clone());
        let outcome = at.distributor.call(call, &block);
        if let (Some(record), Some(before)) = (&mut self.record, before) {
            let mark = Mark::new(&before, at.time_s, call, outcome);
            record.marks.insert(mark.clone());
            let after = Box::new(at.distributor.clone());
            record.events[chain].push(Event::Call { call: Box::new(call.clone()), mark, outcome, after });
        }
        match outcome {
            Ok(()) => self.report.accepted += 1,
            Err(_) => self.report.refused += 1,
        }
        outcome.is_ok()
    }

    /// The newest epoch that is sealed.
    pub fn sealed(&self) -> EpochNumber {
        (self.now_s / EPOCH_S) as EpochNumber - (GENESIS_S / EPOCH_S) as EpochNumber - 1
    }

    /// Time passes; each chain makes a block, up to six hours behind where told.
    pub fn tick(&mut self, hours: u64, behind: bool) {
        self.now_s += hours * HOUR_S;
        for chain in 0..CHAINS {
            if self.chains[chain].is_silent() {
                continue;
            }
            let lag_s = if behind { self.dice.below(7) * HOUR_S } else { 0 };
            let time_s = self.chains[chain].time_s.max(self.now_s - lag_s);
            self.chains[chain].grow(time_s);
            self.note(chain, Event::Block { time_s });
        }
    }

    /// Writes an event down, where they are recorded.
    pub fn note(&mut self, chain: usize, event: Event) {
        if let Some(record) = &mut self.record {
            record.events[chain].push(event);
        }
    }

    /// Anybody submits what oracles signed over the present heads. The honest take as many signatures as are needed.
    pub fn submit_all(&mut self) {
        for chain in 0..CHAINS {
            let head = self.chains[chain].distributor.head;
            for place in self.by_head.get(&head).cloned().unwrap_or_default() {
                let statement = self.statements[place];
                let id = self.chains[chain].distributor.id;
                if matches!(statement, Statement::Epoch(epoch) if epoch.distributor == id) {
                    self.submit(chain, &statement, true);
                }
            }
        }
    }

    /// Submits a statement with the signatures under it: those of the present set's members, or all that there are.
    pub fn submit(&mut self, chain: usize, statement: &Statement, members_only: bool) -> bool {
        let set = self.chains[chain].distributor.set as usize;
        let all = self.votes.get(&statement.digest()).copied().unwrap_or(0);
        let signers = if members_only && self.rules.quorum_of_set { all & self.members[set] } else { all };
        if members_only && (signers.count_ones() as usize) < self.sets[set].quorum() {
            return false;
        }
        match statement {
            Statement::Epoch(statement) => self.call(chain, &Call::Submit { statement: *statement, signers }),
            Statement::Open(statement) => {
                let dao = self.shut != Some(chain);
                self.call(chain, &Call::Open { statement: *statement, signers, dao })
            }
            _ => unreachable!("oracles sign nothing else"),
        }
    }
}
