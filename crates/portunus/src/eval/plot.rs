//! Plots: one drawing, as SVG inside the report (its style sheet gives the colours, light or dark), as a file of its
//! own, and as PNG.

use super::Evaluation;
use super::table::percent;
use anyhow::{Context as _, Result};
use maud::{Markup, html};
use portunus_biometrics::accuracy::identification::{self as searches, Kind, Search};
use portunus_biometrics::accuracy::verification;
use resvg::{tiny_skia, usvg};
use std::fmt::Write as _;
use std::sync::Arc;

const WIDTH: f64 = 760.0;
const PANEL_HEIGHT: f64 = 380.0;
/// Left, right and bottom of a panel, for labels.
const MARGIN: [f64; 3] = [76.0, 28.0, 56.0];
/// Names of lines in a row above the panel.
const NAMES_A_ROW: usize = 2;
const ROW: f64 = 18.0;
/// Pixels of the PNG for each unit.
const PNG_SCALE: f32 = 2.0;
/// More lines than this look alike; the others stand in the tables.
pub(super) const LINES_MAX: usize = 5;

/// The colours of a file of its own, which no page styles: at least 4.5:1 on white.
const STYLE: &str = "text{font-family:'Ubuntu Light','Ubuntu',sans-serif;font-size:13px;fill:#1a1a1a}.title{font-size:15px}\
    .paper{fill:#fff}.grid{stroke:#d8d8d8}.axis{stroke:#555;fill:none}.line{fill:none;stroke-width:2}\
    .mark{stroke:#555;stroke-dasharray:2 3}.over{paint-order:stroke;stroke:#fff;stroke-width:4px}.s0{stroke:#0b5cad}.s1{stroke:#a8430a}.s2{stroke:#1b7a3d}\
    .s3{stroke:#7a3e9d}.s4{stroke:#7a6000}.d1{stroke-dasharray:8 4}.d2{stroke-dasharray:2 3}\
    .d3{stroke-dasharray:10 3 2 3}.d4{stroke-dasharray:5 2}";

/// What a panel shows.
struct Panel {
    title: String,
    /// The same in words.
    words: String,
    x: Axis,
    y: Axis,
    lines: Vec<Line>,
    /// Vertical marks, with what they mark.
    marks: Vec<(f64, String)>,
}

struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

/// From one value to another, linear or logarithmic.
struct Axis {
    label: String,
    low: f64,
    high: f64,
    log: bool,
}

impl Axis {
    fn rate(label: &str, low: f64) -> Self {
        Self { label: label.to_owned(), low, high: 1.0, log: true }
    }

    /// Where a value is, 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let at = |value: f64| if self.log { value.max(self.low).log10() } else { value };
        ((at(value) - at(self.low)) / (at(self.high) - at(self.low))).clamp(0.0, 1.0)
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        if self.log {
            let decades = self.low.log10().round() as i32..=0;
            return decades.map(|decade| (10_f64.powi(decade), rate_label(decade))).collect();
        }
        let steps = (self.low * 5.0).ceil() as i32..=(self.high * 5.0).floor() as i32;
        steps.map(|step| (f64::from(step) / 5.0, format!("{:.1}", f64::from(step) / 5.0))).collect()
    }
}

fn rate_label(decade: i32) -> String {
    let places = usize::try_from(-decade - 2).unwrap_or(0);
    format!("{:.places$} %", 10_f64.powi(decade + 2))
}

/// One drawing of some panels, one under the other.
pub(super) struct Plot {
    /// Its file's name, without ending.
    pub(super) name: &'static str,
    /// What it is, for its heading.
    pub(super) title: &'static str,
    panels: Vec<Panel>,
}

/// The plots of what was measured: the error trade-off and the scores.
pub(super) fn plots(evaluation: &Evaluation) -> Vec<Plot> {
    let (mut det, mut scores) = (Vec::new(), Vec::new());
    if !evaluation.searched.is_empty() {
        det.push(search_det(evaluation));
    }
    for searched in &evaluation.searched {
        scores.push(search_scores(&searched.protocol, &searched.searches));
    }
    if !evaluation.compared.is_empty() {
        det.push(pair_det(&evaluation.compared));
        scores.push(pair_scores(&evaluation.compared));
    }
    vec![
        Plot { name: "det", title: "Detection error trade-off", panels: det },
        Plot { name: "histogram", title: "Scores", panels: scores },
    ]
}

