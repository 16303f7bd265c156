use super::*;
use crate::document::DocumentKind;
use crate::voyage::Capacity;
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn id(n: u32) -> LookoutId {
    LookoutId::from_bytes(u128::from(n).to_be_bytes())
}

fn document(number: &str) -> DocumentKey {
    DocumentKey::new(State::new("UTO").unwrap(), DocumentKind::new("P").unwrap(), number).ok().unwrap()
}

fn lookout(on: On) -> Lookout {
    Lookout {
        on,
        authority: "Border police".into(),
        reference: "7/26".into(),
        reason: "to be heard as a witness".into(),
        expires_at: "2027-06-01T00:00:00Z".parse().unwrap(),
        review_on: "2027-03-01".parse().unwrap(),
    }
}

fn person(names: &[(&str, &str)], born: &str, nationality: Option<&str>) -> On {
    On::Person {
        names: names.iter().map(|(f, g)| StatedName { family: (*f).into(), given: (*g).into() }).collect(),
        born: born.parse().unwrap(),
        nationality: nationality.map(|code| State::new(code).unwrap()),
    }
}

fn traveller(family: &str, given: &str, born: &str) -> ManifestPerson {
    ManifestPerson {
        born: born.parse().ok(),
        nationality: Some(State::new("UTO").unwrap()),
        documents: vec![document("L898902C3")],
        ..ManifestPerson::named(Capacity::Passenger, family, given)
    }
}

fn ask(index: &Index, person: &ManifestPerson) -> Vec<Hit> {
    index.ask(&Query::of(person, None), now())
}

#[test]
fn a_query_has_fields_for_papers_and_for_nothing_else() {
    // Taken apart without `..`: a field more, for a face or a choice, and this does not compile.
    let person = traveller("ERIKSSON", "ANNA", "1974-08-12");
    let Query { family_name, given_names, born, nationality, documents, voyage } = Query::of(&person, None);
    assert!(family_name == "ERIKSSON" && given_names == "ANNA" && born == Born::stated(&person));
    assert!(nationality == person.nationality.as_ref() && documents == person.documents && voyage.is_none());
}

#[test]
fn a_listed_document_is_hit_by_its_own_key_alone_and_says_what_happened_to_it() {
    let on = On::Document { document: document("L898902C3"), state: DocumentState::Stolen };
    let index = Index::of([(id(1), &lookout(on))]).unwrap();
    let mut person = traveller("ERIKSSON", "ANNA", "1974-08-12");
    let hits = ask(&index, &person);
    assert_eq!((hits.len(), hits[0].why), (1, Why::Document { state: DocumentState::Stolen }));
    assert!(hits[0].why.in_words().contains("stolen"));
    person.documents = vec![document("L898902C4")];
    assert!(ask(&index, &person).is_empty());
}

#[test]
fn a_person_is_hit_by_any_of_their_names_in_any_script_with_dates_that_agree_and_it_says_why() {
    let on = person(&[("Кузнецов", "Юрий"), ("Smirnov", "Oleg")], "1974-08-12", Some("RUS"));
    let index = Index::of([(id(1), &lookout(on))]).unwrap();
    for (family, given, born, agrees, name_of) in [
        ("KUZNETSOV", "IURII", "1974-08-12", BornAgrees::SameDay, 0),
        ("YURIY", "KUZNETZOV", "1974-08-12", BornAgrees::SameDay, 0),
        ("SMIRNOV", "OLEG", "1974-12-08", BornAgrees::Swapped, 1),
    ] {
        let mut stated = traveller(family, given, born);
        stated.nationality = Some(State::new("RUS").unwrap());
        let hits = ask(&index, &stated);
        assert_eq!(hits.len(), 1, "{family}");
        let Why::Person { name_percent, name_of: which, born, nationality, stated } = hits[0].why else {
            panic!()
        };
        assert_eq!((born, nationality, which), (agrees, NationalityAgrees::Same, name_of));
        assert!(name_percent >= 85 && stated.precision > 0.0);
        assert!(hits[0].why.in_words().contains("of a hundred hits of this kind"));
    }
    assert!(
        ask(&index, &traveller("KUZNETSOV", "IURII", "1975-09-13")).is_empty(),
        "the date speaks against it"
    );
    assert!(ask(&index, &traveller("POPOV", "ANTON", "1974-08-12")).is_empty(), "the name does");
}

