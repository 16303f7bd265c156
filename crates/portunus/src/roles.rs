//! `portunus roles`: the table of role by action, as the service goes by it.

use anyhow::Result;
use portunus_core::role::{Action, OpenTo, Role, allows};
use portunus_server::http::ROUTES;
use serde_json::{Value, json};
use std::fmt::Write as _;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Print the table as JSON, with the routes of each action
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.json { crate::print_json(&as_json()) } else { crate::print(table().trim_end()) }
}

fn as_json() -> Value {
    let actions = Action::ALL.iter().map(|action| {
        let routes = ROUTES.iter().filter(|route| route.action == *action);
        json!({
            "action": action,
            "in_words": action.in_words(),
            "open_to": match action.open_to() {
                OpenTo::Anybody => json!("anybody"),
                OpenTo::Roles(roles) => json!(roles),
            },
            "routes": routes.map(|route| format!("{} {}", route.method, route.path)).collect::<Vec<_>>(),
        })
    });
    actions.collect()
}

/// The table in Markdown: a row for each action that is not open to anybody, a column for each role.
fn table() -> String {
    let wide = Action::ALL.iter().map(|action| action.in_words().len()).max().unwrap_or_default();
    let mut text = format!("| {:wide$} |", "");
    let mut rule = format!("|{:-<1$}|", "", wide + 2);
    for role in Role::ALL {
        let _ = write!(text, " {} |", role.in_words());
        let _ = write!(rule, ":{:-<1$}:|", "", role.in_words().len());
    }
    let mut text = format!("{text}\n{rule}\n");
    for action in Action::ALL.iter().filter(|action| action.open_to() != OpenTo::Anybody) {
        let _ = write!(text, "| {:wide$} |", action.in_words());
        for role in Role::ALL {
            let mark = if allows(role, *action) { "yes" } else { "" };
            let _ = write!(text, " {mark:^0$} |", role.in_words().len());
        }
        text.push('\n');
    }
    let open = Action::ALL.iter().filter(|action| action.open_to() == OpenTo::Anybody);
    let open = open.map(|action| action.in_words()).collect::<Vec<_>>().join("; ");
    format!("{text}\nOpen to anybody: {open}.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docs/roles.md` is what people read; its table is made here and nowhere else.
    #[test]
    fn the_table_in_the_docs_is_the_one_that_the_service_goes_by() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/roles.md");
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page.contains(&table()), "put this table into docs/roles.md:\n{}", table());
    }
}