fn search_det(evaluation: &Evaluation) -> Panel {
    let line = |searched: &super::identification::Searched| Line {
        name: searched.protocol.clone(),
        points: searches::det(&searched.searches),
    };
    let lines: Vec<Line> = evaluation.searched.iter().take(LINES_MAX).map(line).collect();
    let most = evaluation.searched.iter().map(|s| searches::count(&s.searches, Kind::NonMated)).max();
    let mut words =
        "False negative against false positive identification rate, both axes logarithmic.".to_owned();
    for at in &evaluation.figures.identification {
        // Writing to a string cannot fail.
        let _ = write!(words, " {}: FNIR {} at FPIR {}.", at.protocol, percent(at.fnir), percent(at.fpir));
    }
    Panel {
        title: "Searches: FNIR against FPIR".to_owned(),
        words,
        x: Axis::rate(
            "FPIR: a person not in the gallery is taken for somebody",
            decade_below(most.unwrap_or(1)),
        ),
        y: Axis::rate("FNIR: a person is missed", lowest(&lines)),
        lines,
        marks: super::identification::FPIRS.map(|fpir| (fpir, percent(fpir))).to_vec(),
    }
}

fn pair_det(pairs: &[verification::Pair]) -> Panel {
    let points =
        verification::det(pairs).into_iter().filter(|point| point.0 > 0.0 && point.1 > 0.0).collect();
    let lines = vec![Line { name: "pairs".to_owned(), points }];
    let eer = verification::eer(pairs)
        .map_or_else(String::new, |eer| format!(" They are equal at {}.", percent(eer)));
    Panel {
        title: "Pairs: FNMR against FMR".to_owned(),
        words: format!("False non-match against false match rate, both axes logarithmic.{eer}"),
        x: Axis::rate("FMR: two people match", decade_below(verification::counts(pairs).1)),
        y: Axis::rate("FNMR: two pictures of a person do not", lowest(&lines)),
        lines,
        marks: Vec::new(),
    }
}

/// The decade that holds one in `count`.
fn decade_below(count: usize) -> f64 {
    10_f64.powf(-(count.max(10) as f64).log10().ceil()).max(1e-6)
}

/// The decade that holds the lowest rate of the lines which is not nought.
fn lowest(lines: &[Line]) -> f64 {
    let rates =
        lines.iter().flat_map(|line| line.points.iter().map(|point| point.1)).filter(|rate| *rate > 0.0);
    10_f64.powf(rates.fold(0.1, f64::min).log10().floor())
}

fn search_scores(protocol: &str, all: &[Search]) -> Panel {
    let of = |kind| searches::deciding_scores(all, kind);
    let marks = super::identification::FPIRS.iter().filter_map(|fpir| {
        let threshold = f64::from(searches::threshold(all, *fpir)?.0);
        Some((threshold, percent(*fpir)))
    });
    let (own, other) = (of(Kind::Mated), of(Kind::NonMated));
    histogram(
        format!("{protocol}: scores of searches"),
        [("in the gallery: own score, when first", own), ("not in the gallery: best score", other)],
        ["score: larger is more alike; dotted: thresholds for an FPIR", "share of searches"],
        marks.collect(),
    )
}

fn pair_scores(pairs: &[verification::Pair]) -> Panel {
    let of = |genuine: bool| {
        let kind = pairs.iter().filter(|pair| (pair.people[0] == pair.people[1]) == genuine);
        kind.filter_map(|pair| Some(pair.score?.0)).collect()
    };
    let labels = ["score: larger is more alike", "share of pairs"];
    histogram(
        "Pairs: scores".to_owned(),
        [("one person", of(true)), ("two people", of(false))],
        labels,
        Vec::new(),
    )
}

