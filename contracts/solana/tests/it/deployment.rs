//! P9, P11: how a distributor comes into being, and that nobody is left with a key to it.

use anchor_spl::token_2022::spl_token_2022::extension::{BaseStateWithExtensions, StateWithExtensions};
use anchor_spl::token_2022::spl_token_2022::state::Mint;
use anchor_spl::token_2022_extensions::spl_token_metadata_interface::state::TokenMetadata;
use emission::events::DistributorCreated;
use emission::{ACCOUNT_VERSION, Books, Deployment, Distributor, EmissionError, MAX_URI, instruction};
use emission_tests::calls::{LOADER, SYSTEM, program_data};
use emission_tests::chain::program_file;
use emission_tests::world::{GENESIS_S, SPL_TOKEN, TOKEN_2022, budget};
use emission_tests::{Calls, Chain, OracleKeys, Setup, World};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_signer::Signer;

/// A deployment that is not there yet.
fn another(world: &World) -> Deployment {
    let mut deployment = world.deployment.clone();
    deployment.rules.network = [99; 32];
    deployment
}

#[test]
fn a_distributor_says_all_that_is_fixed_in_it() {
    let mut world = World::new(Setup::default());
    let state = world.state();
    assert_eq!((state.version, &state.rules), (ACCOUNT_VERSION, &world.deployment.rules));
    assert_eq!((state.guardian, state.token_program), (world.guardian.pubkey(), TOKEN_2022));
    assert_eq!((state.head, state.handed_to, state.approval), ([0; 32], [0; 32], None));
    assert_eq!((state.books, state.consents), (Books::default(), vec![]));
    assert_eq!((state.mint, state.vault, state.oracles), (world.calls.mint, world.calls.vault, world.calls.oracles));
    let deployment = another(&world);
    let calls = Calls::of(&deployment);
    let receipt = world.pass(&[calls.create(world.payer(), &deployment)], &[]);
    let event = receipt.event::<DistributorCreated>();
    assert_eq!((event.distributor, event.mint, event.network), (calls.distributor, calls.mint, [99; 32]));
}

/// Whoever creates it, it is the same; there is no second one, and no role for its creator.
#[test]
fn the_address_is_the_deployments_and_its_creator_is_nobody() {
    let mut world = World::new(Setup::default());
    let again = world.calls.create(world.payer(), &world.deployment);
    world.refuse(again, &[], EmissionError::AlreadyExists);
    // Any other value is another address, and so are all that hang below it.
    let other = another(&world);
    let good = Calls::of(&other).create(world.payer(), &other);
    let wrong = [
        (1, world.calls.distributor, EmissionError::WrongDistributor),
        (2, world.calls.oracles, EmissionError::WrongOracles),
        (3, world.calls.mint, EmissionError::WrongMint),
        (4, world.calls.vault, EmissionError::WrongVault),
        (5, SPL_TOKEN, EmissionError::WrongTokenProgram),
    ];
    for (place, address, error) in wrong {
        let mut call = good.clone();
        call.accounts[place].pubkey = address;
        world.refuse(call, &[], error);
    }
    world.pass(&[good], &[]);
    let payer = world.chain.payer.insecure_clone();
    let advance = instruction::Advance { head: [0; 32], reason: vec![] };
    let call = world.calls.act(payer.pubkey(), &[payer.pubkey()], &advance);
    world.refuse(call, &[], EmissionError::NotAuthorized);
}

