//! The accuracy card of a model pack, in Markdown: what it is, what it was measured on, how often it errs, and what
//! nobody knows.

use super::figures::Figures;
use super::table;
use portunus_biometrics::pack::manifest::{Manifest, ModelFile, PresentationAttack};
use std::fmt::Write as _;

/// What holds whatever is measured on pictures gathered from the press.
const LIMITS: &str = "\
- Pictures of this kind are not border photographs: news photographs were chosen by editors, show public figures, \
smiling and in all light, and lie months or years apart. A staffed gate with a camera at one metre sees fewer poor \
pictures; glass, sun and masks it sees more. Neither rate carries over.
- Label noise and people under two names shape the tail of strangers' scores. What looks like a false positive may \
be a true match of a wrongly named picture, so that thresholds for low rates are too strict and the FNIR at them too \
high; nothing was corrected by hand.
- Both sides come from the same source. References at a border are passport portraits, printed, scanned or read from a \
chip, and up to ten years old.
- Not measured: children, ageing, twins and siblings, masks and head coverings, and every group that stands in no table \
above. An average says nothing of them (ISO/IEC 19795-10).
- One picture a search. The service fuses the best of several frames and lets a traveller try again; the pack's \
calibration has curves of their own for that.
- Intervals draw people, not cameras, days or places: another data set may lie outside of them.
";

/// The card.
pub(super) fn card(manifest: &Manifest, figures: &Figures, data: &str) -> String {
    let mut text = format!(
        "# Accuracy of the model pack {}\n\n{}\n\nMade by `portunus eval --card`; do not edit, run it again.\n\n",
        figures.pack, manifest.title
    );
    pack(&mut text, manifest);
    let lost = table::reasons(figures);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "## Data\n\n{data}\n\nFailure to acquire: {} of {} pictures{lost}. Terms and figures are those of ISO/IEC \
         19795-1: a search that could not be acquired is a miss, a search finds its person only first and at or over the \
         threshold.\n\n",
        table::percent(figures.fta),
        figures.pictures
    );
    measured(&mut text, figures);
    let calibration = manifest.calibration.measured();
    let _ = write!(
        text,
        "## Calibration in the pack\n\nThe thresholds that a service uses come from the pack's own curves, measured on \
         {}: {} people, {} pictures. Columns \"pack's FPIR\" and \"pack's FNIR\" above tell what they give on the searches \
         of this card; where both data sets show the same people, that is a check of the arithmetic and no evidence for \
         others.\n\n{}\n\n",
        calibration.data,
        calibration.people,
        calibration.pictures,
        calibration.caveats.trim()
    );
    let _ = write!(
        text,
        "## Limits\n\n{LIMITS}\n## Before use at a port\n\nThresholds that hold for these pictures need not hold for a \
         port's cameras, light and travellers. Recalibrate on the port's own adjudicated traffic, which the service \
         counts without keeping a face:\n\n```sh\nportunus eval --from-store\n```\n"
    );
    text
}

fn pack(text: &mut String, manifest: &Manifest) {
    let _ = write!(
        text,
        "## The pack\n\n{}\n",
        columns(
            &[
                table::cells(&["model", "SHA-256", "licence", "from", "changed"]),
                file("detector", &manifest.detector.file),
                file("recogniser", &manifest.recogniser.file),
            ],
            "---|"
        )
    );
    let attack = match &manifest.presentation_attack {
        PresentationAttack::None { note } => note,
        PresentationAttack::Tested { report } => report,
    };
    let _ = write!(
        text,
        "**Known of the training data.** {}\n\n**Not known.** {}\n\n**Presentation attack.** {}\n\n",
        manifest.training.known.trim(),
        manifest.training.not_known.trim(),
        attack.trim()
    );
}

fn file(what: &str, file: &ModelFile) -> Vec<String> {
    vec![
        what.to_owned(),
        format!("`{}`", file.sha256),
        file.licence.clone(),
        file.provenance.trim().to_owned(),
        file.changes.trim().to_owned(),
    ]
}

fn measured(text: &mut String, figures: &Figures) {
    for protocol in table::by_protocol(figures) {
        let name = &protocol[0].protocol;
        let _ = write!(
            text,
            "## Searches: {name}\n\n{}.\n\n{}\n{}.\n\n",
            table::describe(protocol[0]),
            markdown(&table::identification(&protocol)),
            table::at_any_threshold(protocol[0])
        );
        let own: Vec<_> = figures.groups.iter().filter(|cell| cell.protocol == *name).collect();
        if !own.is_empty() {
            let _ = writeln!(text, "{}", markdown(&table::groups(&own)));
        }
    }
    if !figures.steps.is_empty() {
        let _ = write!(
            text,
            "## What each step buys and costs\n\n{}\nEach line adds a step to the one before; the last is the service. From \
             a picture's bytes to its template on one thread of the machine that made this card.\n\n",
            markdown(&table::steps(figures))
        );
    }
    if let Some(first) = figures.verification.first() {
        let rate = |rate: Option<f64>| rate.map_or_else(|| "unknown".to_owned(), table::percent);
        let _ = write!(
            text,
            "## Comparisons one to one\n\n{} genuine and {} impostor pairs.\n\n{}\nEER {}, ten-fold accuracy {}.\n\n",
            first.genuine,
            first.impostor,
            markdown(&table::verification(figures)),
            rate(figures.eer),
            rate(figures.accuracy)
        );
    }
    if figures.groups.is_empty() {
        text.push_str("By group: not measured, the data declares none.\n\n");
    }
    for note in table::notes(figures) {
        let _ = write!(text, "{}\n\n", note.replace('*', "\\*"));
    }
}

/// A table of figures: to the right, but for the first column.
fn markdown(rows: &[Vec<String>]) -> String {
    columns(rows, "--:|")
}

fn columns(rows: &[Vec<String>], rule: &str) -> String {
    let width = rows.first().map_or(0, Vec::len);
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        // A bar or an end of line would end the cell.
        let cell = |at: usize| row.get(at).map_or_else(String::new, |cell| plain(cell));
        let cells: Vec<String> = (0..width).map(cell).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
        if at == 0 {
            let _ = writeln!(text, "|---|{}", rule.repeat(width.saturating_sub(1)));
        }
    }
    text
}

fn plain(cell: &str) -> String {
    cell.replace('|', "\\|").replace('*', "\\*").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_its_shape_whatever_stands_in_it() {
        let rows =
            [table::cells(&["a", "b"]), table::cells(&["x|y", "two\nlines*"]), table::cells(&["short"])];
        assert_eq!(markdown(&rows), "| a | b |\n|---|--:|\n| x\\|y | two lines\\* |\n| short |  |\n");
    }

    #[test]
    fn the_card_says_what_is_not_known() {
        let manifest: Manifest = include_str!("../../../../packs/opencv-zoo/pack.toml").parse().unwrap();
        let figures = Figures::of(String::from("pack@1"), &std::collections::HashMap::new(), &[], &[], None);
        let card = card(&manifest, &figures, "Some pictures.");
        for words in [
            "**Not known.**",
            "children, ageing",
            "--from-store",
            "Apache-2.0",
            "Label noise",
            "Some pictures.",
        ] {
            assert!(card.contains(words), "{words:?} is not in: {card}");
        }
    }
}