fn histogram(
    title: String,
    kinds: [(&str, Vec<f32>); 2],
    [x, y]: [&str; 2],
    marks: Vec<(f64, String)>,
) -> Panel {
    let all = || kinds.iter().flat_map(|(_, scores)| scores.iter().copied()).map(f64::from);
    let low = (all().fold(0.0, f64::min) * 5.0).floor() / 5.0;
    let high = (all().fold(1.0, f64::max) * 5.0).ceil() / 5.0;
    let bins = ((high - low) * 50.0).round() as usize;
    let mut words = "Share of scores in steps of 0.02, the share logarithmic.".to_owned();
    let lines: Vec<Line> = kinds
        .iter()
        .map(|(name, scores)| {
            let mut counts = vec![0_usize; bins];
            for score in scores {
                counts[(((f64::from(*score) - low) * 50.0).max(0.0) as usize).min(bins - 1)] += 1;
            }
            let mut sorted = scores.clone();
            sorted.sort_by(f32::total_cmp);
            if let (Some(first), Some(median), Some(last)) =
                (sorted.first(), sorted.get(sorted.len() / 2), sorted.last())
            {
                let _ = write!(words, " {name}: {first:.2} to {last:.2}, half below {median:.2}.");
            }
            Line { name: (*name).to_owned(), points: steps(&counts, scores.len(), low) }
        })
        .collect();
    for (at, what) in &marks {
        let _ = write!(words, " The threshold for FPIR {what} is {at:.3}.");
    }
    let most = kinds.iter().map(|(_, scores)| scores.len()).max().unwrap_or(1);
    let x = Axis { label: x.to_owned(), low, high, log: false };
    let y = Axis::rate(y, decade_below(most));
    Panel { title, words, x, y, lines, marks }
}

/// The outline of bars.
fn steps(counts: &[usize], all: usize, low: f64) -> Vec<(f64, f64)> {
    let share = |count: usize| count as f64 / all.max(1) as f64;
    let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    let at = |bin: usize| low + bin as f64 / 50.0;
    let mut points = vec![(at(first), 0.0)];
    for (bin, count) in counts.iter().enumerate().take(last + 1).skip(first) {
        points.extend([(at(bin), share(*count)), (at(bin + 1), share(*count))]);
    }
    points.push((at(last + 1), 0.0));
    points
}

impl Plot {
    fn height(&self) -> f64 {
        PANEL_HEIGHT * self.panels.len() as f64
    }

    /// Whether there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        self.panels.is_empty()
    }

    /// As SVG without colours, for a page that gives them.
    pub(super) fn inline(&self) -> Markup {
        let (title, words) = (format!("{}-title", self.name), format!("{}-words", self.name));
        html! {
            svg role="img" aria-labelledby=(format!("{title} {words}")) viewBox=(format!("0 0 {WIDTH} {}", self.height()))
                width=(WIDTH) height=(self.height()) xmlns="http://www.w3.org/2000/svg" {
                title id=(title) { (self.title) }
                desc id=(words) { @for panel in &self.panels { (panel.title) ". " (panel.words) " " } }
                (self.drawing())
            }
        }
    }

    /// As an SVG file.
    pub(super) fn svg(&self) -> String {
        let drawing = html! {
            svg role="img" viewBox=(format!("0 0 {WIDTH} {}", self.height())) width=(WIDTH) height=(self.height())
                xmlns="http://www.w3.org/2000/svg" {
                title { (self.title) }
                desc { @for panel in &self.panels { (panel.title) ". " (panel.words) " " } }
                style { (STYLE) }
                rect class="paper" width=(WIDTH) height=(self.height()) {}
                (self.drawing())
            }
        };
        drawing.into_string()
    }

    /// As PNG, two pixels for each unit.
    pub(super) fn png(&self) -> Result<Vec<u8>> {
        let mut options = usvg::Options { font_family: "Ubuntu".to_owned(), ..usvg::Options::default() };
        let fonts = Arc::make_mut(&mut options.fontdb);
        fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
        let family =
            fonts.faces().next().and_then(|face| face.families.first()).map(|family| family.0.clone());
        fonts.set_sans_serif_family(family.context("the embedded font has no name")?);
        let tree = usvg::Tree::from_str(&self.svg(), &options).context("a plot is no SVG")?;
        let size = tree.size().to_int_size().scale_by(PNG_SCALE).context("a plot has no size")?;
        let mut pixels =
            tiny_skia::Pixmap::new(size.width(), size.height()).context("a plot is too large")?;
        let scale = tiny_skia::Transform::from_scale(PNG_SCALE, PNG_SCALE);
        resvg::render(&tree, scale, &mut pixels.as_mut());
        pixels.encode_png().context("a plot as PNG")
    }

    fn drawing(&self) -> Markup {
        html! {
            @for (at, panel) in self.panels.iter().enumerate() {
                g transform=(format!("translate(0 {})", PANEL_HEIGHT * at as f64)) { (panel.drawing()) }
            }
        }
    }
}

