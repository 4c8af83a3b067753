//! Audits: true claims pass, false ones are named.

use liaise_ledger::Hash;
use liaise_ledger::hash::block_cid;
use liaise_oracle::artefact::{Blocks, HistoryBlock, TreeBlock, read_history};
use liaise_oracle::audit::{
    AuditError, AuditReport, Claim, ClaimedFiling, MessageStatus, audit_epoch, audit_message, check_root,
};
use liaise_oracle::fold::{DistributorState, EpochInput, Filing, FoldError, FoldState, ReasonCode, Statement, file};
use liaise_summary::EpochStatement;

use crate::fold::world::{Told, World, account, at, parameters};

/// Two filed epochs, with all their artefacts' blocks.
struct Filed {
    world: World,
    folded: Vec<Told>,
    filings: Vec<Filing>,
    blocks: Blocks,
}

fn filed() -> Filed {
    let mut world = World::new(6, parameters());
    world.good_task(&account(100), "one", at(0, 100));
    world.good_task(&account(101), "two", at(1, 100));
    let folded = world.fold_until(1);
    let mut blocks = Blocks::default();
    let mut state = DistributorState::new(Hash([5; 32]), "eip155:42161".parse().unwrap());
    let (mut head, mut filings) = (Hash::ZERO, vec![]);
    for epoch in &folded {
        blocks.extend(epoch.blocks.clone());
        if epoch.epoch >= 0 {
            let filing = file(epoch, &state, world.network, head, 1).unwrap();
            head = Hash(filing.statement.digest().0);
            state = filing.next.clone();
            blocks.extend(filing.blocks.clone());
            filings.push(filing);
        }
    }
    Filed { world, folded, filings, blocks }
}

impl Filed {
    fn audit(&self, history: cid::Cid, filing: Option<(&EpochStatement, cid::Cid)>) -> Result<AuditReport, AuditError> {
        let filing = filing.map(|(statement, tree)| ClaimedFiling { statement, tree });
        let claim = Claim { history, filing, blocks: &self.blocks };
        let epoch = read_history(&self.blocks, &history)?.epoch;
        let seal = self.world.seals.iter().find(|seal| seal.epoch == epoch).unwrap();
        audit_epoch(&self.world.genesis, &self.world.ledger, seal, &claim)
    }
}

#[test]
fn every_epoch_is_derived_again_from_its_predecessors_artefacts() {
    let filed = filed();
    for (index, folded) in filed.folded.iter().enumerate() {
        let filing = index.checked_sub(1).map(|index| &filed.filings[index]);
        let claimed = filing.map(|filing| (&filing.statement, filing.tree_block));
        let report = filed.audit(folded.history, claimed).unwrap();
        assert!(report.is_true(), "{:?}", report.differences);
        assert_eq!(report.history, folded.history);
        let root = report.root.map(|root| (root.hash, root.sum));
        assert_eq!(root, filing.map(|filing| (filing.statement.root_hash.0, filing.statement.root_sum)));
    }
}

#[test]
fn a_false_statement_of_an_account_is_named() {
    let mut filed = filed();
    let folded = &filed.folded[1];
    let mut statements = folded.statements.clone();
    let thief = statements.iter_mut().find(|statement| statement.won > 0).unwrap();
    thief.won += 1;
    let thief = thief.account.clone();
    let chunks = filed.blocks.put_rows(&statements);
    let block = HistoryBlock { statements: chunks, ..folded.block.clone() };
    let history = filed.blocks.put(&block);
    let report = filed.audit(history, None).unwrap();
    let named: Vec<_> = report.differences.iter().map(|d| (d.what, d.which.as_str())).collect();
    assert_eq!(named, [("history block", ""), ("statement", thief.as_str())]);
    let told = report.differences[1].to_string();
    let (derived, claimed) = told.split_once(", claimed ").unwrap();
    assert!(derived.contains("won") && derived != claimed, "{told}");
}

