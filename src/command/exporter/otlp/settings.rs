//! Settings of the OTLP export, from the standard environment variables of OpenTelemetry.
//! Messages name variables, never their values: headers hold tokens.

use std::{fs, time::Duration};

use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::{command::CommandError, config::Environment, vim::TrustPolicy};

/// The endpoint of a collector on the same machine.
const DEFAULT_ENDPOINT: &str = "http://localhost:4318";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_METRIC_INTERVAL: Duration = Duration::from_secs(60);
const DEFAULT_SPAN_DELAY: Duration = Duration::from_secs(5);
const DEFAULT_QUEUE_SIZE: usize = 2048;
const DEFAULT_BATCH_SIZE: usize = 512;

/// A kind of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
}

impl Signal {
    /// Returns the last segment of the default path.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
        }
    }
}

/// Settings of the export.
#[derive(Debug)]
pub(super) struct Settings {
    /// Endpoint for spans; `None` if traces are not exported.
    pub(super) traces: Option<CollectorEndpoint>,
    /// Endpoint for metrics; `None` if metrics are not exported.
    pub(super) metrics: Option<CollectorEndpoint>,
    /// Attributes of the resource, `service.name` among them.
    pub(super) resource: Vec<(String, String)>,
    /// Time between two exports of metrics.
    pub(super) metric_interval: Duration,
    pub(super) spans: SpanLimits,
}

/// Sizes and times of the queue of spans.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpanLimits {
    /// Maximum time that a span waits for others of its batch.
    pub(super) delay: Duration,
    /// Maximum number of spans that wait to be exported.
    pub(super) queue_size: usize,
    /// Maximum number of spans of a request.
    pub(super) batch_size: usize,
}

/// The endpoint of a collector for a signal, and the options of the requests to it.
#[derive(Debug, Clone)]
pub(super) struct CollectorEndpoint {
    pub(super) signal: Signal,
    pub(super) url: Url,
    /// Headers of each request; their values are marked as sensitive.
    pub(super) headers: HeaderMap,
    /// Limit on the time of a request.
    pub(super) timeout: Duration,
    pub(super) is_compressed: bool,
    pub(super) trust: TrustPolicy,
}

impl Settings {
    /// Reads the settings. Returns `None` if the export is neither requested by `is_requested` nor by an endpoint in the
    /// environment, or is disabled by it.
    ///
    /// # Errors
    /// Fails if a variable has a value that cannot be used.
    pub(super) fn read(
        environment: &dyn Environment,
        is_requested: bool,
    ) -> Result<Option<Self>, CommandError> {
        let variables = Variables(environment);
        let endpoints = [
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        ];
        let is_enabled = is_requested || endpoints.iter().any(|name| variables.has(name));
        if !is_enabled || variables.flag("OTEL_SDK_DISABLED") {
            return Ok(None);
        }
        let settings = Self {
            traces: variables.endpoint(Signal::Traces)?,
            metrics: variables.endpoint(Signal::Metrics)?,
            resource: variables.resource()?,
            metric_interval: variables
                .milliseconds("OTEL_METRIC_EXPORT_INTERVAL", DEFAULT_METRIC_INTERVAL)?,
            spans: SpanLimits {
                delay: variables.milliseconds("OTEL_BSP_SCHEDULE_DELAY", DEFAULT_SPAN_DELAY)?,
                queue_size: variables.count("OTEL_BSP_MAX_QUEUE_SIZE", DEFAULT_QUEUE_SIZE)?,
                batch_size: variables
                    .count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", DEFAULT_BATCH_SIZE)?,
            },
        };
        let is_exporting = settings.traces.is_some() || settings.metrics.is_some();
        Ok(is_exporting.then_some(settings))
    }
}

