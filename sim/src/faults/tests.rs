//! The SPEC: what it accepts, what it refuses and whom it strikes.

use proptest::prelude::*;

use super::kind::ENTRIES;
use super::{FAULTS_HELP, FaultKind, Faults, ParseFaultsError};

fn struck(spec: &str, seed: u64, upto: u64) -> Vec<u64> {
    let faults: Faults = spec.parse().unwrap();
    (1..=upto)
        .filter(|&n| faults.strike(seed, n).is_some())
        .collect()
}

#[test]
fn every_fault_is_in_the_help_and_parses_by_its_name() {
    for entry in &ENTRIES {
        let faults: Faults = format!("{}=@1", entry.name).parse().unwrap();
        let kind = faults.strike(1, 1).unwrap();
        assert_eq!(kind.name(), entry.name);
        assert!(FAULTS_HELP.contains(entry.name), "{}", entry.name);
    }
}

#[test]
fn request_numbers_are_those_given() {
    assert_eq!(struck("500=@3", 1, 30), [3]);
    assert_eq!(struck("500=@3-5", 1, 30), [3, 4, 5]);
    assert_eq!(struck("500=@3/10", 1, 30), [3, 13, 23]);
    assert_eq!(struck("500=0,502=0%", 1, 100), [0; 0]);
    assert_eq!(struck("500=1", 1, 3), [1, 2, 3]);
    assert_eq!(struck("", 1, 3), [0; 0]);
}

#[test]
fn chance_follows_the_probability_and_the_seed() {
    let hits = struck("502=10%", 7, 10_000);
    assert!((850..1150).contains(&hits.len()), "{}", hits.len());
    assert_eq!(hits, struck("502=0.1", 7, 10_000));
    assert_ne!(hits, struck("502=0.1", 8, 10_000));
}

#[test]
fn a_placed_fault_comes_before_one_of_chance() {
    let faults: Faults = "502=1, clock-skew:-60=@2".parse().unwrap();
    assert_eq!(
        faults.strike(1, 1),
        Some(FaultKind::BadGateway { page_kb: 4 })
    );
    let skew = FaultKind::ClockSkew { seconds: -60 };
    assert_eq!(faults.strike(1, 2), Some(skew));
}

#[test]
fn what_is_wrong_in_a_spec_is_said() {
    let error = |spec: &str| spec.parse::<Faults>().unwrap_err();
    assert!(matches!(error("500"), ParseFaultsError::NoWhen { .. }));
    assert!(error("teapot=1").to_string().contains("403-secondary"));
    for spec in ["500:3=1", "reset:100=1", "drip:x=1", "drip:0=1", "drip:=1"] {
        let error = error(spec);
        assert!(
            matches!(error, ParseFaultsError::Parameter { .. }),
            "{spec}: {error}"
        );
    }
    for when in [
        "", "@", "@0", "@5-3", "@3/0", "@-1", "1.5", "-0.1", "101%", "NaN", "inf", "%",
    ] {
        let error = error(&format!("500={when}"));
        assert!(
            matches!(error, ParseFaultsError::When { .. }),
            "{when}: {error}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(spec in ".{0,60}", number: u64, seed: u64) {
        if let Ok(faults) = spec.parse::<Faults>() {
            faults.strike(seed, number);
        }
    }
}