#[test]
fn a_deployment_that_makes_no_sense_is_refused() {
    let mut world = World::new(Setup::default());
    let good = another(&world);
    let with = |change: &dyn Fn(&mut Deployment)| {
        let mut deployment = good.clone();
        change(&mut deployment);
        deployment
    };
    let cases = [
        (with(&|d| d.rules.network = [0; 32]), EmissionError::InvalidNetwork),
        (with(&|d| d.rules.supply = 0), EmissionError::InvalidSupply),
        (with(&|d| d.rules.supply = 1 << 63), EmissionError::InvalidSupply),
        (with(&|d| d.rules.epochs = 0), EmissionError::InvalidSchedule),
        (with(&|d| d.rules.epoch_s = 0), EmissionError::InvalidSchedule),
        (with(&|d| d.rules.term_epochs = 0), EmissionError::InvalidSchedule),
        (with(&|d| d.rules.epoch_delay_s = d.rules.long_delay_s + 1), EmissionError::InvalidDelays),
        (with(&|d| d.rules.authority = Address::default()), EmissionError::ZeroKey),
        (with(&|d| d.guardian = Address::default()), EmissionError::ZeroKey),
        (with(&|d| d.uri = "x".repeat(MAX_URI + 1)), EmissionError::UriTooLong),
        (with(&|d| d.token_program = SYSTEM), EmissionError::WrongTokenProgram),
        (with(&|d| d.oracles.truncate(4)), EmissionError::SetSize),
        (with(&|d| d.oracles.swap(2, 3)), EmissionError::KeysNotAscending),
    ];
    for (deployment, error) in cases {
        let create = Calls::of(&deployment).create(world.payer(), &deployment);
        world.refuse(create, &[], error);
    }
    let largest = with(&|d| d.rules.supply = (1 << 63) - 1);
    world.pass(&[Calls::of(&largest).create(world.payer(), &largest)], &[]);
}

/// Fifteen oracles and the longest address still fit one transaction.
#[test]
fn the_largest_deployment_fits_one_transaction() {
    let mut world = World::new(Setup::default());
    let mut deployment = another(&world);
    deployment.oracles = OracleKeys::new(0, 15).compressed();
    deployment.uri = "x".repeat(100);
    world.pass(&[Calls::of(&deployment).create(world.payer(), &deployment)], &[]);
}

/// Token-2022 lengthens a mint that would be as long as a multisig account, which it is with an address of 31 bytes: rent is paid for that
/// too, and for not a byte more.
#[test]
fn the_metadatas_address_has_any_length_up_to_its_limit() {
    let mut world = World::new(Setup::default());
    for length in (0..2).chain(20..45).chain([MAX_URI - 1, MAX_URI]) {
        let mut deployment = another(&world);
        deployment.oracles.truncate(5);
        deployment.uri = "u".repeat(length);
        let calls = Calls::of(&deployment);
        let create = [budget(), calls.create(world.payer(), &deployment)];
        if let Err(refusal) = world.chain.send_of_any_length(&create) {
            panic!("an address of {length} bytes: {refusal:?}");
        }
        let mint = world.chain.svm.get_account(&calls.mint).expect("the mint");
        let rent = world.chain.svm.minimum_balance_for_rent_exemption(mint.data.len());
        let bytes = 324 + length + if length == 31 { 2 } else { 0 };
        assert_eq!((mint.data.len(), mint.lamports), (bytes, rent), "an address of {length} bytes");
        let read = StateWithExtensions::<Mint>::unpack(&mint.data).expect("a mint");
        let metadata = read.get_variable_len_extension::<TokenMetadata>().expect("metadata");
        assert_eq!(metadata.uri, deployment.uri);
    }
}

/// Lamports that somebody sent to the addresses before stop nobody.
#[test]
fn gifts_to_the_addresses_do_not_stop_a_deployment() {
    let mut world = World::new(Setup::default());
    let deployment = another(&world);
    let calls = Calls::of(&deployment);
    for (gift, address) in [(1, calls.distributor), (1_000_000_000, calls.mint), (890_880, calls.vault)] {
        world.chain.svm.airdrop(&address, gift.max(890_880)).expect("an airdrop");
    }
    world.pass(&[calls.create(world.payer(), &deployment)], &[]);
    assert_eq!(world.chain.read::<Distributor>(&calls.distributor).rules.network, [99; 32]);
}

#[test]
fn who_pays_too_little_gets_the_programs_own_refusal() {
    let mut world = World::new(Setup::default());
    let deployment = another(&world);
    let poor = Keypair::new();
    world.chain.svm.airdrop(&poor.pubkey(), 1_000_000).expect("an airdrop");
    let create = Calls::of(&deployment).create(poor.pubkey(), &deployment);
    world.refuse(create, &[&poor], EmissionError::PayerTooPoor);
}

