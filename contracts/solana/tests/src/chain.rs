//! A chain of one machine: LiteSVM with mainnet's features, transactions, time.

use std::path::PathBuf;

use anchor_lang::{AccountDeserialize, Event};
use litesvm::LiteSVM;
use litesvm::types::TransactionMetadata;
use solana_account::Account;
use solana_address::Address;
use solana_address_lookup_table_interface::state::{AddressLookupTable, LookupTableMeta};
use solana_clock::Clock;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_keypair::Keypair;
use solana_message::{AddressLookupTableAccount, Message, VersionedMessage, v0};
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

/// Most bytes of a transaction.
pub const MAX_TRANSACTION: usize = 1232;

/// What a transaction did.
pub struct Receipt {
    pub meta: TransactionMetadata,
    /// Its length on the wire.
    pub bytes: usize,
}

/// Why a transaction was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A program's own number.
    Number(u32),
    /// Anything else, as the VM says it.
    Other(String),
}

pub struct Chain {
    pub svm: LiteSVM,
    /// Pays for everything that names nobody else.
    pub payer: Keypair,
    table: Option<AddressLookupTableAccount>,
}

/// The program's file: `$EMISSION_SO`, else where both `anchor build` and `cargo build-sbf` leave it.
pub fn program_file() -> Vec<u8> {
    program_file_of("EMISSION_SO", "emission.so")
}

/// A built program: the file that the variable names, else `name` in target/deploy.
pub fn program_file_of(variable: &str, name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/deploy");
    let place = std::env::var_os(variable).map_or_else(|| folder.join(name), PathBuf::from);
    std::fs::read(&place).unwrap_or_else(|error| {
        panic!("{}: {error}; {variable} names the built program (README, Build)", place.display())
    })
}

impl Chain {
    /// A chain with the program, which nobody can upgrade, at the given time.
    pub fn new(now_s: i64) -> Self {
        let mut chain = Self::without_program(now_s);
        chain.svm.add_program(emission::ID, &program_file()).expect("mainnet's features take this program");
        chain
    }

    /// A chain on which the program is still to be deployed.
    pub fn without_program(now_s: i64) -> Self {
        let mut chain = Self { svm: LiteSVM::new(), payer: crate::world::key("payer"), table: None };
        chain.svm.airdrop(&chain.payer.pubkey(), 1_000_000_000_000).expect("an airdrop");
        chain.set_time(now_s);
        chain
    }

    /// Unix seconds.
    pub fn now_s(&self) -> i64 {
        self.svm.get_sysvar::<Clock>().unix_timestamp
    }

    pub fn set_time(&mut self, now_s: i64) {
        let mut clock = self.svm.get_sysvar::<Clock>();
        clock.unix_timestamp = now_s;
        self.svm.set_sysvar(&clock);
    }

    /// From now on transactions look these addresses up in a table, one byte each.
    pub fn use_table(&mut self, addresses: Vec<Address>) {
        let key = Address::new_unique();
        let meta = LookupTableMeta { last_extended_slot: 0, ..LookupTableMeta::default() };
        let table = AddressLookupTable { meta, addresses: addresses.clone().into() };
        let data = table.serialize_for_tests().expect("a table's bytes");
        self.put(key, solana_address_lookup_table_interface::program::ID, data);
        self.table = Some(AddressLookupTableAccount { key, addresses });
    }

    /// Writes an account as it is, rent-exempt.
    pub fn put(&mut self, address: Address, owner: Address, data: Vec<u8>) {
        let lamports = self.svm.minimum_balance_for_rent_exemption(data.len());
        let account = Account { lamports, data, owner, executable: false, rent_epoch: u64::MAX };
        self.svm.set_account(address, account).expect("an account");
    }

    /// Sends a transaction that `payer` pays and signs with the others.
    pub fn send(&mut self, instructions: &[Instruction], others: &[&Keypair]) -> Result<Receipt, Refusal> {
        let transaction = self.sign(instructions, others);
        let bytes = length(&transaction);
        assert!(bytes <= MAX_TRANSACTION, "{bytes} bytes are more than a transaction has");
        self.execute(transaction)
    }

