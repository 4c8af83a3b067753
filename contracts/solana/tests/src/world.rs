//! A distributor on a chain, with its oracles, its DAO authority and its guardian.

use std::collections::BTreeMap;

use anchor_lang::InstructionData;
use anchor_spl::token_interface::{Mint, TokenAccount};
use emission::{Claimed, Deployment, Distributor, EmissionError, Rules, Summary, instruction};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, NetworkId, Node, OpenStatement};
use solana_account::Account;
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::chain::{Chain, Receipt, Refusal};
use crate::{Calls, OracleKeys};

pub const GENESIS_S: u64 = 1_800_000_000;
pub const EPOCH_S: u32 = 86_400;
pub const EPOCH_DELAY_S: u32 = 21_600;
pub const LONG_DELAY_S: u32 = 604_800;
pub const SPL_TOKEN: Address = anchor_spl::token::ID;
pub const TOKEN_2022: Address = anchor_spl::token_2022::ID;

/// What differs between worlds.
pub struct Setup {
    pub oracles: OracleKeys,
    pub token_program: Address,
    pub token_dao: bool,
    /// Seconds after genesis until which the guardian must agree.
    pub guarded_s: u64,
    /// Makes a deployment another one.
    pub network: [u8; 32],
    /// A council instead of a key, as threshold and members.
    pub council: Option<(u8, usize)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            oracles: OracleKeys::new(0, 7),
            token_program: TOKEN_2022,
            token_dao: false,
            guarded_s: 0,
            network: [7; 32],
            council: None,
        }
    }
}

pub struct World {
    pub chain: Chain,
    pub calls: Calls,
    pub deployment: Deployment,
    pub oracles: OracleKeys,
    pub authority: Keypair,
    pub guardian: Keypair,
    pub council: Vec<Keypair>,
    /// How many of the council must sign.
    threshold: usize,
}

/// The live network's schedule.
pub fn rules(network: [u8; 32], authority: Address) -> Rules {
    Rules {
        network,
        genesis_s: GENESIS_S,
        supply: 100_000_000_000_000_000,
        epochs: 7305,
        epoch_s: EPOCH_S,
        term_epochs: 180,
        epoch_delay_s: EPOCH_DELAY_S,
        long_delay_s: LONG_DELAY_S,
        notice_epochs: 7,
        guarded_until_s: GENESIS_S,
        authority,
        token_dao: false,
    }
}

impl World {
    /// A fresh distributor on a fresh chain, at genesis.
    pub fn new(setup: Setup) -> Self {
        Self::on(Chain::new(GENESIS_S as i64), setup)
    }

    /// A fresh distributor.
    pub fn on(chain: Chain, setup: Setup) -> Self {
        let (authority, guardian) = (key("authority"), key("guardian"));
        let members = setup.council.map_or(0, |(_, members)| members);
        let mut council: Vec<Keypair> = (0..members).map(|member| key(&format!("member {member}"))).collect();
        council.sort_by_key(|member| member.pubkey());
        let members: Vec<Address> = council.iter().map(|member| member.pubkey()).collect();
        let named = setup
            .council
            .map_or(authority.pubkey(), |(threshold, _)| crate::calls::council_address(threshold, &members));
        let deployment = Deployment {
            rules: Rules {
                guarded_until_s: GENESIS_S + setup.guarded_s,
                token_dao: setup.token_dao,
                ..rules(setup.network, named)
            },
            guardian: guardian.pubkey(),
            token_program: setup.token_program,
            uri: "https://example.org/xlv.json".into(),
            set_version: 1,
            oracles: setup.oracles.compressed(),
        };
        let calls = Calls::of(&deployment);
        let mut world =
            Self { chain, calls, deployment, oracles: setup.oracles, authority, guardian, council, threshold: 0 };
        if let Some((threshold, _)) = setup.council {
            world.threshold = usize::from(threshold);
            let create = crate::calls::create_council(world.payer(), threshold, members);
            world.pass(&[create], &[]);
        }
        let create = world.calls.create(world.payer(), &world.deployment);
        world.pass(&[create], &[]);
        world
    }

