use super::*;
use std::collections::BinaryHeap;

/// A seeded source of chance (PCG's multiplier, the high bits): the same queue at every run.
struct Chance(u64);

impl Chance {
    /// Between 0 and 1, neither of them.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }

    /// By Box and Muller.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// How services vary: the square of their coefficient of variation is 1, 0, 1/4, 3.
#[derive(Debug, Clone, Copy)]
enum Service {
    Exponential,
    /// Each takes the same.
    Constant,
    /// Erlang's, of four phases: what an inspection of a document looks like.
    Phases,
    /// Log-normal: a few take very long.
    HeavyTail,
}

impl Service {
    fn draw(self, mean: f64, chance: &mut Chance) -> f64 {
        match self {
            Self::Exponential => chance.exponential(mean),
            Self::Constant => mean,
            Self::Phases => (0..4).map(|_| chance.exponential(mean / 4.0)).sum(),
            Self::HeavyTail => {
                let variance = 4.0_f64.ln(); // ln(1 + cv^2), cv^2 = 3
                mean * (chance.normal() * variance.sqrt() - variance / 2.0).exp()
            }
        }
    }
}

/// Plays a queue out, event by event: the p95 of waits in seconds of `people` after a tenth for warming up.
fn simulate(demand: Demand, officers: u32, service: Service, people: usize, seed: u64) -> f64 {
    let mut chance = Chance(seed);
    // When each officer is free, in microseconds, the earliest first.
    let mut free: BinaryHeap<std::cmp::Reverse<u64>> = (0..officers).map(|_| std::cmp::Reverse(0)).collect();
    let (mut now, mut waits) = (0.0, Vec::with_capacity(people));
    for n in 0..people + people / 10 {
        now += chance.exponential(3600.0 / demand.arrivals_per_hour);
        let std::cmp::Reverse(earliest) = free.pop().unwrap();
        let begins = (earliest as f64 / 1e6).max(now);
        let ends = begins + service.draw(demand.service_seconds, &mut chance);
        free.push(std::cmp::Reverse((ends * 1e6) as u64));
        if n >= people / 10 {
            waits.push(begins - now);
        }
    }
    waits.sort_by(f64::total_cmp);
    waits[(waits.len() * 95).div_ceil(100) - 1]
}

fn demand(load: f64, service_seconds: f64) -> Demand {
    Demand { arrivals_per_hour: load * 3600.0 / service_seconds, service_seconds }
}

#[test]
fn the_formula_is_the_published_one() {
    // Erlang C, from published tables: c = 1 is the load itself; c = 2 with 1 Erlang is 1/3; c = 10 with 8 is 0.4092.
    assert!((demand(0.7, 60.0).chance_to_wait(1) - 0.7).abs() < 1e-12);
    assert!((demand(1.0, 60.0).chance_to_wait(2) - 1.0 / 3.0).abs() < 1e-12);
    assert!((demand(8.0, 60.0).chance_to_wait(10) - 0.4092).abs() < 5e-5);
    assert_eq!(demand(2.0, 60.0).chance_to_wait(2), 1.0);
}

#[test]
fn a_queue_played_out_waits_as_long_as_the_formula_says() {
    for (load, officers, seed) in [
        (0.5, 1, 1),
        (0.8, 1, 2),
        (0.9, 1, 3),
        (1.6, 2, 4),
        (2.7, 3, 5),
        (4.0, 5, 6),
        (9.0, 10, 7),
        (18.5, 20, 8),
    ] {
        let demand = demand(load, 90.0);
        let said = demand.p95_seconds(officers).unwrap();
        let played = simulate(demand, officers, Service::Exponential, 400_000, seed);
        let off = (played - said) / said;
        assert!(
            off.abs() < 0.06,
            "{load} Erlangs, {officers} officers: said {said:.1} s, played {played:.1} s"
        );
    }
}

#[test]
fn the_officers_asked_for_are_enough_and_one_fewer_are_not() {
    for (load, target, seed) in [(0.6, 120.0, 1), (1.9, 60.0, 2), (4.2, 300.0, 3), (11.0, 30.0, 4)] {
        let demand = demand(load, 75.0);
        let staffing = demand.officers_for(target).unwrap();
        let with = |officers| simulate(demand, officers, Service::Exponential, 400_000, seed);
        assert!(with(staffing.officers) <= target * 1.06 + 1.0, "{load}: {staffing:?}");
        if let Some(fewer) = demand.p95_seconds(staffing.officers - 1) {
            assert!(with(staffing.officers - 1) > target * 0.94, "{load}: {fewer:.1} s would do");
        }
    }
}

#[test]
fn how_far_off_it_is_where_services_are_not_exponential() {
    // p95 played over p95 said, at nine tenths busy. Less than one: the officers asked for are more than enough.
    for (service, officers, low, high) in [
        (Service::Constant, 1, 0.40, 0.62),
        (Service::Constant, 5, 0.40, 0.65),
        (Service::Phases, 1, 0.52, 0.76),
        (Service::Phases, 5, 0.52, 0.78),
        (Service::HeavyTail, 1, 1.3, 2.6),
        (Service::HeavyTail, 5, 1.3, 2.6),
    ] {
        let demand = demand(0.9 * f64::from(officers), 90.0);
        let off = simulate(demand, officers, service, 400_000, 11) / demand.p95_seconds(officers).unwrap();
        assert!(low < off && off < high, "{service:?}, {officers} officers: {off:.2} times what was said");
    }
}

#[test]
fn more_people_need_no_fewer_officers_and_a_laxer_promise_no_more() {
    let officers = |load: f64, target| demand(load, 80.0).officers_for(target).unwrap().officers;
    for n in 1..120 {
        let load = f64::from(n) / 10.0;
        assert!(officers(load, 120.0) <= officers(load + 0.1, 120.0));
        assert!(officers(load, 240.0) <= officers(load, 120.0));
        assert!(f64::from(officers(load, 120.0)) > load);
    }
}

#[test]
fn of_what_is_not_known_nothing_is_asked() {
    for (arrivals_per_hour, service_seconds) in [(0.0, 90.0), (40.0, 0.0), (f64::NAN, 90.0), (1e9, 90.0)] {
        assert_eq!(Demand { arrivals_per_hour, service_seconds }.officers_for(60.0), None);
    }
}
