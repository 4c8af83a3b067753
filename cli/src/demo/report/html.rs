//! report.html: one page without scripts or anything from elsewhere.

use super::{Report, percent};
use crate::output::{NOT_ADVICE, short, xlv_number};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2330}\
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{text-align:left;padding:.35rem .6rem;border-top:1px solid #d9dee8;vertical-align:top}\
th{border:0}tr.why td{border:0;padding-top:0;color:#4a5468;font-size:.87em}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
code{font-size:.87em;overflow-wrap:anywhere}.bar{background:#3566c9;height:.7rem;border-radius:2px;margin-top:.4rem}\
.track{background:#e6eaf2;border-radius:2px}.dag{font-family:ui-monospace,monospace;font-size:.85em;white-space:pre;overflow-x:auto}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn amount(text: &str) -> String {
    xlv_number(text.parse().unwrap_or_default())
}

/// The page.
pub fn page(report: &Report) -> String {
    let mut out = String::new();
    // Writing into a string can't fail.
    let _ = write(report, &mut out);
    out
}

fn write(report: &Report, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    )?;
    write!(out, "<title>LIAISE demo</title><style>{STYLE}</style><h1>LIAISE demo</h1>")?;
    write!(
        out,
        "<p>Network <code>{}</code>, XLV <code>{}</code>.</p>",
        escape(&report.network),
        escape(&report.distributor)
    )?;
    earnings(report, out)?;
    latencies(report, out)?;
    emission(report, out)?;
    if let Some((ours, bm25)) = &report.quality {
        write!(out, "<h2>Search</h2><table><tr><th><th class=n>recall@5<th class=n>MRR</tr>")?;
        for (name, quality) in [("this network", ours), ("BM25", bm25)] {
            let (recall, mrr) = (percent(quality.recall_at_5_ppm), percent(quality.mrr_ppm));
            write!(out, "<tr><td>{name}<td class=n>{recall}<td class=n>{mrr}</tr>")?;
        }
        write!(out, "</table>")?;
    }
    if let Some(removed) = &report.removed {
        write!(out, "<p>{}</p>", escape(removed))?;
    }
    write!(out, "<h2>One prompt's messages</h2><div class=dag>")?;
    for node in &report.dag {
        writeln!(
            out,
            "{}{} {} by {}",
            "  ".repeat(node.depth),
            node.kind,
            short(&node.id),
            escape(&short(&node.author))
        )?;
    }
    write!(out, "</div><p>{NOT_ADVICE}</p></html>")
}

/// Two rows an account: the figures, and below them why.
fn earnings(report: &Report, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        "<h2>Who earned what, and why</h2><p>{} XLV emitted, and paid to the unit.</p><table><tr><th>account<th class=n>won\
        <th class=n>validated<th class=n>failed<th class=n>gross XLV<th class=n>held XLV<th class=n>net XLV<th>claim</tr>",
        amount(&report.emitted)
    )?;
    for e in &report.earnings {
        let account = escape(e.account.as_str());
        write!(
            out,
            "<tr><td><b>{}</b><td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}\
            <td><code title=\"{}\">{}</code></tr>",
            escape(&e.name),
            e.won,
            e.validated,
            e.failed,
            amount(&e.gross),
            amount(&e.held),
            amount(&e.net),
            escape(e.transaction.as_deref().unwrap_or_default()),
            escape(&e.transaction.as_deref().map_or("nothing to claim".into(), short)),
        )?;
        let reason = if e.reason.is_empty() { "took no part".into() } else { escape(&e.reason) };
        write!(
            out,
            "<tr class=why><td colspan=8><code>{account}</code><br>{reason}<br>check: <code>liaise {}</code></tr>",
            e.check.iter().map(|command| escape(command)).collect::<Vec<_>>().join("; liaise ")
        )?;
    }
    write!(out, "</table>")
}

fn latencies(report: &Report, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        "<h2>Latency by node</h2><table><tr><th>node<th class=n>won<th class=n>median ms<th class=n>longest ms<th></tr>"
    )?;
    let longest = report.latency.iter().map(|l| l.median_ms).max().unwrap_or(1).max(1);
    for l in &report.latency {
        write!(
            out,
            "<tr><td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td style=\"width:40%\">{}</tr>",
            escape(&l.name),
            l.won,
            l.median_ms,
            l.longest_ms,
            bar(u128::from(l.median_ms), u128::from(longest))
        )?;
    }
    write!(out, "</table>")
}

fn emission(report: &Report, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        "<h2>Emission against the schedule</h2><table><tr><th class=n>epoch<th class=n>tasks<th class=n>allowed XLV\
        <th class=n>earned XLV<th></tr>"
    )?;
    for e in &report.emission {
        let number = |text: &str| text.parse().unwrap_or_default();
        write!(
            out,
            "<tr><td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td style=\"width:40%\">{}</tr>",
            e.epoch,
            e.tasks,
            amount(&e.allowed),
            amount(&e.earned),
            bar(number(&e.earned), number(&e.allowed))
        )?;
    }
    write!(out, "</table>")
}

fn bar(part: u128, whole: u128) -> String {
    let width = 100 * part / whole.max(1);
    format!("<div class=track><div class=bar style=\"width:{width}%\"></div></div>")
}
