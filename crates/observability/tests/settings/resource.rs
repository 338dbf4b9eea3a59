//! Whose records an application's own are.

use mahavishnu_observability::{MahavishnuSettings, Sources};
use rstest::rstest;

#[rstest]
#[case(&[], &[("service.name", "mahavishnu")])]
#[case(&[("OTEL_SERVICE_NAME", "sweeper")], &[("service.name", "sweeper")])]
#[case(
    &[("OTEL_RESOURCE_ATTRIBUTES", "team=ops%2C eu, service.name=among")],
    &[("service.name", "among"), ("team", "ops, eu")]
)]
#[case(
    &[("OTEL_RESOURCE_ATTRIBUTES", "service.name=among"), ("OTEL_SERVICE_NAME", "sweeper")],
    &[("service.name", "sweeper")]
)]
fn the_variables_of_opentelemetry_name_the_service(
    #[case] variables: &[(&str, &str)],
    #[case] expected: &[(&str, &str)],
) {
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let sources = Sources { environment: owned(variables), ..Sources::default() };
    let settings = MahavishnuSettings::load(&sources).unwrap().settings;
    assert_eq!(settings.observability.resource, owned(expected));
}

#[test]
fn attributes_that_are_no_pairs_are_refused() {
    let environment = vec![("OTEL_RESOURCE_ATTRIBUTES".to_owned(), "no pair".to_owned())];
    let error = MahavishnuSettings::load(&Sources { environment, ..Sources::default() }).unwrap_err();
    assert!(error.to_string().contains("name=value pairs"), "{error}");
}