/// The variables of the environment. An empty one counts as unset.
struct Variables<'a>(&'a dyn Environment);

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let value = self.0.get(name)?.trim().to_owned();
        Some(value).filter(|value| !value.is_empty())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Only `true` is true, in any case.
    fn flag(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn milliseconds(&self, name: &str, default: Duration) -> Result<Duration, CommandError> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        let milliseconds = value.parse().ok().filter(|value| *value > 0);
        let milliseconds = milliseconds.map(Duration::from_millis);
        milliseconds.ok_or_else(|| invalid(name, "it must be a number of milliseconds"))
    }

    fn count(&self, name: &str, default: usize) -> Result<usize, CommandError> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        let count = value.parse().ok();
        let count = count.filter(|count| (1..=1_000_000).contains(count));
        count.ok_or_else(|| invalid(name, "it must be a number from 1 to 1000000"))
    }

    /// Returns the names of the variables of a signal for an option of the exporter: the specific one first.
    fn names(signal: Signal, option: &str) -> [String; 2] {
        let signal = signal.name().to_uppercase();
        [
            format!("OTEL_EXPORTER_OTLP_{signal}_{option}"),
            format!("OTEL_EXPORTER_OTLP_{option}"),
        ]
    }

    /// Returns the value of an option of a signal, with the name of its variable.
    fn option(&self, signal: Signal, option: &str) -> Option<(String, String)> {
        let mut names = Self::names(signal, option).into_iter();
        names.find_map(|name| Some((self.get(&name)?, name)))
    }

    fn endpoint(&self, signal: Signal) -> Result<Option<CollectorEndpoint>, CommandError> {
        let exporter = format!("OTEL_{}_EXPORTER", signal.name().to_uppercase());
        match self.get(&exporter).as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Ok(None),
            Some(_) => return Err(invalid(&exporter, "it must be otlp or none")),
        }
        if let Some((value, name)) = self.option(signal, "PROTOCOL")
            && value != "http/protobuf"
        {
            let expected = "only http/protobuf is supported, which collectors receive on port 4318";
            return Err(invalid(&name, expected));
        }
        let is_compressed = match self.option(signal, "COMPRESSION") {
            None => false,
            Some((value, _)) if value == "none" => false,
            Some((value, _)) if value == "gzip" => true,
            Some((_, name)) => return Err(invalid(&name, "it must be gzip or none")),
        };
        let timeout = match self.option(signal, "TIMEOUT") {
            Some((_, name)) => self.milliseconds(&name, DEFAULT_TIMEOUT)?,
            None => DEFAULT_TIMEOUT,
        };
        Ok(Some(CollectorEndpoint {
            signal,
            url: self.url(signal)?,
            headers: self.headers(signal)?,
            timeout,
            is_compressed,
            trust: self.trust(signal)?,
        }))
    }

    /// The endpoint of a signal is used as it is; below the common one, the signals have paths of their own.
    fn url(&self, signal: Signal) -> Result<Url, CommandError> {
        let [specific, common] = Self::names(signal, "ENDPOINT");
        let parse = |name: &str, value: &str| {
            let url = Url::parse(value).ok();
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            url.ok_or_else(|| invalid(name, "it must be a URL such as http://localhost:4318"))
        };
        if let Some(value) = self.get(&specific) {
            return parse(&specific, &value);
        }
        let value = self.get(&common);
        let value = value.as_deref().unwrap_or(DEFAULT_ENDPOINT);
        let mut url = parse(&common, value)?;
        let path = format!("{}/v1/{}", url.path().trim_end_matches('/'), signal.name());
        url.set_path(&path);
        Ok(url)
    }

    fn headers(&self, signal: Signal) -> Result<HeaderMap, CommandError> {
        let mut headers = HeaderMap::new();
        let [specific, common] = Self::names(signal, "HEADERS");
        for name in [common, specific] {
            let expected = "it must be a list of name=value, separated by commas";
            for (header, value) in self.pairs(&name, expected)? {
                let header = HeaderName::try_from(header).ok();
                let value = HeaderValue::try_from(value).ok();
                let (header, mut value) =
                    header.zip(value).ok_or_else(|| invalid(&name, expected))?;
                value.set_sensitive(true);
                headers.insert(header, value);
            }
        }
        Ok(headers)
    }

    fn trust(&self, signal: Signal) -> Result<TrustPolicy, CommandError> {
        for option in ["CLIENT_CERTIFICATE", "CLIENT_KEY"] {
            if let Some((_, name)) = self.option(signal, option) {
                return Err(invalid(&name, "client certificates are not supported"));
            }
        }
        let Some((path, name)) = self.option(signal, "CERTIFICATE") else {
            return Ok(TrustPolicy::System);
        };
        let pem = fs::read(&path).map_err(|error| error.to_string());
        let trust = pem.and_then(TrustPolicy::of_authorities);
        trust.map_err(|why| invalid(&name, &format!("{path}: {why}")))
    }

    fn resource(&self) -> Result<Vec<(String, String)>, CommandError> {
        let name = "OTEL_RESOURCE_ATTRIBUTES";
        let expected = "it must be a list of key=value, separated by commas";
        let mut attributes = self.pairs(name, expected)?;
        let service = self.get("OTEL_SERVICE_NAME");
        let is_named = |(key, _): &(String, String)| key == "service.name";
        if service.is_some() {
            attributes.retain(|attribute| !is_named(attribute));
        }
        if !attributes.iter().any(is_named) {
            let service = service.unwrap_or_else(|| "vtask".to_owned());
            attributes.insert(0, ("service.name".to_owned(), service));
        }
        if !attributes.iter().any(|(key, _)| key == "service.version") {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            attributes.push(("service.version".to_owned(), version));
        }
        Ok(attributes)
    }

    /// Returns a list of pairs, percent-decoded as in the W3C baggage format.
    fn pairs(&self, name: &str, expected: &str) -> Result<Vec<(String, String)>, CommandError> {
        let Some(list) = self.get(name) else {
            return Ok(Vec::new());
        };
        let pairs = list
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty());
        let decoded = |text: &str| {
            let text = percent_decode_str(text.trim()).decode_utf8().ok()?;
            Some(text.into_owned())
        };
        let pairs = pairs.map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let key = decoded(key).filter(|key| !key.is_empty())?;
            Some((key, decoded(value)?))
        });
        let pairs: Option<Vec<_>> = pairs.collect();
        pairs.ok_or_else(|| invalid(name, expected))
    }
}

