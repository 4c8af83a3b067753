//! P9: the token. Nobody mints but the schedule, nobody freezes, nobody changes what it is called.

use anchor_spl::token_2022::spl_token_2022::extension::metadata_pointer::MetadataPointer;
use anchor_spl::token_2022::spl_token_2022::extension::{BaseStateWithExtensions, ExtensionType, StateWithExtensions};
use anchor_spl::token_2022::spl_token_2022::instruction::{self as token, AuthorityType};
use anchor_spl::token_2022::spl_token_2022::state::{Account, Mint};
use anchor_spl::token_2022_extensions::spl_token_metadata_interface::instruction as metadata;
use anchor_spl::token_2022_extensions::spl_token_metadata_interface::state::{Field, TokenMetadata};
use emission_tests::world::{SPL_TOKEN, TOKEN_2022};
use emission_tests::{DeepTree, Setup, World};
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer;

const PROGRAMS: [Address; 2] = [SPL_TOKEN, TOKEN_2022];

fn world(token_program: Address) -> World {
    World::opened(Setup { token_program, ..Setup::default() })
}

fn data(world: &World, address: &Address) -> Vec<u8> {
    world.chain.svm.get_account(address).expect("an account").data
}

/// Read by SPL's own library, as wallets do.
#[test]
fn name_symbol_decimals_and_icon_are_in_the_mint() {
    let world = world(TOKEN_2022);
    let bytes = data(&world, &world.calls.mint);
    let mint = StateWithExtensions::<Mint>::unpack(&bytes).expect("a mint");
    assert_eq!(mint.base.decimals, 8);
    let pointer = mint.get_extension::<MetadataPointer>().expect("a pointer");
    assert_eq!(Option::<Address>::from(pointer.metadata_address), Some(world.calls.mint));
    assert_eq!(Option::<Address>::from(pointer.authority), None);
    let metadata = mint.get_variable_len_extension::<TokenMetadata>().expect("metadata");
    assert_eq!((metadata.name.as_str(), metadata.symbol.as_str()), ("XLV", "XLV"));
    assert_eq!(metadata.uri, world.deployment.uri);
    assert_eq!(metadata.mint, world.calls.mint);
    assert_eq!(Option::<Address>::from(metadata.update_authority), None);
    assert!(metadata.additional_metadata.is_empty());
    // No fee, no hook, no delegate, nothing that pauses or burns.
    let mut extensions = mint.get_extension_types().expect("extensions");
    extensions.sort_by_key(|kind| *kind as u16);
    assert_eq!(extensions, [ExtensionType::MetadataPointer, ExtensionType::TokenMetadata]);
}

/// What the mint's address points to says the same, and has the icon.
#[test]
fn the_metadata_file_says_the_same() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../metadata");
    let text = std::fs::read_to_string(format!("{folder}/xlv.json")).expect("the metadata file");
    let file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((file["name"].as_str(), file["symbol"].as_str()), (Some("XLV"), Some("XLV")));
    assert_eq!(file["decimals"].as_u64(), Some(8));
    let icon = file["image"].as_str().expect("an icon");
    let name = icon.rsplit('/').next().expect("a name");
    assert!(std::fs::read_to_string(format!("{folder}/{name}")).expect("the icon").contains("<svg"));
}

#[test]
fn the_mints_only_authority_is_the_distributor() {
    for program in PROGRAMS {
        let mut world = world(program);
        let tree = DeepTree::new(&[(Address::new_unique(), 500)], 3);
        world.file_payable(0, tree.root);
        world.claim(&tree, 0);
        let bytes = data(&world, &world.calls.mint);
        let mint = StateWithExtensions::<Mint>::unpack(&bytes).expect("a mint").base;
        assert_eq!(Option::<Address>::from(mint.mint_authority), Some(world.calls.distributor));
        assert_eq!(Option::<Address>::from(mint.freeze_authority), None);
        assert_eq!((mint.decimals, mint.supply), (8, tree.root.sum));
        let bytes = data(&world, &world.calls.vault);
        let vault = StateWithExtensions::<Account>::unpack(&bytes).expect("a token account").base;
        assert_eq!(vault.owner, world.calls.distributor);
        assert_eq!(
            (Option::<Address>::from(vault.delegate), Option::<Address>::from(vault.close_authority)),
            (None, None)
        );
    }
}