impl Panel {
    /// Where the panel begins, under its title and the names of its lines.
    fn top(&self) -> f64 {
        34.0 + ROW * self.lines.len().div_ceil(NAMES_A_ROW) as f64
    }

    fn x(&self, value: f64) -> f64 {
        MARGIN[0] + self.x.place(value) * (WIDTH - MARGIN[0] - MARGIN[1])
    }

    fn y(&self, value: f64) -> f64 {
        self.top() + (1.0 - self.y.place(value)) * (PANEL_HEIGHT - self.top() - MARGIN[2])
    }

    fn drawing(&self) -> Markup {
        let [left, right, bottom] = MARGIN;
        let (top, end, floor) = (self.top(), WIDTH - right, PANEL_HEIGHT - bottom);
        let middle = top + (floor - top) / 2.0;
        html! {
            text class="title" x=(left) y="20" { (self.title) }
            @for (value, label) in self.x.ticks() {
                line class="grid" x1=(self.x(value)) x2=(self.x(value)) y1=(top) y2=(floor) {}
                text x=(self.x(value)) y=(floor + 18.0) text-anchor="middle" { (label) }
            }
            @for (value, label) in self.y.ticks() {
                line class="grid" x1=(left) x2=(end) y1=(self.y(value)) y2=(self.y(value)) {}
                text x=(left - 8.0) y=(self.y(value) + 4.0) text-anchor="end" { (label) }
            }
            path class="axis" d=(format!("M{left} {top}V{floor}H{end}")) {}
            text x=((left + end) / 2.0) y=(floor + 42.0) text-anchor="middle" { (self.x.label) }
            text x="16" y=(middle) text-anchor="middle" transform=(format!("rotate(-90 16 {middle})")) { (self.y.label) }
            @for (value, _) in &self.marks {
                line class="mark" x1=(self.x(*value)) x2=(self.x(*value)) y1=(top) y2=(floor) {}
            }
            @for (at, line) in self.lines.iter().enumerate() {
                path class=(format!("line s{at} d{at}")) d=(self.path(line)) {}
                (name(at, &line.name))
            }
            // One under the other: thresholds lie close together.
            @for (at, (value, label)) in self.marks.iter().enumerate() {
                text class="over" x=(self.x(*value) + 4.0) y=(top + 15.0 + ROW * at as f64) { (label) }
            }
        }
    }

    fn path(&self, line: &Line) -> String {
        let mut path = String::new();
        for (at, (x, y)) in line.points.iter().enumerate() {
            let _ = write!(path, "{}{:.1} {:.1}", if at == 0 { 'M' } else { 'L' }, self.x(*x), self.y(*y));
        }
        path
    }
}

/// A line's name, with a piece of the line.
fn name(at: usize, name: &str) -> Markup {
    let x = MARGIN[0] + 330.0 * (at % NAMES_A_ROW) as f64;
    let y = 40.0 + ROW * (at / NAMES_A_ROW) as f64;
    html! {
        line class=(format!("line s{at} d{at}")) x1=(x) x2=(x + 36.0) y1=(y - 4.0) y2=(y - 4.0) {}
        text x=(x + 44.0) y=(y) { (name) }
    }
}

#[cfg(test)]
mod tests;
