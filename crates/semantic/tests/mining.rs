//! What mining promises.

#[path = "support/accuracy.rs"]
mod accuracy;
#[path = "support/loghub.rs"]
mod loghub;

use mahavishnu_semantic::Miner;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use accuracy::grouping_accuracy;
use loghub::{SYSTEMS, load};

#[test]
fn real_systems_are_grouped_as_people_would_with_one_setting_for_all() {
    let groupings: Vec<_> =
        SYSTEMS.iter().filter_map(|system| load(system)).map(|data| grouping_accuracy(&data)).collect();
    let accuracies: Vec<f64> = groupings.iter().map(|grouping| grouping.accuracy).collect();
    if accuracies.is_empty() {
        return;
    }
    assert_eq!(accuracies.len(), SYSTEMS.len());
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    assert!(mean >= 0.88, "{mean}: {accuracies:?}");
    // As many groups as there are, within a tenth.
    let found: usize = groupings.iter().map(|grouping| grouping.found).sum();
    let expected: usize = groupings.iter().map(|grouping| grouping.expected).sum();
    assert!(found.abs_diff(expected) * 10 <= expected, "{found} groups instead of {expected}");
}

#[test]
fn texts_that_differ_in_values_share_a_pattern() {
    let mut miner = Miner::new("test");
    for (first, second, template) in [
        (
            "user 17 logged in from 10.0.0.1",
            "user 4 logged in from 192.168.7.9",
            "user <*> logged in from <*>",
        ),
        ("GET /orders/7 took 12 ms", "GET /orders/8/lines took 3 ms", "GET <*> took <*>"),
        ("close, 0 bytes sent", "close, 1190 bytes (1.16 KB) sent", "close, <*> bytes sent"),
        ("at Sun Jul 3 10:05:25 2005", "at Mon Aug 14 23:59:59 2006", "at <*>"),
        ("values [1, 2, 3] of [4]", "values [9] of [10, 11]", "values <*> of <*>"),
    ] {
        let id = miner.mine(first).pattern;
        assert_eq!(miner.mine(second).pattern, id, "{second}");
        assert_eq!(miner.pattern(id).map(ToString::to_string).as_deref(), Some(template));
    }
}

#[test]
fn what_happened_is_never_a_value() {
    let mut miner = Miner::new("test");
    let text = |state: &str| {
        format!("the link of the first port of the switch in the rack is {state} now since a while")
    };
    let ids = ["up", "down", "enabled", "disabled"].map(|state| miner.mine(&text(state)).pattern);
    assert!(ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)));
}

#[test]
fn a_pattern_keeps_its_number_as_it_says_less() {
    let mut miner = Miner::new("test");
    let text = |name: &str| format!("the worker with the name {name} has begun to take jobs again");
    let first = miner.mine(&text("alpha"));
    assert!(first.changed);
    let second = miner.mine(&text("beta"));
    assert_eq!((second.pattern, second.changed), (first.pattern, true));
    assert!(!miner.mine(&text("gamma")).changed);
    let pattern = miner.pattern(first.pattern).map(|pattern| (pattern.to_string(), pattern.count()));
    assert_eq!(pattern, Some((text("<*>"), 3)));
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut miner = Miner::new("test");
    let mut random = 1_u64;
    let mut word = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let letter = |shift: u64| char::from(b'g' + u8::try_from((random >> shift) % 20).unwrap_or(0));
        (0..8).map(|at| letter(at * 7)).collect::<String>()
    };
    for _ in 0..100_000 {
        let words: Vec<String> = (0..4).map(|_| word()).collect();
        miner.mine(&words.join(" "));
    }
    assert!(miner.patterns().len() <= 20_001, "{}", miner.patterns().len());
    miner.mine(&"x ".repeat(1_000_000));
    miner.mine(&"\u{1f600}".repeat(100_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_has_a_pattern_and_the_same_text_the_same(texts in proptest::collection::vec(any::<String>(), 1..20)) {
        let mut miner = Miner::new("test");
        for text in &texts {
            let id = miner.mine(text).pattern;
            prop_assert_eq!(miner.mine(text).pattern, id);
            prop_assert!(miner.pattern(id).is_some());
        }
    }

    #[test]
    fn another_process_that_sees_the_same_texts_finds_the_same_numbers(
        texts in proptest::collection::vec("[a-c]{1,3}( [a-c0-9]{1,3}){0,6}", 1..40),
    ) {
        let (mut one, mut other) = (Miner::new("test"), Miner::new("test"));
        for text in &texts {
            prop_assert_eq!(one.mine(text), other.mine(text));
        }
    }

    #[test]
    fn after_a_restart_every_text_has_the_pattern_that_it_had(
        texts in proptest::collection::vec("[a-c]{1,3}( [a-c0-9]{1,3}){0,6}", 1..40),
    ) {
        let mut before = Miner::new("test");
        for text in &texts {
            before.mine(text);
        }
        let mut after = Miner::new("test");
        for pattern in before.patterns() {
            after.adopt(pattern.id(), &pattern.to_string(), pattern.count());
        }
        for text in &texts {
            prop_assert_eq!(after.mine(text).pattern, before.mine(text).pattern, "{}", text);
        }
    }
}

#[test]
fn a_name_keeps_its_paths_and_points_and_loses_its_ids() {
    let mut miner = Miner::of_names("spans");
    let mut pattern = |name: &str| {
        let id = miner.mine(name).pattern;
        miner.pattern(id).expect("just mined").to_string()
    };
    for name in [
        "GET /cart",
        "/",
        "//",
        "oteldemo.CartService/GetCart",
        "GET /api/v2/users/:id",
        "SELECT shop.orders",
        "",
        "a/ /b",
    ] {
        assert_eq!(pattern(name), name);
    }
    assert_eq!(pattern("GET /users/4711/cart"), "GET /users/<*>/cart");
    assert_eq!(pattern("GET /users/a81bc81b-dead-4e5d-abff-90865d1e13b1/cart"), "GET /users/<*>/cart");
    assert_eq!(pattern("workflow.usage-settlement-b1486b"), "workflow.usage-settlement-<*>");
    assert_eq!(pattern("workflow 42"), "workflow <*>");
}
