//! The promises of the breaker, in the words of the contract.

use std::{sync::Arc, time::Duration};

use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};
use tokio::time::Instant;

use super::{
    BreakerSettings, CircuitBreaker, CircuitBreakerOpenError, Permit, State,
    machine::{Change, Machine},
};

const FAILURES: usize = 3;
const TIMEOUT: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

fn settings() -> BreakerSettings {
    BreakerSettings::try_new(FAILURES, TIMEOUT).expect("allowed")
}

fn breaker() -> (CircuitBreaker, Instant) {
    (CircuitBreaker::new("postgresql", settings()), Instant::now())
}

fn fail(breaker: &CircuitBreaker, now: Instant) {
    breaker.admit(now).expect("let through").failure(now);
}

/// A breaker that opened at the returned time.
fn open() -> (CircuitBreaker, Instant) {
    let (breaker, now) = breaker();
    for _ in 0..FAILURES {
        fail(&breaker, now);
    }
    (breaker, now)
}

fn state(breaker: &CircuitBreaker, now: Instant) -> State {
    breaker.snapshot(now).state
}

#[test]
fn test_circuit_closed_passes_requests() {
    let (breaker, now) = breaker();
    let permits: Vec<Permit> = (0..10).map(|_| breaker.admit(now).expect("let through")).collect();
    permits.into_iter().for_each(Permit::success);
    assert_eq!(state(&breaker, now), State::Closed);
}

#[test]
fn test_circuit_opens_after_threshold() {
    let (breaker, now) = breaker();
    for counted in 1..FAILURES {
        fail(&breaker, now);
        assert_eq!((state(&breaker, now), breaker.snapshot(now).failures), (State::Closed, counted));
    }
    fail(&breaker, now);
    let snapshot = breaker.snapshot(now);
    assert_eq!((snapshot.state, snapshot.failures, snapshot.opened), (State::Open, FAILURES, 1));
    assert_eq!(snapshot.next_trial_at, Some(now + TIMEOUT));
}

#[test]
fn test_circuit_half_opens_after_timeout() {
    let (breaker, opened) = open();
    let _trial = breaker.admit(opened + TIMEOUT).expect("the trial");
    assert_eq!(state(&breaker, opened + TIMEOUT), State::HalfOpen);
    let second = breaker.admit(opened + TIMEOUT).expect_err("one trial at a time");
    assert_eq!(second.retry_in, Duration::ZERO);
    assert!(second.to_string().contains("a trial is under way"), "{second}");
}

#[test]
fn test_circuit_closes_after_half_open_success() {
    let (breaker, opened) = open();
    let later = opened + TIMEOUT;
    breaker.admit(later).expect("the trial").success();
    let snapshot = breaker.snapshot(later);
    assert_eq!((snapshot.state, snapshot.failures, snapshot.closed), (State::Closed, 0, 1));
}

#[test]
fn test_circuit_remains_open_without_timeout() {
    let (breaker, opened) = open();
    let before = opened + TIMEOUT - Duration::from_millis(1);
    assert!(breaker.admit(before).is_err());
    assert_eq!(state(&breaker, before), State::Open);
}

#[test]
fn test_circuit_resets_on_success() {
    let (breaker, now) = breaker();
    for _ in 0..10 {
        for _ in 1..FAILURES {
            fail(&breaker, now);
        }
        breaker.admit(now).expect("let through").success();
        assert_eq!(breaker.snapshot(now).failures, 0);
    }
    assert_eq!(state(&breaker, now), State::Closed);
}

#[test]
fn test_circuit_error_in_open_state() {
    let (breaker, opened) = open();
    let error = breaker.admit(opened + 20 * SECOND).expect_err("open");
    assert_eq!(
        error,
        CircuitBreakerOpenError { destination: "postgresql".to_owned(), retry_in: 40 * SECOND }
    );
    assert_eq!(error.to_string(), "postgresql failed repeatedly: a trial is let through in 40 s");
    assert!(std::error::Error::source(&error).is_none());
}

