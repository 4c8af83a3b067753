//! The rules that can be broken on purpose. With one of them off, the simulation must find a schedule that shows it.

/// Which rules hold. All do, but where a test breaks one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// An oracle's guard keeps what it is told.
    pub guard: bool,
    /// Oracles look at final blocks where hand-overs are concerned.
    pub final_hand_overs: bool,
    /// Oracles sign an epoch only where the table gives it.
    pub table: bool,
    /// A hand-over is a row only of the range that a row opened.
    pub walk: bool,
    /// Late pay is folded from the first seal in which something can be paid.
    pub late_seal: bool,
    /// Late pay knows no least payout.
    pub late_without_minimum: bool,
    /// Late pay goes before the next opening.
    pub late_before_opening: bool,
    /// A false statement that became payable is a decreed loss.
    pub filler: bool,
    /// A veto moves the head.
    pub veto_moves_head: bool,
    /// The DAO advances a head for a reason that no veto has: both move the head in the same way, and what was signed over a head that a
    /// veto made, in blocks that went away, must not fit one that an advance makes.
    pub reasons_differ: bool,
    /// A veto returns what was issued and owed.
    pub veto_returns: bool,
    /// The guardian vetoes a statement once.
    pub one_veto: bool,
    /// A distributor counts signers of its present set only.
    pub quorum_of_set: bool,
    /// Signatures bind the head.
    pub signatures_bind_head: bool,
    /// What a payee was paid is remembered.
    pub claims_remembered: bool,
    /// A batch is paid once.
    pub batches_once: bool,
}

impl Rules {
    /// Every rule holds.
    pub const ALL: Self = Self {
        guard: true,
        final_hand_overs: true,
        table: true,
        walk: true,
        late_seal: true,
        late_without_minimum: true,
        late_before_opening: true,
        filler: true,
        veto_moves_head: true,
        reasons_differ: true,
        veto_returns: true,
        one_veto: true,
        quorum_of_set: true,
        signatures_bind_head: true,
        claims_remembered: true,
        batches_once: true,
    };
}
