//! report.html: one page without scripts or anything from elsewhere.

use super::Report;
use crate::output::{NOT_ADVICE, short, xlv_number};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2330}\
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d9dee8;vertical-align:top}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.85em}.bar{background:#3566c9;height:.7rem;border-radius:2px}\
.dag{font-family:ui-monospace,monospace;font-size:.85em;white-space:pre}";

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
    write!(
        out,
        "<h2>Who earned what, and why</h2><table><tr><th>account<th class=n>won<th class=n>validated<th class=n>failed\
        <th class=n>gross XLV<th class=n>held XLV<th class=n>net XLV<th>reason<th>transaction</tr>"
    )?;
    for e in &report.earnings {
        write!(
            out,
            "<tr><td>{}<br><code>{}</code><td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td>{}<td><code>{}</code></tr>",
            escape(&e.name),
            escape(e.account.as_str()),
            e.won,
            e.validated,
            e.failed,
            amount(&e.gross),
            amount(&e.held),
            amount(&e.net),
            escape(&e.reason),
            escape(&short(e.transaction.as_deref().unwrap_or("none")))
        )?;
    }
    write!(
        out,
        "</table><h2>Latency by node</h2><table><tr><th>node<th class=n>won<th class=n>median ms<th class=n>longest ms<th></tr>"
    )?;
    let longest = report.latency.iter().map(|l| l.median_ms).max().unwrap_or(1).max(1);
    for l in &report.latency {
        let width = 100 * l.median_ms / longest;
        write!(
            out,
            "<tr><td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td style=\"width:40%\"><div class=bar style=\"width:{width}%\"></div></tr>",
            escape(&l.name),
            l.won,
            l.median_ms,
            l.longest_ms
        )?;
    }
    write!(
        out,
        "</table><h2>Emission against the schedule</h2><table><tr><th class=n>epoch<th class=n>allowed XLV<th class=n>earned XLV<th class=n>tasks</tr>"
    )?;
    for e in &report.emission {
        write!(
            out,
            "<tr><td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}</tr>",
            e.epoch,
            amount(&e.allowed),
            amount(&e.earned),
            e.tasks
        )?;
    }
    write!(out, "</table>")?;
    if let Some((ours, bm25)) = &report.quality {
        write!(
            out,
            "<h2>Search</h2><table><tr><th><th class=n>recall@5 (ppm)<th class=n>MRR (ppm)</tr>\
            <tr><td>this network<td class=n>{}<td class=n>{}</tr><tr><td>BM25<td class=n>{}<td class=n>{}</tr></table>",
            ours.recall_at_5_ppm, ours.mrr_ppm, bm25.recall_at_5_ppm, bm25.mrr_ppm
        )?;
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
