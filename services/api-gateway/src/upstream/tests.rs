use std::sync::atomic::Ordering;
use std::time::Duration;

use super::breaker::{Breaker, Change};
use super::budget::Budget;
use super::plan::{BreakerPlan, Health};
use super::*;

fn plan(servers: u16) -> Arc<Plan> {
    Arc::new(Plan {
        name: "unit".to_owned(),
        hosts: (0..servers).map(|n| (format!("127.0.0.{}", n + 1), 9)).collect(),
        health: Health { interval_milliseconds: 3_600_000, fails: 2, passes: 1, ..Health::default() },
        connect_timeout: Duration::from_millis(10),
        patience: Duration::ZERO,
        eject_after: 3,
        eject: Duration::from_secs(2),
        breaker: BreakerPlan { window_seconds: 10, min_requests: 4, failure_ratio: 0.5, open_seconds: 5 },
        max_in_flight: 2,
    })
}

#[tokio::test]
async fn the_least_loaded_server_is_chosen_and_none_twice() {
    let upstream = Upstream::start(plan(3));
    let first = upstream.choose(&[], 0).unwrap();
    let _under = first.enter();
    let second = upstream.choose(&[], 0).unwrap();
    assert_ne!(first.address, second.address, "one is busy, the others are not");
    let _also = second.enter();
    let third = upstream.choose(&[], 0).unwrap();
    assert!(third.address != first.address && third.address != second.address);
    let tried: Vec<_> = upstream.servers().iter().map(|server| server.address).collect();
    assert!(upstream.choose(&tried, 0).is_none());
    upstream.retire();
}

#[tokio::test]
async fn a_server_that_fails_is_left_out_and_comes_back() {
    let upstream = Upstream::start(plan(2));
    let bad = Arc::clone(&upstream.servers()[0]);
    for _ in 0..2 {
        assert!(!bad.failed(&upstream.plan, 1000));
    }
    assert!(bad.failed(&upstream.plan, 1000), "the third in a row");
    assert!((0..10).all(|_| upstream.choose(&[], 1500).unwrap().address != bad.address));
    assert!(bad.usable(3000), "after two seconds");
    for _ in 0..3 {
        bad.failed(&upstream.plan, 3000);
    }
    assert!(!bad.usable(6999) && bad.usable(7000), "twice as long the second time");
    // When all are out, all are used: a wrong verdict must not become an outage.
    for server in upstream.servers().iter() {
        for _ in 0..3 {
            server.failed(&upstream.plan, 8000);
        }
    }
    assert!(upstream.choose(&[], 8001).is_some());
    upstream.retire();
}

#[tokio::test]
async fn health_checks_need_a_row_of_failures_and_one_success() {
    let upstream = Upstream::start(plan(2));
    let server = Arc::clone(&upstream.servers()[1]);
    let checked = |well| server.checked(well, &upstream.plan, 7);
    assert_eq!(checked(false), None);
    assert_eq!(checked(true), None, "the row is broken");
    assert_eq!(checked(false), None);
    assert_eq!(server.fresh_from(), 0);
    assert_eq!(checked(false), Some(false));
    assert_eq!(server.fresh_from(), 7, "what was kept before is not used again");
    assert!(!server.usable(0));
    assert_eq!(checked(true), Some(true));
    assert!(server.usable(0));
    upstream.retire();
}

#[tokio::test]
async fn places_at_an_upstream_are_limited() {
    let upstream = Upstream::start(plan(1));
    let (one, two) = (upstream.enter(), upstream.enter());
    assert!(one.is_some() && two.is_some() && upstream.enter().is_none());
    drop(one);
    assert!(upstream.enter().is_some());
    assert_eq!(upstream.in_flight.load(Ordering::Relaxed), 1);
    upstream.retire();
}

#[test]
fn the_breaker_opens_tries_once_and_closes() {
    let breaker = Breaker::new(plan(1).breaker);
    assert_eq!([false, false, false].map(|answered| breaker.note(answered, 100)), [None; 3], "too few to judge");
    assert_eq!(breaker.note(false, 100), Some(Change::Opened));
    assert_eq!(breaker.allow(101), Err(4999));
    assert!(breaker.allow(5100).is_ok(), "one may try");
    assert!(breaker.allow(5100).is_err(), "only one");
    assert_eq!(breaker.note(false, 5200), None);
    assert!(breaker.allow(10_099).is_err() && breaker.allow(10_100).is_ok());
    assert_eq!(breaker.note(true, 10_200), Some(Change::Closed));
    assert!(breaker.allow(10_201).is_ok());
}

#[test]
fn failures_of_long_ago_do_not_open_the_breaker() {
    let breaker = Breaker::new(plan(1).breaker);
    for _ in 0..3 {
        breaker.note(false, 100);
    }
    assert_eq!(breaker.note(false, 20_000), None, "another window");
    let mostly_well = Breaker::new(plan(1).breaker);
    for n in 0..100 {
        assert_eq!(mostly_well.note(n % 3 != 2, 100), None, "a third is below the ratio");
    }
}

#[test]
fn retries_are_a_tenth_of_the_load() {
    let budget = Budget::default();
    let granted = |budget: &Budget, ms| (0..10_000).take_while(|_| budget.take(ms)).count();
    assert_eq!(granted(&budget, 0), 10, "a few are always possible");
    assert_eq!(granted(&budget, 500), 0, "but not twice in a second");
    assert_eq!(granted(&budget, 1000), 10);
    for _ in 0..500 {
        budget.pay_in();
    }
    assert_eq!(granted(&budget, 1100), 50);
}
