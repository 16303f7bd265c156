//! Where crossing points are: an own drawing from the degrees that operators stated, with nothing from anywhere else.

use super::plot::nice;
use crate::service::oversight::DesignatedPoint;
use maud::{Markup, html};
use portunus_core::place::Position;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 420.0;
const MARGIN: f64 = 56.0;
/// Kilometres in a degree of latitude.
const KM_PER_DEGREE: f64 = 111.2;
/// No map shows less than this, in degrees: one point alone is not the world.
const SPAN_MIN: f64 = 0.2;
/// Labels keep this distance, one below the other.
const LABEL: f64 = 20.0;

/// A meridian or a parallel: where it is drawn, and how it is called.
type GridLine = (f64, String);

/// Degrees to the drawing: parallels and meridians are straight, and both ways have one scale in the middle.
struct Projection {
    west: f64,
    north: f64,
    /// Units for a degree of latitude.
    scale: f64,
    /// How much shorter a degree of longitude is there.
    narrow: f64,
    middle: f64,
}

impl Projection {
    fn over(positions: &[Position]) -> Self {
        let longitudes = || positions.iter().map(|at| at.longitude());
        let (least, most) = ends(longitudes());
        // What lies on both sides of the 180th meridian is drawn about it.
        let middle = if most - least > 180.0 { 180.0 } else { (least + most) / 2.0 };
        let (mut west, right) = ends(longitudes().map(|longitude| east_of(middle, longitude)));
        let (south, mut north) = ends(positions.iter().map(|at| at.latitude()));
        let narrow = ((south + north) / 2.0).to_radians().cos().max(0.05);
        let (wide, high) = ((right - west).max(SPAN_MIN), (north - south).max(SPAN_MIN));
        let scale = ((WIDTH - 2.0 * MARGIN) / (wide * narrow)).min((HEIGHT - 2.0 * MARGIN) / high);
        west -= ((WIDTH / scale / narrow) - (right - west)) / 2.0;
        north += (HEIGHT / scale - (north - south)) / 2.0;
        Self { west, north, scale, narrow, middle }
    }

    fn place(&self, at: Position) -> (f64, f64) {
        let east = east_of(self.middle, at.longitude());
        ((east - self.west) * self.scale * self.narrow, (self.north - at.latitude()) * self.scale)
    }

    /// Meridians and parallels.
    fn grid(&self) -> [Vec<GridLine>; 2] {
        let step = nice(HEIGHT / self.scale / 5.0);
        let line = |from: f64, to: f64| {
            let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
            (first..=last).take(40).map(move |n| n as f64 * step)
        };
        let (west, wide) = (self.west + self.middle, WIDTH / self.scale / self.narrow);
        let meridian = |at: f64| {
            let turned = (at + 540.0).rem_euclid(360.0) - 180.0;
            ((at - west) * self.scale * self.narrow, degrees(turned, step, ["E", "W"]))
        };
        let parallel = |at: f64| ((self.north - at) * self.scale, degrees(at, step, ["N", "S"]));
        let south = self.north - HEIGHT / self.scale;
        [line(west, west + wide).map(meridian).collect(), line(south, self.north).map(parallel).collect()]
    }
}

/// How far east of the meridian `middle` a longitude is: from -180 to 180 degrees.
fn east_of(middle: f64, longitude: f64) -> f64 {
    (longitude - middle + 540.0).rem_euclid(360.0) - 180.0
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)))
}

fn degrees(at: f64, step: f64, [plus, minus]: [&str; 2]) -> String {
    let places = usize::from(step < 1.0) + usize::from(step < 0.1);
    let side = if at.abs() < 1e-9 {
        ""
    } else if at > 0.0 {
        plus
    } else {
        minus
    };
    format!("{:.places$}°{side}", at.abs())
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

/// A label: where its point is, where it stands, on which side.
struct Label<'a> {
    point: &'a DesignatedPoint,
    at: (f64, f64),
    y: f64,
    left: bool,
}

/// Labels beside their points, moved down where they would stand on another.
fn labels<'a>(projection: &Projection, points: &[(&'a DesignatedPoint, Position)]) -> Vec<Label<'a>> {
    let mut labels: Vec<Label<'a>> = points
        .iter()
        .map(|(point, position)| {
            let at = projection.place(*position);
            Label { point, at, y: at.1 + 4.0, left: at.0 > WIDTH * 0.62 }
        })
        .collect();
    labels.sort_by(|one, other| one.at.1.total_cmp(&other.at.1));
    for n in 0..labels.len() {
        let (before, rest) = labels.split_at_mut(n);
        let label = &mut rest[0];
        let near = |other: &&Label<'_>| other.left == label.left && (other.at.0 - label.at.0).abs() < 160.0;
        let lowest = before.iter().filter(near).map(|other| other.y + LABEL).fold(label.y, f64::max);
        label.y = lowest;
    }
    labels
}

