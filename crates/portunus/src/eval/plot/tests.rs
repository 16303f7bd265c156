use super::*;

fn plot() -> Plot {
    let line = |name: &str, points: &[(f64, f64)]| Line { name: name.to_owned(), points: points.to_vec() };
    let panel = Panel {
        title: "a <b> & \"c\"".to_owned(),
        words: "in words".to_owned(),
        x: Axis::rate("x", 1e-4),
        y: Axis::rate("y", 1e-2),
        lines: vec![line("one", &[(1.0, 0.01), (1e-4, 0.5)])],
        marks: vec![(0.003, "0.30 %".to_owned())],
    };
    Plot { name: "test", title: "Test", panels: vec![panel] }
}

#[test]
fn a_plot_is_one_drawing_as_svg_and_as_png() {
    let svg = plot().svg();
    let tree = usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
    assert_eq!((tree.size().width(), tree.size().height()), (760.0, 380.0));
    assert!(svg.contains("a &lt;b&gt; &amp;") && svg.contains("<desc>") && svg.contains("in words"), "{svg}");
    let png = plot().png().unwrap();
    let pixels = tiny_skia::Pixmap::decode_png(&png).unwrap();
    assert_eq!((pixels.width(), pixels.height()), (1520, 760));
    let dark = pixels.pixels().iter().filter(|pixel| pixel.red() < 100).count();
    assert!(dark > 1000, "text and lines are drawn: {dark}");
}

#[test]
fn places_and_ticks_are_where_they_are_read() {
    let axis = Axis::rate("", 1e-4);
    assert_eq!((axis.place(1.0), axis.place(1e-2), axis.place(0.0)), (1.0, 0.5, 0.0));
    let labels: Vec<String> = axis.ticks().into_iter().map(|(_, label)| label).collect();
    assert_eq!(labels, ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"]);
    let linear = Axis { label: String::new(), low: -0.2, high: 1.0, log: false };
    assert_eq!(linear.ticks().len(), 7);
    assert_eq!((decade_below(20_000), decade_below(703)), (1e-5, 1e-3));
}

#[test]
fn bars_have_an_outline_from_the_first_to_the_last() {
    assert_eq!(
        steps(&[0, 1, 3, 0], 4, 0.0),
        [(0.02, 0.0), (0.02, 0.25), (0.04, 0.25), (0.04, 0.75), (0.06, 0.75), (0.06, 0.0)]
    );
}