    /// A distributor whose range from epoch 0 is open, at the end of the long delay.
    pub fn opened(setup: Setup) -> Self {
        let mut world = Self::new(setup);
        world.open_from(0);
        world
    }

    pub fn payer(&self) -> Address {
        self.chain.payer.pubkey()
    }

    pub fn state(&self) -> Distributor {
        self.chain.read(&self.calls.distributor)
    }

    pub fn supply(&self) -> u64 {
        self.chain.read::<Mint>(&self.calls.mint).supply
    }

    /// What is payable and not yet paid, as written down.
    pub fn unclaimed(&self) -> u64 {
        self.chain.read::<TokenAccount>(&self.calls.vault).amount
    }

    pub fn balance(&self, payee: &Address) -> u64 {
        let destination = self.calls.destination(payee);
        if self.chain.exists(&destination) { self.chain.read::<TokenAccount>(&destination).amount } else { 0 }
    }

    pub fn claimed(&self, payee: &Address) -> u64 {
        let claimed = self.calls.claimed(payee);
        if self.chain.exists(&claimed) { self.chain.read::<Claimed>(&claimed).amount } else { 0 }
    }

    pub fn later(&mut self, seconds: u32) {
        let now_s = self.chain.now_s();
        self.chain.set_time(now_s + i64::from(seconds));
    }

    /// Goes to the end of `epoch` if it is still to come.
    pub fn end(&mut self, epoch: u32) {
        let end_s = GENESIS_S + (u64::from(epoch) + 1) * u64::from(EPOCH_S);
        let now_s = self.chain.now_s();
        self.chain.set_time(now_s.max(end_s as i64));
    }

