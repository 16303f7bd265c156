use super::*;
use crate::service::oversight::tests::a_report;

/// The words in the cells of tables.
fn cells(html: &str) -> Vec<String> {
    let tags = |cell: &str| {
        let mut text = String::new();
        let mut within = false;
        for c in cell.chars() {
            match c {
                '<' => within = true,
                '>' => within = false,
                c if !within => text.push(c),
                _ => {}
            }
        }
        text.trim().to_owned()
    };
    html.split("<td")
        .skip(1)
        .filter_map(|rest| rest.split_once('>')?.1.split("</td>").next().map(tags))
        .collect()
}

#[test]
fn the_headlines_are_sentences_and_no_table_has_a_count_of_one_to_nine() {
    let html = oversight(&a_report()).into_string();
    assert!(
        html.contains("Half of those who chose the photo in November 2026 were attended to within"),
        "{html}"
    );
    assert!(
        html.contains("Cameras counted 7,097 captures in 2026: 7,000 were never written anywhere"),
        "{html}"
    );
    assert!(html.contains("1 of 2 crossing points may photograph now"));
    assert!(html.contains(WITHHELD));
    let cells = cells(&html);
    assert!(cells.len() > 60, "{}", cells.len());
    for cell in cells {
        assert!(cell.parse::<u64>().map_or(true, |n| n == 0 || n >= 10), "{cell} stands in a table");
    }
}

#[test]
fn every_table_has_a_caption_and_every_plot_says_itself_in_words() {
    let html = oversight(&a_report()).into_string();
    assert_eq!(html.matches("<table").count(), html.matches("<caption>").count());
    assert_eq!(html.matches(r#"role="img""#).count(), html.matches("<desc").count());
    assert!(html.matches(r#"role="img""#).count() >= 3 && html.contains("JFK B22 at 40.64 north"));
    assert!(!html.contains("style=") && !html.contains("<script"), "the content security policy forbids it");
    let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let many = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), many, "an identifier stands twice");
}

#[test]
fn a_file_needs_nothing_else() {
    let html = oversight_file(&a_report()).into_string();
    assert!(html.contains("<style>") && html.contains(".headlines"));
    assert!(!html.contains("/assets/") && !html.contains("href=\"/"));
}