#[test]
fn test_circuit_consecutive_failures() {
    let (breaker, now) = breaker();
    // Seconds between the failures: all of them fall within the window.
    for step in 0..u32::try_from(FAILURES).expect("few") {
        assert_eq!(state(&breaker, now + step * SECOND), State::Closed);
        fail(&breaker, now + step * SECOND);
    }
    assert_eq!(state(&breaker, now + 3 * SECOND), State::Open);
}

#[test]
fn failures_older_than_the_window_do_not_count() {
    let (breaker, now) = breaker();
    for step in 0..20 {
        let then = now + step * TIMEOUT / 2;
        fail(&breaker, then);
        assert!(breaker.snapshot(then).failures < FAILURES);
    }
    assert_eq!(breaker.snapshot(now + 100 * TIMEOUT).failures, 0, "the count is that of this moment");
}

#[test]
fn a_failed_trial_opens_it_again_for_a_full_timeout() {
    let (breaker, opened) = open();
    let trial = breaker.admit(opened + 2 * TIMEOUT).expect("the trial");
    trial.failure(opened + 3 * TIMEOUT);
    let snapshot = breaker.snapshot(opened + 3 * TIMEOUT);
    assert_eq!((snapshot.state, snapshot.next_trial_at), (State::Open, Some(opened + 4 * TIMEOUT)));
}

#[test]
fn a_trial_that_is_dropped_gives_its_place_back() {
    let (breaker, opened) = open();
    let later = opened + TIMEOUT;
    drop(breaker.admit(later).expect("the trial"));
    assert_eq!(state(&breaker, later), State::HalfOpen);
    breaker.admit(later).expect("the next trial").success();
    assert_eq!(state(&breaker, later), State::Closed);
}

#[test]
fn what_was_let_through_before_a_change_says_nothing_after_it() {
    let (breaker, now) = breaker();
    let mut early: Vec<Permit> = (0..4).map(|_| breaker.admit(now).expect("let through")).collect();
    for _ in 0..FAILURES {
        fail(&breaker, now);
    }
    early.pop().expect("early").success();
    assert_eq!(state(&breaker, now), State::Open);
    let trial = breaker.admit(now + TIMEOUT).expect("the trial");
    early.pop().expect("early").failure(now + TIMEOUT);
    drop(early.pop());
    assert!(breaker.admit(now + TIMEOUT).is_err(), "the trial still has its place");
    trial.success();
    early.pop().expect("early").failure(now + TIMEOUT);
    assert_eq!(breaker.snapshot(now + TIMEOUT).failures, 0);
}

#[test]
fn settings_that_no_breaker_can_have_are_refused() {
    for (failures, timeout) in [(0, TIMEOUT), (101, TIMEOUT), (1, Duration::ZERO)] {
        let error = BreakerSettings::try_new(failures, timeout).expect_err("refused");
        assert!(error.to_string().contains("1 to 100"), "{error}");
    }
}

#[test]
fn states_have_the_names_of_the_contract() {
    let names = [State::Closed, State::Open, State::HalfOpen].map(|state| state.to_string());
    assert_eq!(names, ["CLOSED", "OPEN", "HALF_OPEN"]);
    assert_eq!(breaker().0.destination(), "postgresql");
}

/// The rules once more, told as a list of failures and three flags.
#[derive(Debug)]
struct Model {
    failures: Vec<u64>,
    open_since: Option<u64>,
    trial: bool,
    generation: usize,
}

impl Model {
    fn admits(&mut self, now: u64) -> bool {
        match self.open_since {
            None => true,
            Some(since) if now < since + TIMEOUT.as_secs() || self.trial => false,
            Some(since) => {
                // Half-open from here on: the first trial begins a generation, the next ones belong to it.
                if since != u64::MIN {
                    self.generation += 1;
                }
                self.open_since = Some(u64::MIN);
                self.trial = true;
                true
            }
        }
    }

