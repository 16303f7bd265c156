//! A flight's portraits imported and staged, as an operator does it: `portunus references import`.

use super::process::{Remains, ourselves};
use super::{STAGING_SECONDS_MAX, faces, instant, population};
use crate::bench::Context;
use crate::bench::pictures;
use crate::bench::record::{Comparison, Records};
use crate::house::open_store;
use anyhow::{Context as _, Result};

/// From the start of the command until it has ended: models loaded, portraits seen and sealed, the voyage staged.
pub(super) fn measure(context: &Context, remains: &Remains) -> Result<Records> {
    let (portraits, rounds) = if context.quick { (42, 1) } else { (420, 3) };
    let (people, source) = faces::people(context)?;
    context.models()?;
    let (mut seconds, mut said) = (Vec::new(), String::new());
    for _ in 0..rounds {
        let folder = remains.folder()?;
        let pictures = folder.join("portraits");
        std::fs::create_dir(&pictures)?;
        for n in 0..portraits {
            let bytes = match people.len() >= portraits {
                true => pictures::read(&people[n * people.len() / portraits][0])?,
                false => faces::encoded_anew(&pictures::read(&people[n % people.len()][0])?, n)?,
            };
            let document = population::passport(n)?;
            let name = format!("{}-{}-{}.jpg", document.issuer, document.kind.as_str(), document.number());
            std::fs::write(pictures.join(name), bytes)?;
        }
        population::expect(&open_store(&folder.join("data"))?, portraits)?;
        let mut command = ourselves(context.cache.dir())?;
        command.args(["references", "import", "--json", "--data"]).arg(folder.join("data")).arg(&pictures);
        let started = instant();
        let printed = remains.run(&mut command, &folder)?;
        seconds.push(started.elapsed().as_secs_f64());
        let report: serde_json::Value = serde_json::from_slice(&printed)?;
        let refused = report["refused"].as_array().map_or(0, Vec::len);
        let staged = report["voyages"][0]["staged"].as_u64().context("no voyage was staged")?;
        said = format!("{portraits} portraits: {staged} staged, {refused} refused; {source}");
    }
    let limit = if context.quick { Vec::new() } else { vec![STAGING_SECONDS_MAX; rounds] };
    let name = format!("service/staging/{portraits}");
    Ok(vec![
        Comparison::new(name, "s", &seconds, "limit", &limit)
            .noting(said)
            .noting("the whole command `references import`, loading of the models included"),
    ])
}