#[test]
fn each_of_as_many_names_as_a_lookout_may_have_is_hit() {
    // Each of them has spellings of its own in several languages: together more than are kept.
    let given: Vec<String> = "АБВГДЕЖЗИКЛМНОПРСТУФ".chars().map(|letter| format!("{letter}лгиж")).collect();
    let names: Vec<(&str, &str)> = given.iter().map(|given| ("Гущев", given.as_str())).collect();
    assert_eq!(names.len(), NAMES_MAX);
    let index = Index::of([(id(1), &lookout(person(&names, "1974-08-12", None)))]).unwrap();
    for (name_of, (family, given)) in names.iter().enumerate() {
        let hits = ask(&index, &traveller(family, given, "1974-08-12"));
        let Some(Why::Person { name_percent: 100, name_of: which, .. }) = hits.first().map(|hit| hit.why)
        else {
            panic!("{given}")
        };
        assert_eq!(usize::from(which), name_of);
    }
}

#[test]
fn a_voyage_is_hit_on_its_day_or_on_every_day() {
    let on = |date: Option<&str>| On::Voyage {
        carrier: "XY".into(),
        number: "12".into(),
        date: date.map(|date| date.parse().unwrap()),
    };
    let index = Index::of([(id(1), &lookout(on(Some("2026-11-23")))), (id(2), &lookout(on(None)))]).unwrap();
    let stated = traveller("ERIKSSON", "ANNA", "1974-08-12");
    let hits = |voyage: &str| {
        let voyage: VoyageKey = voyage.parse().unwrap();
        index.ask(&Query::of(&stated, Some(&voyage)), now()).iter().map(|hit| hit.lookout).collect::<Vec<_>>()
    };
    assert_eq!(hits("XY0012/2026-11-23"), [id(1), id(2)]);
    assert_eq!(hits("XY12/2026-11-24"), [id(2)]);
    assert!(hits("XY13/2026-11-23").is_empty());
}

#[test]
fn expired_is_gone_and_so_is_what_was_withdrawn() {
    let on = On::Document { document: document("L898902C3"), state: DocumentState::Lost };
    let mut index = Index::of([(id(1), &lookout(on))]).unwrap();
    let stated = traveller("ERIKSSON", "ANNA", "1974-08-12");
    let at = |index: &Index, at: &str| index.ask(&Query::of(&stated, None), at.parse().unwrap()).len();
    assert_eq!(at(&index, "2027-05-31T23:59:59Z"), 1);
    assert_eq!(at(&index, "2027-06-01T00:00:00Z"), 0);
    assert!(index.remove(id(1)) && !index.remove(id(1)));
    assert_eq!(at(&index, "2026-12-01T00:00:00Z"), 0);
    assert!(index.is_empty());
}

#[test]
fn hits_come_in_the_order_of_the_list_and_never_by_likeness() {
    let far = lookout(person(&[("ERIKSEN", "ANA")], "1974-08-12", None));
    let near = lookout(person(&[("ERIKSSON", "ANNA")], "1974-08-12", None));
    let stated = traveller("ERIKSSON", "ANNA", "1974-08-12");
    let order = |first: &Lookout, second: &Lookout| {
        let index = Index::of([(id(1), first), (id(2), second)]).unwrap();
        ask(&index, &stated).iter().map(|hit| hit.lookout).collect::<Vec<_>>()
    };
    assert_eq!(order(&far, &near), [id(1), id(2)]);
    assert_eq!(order(&near, &far), [id(1), id(2)]);
}

#[test]
fn what_was_let_go_leaves_no_text_and_many_changes_wear_an_index() {
    let on = |family: &str| lookout(person(&[(family, "ANNA")], "1974-08-12", None));
    let mut index = Index::of([(id(1), &on("FAMILYONE"))]).unwrap();
    index.insert(id(2), &on("FAMILYTWO")).unwrap();
    assert!(index.remove(id(1)));
    assert!(!index.text.contains("FAMILYONE") && index.text.contains("FAMILYTWO"));
    assert!(!index.is_worn());
    for _ in 0..600 {
        index.insert(id(3), &on("FAMILYTHREE")).unwrap();
        index.remove(id(3));
    }
    assert!(index.is_worn());
    assert!(!Index::of([(id(1), &on("FAMILYONE")), (id(1), &on("FAMILYTWO"))]).unwrap().is_worn());
}

