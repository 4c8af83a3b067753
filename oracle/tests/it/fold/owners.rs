//! Worlds of owners with several accounts: links made, ended, said again, and accounts of one owner that ask beside each other.

use liaise_ledger::body::{Body, Link, Session, SignedText};
use liaise_ledger::session::{Scopes, SessionText};
use liaise_ledger::{Account, LinkText};

use super::links::{EVM, on, sign, signature, texts};
use super::unruly::{USERS, Unruly};
use super::world::{CASH, EPOCH_S, SOLANA, at};

/// Epochs of such a world: a link is in force two after it.
const EPOCHS: i64 = 8;

impl Unruly {
    /// Some epochs in which owners link and part.
    pub fn owned(seed: u64) -> Unruly {
        let mut unruly = Unruly::begun(seed);
        for user in 0..USERS as usize {
            unruly.sign_in_on_cash(100 + user);
        }
        let mut said: Vec<(Account, Vec<SignedText>)> = vec![];
        for epoch in 0..EPOCHS {
            unruly.owners(epoch, &mut said);
            for _ in 0..3 + unruly.dice.below(5) {
                // One asks far more than the others: more than its cap, with both accounts.
                let busy = unruly.dice.chance(50);
                let owner = if busy { 100 } else { 100 + unruly.dice.below(USERS) as usize };
                let user = on(unruly.dice.of(&[EVM, CASH]), owner);
                unruly.task_of(&user, epoch);
            }
            if unruly.dice.chance(60) {
                unruly.crowd(epoch);
            }
            unruly.close(epoch);
        }
        unruly
    }

    /// The cash account of an owner asks too.
    fn sign_in_on_cash(&mut self, owner: usize) {
        let account = on(CASH, owner);
        self.world.meet_as(&account);
        let (key, at_ms) = (self.world.session_key(&account), at(0, 5));
        let issued_s = at_ms / 1_000;
        let text =
            SessionText::grant(&self.world.genesis, account.clone(), key, Scopes::ALL, issued_s, issued_s + 2_000_000);
        let text = text.render();
        let body = Body::Session(Session { signature: signature(owner, &account, &text), text });
        self.world.say(&account, vec![], None, body, at_ms);
    }

    /// Links, their ends, and old texts said again.
    fn owners(&mut self, epoch: i64, said: &mut Vec<(Account, Vec<SignedText>)>) {
        for _ in 0..1 + self.dice.below(4) {
            let owner = 100 + self.dice.below(USERS) as usize;
            let at_ms = at(epoch, 20 + self.dice.below(u64::from(EPOCH_S) - 40));
            let issued_s = (at_ms / 1_000).saturating_add(self.dice.of(&[0, 0, 0, 300]));
            let (speaker, texts) = match self.dice.below(8) {
                0..=3 => {
                    let other = self.dice.of(&[CASH, CASH, SOLANA]);
                    (on(EVM, owner), texts(&self.world, owner, EVM, other, issued_s))
                }
                4 | 5 => {
                    let (signer, left) = (on(self.dice.of(&[EVM, CASH]), owner), on(self.dice.of(&[EVM, CASH]), owner));
                    let text = LinkText::unlink(
                        &self.world.genesis,
                        signer.clone(),
                        left,
                        [8; 32],
                        issued_s,
                        issued_s + 86_400,
                    );
                    (signer, vec![sign(owner, &text)])
                }
                _ if said.is_empty() => continue,
                _ => said[self.dice.below(said.len() as u64) as usize].clone(),
            };
            self.hear();
            self.world.say(&speaker, vec![], None, Body::Link(Link { texts: texts.clone() }), at_ms);
            said.push((speaker, texts));
        }
        self.world.hearing = vec![true; 4];
    }

    /// Both accounts of an owner take tickets at once.
    fn crowd(&mut self, epoch: i64) {
        let owner = 100 + self.dice.below(USERS) as usize;
        let at_ms = at(epoch, 30 + self.dice.below(u64::from(EPOCH_S) - 700));
        for i in 0..4 {
            let account = on(if i % 2 == 0 { EVM } else { CASH }, owner);
            self.world.ticket(&account, epoch - 1, at_ms + i);
        }
    }
}