/// The map of those points that say where they are; nothing where none does.
pub(super) fn map(points: &[DesignatedPoint]) -> Markup {
    let placed: Vec<(&DesignatedPoint, Position)> =
        points.iter().filter_map(|point| Some((point, point.position?))).collect();
    if placed.is_empty() {
        return html! {
            p .muted { "No crossing point says where it is, so there is no map. The list has them all." }
        };
    }
    let positions: Vec<Position> = placed.iter().map(|(_, position)| *position).collect();
    let projection = Projection::over(&positions);
    let [meridians, parallels] = projection.grid();
    let words: Vec<String> = placed
        .iter()
        .map(|(point, at)| {
            let may = if point.in_force { "may photograph" } else { "may not photograph" };
            format!("{} at {:.2} north, {:.2} east: {may}.", point.name, at.latitude(), at.longitude())
        })
        .collect();
    html! {
        figure .map {
            svg role="img" aria-labelledby="map-title map-words" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } {
                title #map-title { "Crossing points by latitude and longitude" }
                desc #map-words { (words.join(" ")) }
                @for (x, name) in &meridians {
                    line .plot-grid x1=(number(*x)) x2=(number(*x)) y1="0" y2=(HEIGHT) {}
                    text .plot-text x=(number(x + 3.0)) y=(HEIGHT - 5.0) { (name) }
                }
                @for (y, name) in &parallels {
                    line .plot-grid x1="0" x2=(WIDTH) y1=(number(*y)) y2=(number(*y)) {}
                    text .plot-text x="4" y=(number(y - 4.0)) { (name) }
                }
                (scale_bar(&projection))
                (north())
                @for label in labels(&projection, &placed) { (marker(&label)) }
            }
            figcaption .muted { "Filled: may photograph now. Hollow: may not. Drawn here from the degrees that operators stated." }
        }
    }
}

fn marker(label: &Label<'_>) -> Markup {
    let (x, y) = label.at;
    let at = if label.left { x - 11.0 } else { x + 11.0 };
    html! {
        @if label.y > y + LABEL { line .map-leader x1=(number(x)) y1=(number(y)) x2=(number(at)) y2=(number(label.y - 4.0)) {} }
        circle .map-point .map-off[!label.point.in_force] cx=(number(x)) cy=(number(y)) r="6" {}
        text .map-label x=(number(at)) y=(number(label.y)) text-anchor=[label.left.then_some("end")] { (label.point.name) }
    }
}

fn scale_bar(projection: &Projection) -> Markup {
    let km = nice(WIDTH / projection.scale * KM_PER_DEGREE / 10.0);
    let long = km / KM_PER_DEGREE * projection.scale;
    let (y, x) = (HEIGHT - 30.0, WIDTH - 20.0 - long);
    let name = if km < 1.0 { format!("{:.0} m", km * 1000.0) } else { format!("{km:.0} km") };
    html! {
        path .map-ink d=(format!("M{} {y}v5h{}v-5", number(x), number(long))) {}
        text .plot-text x=(number(x + long / 2.0)) y=(y - 4.0) text-anchor="middle" { (name) }
    }
}

fn north() -> Markup {
    let x = WIDTH - 26.0;
    html! {
        path .map-ink d=(format!("M{x} 44v-30m-5 8l5-8l5 8")) {}
        text .plot-text x=(x) y="58" text-anchor="middle" { "N" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> Position {
        Position::new(latitude, longitude).unwrap()
    }

    #[test]
    fn every_point_is_within_the_drawing_and_north_is_up() {
        for positions in [
            vec![at(40.64, -73.78)],
            vec![at(40.64, -73.78), at(33.94, -118.4), at(61.17, -149.99)],
            vec![at(-17.75, 177.44), at(-13.83, -172.0)],
            vec![at(89.9, 0.0), at(-89.9, 170.0)],
        ] {
            let projection = Projection::over(&positions);
            for position in &positions {
                let (x, y) = projection.place(*position);
                assert!((0.0..=WIDTH).contains(&x) && (0.0..=HEIGHT).contains(&y), "{position:?}: {x} {y}");
            }
        }
        let projection = Projection::over(&[at(40.0, -74.0), at(41.0, -73.0)]);
        let (south_west, north_east) = (projection.place(at(40.0, -74.0)), projection.place(at(41.0, -73.0)));
        assert!(south_west.0 < north_east.0 && south_west.1 > north_east.1);
        assert!(projection.grid().iter().all(|lines| !lines.is_empty()));
    }

    #[test]
    fn degrees_say_their_side() {
        assert_eq!(degrees(-73.8, 0.2, ["E", "W"]), "73.8°W");
        assert_eq!(degrees(0.0, 10.0, ["N", "S"]), "0°");
    }
}