#[test]
fn without_a_date_of_birth_the_same_name_and_nationality_hit_and_nothing_less_does() {
    let on = person(&[("ERIKSSON", "ANNA MARIA")], "", Some("UTO"));
    let listed = lookout(on);
    listed.check(now()).unwrap();
    assert!(listed.on.is_undated());
    let index = Index::of([(id(1), &listed)]).unwrap();
    assert_eq!(index.undated(), 1);
    let stated = traveller("ERIKSSON", "ANNA MARIA", "1974-08-12");
    let hits = ask(&index, &stated);
    let Why::Person { born, nationality, stated: known, .. } = hits[0].why else { panic!() };
    assert_eq!((born, nationality), (BornAgrees::NotListed, NationalityAgrees::Same));
    assert!(known.precision > 0.0 && known.precision < 0.01, "{}", known.precision);
    assert!(
        hits[0].why.in_words().contains("the lookout knows no date of birth; the nationality is the same")
    );
    assert!(ask(&index, &traveller("ERIKSSON", "ANNA", "1974-08-12")).is_empty(), "a name less");
    let mut other = stated.clone();
    other.nationality = Some(State::new("FRA").unwrap());
    assert!(ask(&index, &other).is_empty());
    let none = ManifestPerson { born: None, ..stated };
    assert!(ask(&index, &none).is_empty(), "neither knows a date: a name alone");
}

#[test]
fn a_year_of_birth_alone_hits_as_a_lookout_that_knows_no_more_does() {
    let listed = lookout(person(&[("ERIKSSON", "ANNA MARIA")], "1974-08-12", Some("UTO")));
    let index = Index::of([(id(1), &listed)]).unwrap();
    let born_in = |year| ManifestPerson {
        born: None,
        born_in: Some(year),
        ..traveller("ERIKSSON", "ANNA MARIA", "1974-08-12")
    };
    let hits = ask(&index, &born_in(1974));
    let Why::Person { born, .. } = hits[0].why else { panic!() };
    assert_eq!(born, BornAgrees::Year, "the day is not known");
    assert!(ask(&index, &born_in(1975)).is_empty());
}

#[test]
fn nobody_approves_their_own_lookout_or_one_that_is_approved() {
    let user = |n: u8| UserId::from_bytes([n; 16]);
    assert_eq!(takes_approval(user(1), Standing::Proposed, user(1)), Err(NotApproved::OwnLookout));
    assert_eq!(takes_approval(user(1), Standing::Proposed, user(2)), Ok(()));
    let in_force = Standing::InForce { approver: user(2), at: now() };
    assert_eq!(takes_approval(user(1), in_force, user(3)), Err(NotApproved::AlreadyApproved));
}

#[test]
fn each_fault_is_named_by_its_field() {
    let good = lookout(person(&[("ERIKSSON", "ANNA")], "1974+-2", None));
    good.check(now()).unwrap();
    let field = |change: fn(&mut Lookout)| {
        let mut other = good.clone();
        change(&mut other);
        other.check(now()).map_err(|fault| fault.field)
    };
    assert_eq!(field(|l| l.authority = " ".into()), Err("authority"));
    assert_eq!(field(|l| l.reason = "x".repeat(201)), Err("reason"));
    assert_eq!(field(|l| l.expires_at = now()), Err("expires"));
    assert_eq!(field(|l| l.expires_at = "2040-01-01T00:00:00Z".parse().unwrap()), Err("expires"));
    assert_eq!(field(|l| l.review_on = "2027-06-02".parse().unwrap()), Err("review"));
    assert_eq!(field(|l| l.review_on = "2027-06-01".parse().unwrap()), Err("review"), "its last day is over");
    assert_eq!(field(|l| l.review_on = "2027-05-31".parse().unwrap()), Ok(()));
    assert_eq!(field(|l| l.authority = "Police\u{7}".into()), Err("authority"));
    assert_eq!(field(|l| l.reason = "a\u{1b}[31mwitness".into()), Err("reason"));
    assert_eq!(field(|l| l.on = person(&[("ERIKSSON", "ANNA")], "2027", None)), Err("born"));
    assert_eq!(field(|l| l.on = person(&[("Ωmega", "Nikos")], "", None)), Err("names"));
    assert_eq!(field(|l| l.on = person(&[("O", "")], "1974", None)), Err("names"));
    assert_eq!(field(|l| l.on = person(&[("ERIKSSON", "ANNA")], "1974+-11", None)), Err("born"));
    assert_eq!(field(|l| l.on = person(&[("ERIKSSON", "ANNA")], "", None)), Err("born"));
    assert_eq!(field(|l| l.on = person(&[("ERIKSSON", "ANNA")], "", Some("UTO"))), Ok(()));
    let voyage =
        |l: &mut Lookout| l.on = On::Voyage { carrier: "xy".into(), number: "012".into(), date: None };
    assert_eq!(field(voyage), Err("voyage"));
    let on = |date: &str| On::Voyage {
        carrier: "XY".into(),
        number: "12".into(),
        date: Some(date.parse().unwrap()),
    };
    let of = |on: On| Lookout { on, ..good.clone() }.check(now()).map_err(|fault| fault.field);
    assert_eq!(of(on("2026-11-21")), Err("date"));
    assert_eq!(of(on("2026-11-22")), Ok(()), "west of Greenwich it may be that day");
}