/// Whoever is left to try: the payer, who created it; the DAO authority; the guardian.
#[test]
fn no_key_mints_freezes_renames_or_empties_the_vault() {
    for program in PROGRAMS {
        let mut world = world(program);
        let payee = Address::new_unique();
        let tree = DeepTree::new(&[(payee, 500)], 3);
        world.file_payable(0, tree.root);
        world.claim(&tree, 0);
        let (mint, vault, destination) = (world.calls.mint, world.calls.vault, world.calls.destination(&payee));
        let keys: [Keypair; 3] =
            [&world.chain.payer, &world.authority, &world.guardian].map(|key| key.insecure_clone());
        for key in keys {
            let by = key.pubkey();
            let mut tries = vec![
                token::mint_to(&program, &mint, &destination, &by, &[], 1).expect("a call"),
                token::freeze_account(&program, &destination, &mint, &by, &[]).expect("a call"),
                token::transfer_checked(&program, &vault, &mint, &destination, &by, &[], 1, 8).expect("a call"),
                token::transfer_checked(&program, &destination, &mint, &vault, &by, &[], 1, 8).expect("a call"),
                token::burn(&program, &destination, &mint, &by, &[], 1).expect("a call"),
                token::close_account(&program, &vault, &by, &by, &[]).expect("a call"),
                token::set_authority(&program, &mint, Some(&by), AuthorityType::MintTokens, &by, &[]).expect("a call"),
                token::set_authority(&program, &mint, Some(&by), AuthorityType::FreezeAccount, &by, &[])
                    .expect("a call"),
            ];
            if program == TOKEN_2022 {
                let nobody = Some(by).try_into().expect("a key");
                tries.push(metadata::update_field(&program, &mint, &by, Field::Name, "other".into()));
                tries.push(metadata::update_authority(&program, &mint, &by, nobody));
            }
            for call in tries {
                let signers: &[&Keypair] = if by == world.payer() { &[] } else { &[&key] };
                let before = [mint, vault, destination].map(|address| data(&world, &address));
                assert!(world.chain.send(&[call], signers).is_err());
                assert_eq!(before, [mint, vault, destination].map(|address| data(&world, &address)));
            }
        }
    }
}

/// What a payee owns is its own to send, like any token.
#[test]
fn a_payee_sends_what_it_was_paid() {
    for program in PROGRAMS {
        let mut world = world(program);
        let (payee, friend) = (Keypair::new(), Keypair::new());
        let tree = DeepTree::new(&[(payee.pubkey(), 500), (friend.pubkey(), 20)], 3);
        world.file_payable(0, tree.root);
        world.claim(&tree, 0);
        world.claim(&tree, 1);
        let (from, to) = (world.calls.destination(&payee.pubkey()), world.calls.destination(&friend.pubkey()));
        let send = token::transfer_checked(&program, &from, &world.calls.mint, &to, &payee.pubkey(), &[], 120, 8)
            .expect("a call");
        world.pass(&[send], &[&payee]);
        assert_eq!((world.balance(&payee.pubkey()), world.balance(&friend.pubkey())), (380, 140));
    }
}

/// Nobody can be kept from sending XLV to the vault: it is a gift to whoever can still claim, and mints nothing.
#[test]
fn what_is_sent_to_the_vault_is_only_a_gift() {
    let mut world = world(TOKEN_2022);
    let payee = Keypair::new();
    let tree = DeepTree::new(&[(payee.pubkey(), 500), (Address::new_unique(), 20)], 3);
    world.file_payable(0, tree.root);
    world.claim(&tree, tree.place(&payee.pubkey()));
    let from = world.calls.destination(&payee.pubkey());
    let (mint, vault, program) = (world.calls.mint, world.calls.vault, world.calls.token_program);
    let send = token::transfer_checked(&program, &from, &mint, &vault, &payee.pubkey(), &[], 500, 8).expect("a call");
    world.pass(&[send], &[&payee]);
    // It was paid, so it is not paid again.
    world.claim(&tree, tree.place(&payee.pubkey()));
    assert_eq!((world.balance(&payee.pubkey()), world.supply()), (0, tree.root.sum));
}
