//! `demo --day`: one day at a small country's crossing points, by air, sea and land, through the same doors as any other.
//!
//! Each chapter is one place. Whatever is printed of it was answered by the service; where that is not what the script
//! expects, the day ends with what was expected and what came.

mod air;
mod chapter;
mod country;
mod land;
mod lookouts;
mod office;
mod people;
mod sea;

use super::hours::Ahead;
use anyhow::Result;
pub(super) use chapter::Chapter;
use country::Country;
pub(super) use office::log;
pub(super) use people::Cast;
use portunus_server::service::Service;

/// The visitors of whom the day's end tells came so long before, in days. The footbridge is closed halfway.
const DAYS_BEFORE: i64 = 6;

/// Plays the day, by a clock that is behind the machine's until it begins. `quiet`: nothing is printed.
pub(super) async fn play(
    service: &Service,
    clock: Ahead,
    mut cast: Cast,
    quiet: bool,
) -> Result<Vec<Chapter>> {
    let cast = &mut cast;
    if cast.is_small() && !quiet {
        crate::print(&chapter::wrapped(
            "",
            "Two people's pictures come with the models: at each place two travellers are photographed, the others choose no \
             photo. With --faces DIR it is played with many faces.",
        ))?;
    }
    let country = &mut Country::found(service, clock, DAYS_BEFORE, quiet).await?;
    let (earlier, visitors) = air::earlier(country, cast).await?;
    country.days_pass(DAYS_BEFORE / 2).await?;
    let flood = land::flood(country).await?;
    country.days_pass(DAYS_BEFORE - DAYS_BEFORE / 2).await?;
    Ok(vec![
        earlier,
        flood,
        air::out(country, cast, &visitors.leaves).await?,
        air::lands(country, cast).await?,
        lookouts::play(country, cast).await?,
        sea::out(country, cast).await?,
        sea::lands(country, cast).await?,
        land::road(country, cast).await?,
        land::footbridge(country, cast).await?,
        land::market_day(country, cast).await?,
        land::marina(country, cast).await?,
        office::stays(country, &visitors).await?,
    ])
}
