//! The report: one page that needs nothing else, without a face in it; and the files beside it.

use super::Evaluation;
use super::figures::Figures;
use super::plot::{LINES_MAX, Plot, plots};
use super::table;
use anyhow::{Context as _, Result};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::io::Write as _;
use std::path::Path;

/// Text at least 4.5:1, lines at least 3:1, in both schemes (WCAG 2.2, 1.4.3 and 1.4.11).
const STYLE: &str = ":root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--soft:#555;--rule:#d8d8d8;--s0:#0b5cad;\
    --s1:#a8430a;--s2:#1b7a3d;--s3:#7a3e9d;--s4:#7a6000}\
    @media(prefers-color-scheme:dark){:root{--ink:#ececec;--paper:#161616;--soft:#b5b5b5;--rule:#3d3d3d;--s0:#7db8ff;\
    --s1:#ffb37d;--s2:#7fd99b;--s3:#d3a6f0;--s4:#e6cc66}}\
    body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:62rem;margin:0 auto;\
    padding:1rem}.scroll{overflow-x:auto}.scroll:focus-visible{outline:3px solid var(--s0)}\
    table{border-collapse:collapse;margin:.5rem 0}caption{text-align:left;padding:.25rem 0}\
    th,td{padding:.25rem .75rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap;\
    font-variant-numeric:tabular-nums}th:first-child,td:first-child{text-align:left}thead th{border-color:var(--soft)}\
    svg{max-width:100%;height:auto}svg text{font-size:13px;fill:var(--ink)}svg .title{font-size:15px}\
    .grid{stroke:var(--rule)}.axis{stroke:var(--soft);fill:none}.line{fill:none;stroke-width:2}\
    .mark{stroke:var(--soft);stroke-dasharray:2 3}.over{paint-order:stroke;stroke:var(--paper);stroke-width:4px}.s0{stroke:var(--s0)}.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}\
    .s3{stroke:var(--s3)}.s4{stroke:var(--s4)}.d1{stroke-dasharray:8 4}.d2{stroke-dasharray:2 3}\
    .d3{stroke-dasharray:10 3 2 3}.d4{stroke-dasharray:5 2}";

/// Writes `report.html`, `figures.json` and each plot as SVG and PNG into a folder, made where missing. Each file
/// appears whole.
pub(super) fn write(evaluation: &Evaluation, folder: &Path) -> Result<()> {
    let plots = plots(evaluation);
    place(&folder.join("report.html"), page(&evaluation.figures, &plots).into_string().as_bytes())?;
    place(&folder.join("figures.json"), &serde_json::to_vec_pretty(&evaluation.figures)?)?;
    for plot in &plots {
        place(&folder.join(plot.name).with_extension("svg"), plot.svg().as_bytes())?;
        place(&folder.join(plot.name).with_extension("png"), &plot.png()?)?;
    }
    Ok(())
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn place(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        #[cfg(unix)]
        {
            let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
            file.as_file().set_permissions(readable)?;
        }
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().with_context(|| path.display().to_string())
}

fn page(figures: &Figures, plots: &[Plot]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Accuracy of " (figures.pack) }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                h1 { "How often " (figures.pack) " errs" }
                p { "Measured by Portunus through the pipeline that its service runs, after ISO/IEC 19795-1." }
                p {
                    "Failure to acquire: " (table::percent(figures.fta)) " of " (figures.pictures) " pictures"
                    (table::reasons(figures)) "."
                }
                (searches(figures))
                (pairs(figures))
                @if !figures.steps.is_empty() {
                    h2 { "What each step buys and costs" }
                    (grid("Each line adds a step to the one before; the last is the service", &table::steps(figures)))
                }
                @for plot in plots.iter().filter(|plot| !plot.is_empty()) {
                    h2 { (plot.title) }
                    (plot.inline())
                }
                @if table::by_protocol(figures).len() > LINES_MAX {
                    p { "The first plot shows the first " (LINES_MAX) " protocols; the tables hold all." }
                }
                h2 { "How to read it" }
                @for note in table::notes(figures) { p { (note) } }
            } }
        }
    }
}

fn searches(figures: &Figures) -> Markup {
    let protocols = table::by_protocol(figures);
    html! {
        @if !protocols.is_empty() { h2 { "Searches in galleries" } }
        @for protocol in &protocols {
            (grid(&table::describe(protocol[0]), &table::identification(protocol)))
            p { (table::at_any_threshold(protocol[0])) "." }
            @let own: Vec<_> = figures.groups.iter().filter(|cell| cell.protocol == protocol[0].protocol).collect();
            @if !own.is_empty() {
                (grid(&format!("{} by declared group (ISO/IEC 19795-10)", protocol[0].protocol), &table::groups(&own)))
            }
        }
    }
}

fn pairs(figures: &Figures) -> Markup {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "unknown".to_owned(), table::percent);
    html! {
        @if let Some(first) = figures.verification.first() {
            h2 { "Comparisons one to one" }
            (grid(
                &format!("{} genuine and {} impostor pairs", first.genuine, first.impostor),
                &table::verification(figures),
            ))
            p { "EER " (rate(figures.eer)) ", ten-fold accuracy " (rate(figures.accuracy)) "." }
        }
    }
}

/// A table with its header row; wide ones scroll, by keyboard, too.
fn grid(caption: &str, rows: &[Vec<String>]) -> Markup {
    html! {
        div class="scroll" role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for cell in rows.first().into_iter().flatten() { th scope="col" { (cell) } } } }
                tbody {
                    @for row in rows.iter().skip(1) {
                        tr {
                            @for (at, cell) in row.iter().enumerate() {
                                @if at == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