// --------------------------------------------------------------------------------------------- the program itself

fn loader_call(tag: u8, accounts: Vec<AccountMeta>, rest: &[u8]) -> Instruction {
    Instruction { program_id: LOADER, accounts, data: [&[tag, 0, 0, 0], rest].concat() }
}

/// Deploys the program through the upgradeable loader, with all of a validator's checks, from a buffer that is written
/// directly; the payer stays its upgrade authority.
fn deploy(chain: &mut Chain) {
    let payer = chain.payer.insecure_clone();
    let (program, buffer) = (Address::from(emission::ID.to_bytes()), Address::new_unique());
    let file = program_file();
    let mut written = vec![1, 0, 0, 0, 1];
    written.extend(payer.pubkey().to_bytes());
    written.extend(&file);
    chain.put(buffer, LOADER, written);
    chain.put(program, LOADER, vec![0; 36]);
    let writable = |address| AccountMeta::new(address, false);
    let sysvar = |text: &str| AccountMeta::new_readonly(text.parse().expect("an address"), false);
    let accounts = vec![
        AccountMeta::new(payer.pubkey(), true),
        writable(program_data()),
        writable(program),
        writable(buffer),
        sysvar("SysvarRent111111111111111111111111111111111"),
        sysvar("SysvarC1ock11111111111111111111111111111111"),
        AccountMeta::new_readonly(SYSTEM, false),
        AccountMeta::new_readonly(payer.pubkey(), true),
    ];
    let deploy = loader_call(2, accounts, &(file.len() as u64).to_le_bytes());
    chain.send(&[deploy], &[]).expect("mainnet's loader takes this program");
    // it counts from the next slot on
    let slot = chain.svm.get_sysvar::<solana_clock::Clock>().slot;
    chain.svm.warp_to_slot(slot + 2);
    chain.set_time(GENESIS_S as i64);
}

/// As `query-security-txt` finds it.
#[test]
fn the_program_says_whom_to_tell_of_a_flaw() {
    let file = program_file();
    let text = String::from_utf8_lossy(&file);
    let begun = text.split("=======BEGIN SECURITY.TXT V1=======\0").nth(1).expect("a security.txt");
    let said = begun.split("=======END SECURITY.TXT V1=======").next().expect("its end");
    let fields: Vec<&str> = said.split('\0').collect();
    for (name, value) in
        [("name", "LIAISE emission"), ("contacts", "link:"), ("policy", "https://"), ("source_code", "https://")]
    {
        let at = fields.iter().position(|field| *field == name).expect(name);
        assert!(fields[at + 1].starts_with(value), "{name}: {}", fields[at + 1]);
    }
}

/// The upgrade authority is given up before a range can be opened, and then nobody can ever upgrade.
#[test]
fn no_range_is_opened_while_somebody_can_upgrade_the_program() {
    let mut chain = Chain::without_program(GENESIS_S as i64);
    deploy(&mut chain);
    let mut world = World::on(chain, Setup::default());
    world.approve(0, [0; 32]);
    let digest = world.opening(0, [0; 32]).digest();
    let open = world.calls.open(0, [0; 32], world.oracles.quorum(&digest));
    world.refuse(open.clone(), &[], EmissionError::UpgradeAuthorityHeld);
    // Neither another program's data nor another program will do.
    let token_data = Address::find_program_address(&[SPL_TOKEN.as_ref()], &LOADER).0;
    let last = open.accounts.len() - 1;
    for (place, address) in [(last, token_data), (last, SYSTEM), (last - 1, SPL_TOKEN)] {
        let mut wrong = open.clone();
        wrong.accounts[place].pubkey = address;
        world.refuse(wrong, &[], EmissionError::WrongProgram);
    }
    let authority = world.payer();
    let accounts = vec![AccountMeta::new(program_data(), false), AccountMeta::new_readonly(authority, true)];
    world.pass(&[loader_call(4, accounts.clone(), &[])], &[]);
    world.pass(&[open], &[]);
    // Nor can it be taken back.
    assert!(world.chain.send(&[loader_call(4, accounts, &[])], &[]).is_err());
}