fn invalid(name: &str, expected: &str) -> CommandError {
    CommandError::Usage(format!("{name}: {expected}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)], is_requested: bool) -> Result<Option<Settings>, String> {
        let environment = |name: &str| {
            let mut variables = variables.iter();
            let (_, value) = variables.find(|(variable, _)| *variable == name)?;
            Some((*value).to_owned())
        };
        Settings::read(&environment, is_requested).map_err(|error| error.to_string())
    }

    fn settings(variables: &[(&str, &str)]) -> Settings {
        read(variables, true).unwrap().unwrap()
    }

    #[test]
    fn the_export_is_enabled_by_the_flag_or_an_endpoint() {
        assert!(read(&[], false).unwrap().is_none());
        let metrics = read(&[], true).unwrap().unwrap().metrics.unwrap();
        assert_eq!(metrics.url.as_str(), "http://localhost:4318/v1/metrics");
        for name in ["", "TRACES_", "METRICS_"] {
            let name = format!("OTEL_EXPORTER_OTLP_{name}ENDPOINT");
            let endpoint = (name.as_str(), "http://collector:4318");
            assert!(read(&[endpoint], false).unwrap().is_some(), "{name}");
            let disabled = [endpoint, ("OTEL_SDK_DISABLED", "TRUE")];
            assert!(read(&disabled, true).unwrap().is_none());
        }
        let none = [
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ];
        assert!(settings(&none[..1]).traces.is_none());
        assert!(settings(&none[1..]).metrics.is_none());
        assert!(read(&none, true).unwrap().is_none());
    }

    #[test]
    fn a_signal_overrides_the_common_variables() {
        let settings = settings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector/otlp/"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://tempo:4318/in"),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "authorization=Bearer%20abc, x-team = ops",
            ),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x-team=dev"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "none"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2500"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "7"),
        ]);
        let (traces, metrics) = (settings.traces.unwrap(), settings.metrics.unwrap());
        assert_eq!(traces.url.as_str(), "http://tempo:4318/in");
        assert_eq!(metrics.url.as_str(), "https://collector/otlp/v1/metrics");
        assert_eq!(traces.headers["authorization"], "Bearer abc");
        assert_eq!(
            (&traces.headers["x-team"], &metrics.headers["x-team"]),
            (&"ops".parse().unwrap(), &"dev".parse().unwrap())
        );
        assert!(traces.is_compressed && !metrics.is_compressed);
        assert_eq!(
            (traces.timeout, metrics.timeout),
            (Duration::from_millis(2500), DEFAULT_TIMEOUT)
        );
        assert_eq!(
            (settings.metric_interval, settings.spans.queue_size),
            (Duration::from_secs(1), 7)
        );
        assert!(!format!("{traces:?}").contains("abc"));
    }

    #[test]
    fn the_resource_has_a_service_name() {
        let name = |variables: &[(&str, &str)]| {
            let resource = settings(variables).resource;
            let names = resource.iter().filter(|(key, _)| key == "service.name");
            let names: Vec<_> = names.map(|(_, value)| value.clone()).collect();
            assert_eq!(names.len(), 1);
            names[0].clone()
        };
        let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,site=lab%2C1");
        assert_eq!(name(&[]), "vtask");
        assert_eq!(name(&[attributes]), "a");
        assert_eq!(name(&[attributes, ("OTEL_SERVICE_NAME", "b")]), "b");
        let site = ("site".to_owned(), "lab,1".to_owned());
        assert!(settings(&[attributes]).resource.contains(&site));
    }

    #[test]
    fn a_wrong_value_is_named_but_not_shown() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a b=s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=s3cret%0A"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nonexistent.pem"),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "key.pem"),
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_RESOURCE_ATTRIBUTES", "site"),
        ] {
            let error = read(&[(name, value)], true).unwrap_err();
            assert!(error.starts_with(name), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