    /// Sends what must pass.
    pub fn pass(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Receipt {
        let mut with_budget = vec![budget()];
        with_budget.extend_from_slice(instructions);
        self.chain.send(&with_budget, signers).unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
    }

    /// Sends what must be refused with this number, and sees that no account changed but the payer's.
    pub fn refuse(&mut self, instruction: Instruction, signers: &[&Keypair], error: EmissionError) {
        self.refuse_number(instruction, signers, u32::from(error));
    }

    pub fn refuse_number(&mut self, instruction: Instruction, signers: &[&Keypair], number: u32) {
        let before = self.accounts(&instruction);
        let result = self.chain.send(&[budget(), instruction.clone()], signers).map(|receipt| receipt.meta.logs);
        assert_eq!(result, Err(Refusal::Number(number)));
        assert_eq!(self.accounts(&instruction), before, "a refusal changes nothing");
    }

    fn accounts(&self, instruction: &Instruction) -> BTreeMap<Address, Option<Account>> {
        let others = instruction.accounts.iter().map(|meta| meta.pubkey).filter(|address| *address != self.payer());
        others.map(|address| (address, self.chain.svm.get_account(&address))).collect()
    }

    // ------------------------------------------------------------------------------------------------ statements

    /// The statement that oracles sign for this summary now.
    pub fn statement(&self, summary: &Summary) -> EpochStatement {
        let state = self.state();
        EpochStatement {
            network: NetworkId(self.deployment.rules.network),
            distributor: DistributorId(self.calls.distributor.to_bytes()),
            epoch: Epoch(summary.epoch),
            oracle_set: self.set_version(),
            head: Hash32(state.head),
            root_hash: Hash32(summary.root_hash),
            root_sum: summary.root_sum,
            owed: summary.owed,
            artefact: Hash32(summary.artefact),
        }
    }

    /// The OPEN statement that oracles sign now.
    pub fn opening(&self, first: u32, old: [u8; 32]) -> OpenStatement {
        let state = self.state();
        OpenStatement {
            network: NetworkId(self.deployment.rules.network),
            distributor: DistributorId(self.calls.distributor.to_bytes()),
            first: Epoch(first),
            oracle_set: self.set_version(),
            head: Hash32(state.head),
            old: DistributorId(old),
            epoch_delay_s: EPOCH_DELAY_S,
            long_delay_s: LONG_DELAY_S,
            schedule: self.deployment.rules.schedule().id(),
        }
    }

    pub fn set_version(&self) -> u32 {
        self.chain.read::<emission::Oracles>(&self.calls.oracles).set_version
    }

    /// A submission with the fewest signatures.
    pub fn submission(&self, summary: Summary) -> Instruction {
        let digest = self.statement(&summary).digest();
        self.calls.submit(summary, self.oracles.quorum(&digest))
    }

    /// Waits for the epoch's end and files it.
    pub fn file(&mut self, epoch: u32, root: Node, owed: u64) -> Receipt {
        self.end(epoch);
        let submission = self.submission(summary(epoch, root, owed));
        self.pass(&[submission], &[])
    }

    /// Files an epoch and waits until it is payable. The books don't know yet.
    pub fn file_payable(&mut self, epoch: u32, root: Node) {
        self.file(epoch, root, 0);
        self.later(EPOCH_DELAY_S);
    }

    // ---------------------------------------------------------------------------------------------- acts of the DAO

    /// Who signs for the DAO authority: its key, or as many of the council as must.
    pub fn signers(&self) -> Vec<Keypair> {
        let council = self.council[..self.threshold].iter().map(Keypair::insecure_clone);
        if self.threshold == 0 { vec![self.authority.insecure_clone()] } else { council.collect() }
    }

    /// The DAO authority's call.
    pub fn dao(&self, data: &impl InstructionData) -> Instruction {
        let signers: Vec<Address> = self.signers().iter().map(Signer::pubkey).collect();
        self.calls.act(self.deployment.rules.authority, &signers, data)
    }

    pub fn approve(&mut self, first: u32, old: [u8; 32]) {
        let head = self.state().head;
        let call = self.dao(&instruction::ApproveOpen { first, old, head });
        let signers = self.signers();
        self.pass(&[call], &signers.iter().collect::<Vec<_>>());
    }

    /// Approves and opens a range, and waits for the long delay.
    pub fn open_from(&mut self, first: u32) {
        self.approve(first, [0; 32]);
        let digest = self.opening(first, [0; 32]).digest();
        let open = self.calls.open(first, [0; 32], self.oracles.quorum(&digest));
        self.pass(&[open], &[]);
        self.later(LONG_DELAY_S);
    }

    /// Agrees, as guardian, to the call.
    pub fn consent(&mut self, call: &Instruction) {
        let hash = liaise_summary::sha256(&[&call.data]).0;
        let guardian = self.guardian.insecure_clone();
        let consent = self.calls.consent(guardian.pubkey(), &[guardian.pubkey()], hash, true);
        self.pass(&[consent], &[&guardian]);
    }

    /// Pays `index` of the tree.
    pub fn claim(&mut self, tree: &crate::DeepTree, index: u32) -> Receipt {
        let claim = self.claim_of(tree, index);
        self.pass(&[claim], &[])
    }

    pub fn claim_of(&self, tree: &crate::DeepTree, index: u32) -> Instruction {
        self.calls.claim(self.payer(), tree.payee(index), tree.amount(index), index, tree.proof(index))
    }
}

/// The same key in every run, so that addresses and what searching for them costs are the same.
pub fn key(name: &str) -> Keypair {
    Keypair::new_from_array(liaise_summary::sha256(&[b"liaise test key ", name.as_bytes()]).0)
}

/// What the oracles say of an epoch; the artefact is any hash.
pub fn summary(epoch: u32, root: Node, owed: u64) -> Summary {
    Summary { epoch, root_hash: root.hash.0, root_sum: root.sum, owed, artefact: [0xa7; 32] }
}

/// As much compute as a transaction may ask for.
pub fn budget() -> Instruction {
    let mut data = vec![2];
    data.extend(1_400_000u32.to_le_bytes());
    let program_id = Address::from_str_const("ComputeBudget111111111111111111111111111111");
    Instruction { program_id, accounts: vec![], data }
}