proptest! {
    #[test]
    fn whoever_is_listed_as_they_are_stated_is_found_among_many(
        people in prop::collection::vec(("[A-Z]{2,12}( [A-Z]{2,12})?", "[A-Z]{1,10}", 0_u16..20_000), 1..40), pick in 0_usize..40,
    ) {
        let day = |n: u16| Date::constant(1950, 1, 2).saturating_add(jiff::Span::new().days(i64::from(n))).to_string();
        let lookouts: Vec<Lookout> =
            people.iter().map(|(f, g, n)| lookout(person(&[(f, g)], &day(*n), None))).collect();
        let index = Index::of(lookouts.iter().enumerate().map(|(n, l)| (id(n as u32), l))).unwrap();
        let pick = pick % people.len();
        let (family, given, born) = &people[pick];
        let hits = ask(&index, &traveller(family, given, &day(*born)));
        prop_assert!(hits.iter().any(|hit| hit.lookout == id(pick as u32)));
    }

    #[test]
    fn however_they_came_and_went_it_answers_as_one_made_of_those_that_are_left(
        steps in prop::collection::vec((0_u32..8, 0_usize..6, any::<bool>()), 0..40), made in prop::collection::vec((0_u32..8, 0_usize..6), 0..8),
    ) {
        let pool = [
            person(&[("ERIKSSON", "ANNA")], "1974-08-12", None),
            person(&[("ERIKSEN", "ANNA"), ("SMIRNOV", "OLEG")], "1974", Some("UTO")),
            person(&[("ERIKSSON", "ANNA")], "", Some("UTO")),
            On::Document { document: document("L898902C3"), state: DocumentState::Lost },
            On::Document { document: document("L898902C4"), state: DocumentState::Stolen },
            On::Voyage { carrier: "XY".into(), number: "12".into(), date: None },
        ].map(lookout);
        let mut left: Vec<(LookoutId, &Lookout)> = Vec::new();
        let put = |left: &mut Vec<(LookoutId, &_)>, n: u32| left.retain(|(other, _)| *other != id(n));
        for (n, which) in &made {
            put(&mut left, *n);
            left.push((id(*n), &pool[*which]));
        }
        let mut index = Index::of(made.iter().map(|(n, which)| (id(*n), &pool[*which]))).unwrap();
        for (n, which, comes) in &steps {
            let was = left.len();
            put(&mut left, *n);
            if *comes {
                index.insert(id(*n), &pool[*which]).unwrap();
                left.push((id(*n), &pool[*which]));
            } else {
                prop_assert_eq!(index.remove(id(*n)), left.len() < was);
            }
        }
        let anew = Index::of(left.iter().map(|(id, lookout)| (*id, *lookout))).unwrap();
        prop_assert_eq!((index.len(), index.undated()), (anew.len(), anew.undated()));
        let voyage: VoyageKey = "XY12/2026-11-23".parse().unwrap();
        for (family, given) in [("ERIKSSON", "ANNA"), ("SMIRNOV", "OLEG"), ("POPOV", "ANTON")] {
            let stated = traveller(family, given, "1974-08-12");
            let query = Query::of(&stated, Some(&voyage));
            prop_assert_eq!(index.ask(&query, now()), anew.ask(&query, now()));
        }
    }
}