#[test]
fn a_leaf_that_was_moved_is_named_though_its_root_fits() {
    let mut filed = filed();
    let filing = filed.filings[0].clone();
    let mut leaves: Vec<_> = filing.next.leaves.values().cloned().collect();
    leaves[0].amount += 5;
    leaves[1].amount -= 5;
    let named = [leaves[0].account.to_string(), leaves[1].account.to_string()];
    let block = TreeBlock { leaves: filed.blocks.put_rows(&leaves), ..filing.block.clone() };
    let tree = filed.blocks.put(&block);
    let mut statement = filing.statement;
    statement.artefact.0 = Hash::from_cid(&tree).unwrap().0;
    statement.root_hash.0 = [9; 32];
    let report = filed.audit(filed.folded[1].history, Some((&statement, tree))).unwrap();
    let found: Vec<_> = report.differences.iter().map(|d| d.what).collect();
    assert_eq!(found, ["statement's root hash", "statement's artefact", "tree block", "leaf", "leaf"]);
    for (difference, account) in report.differences[3..].iter().zip(&named) {
        assert_eq!(&difference.which, account);
    }
}

#[test]
fn an_audit_says_what_it_lacks() {
    let filed = filed();
    let folded = &filed.folded[2];
    let previous = folded.block.previous.unwrap();
    let mut without = Blocks::default();
    for (cid, bytes) in filed.blocks.iter().filter(|(cid, _)| **cid != previous) {
        assert_eq!(without.insert(bytes.to_vec()), *cid);
    }
    let lacking = Filed { blocks: without, ..filed };
    let error = lacking.audit(lacking.folded[2].history, None).unwrap_err();
    assert_eq!(error, AuditError::Fold(FoldError::MissingBlock(previous)));
}

#[test]
fn a_second_root_that_differs_stops_the_signing() {
    let filed = filed();
    let mut filing = filed.filings[1].clone();
    check_root(&filing).unwrap();
    filing.statement.root_hash.0[0] ^= 1;
    assert!(matches!(check_root(&filing), Err(AuditError::TwoRoots { .. })));
}

#[test]
fn a_message_is_followed_to_what_it_counted_for() {
    let mut world = World::new(6, parameters());
    let asked = world.good_task(&account(100), "follow", at(0, 100));
    let crosses = world.good_task(&account(101), "open", at(0, 6_700));
    world.hearing = vec![true, false, false, false];
    let (rare, _) = world.ticket(&account(102), -1, at(0, 200));
    let folded = world.fold_until(0);
    let before = &folded[0].next;
    let input = EpochInput::collect(&world.ledger, &world.genesis, before, &world.seals[1]).unwrap();
    let audit = |id| audit_message(id, before, &input, &folded[1]).unwrap();

    let report = audit(&asked.id);
    assert!(matches!(report.status, MessageStatus::Done { seal: 0, .. }));
    assert_eq!(report.receipts.len(), 4);
    let prompted = |(who, reason): &(liaise_ledger::Account, liaise_oracle::fold::Reason)| {
        *who == account(100) && reason.code == ReasonCode::Prompted
    };
    assert!(report.counted_for.iter().any(prompted));
    assert!(matches!(audit(&crosses.id).status, MessageStatus::Open { epoch: 0, .. }));
    let report = audit(&rare);
    assert_eq!((report.status, report.receipts.len()), (MessageStatus::Waits, 1));
    assert_eq!(audit(&block_cid(b"never")).status, MessageStatus::Unknown);
}

#[test]
fn statements_read_back_and_foreign_rulesets_are_refused() {
    let mut filed = filed();
    let folded = &filed.folded[1];
    let rows: Vec<Statement> = filed.blocks.read_rows(&folded.block.statements, "chunk of statements").unwrap();
    assert_eq!(rows, folded.statements);
    let later = filed.blocks.put(&HistoryBlock { ruleset: 2, ..folded.block.clone() });
    assert!(matches!(read_history(&filed.blocks, &later), Err(FoldError::Block { .. })));
    assert_eq!(FoldState::of_genesis(&filed.world.genesis).epoch, -2);
}