    fn ends(&mut self, generation: usize, result: Option<bool>, now: u64) {
        if generation != self.generation {
            return;
        }
        let half_open = self.open_since.is_some();
        match result {
            None => self.trial = false,
            Some(true) => {
                self.failures.clear();
                if half_open {
                    (self.open_since, self.trial) = (None, false);
                    self.generation += 1;
                }
            }
            Some(false) => {
                self.failures.push(now);
                let counted = self.failures.iter().filter(|then| now - **then < TIMEOUT.as_secs()).count();
                if half_open || counted >= FAILURES {
                    (self.open_since, self.trial) = (Some(now), false);
                    self.generation += 1;
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Admit,
    /// The operation at this place (of those under way) succeeds, fails or is cancelled.
    End(usize, Option<bool>),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => proptest::strategy::Just(Step::Admit),
        4 => (any::<usize>(), proptest::option::weighted(0.8, proptest::bool::weighted(0.3)))
            .prop_map(|(place, result)| Step::End(place, result)),
        2 => (0..90_u64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn it_does_what_the_model_does_whatever_happens(steps in steps()) {
        let (breaker, start) = breaker();
        // Time begins late, so that zero can stand for "half-open" in the model.
        let mut clock = 1_000;
        let mut model = Model { failures: Vec::new(), open_since: None, trial: false, generation: 0 };
        let mut under_way: Vec<(Permit, usize)> = Vec::new();
        for step in steps {
            let now = start + Duration::from_secs(clock);
            match step {
                Step::Wait(seconds) => clock += seconds,
                Step::Admit => {
                    let admitted = breaker.admit(now);
                    prop_assert_eq!(admitted.is_ok(), model.admits(clock));
                    under_way.extend(admitted.ok().map(|permit| (permit, model.generation)));
                }
                Step::End(place, result) if !under_way.is_empty() => {
                    let (permit, generation) = under_way.remove(place % under_way.len());
                    model.ends(generation, result, clock);
                    match result {
                        None => drop(permit),
                        Some(true) => permit.success(),
                        Some(false) => permit.failure(now),
                    }
                }
                Step::End(..) => {}
            }
            let expected = match model.open_since {
                None => State::Closed,
                Some(u64::MIN) => State::HalfOpen,
                Some(_) => State::Open,
            };
            prop_assert_eq!(state(&breaker, now), expected);
        }
    }
}

/// How many schedules of the threads are tried.
const SCHEDULES: usize = 2_000;

#[test]
fn of_many_threads_exactly_one_gets_the_trial() {
    shuttle::check_random(
        || {
            let start = Instant::now();
            let mut machine = Machine::new(settings());
            for _ in 0..FAILURES {
                let (admission, _) = machine.admit(start).expect("let through");
                machine.failure(admission, start);
            }
            let machine = Arc::new(shuttle::sync::Mutex::new(machine));
            let under_way = Arc::new(shuttle::sync::atomic::AtomicUsize::new(0));
            let threads: Vec<_> = (0..3)
                .map(|thread| {
                    let (machine, under_way) = (Arc::clone(&machine), Arc::clone(&under_way));
                    shuttle::thread::spawn(move || trial(thread, start + TIMEOUT, &machine, &under_way))
                })
                .collect();
            for thread in threads {
                thread.join().expect("no panic");
            }
        },
        SCHEDULES,
    );
}

/// One thread asks, and where it is the trial it is cancelled or fails; never are two under way.
fn trial(
    thread: usize,
    now: Instant,
    machine: &shuttle::sync::Mutex<Machine>,
    under_way: &shuttle::sync::atomic::AtomicUsize,
) {
    use shuttle::sync::atomic::Ordering::SeqCst;
    let admitted = machine.lock().expect("no panic").admit(now);
    let Ok((admission, _)) = admitted else { return };
    assert_eq!(under_way.fetch_add(1, SeqCst), 0, "two trials at a time");
    shuttle::thread::yield_now();
    under_way.fetch_sub(1, SeqCst);
    let mut machine = machine.lock().expect("no panic");
    if thread == 0 {
        assert_eq!(machine.cancel(admission), None);
    } else {
        assert!(matches!(machine.failure(admission, now), Some(Change::Opened { .. })));
    }
}
