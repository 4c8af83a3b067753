//! The statements of a run: for each epoch over each head what an honest fold gives, and what a wrong one does.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use liaise_chain_api::conformance::twin::{Task, Transaction};
use liaise_chain_api::{
    Account, Action, BlockRef, Delays, Distributor, FeeLimit, HeldRoots, Prepared, SetRef, SubmissionId,
};
use liaise_summary::{
    DistributorId, Emission, Epoch, EpochStatement, Hash32, NetworkId, Payee, Proof, RewardLeaf, Schedule,
};

pub const DISTRIBUTOR: DistributorId = DistributorId([7; 32]);
const NETWORK: NetworkId = NetworkId([8; 32]);
const CHAIN: u64 = 31_337;

/// Which fold a statement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Face {
    Right,
    Wrong,
}

/// Statements by what they follow and by their content's number.
#[derive(Default)]
pub struct Book {
    by_place: BTreeMap<(u64, Face), u64>,
    by_content: BTreeMap<u64, EpochStatement>,
}

impl Book {
    /// The epoch that a head waits for; heads are numbered by [`number`], 0 is none yet.
    pub fn next(&self, head: u64) -> Epoch {
        self.by_content.get(&head).map_or(Epoch(0), |filed| Epoch(filed.epoch.0 + 1))
    }

    /// The whole head.
    pub fn head(&self, head: u64) -> Hash32 {
        self.by_content.get(&head).map_or(Hash32::ZERO, EpochStatement::digest)
    }

    /// What a fold files over a head, and its content's number.
    pub fn statement(&mut self, head: u64, face: Face) -> (u64, EpochStatement) {
        if let Some(content) = self.by_place.get(&(head, face)) {
            return (*content, self.by_content[content]);
        }
        let statement = EpochStatement {
            network: NETWORK,
            distributor: DISTRIBUTOR,
            epoch: self.next(head),
            oracle_set: 1,
            head: self.head(head),
            root_hash: Hash32([face as u8; 32]),
            root_sum: 1,
            owed: 0,
            artefact: Hash32::ZERO,
        };
        let content = number(statement.digest());
        self.by_place.insert((head, face), content);
        self.by_content.insert(content, statement);
        (content, statement)
    }

    /// A content's statement.
    pub fn of(&self, content: u64) -> EpochStatement {
        self.by_content[&content]
    }

    /// Every content under an epoch's number.
    pub fn under(&self, epoch: Epoch) -> impl Iterator<Item = (u64, EpochStatement)> {
        let all = self.by_content.iter().map(|(content, statement)| (*content, *statement));
        all.filter(move |(_, statement)| statement.epoch == epoch)
    }

    /// The distributor with this head.
    pub fn distributor(&self, head: u64, height: u64) -> Distributor {
        let mut state = DISTRIBUTOR_BEFORE.clone();
        state.at.number = height;
        state.head = self.head(head);
        state.next = self.next(head);
        state
    }
}

/// A digest's number: its first bytes.
pub fn number(digest: Hash32) -> u64 {
    u64::from_be_bytes(digest.0[..8].try_into().expect("8 of 32 bytes"))
}

static DISTRIBUTOR_BEFORE: LazyLock<Distributor> = LazyLock::new(|| Distributor {
    id: DISTRIBUTOR,
    at: BlockRef { number: 0, hash: [0; 32], time_s: 0 },
    code_hash: Hash32::ZERO,
    schedule: Schedule {
        network: NETWORK,
        genesis_s: 0,
        emission: Emission { supply: 1000, epochs: 10 },
        epoch_s: 10,
        term_epochs: 10,
    },
    delays: Delays { epoch_s: 0, long_s: 0 },
    notice_epochs: 1,
    guarded_until_s: 0,
    authority: Account::evm(CHAIN, [1; 20]).into(),
    guardian: Account::evm(CHAIN, [2; 20]),
    oracle_set: SetRef { version: 1, hash: Hash32::ZERO, set: None },
    range: None,
    next: Epoch(0),
    head: Hash32::ZERO,
    root_sum: 0,
    owed: 0,
    pending: None,
    held: HeldRoots::default(),
    unclaimed: 0,
});

/// The claim of a payee.
pub fn claim(payee: u8) -> Action {
    let leaf = RewardLeaf { payee: Payee([payee; 32]), amount: 1 };
    Action::Claim { leaf, proof: Proof { index: 0, siblings: vec![] } }
}

/// What an action asks of the chain.
pub fn task(action: &Action) -> Task {
    match action {
        Action::SubmitEpoch { statement, .. } => Task::File {
            head: if statement.head == Hash32::ZERO { 0 } else { number(statement.head) },
            content: number(statement.digest()),
        },
        Action::Claim { leaf, .. } => Task::Claim { payee: leaf.payee.0[0] },
        other => unreachable!("the operators file and claim, and do not {}", other.name()),
    }
}

/// A transaction as an adapter prepares it: its bytes say all.
pub fn prepared(transaction: &Transaction, fee: FeeLimit) -> Prepared {
    let (kind, [a, b]) = match transaction.task {
        Task::File { head, content } => (0, [head, content]),
        Task::Claim { payee } => (1, [u64::from(payee), 0]),
        Task::Else => (2, [0, 0]),
    };
    let mut bytes = vec![transaction.account, kind];
    for word in [transaction.nonce, a, b, transaction.salt] {
        bytes.extend(word.to_be_bytes());
    }
    let id = SubmissionId(format!("{}/{}/{}", transaction.account, transaction.nonce, transaction.salt));
    Prepared { chain: chain(), id, bytes, fee_max: fee }
}

/// Reads a prepared transaction.
pub fn transaction(prepared: &Prepared) -> Transaction {
    let word = |at: usize| u64::from_be_bytes(prepared.bytes[2 + 8 * at..10 + 8 * at].try_into().expect("8 bytes"));
    let task = match prepared.bytes[1] {
        0 => Task::File { head: word(1), content: word(2) },
        1 => Task::Claim { payee: prepared.bytes[10 + 7] },
        _ => Task::Else,
    };
    Transaction { account: prepared.bytes[0], nonce: word(0), task, salt: word(3) }
}

/// The chain's name.
pub fn chain() -> liaise_chain_api::ChainId {
    static CHAIN_ID: LazyLock<liaise_chain_api::ChainId> =
        LazyLock::new(|| format!("eip155:{CHAIN}").parse().expect("a chain"));
    CHAIN_ID.clone()
}

/// An operator's account.
pub fn account(operator: u8) -> Account {
    Account::evm(CHAIN, [operator; 20])
}
