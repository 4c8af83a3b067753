//! The next decree, and what it changes in plain words.

use super::file::DecreeFile;
use super::{NewArgs, What, standing};
use crate::commands::context::Context;
use crate::exit::{Kind, OrExit, fail};
use crate::output::say;
use liaise_chain_api::At;
use liaise_ledger::Hash;
use liaise_ledger::body::{Act, CertifyDecree, DecreeValue, DistributorDecree, RowDecree, WithdrawDecree};
use liaise_node::adapter_hash;
use liaise_oracle::fold::{Shared, decree_refusal};
use serde_bytes::ByteBuf;

pub async fn new(context: &Context, args: NewArgs) -> eyre::Result<()> {
    let value = value(context, args.what).await?;
    let (_, known, seal) = standing(context).await?;
    let known = known.unwrap_or_else(|| Shared::of_genesis(&context.genesis));
    let act = Act {
        number: known.decree + 1,
        previous: known.decree_digest,
        network: context.genesis.network_id(),
        effective: args.effective.unwrap_or(seal + 2),
        proposal: args.proposal,
        value,
    };
    if let Some(why) = decree_refusal(&known, seal, &act) {
        return fail(Kind::Usage, format!("it could not come into force: {why}"));
    }
    let file = DecreeFile { signatures: vec![], act: hex::encode(serde_ipld_dagcbor::to_vec(&act)?) };
    let text = file.text()?;
    let written =
        std::fs::File::create_new(&args.out).and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(|error| eyre::eyre!("{}: {error}", args.out.display())).or_exit(Kind::Usage)?;
    say!("{}", words(&act));
    say!(
        "{}: {} of the DAO's {} keys sign it with `liaise dao decree sign`.",
        args.out.display(),
        context.genesis.dao.threshold,
        context.genesis.dao.keys.len()
    );
    Ok(())
}

async fn value(context: &Context, what: What) -> eyre::Result<DecreeValue> {
    Ok(match what {
        What::Certify { bundle } => {
            let opened = liaise_compute::Bundle::open(&bundle).or_exit(Kind::Usage)?;
            let manifest = std::fs::read(bundle.join("manifest.json")).or_exit(Kind::Usage)?;
            DecreeValue::Certify(CertifyDecree {
                adapter: adapter_hash(opened.id()),
                manifest: ByteBuf::from(manifest),
            })
        }
        What::Withdraw { adapter, reason } => DecreeValue::Withdraw(WithdrawDecree { adapter, reason }),
        What::Row { first, new, old } => DecreeValue::Row(RowDecree { first, new, old: old.unwrap_or(Hash::ZERO) }),
        What::Distributor => {
            let reader = context.reader().await?;
            let at = reader.distributor(At::Latest).await.or_exit(Kind::Chain)?;
            DecreeValue::Distributor(DistributorDecree {
                chain: reader.chain().clone(),
                distributor: Hash(at.id.0),
                address: context.config.chain.distributor.clone(),
                code: Hash(at.code_hash.0),
                authority: at.authority.to_string(),
                guardian: at.guardian.address().to_owned(),
                epoch_delay_s: at.delays.epoch_s,
                long_delay_s: at.delays.long_s,
                notice_epochs: at.notice_epochs,
                guarded_until_s: at.guarded_until_s,
            })
        }
    })
}

/// What an act changes, in plain words.
pub fn words(act: &Act) -> String {
    let what = match &act.value {
        DecreeValue::Distributor(d) => format!(
            "distributor {} on {} ({}) may be opened: authority {}, guardian {}, an epoch waits {} s, an opening and what is \
             refiled {} s, notice {} epochs, guarded until {} (Unix seconds), code {}",
            d.distributor,
            d.chain,
            d.address,
            d.authority,
            d.guardian,
            d.epoch_delay_s,
            d.long_delay_s,
            d.notice_epochs,
            d.guarded_until_s,
            d.code
        ),
        DecreeValue::Row(row) if row.old == Hash::ZERO => {
            format!("distributor {} holds the first term, from epoch {} on", row.new, row.first)
        }
        DecreeValue::Row(row) => format!(
            "EMERGENCY: distributor {} takes the term from {} with epoch {}; what the other files for later epochs counts for \
             nothing",
            row.new, row.old, row.first
        ),
        DecreeValue::Certify(certify) => {
            format!("work of model adapter {} earns from epoch {} on", certify.adapter, act.effective)
        }
        DecreeValue::Withdraw(withdraw) => format!(
            "work of model adapter {} earns no more from epoch {} on: {}",
            withdraw.adapter, act.effective, withdraw.reason
        ),
        _ => "something that this program does not know: update it before you sign".into(),
    };
    let proposal = act.proposal.as_ref().map_or(String::new(), |id| format!(" It carries out proposal {id}."));
    format!("Decree {}: {what}.{proposal}", act.number)
}

#[cfg(test)]
mod tests {
    use super::super::sample::act;
    use super::*;

    #[test]
    fn every_kind_is_said_in_words() {
        let row = |old| act(DecreeValue::Row(RowDecree { first: 180, new: Hash([4; 32]), old }));
        assert!(words(&row(Hash::ZERO)).contains("first term, from epoch 180"));
        assert!(words(&row(Hash([5; 32]))).contains("EMERGENCY"));
        let certify = act(DecreeValue::Certify(CertifyDecree { adapter: Hash([7; 32]), manifest: ByteBuf::new() }));
        assert!(words(&certify).contains("earns from epoch 9 on") && words(&certify).contains("proposal 42"));
    }
}
