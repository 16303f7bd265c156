//! Lines over months, as SVG that the style sheet colours: told apart by dashes and marks, too, and said in words.

use maud::{Markup, html};

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 30.0;
/// Names of months that fit below.
const NAMES_MAX: usize = 7;

/// One line; a month that is withheld leaves a gap.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) values: Vec<Option<f64>>,
}

/// A plot of lines over `months`, each value said by `say`; nothing where no line has a value.
pub(super) fn trend(
    id: &str,
    title: &str,
    months: &[&str],
    lines: &[Line<'_>],
    say: &dyn Fn(f64) -> String,
) -> Markup {
    let highest = lines.iter().flat_map(|line| line.values.iter().flatten()).copied().fold(0.0, f64::max);
    if highest <= 0.0 || months.is_empty() {
        return html! {};
    }
    let step = nice(highest / 4.0);
    let steps = (highest / step).ceil().max(1.0) as u32;
    let top = step * f64::from(steps);
    let x = |at: usize| match months.len() {
        1 => (LEFT + WIDTH - RIGHT) / 2.0,
        many => LEFT + (WIDTH - LEFT - RIGHT) * at as f64 / (many - 1) as f64,
    };
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top;
    let each = months.len().div_ceil(NAMES_MAX);
    let (title_id, words_id) = (format!("{id}-title"), format!("{id}-words"));
    html! {
        figure .plot {
            svg role="img" aria-labelledby={ (title_id) " " (words_id) } viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } {
                title id=(title_id) { (title) }
                desc id=(words_id) { (in_words(months, lines, say)) }
                @for n in 0..=steps {
                    @let value = step * f64::from(n);
                    line .plot-grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(number(y(value))) y2=(number(y(value))) {}
                    text .plot-text x=(LEFT - 6.0) y=(number(y(value) + 4.0)) text-anchor="end" { (say(value)) }
                }
                @for (at, month) in months.iter().enumerate().filter(|(at, _)| at % each == 0) {
                    text .plot-text x=(number(x(at))) y=(HEIGHT - 8.0) text-anchor="middle" { (short(month)) }
                }
                @for (n, line) in lines.iter().enumerate() {
                    @for piece in pieces(&line.values) {
                        @let points: Vec<String> = piece.iter().map(|(at, value)| format!("{},{}", number(x(*at)), number(y(*value)))).collect();
                        polyline class={ "plot-line line-" (n) } points=(points.join(" ")) {}
                        @for (at, value) in piece { (mark(n, x(at), y(value))) }
                    }
                }
            }
            figcaption {
                span .plot-title { (title) }
                @for (n, line) in lines.iter().enumerate().filter(|_| lines.len() > 1) {
                    span .plot-key {
                        svg viewBox="0 0 34 12" aria-hidden="true" focusable="false" {
                            line class={ "plot-line line-" (n) } x1="1" x2="33" y1="6" y2="6" {}
                            (mark(n, 17.0, 6.0))
                        }
                        (line.name)
                    }
                }
            }
        }
    }
}

/// Lines have marks of their own: round, square, pointed.
fn mark(line: usize, x: f64, y: f64) -> Markup {
    html! {
        @match line % 3 {
            0 => circle class={ "plot-mark mark-" (line) } cx=(number(x)) cy=(number(y)) r="3.5" {},
            1 => rect class={ "plot-mark mark-" (line) } x=(number(x - 3.2)) y=(number(y - 3.2)) width="6.4" height="6.4" {},
            _ => path class={ "plot-mark mark-" (line) } d=(format!("M{} {}l4 7h-8z", number(x), number(y - 4.0))) {},
        }
    }
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

/// `2026-11` as `11/26`.
fn short(month: &str) -> String {
    match (month.get(2..4), month.get(5..7)) {
        (Some(year), Some(month)) => format!("{month}/{year}"),
        _ => month.to_owned(),
    }
}

fn in_words(months: &[&str], lines: &[Line<'_>], say: &dyn Fn(f64) -> String) -> String {
    let of_line = |line: &Line<'_>| {
        let value = |(month, value): (&&str, &Option<f64>)| match value {
            Some(value) => format!("{month} {}", say(*value)),
            None => format!("{month} withheld"),
        };
        let values: Vec<String> = months.iter().zip(&line.values).map(value).collect();
        format!("{}: {}.", line.name, values.join(", "))
    };
    lines.iter().map(of_line).collect::<Vec<_>>().join(" ")
}

/// The runs of months that have a value.
fn pieces(values: &[Option<f64>]) -> Vec<Vec<(usize, f64)>> {
    let mut pieces: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
    for (at, value) in values.iter().enumerate() {
        match (value, pieces.last_mut()) {
            (Some(value), Some(piece)) => piece.push((at, *value)),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// The first of 1, 2, 5, 10, 20 ... that is not less.
pub(super) fn nice(least: f64) -> f64 {
    let decade = 10_f64.powf(least.max(1e-9).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * decade).find(|step| *step >= least).unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_withheld_month_is_a_gap_and_is_said() {
        let lines = [Line { name: "photo", values: vec![Some(1.0), None, Some(3.0)] }];
        let months = ["2026-09", "2026-10", "2026-11"];
        let html = trend("t", "Waits", &months, &lines, &|value| format!("{value} s")).into_string();
        assert!(html.contains("photo: 2026-09 1 s, 2026-10 withheld, 2026-11 3 s."), "{html}");
        assert_eq!(html.matches("<polyline").count(), 2);
        assert!(trend("t", "Waits", &months, &[], &|_| String::new()).into_string().is_empty());
    }

    #[test]
    fn steps_are_numbers_that_people_count_by() {
        assert_eq!([0.9, 1.0, 1.1, 30.0, 0.02].map(nice), [1.0, 1.0, 2.0, 50.0, 0.02]);
    }
}