    /// The same however long it is: what another program could call.
    pub fn send_of_any_length(&mut self, instructions: &[Instruction]) -> Result<Receipt, Refusal> {
        let transaction = self.sign(instructions, &[]);
        self.execute(transaction)
    }

    /// How long a transaction would be.
    pub fn length_of(&mut self, instructions: &[Instruction]) -> usize {
        length(&self.sign(instructions, &[]))
    }

    fn sign(&mut self, instructions: &[Instruction], others: &[&Keypair]) -> VersionedTransaction {
        // or the same transaction twice would be refused for being the same
        self.svm.expire_blockhash();
        let (payer, blockhash) = (self.payer.pubkey(), self.svm.latest_blockhash());
        let message = match &self.table {
            Some(table) => VersionedMessage::V0(
                v0::Message::try_compile(&payer, instructions, std::slice::from_ref(table), blockhash)
                    .expect("a message"),
            ),
            None => VersionedMessage::Legacy(Message::new_with_blockhash(instructions, Some(&payer), &blockhash)),
        };
        let mut signers = vec![&self.payer];
        signers.extend(others);
        VersionedTransaction::try_new(message, &signers).expect("all signers")
    }

    fn execute(&mut self, transaction: VersionedTransaction) -> Result<Receipt, Refusal> {
        let bytes = length(&transaction);
        match self.svm.send_transaction(transaction) {
            Ok(meta) => Ok(Receipt { meta, bytes }),
            Err(failed) => Err(match failed.err {
                solana_transaction::TransactionError::InstructionError(_, InstructionError::Custom(number)) => {
                    Refusal::Number(number)
                }
                other => Refusal::Other(format!("{other:?} {:#?}", failed.meta.logs)),
            }),
        }
    }

    /// An account of the program, or of Anchor's token types.
    pub fn read<T: AccountDeserialize>(&self, address: &Address) -> T {
        let account = self.svm.get_account(address).unwrap_or_else(|| panic!("no account {address}"));
        T::try_deserialize(&mut &account.data[..]).expect("an account of this kind")
    }

    /// Whether there is an account with data.
    pub fn exists(&self, address: &Address) -> bool {
        self.svm.get_account(address).is_some_and(|account| !account.data.is_empty())
    }
}

impl Receipt {
    /// The events of one kind.
    pub fn events<T: Event>(&self) -> Vec<T> {
        let data = self.meta.logs.iter().filter_map(|line| line.strip_prefix("Program data: "));
        let bytes = data.map(base64);
        let own = bytes.filter_map(|bytes| Some(bytes.strip_prefix(T::DISCRIMINATOR)?.to_vec()));
        own.map(|bytes| T::deserialize(&mut &bytes[..]).expect("the event's fields")).collect()
    }

    /// The one event of its kind.
    pub fn event<T: Event>(&self) -> T {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{:#?}", self.meta.logs);
        events.remove(0)
    }

    /// What the instruction returned.
    pub fn returned<T: anchor_lang::AnchorDeserialize>(&self) -> T {
        // the runtime cuts zeros off the end
        let mut data = self.meta.return_data.data.clone();
        data.resize(data.len() + 256, 0);
        T::deserialize(&mut &data[..]).expect("a value")
    }
}

fn length(transaction: &VersionedTransaction) -> usize {
    1 + 64 * transaction.signatures.len() + transaction.message.serialize().len()
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut have) = (vec![], 0u32, 0);
    for digit in text.bytes().filter(|digit| *digit != b'=') {
        let value = DIGITS.iter().position(|known| *known == digit).expect("base64") as u32;
        bits = bits << 6 | value;
        have += 6;
        if have >= 8 {
            have -= 8;
            bytes.push((bits >> have) as u8);
        }
    }
    bytes
}
