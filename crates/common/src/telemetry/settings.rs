//! What can be set about logs and traces.

use std::fmt;

use opentelemetry_sdk::trace::Sampler;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::config::{Reader, Secret};

/// What to log, how, and where traces go.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// `LOG` (default `info`): a tracing filter, for example `info,sqlx=warn`.
    pub filter: String,
    /// `LOG_FORMAT`: `json` (default unless a terminal) or `text`.
    pub format: Option<String>,
    /// `LOG_MASK_IP_ADDRESSES` (default `false`): also mask public IP addresses in logs and traces. Private ones stay.
    pub mask_ip_addresses: bool,
    /// None: traces are off.
    pub traces: Option<Traces>,
}

/// Where traces go and which are kept.
#[derive(Clone, Debug)]
pub struct Traces {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: base URL of an OpenTelemetry collector that takes OTLP over HTTP, for example `http://otel-collector:4318`. Without it traces are off and cost nothing.
    pub endpoint: Url,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: headers for the collector, `name=value` separated by commas, for example `authorization=Bearer%20…`.
    pub headers: Option<Secret>,
    /// `OTEL_TRACES_SAMPLER` (default `parentbased_always_on`): which traces are kept; also `always_on`, `always_off`, `traceidratio`, `parentbased_always_off`, `parentbased_traceidratio`.
    pub sampling: Sampling,
    /// `OTEL_SERVICE_NAME` (default: the service's own name): the name in traces.
    pub service_name: Option<String>,
}

/// Which traces are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Follow the caller when it has decided.
    pub parent_based: bool,
    /// The share of the traces that begin here which is kept, from 0 to 1.
    pub ratio: f64,
}

impl Sampling {
    /// By the standard's name and argument.
    pub fn parse(sampler: &str, argument: Option<&str>) -> Result<Self, String> {
        let (parent_based, root) = sampler.strip_prefix("parentbased_").map_or((false, sampler), |root| (true, root));
        let ratio = match root {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => match argument.map(str::parse::<f64>) {
                None => 1.0,
                Some(Ok(ratio)) if (0.0..=1.0).contains(&ratio) => ratio,
                Some(_) => return Err("OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1 (example: 0.1)".to_owned()),
            },
            _ => {
                return Err(format!(
                    "OTEL_TRACES_SAMPLER is `{sampler}`: use always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio"
                ));
            }
        };
        Ok(Self { parent_based, ratio })
    }

    pub(super) fn sampler(self) -> Sampler {
        let root = match self.ratio {
            1.0.. => Sampler::AlwaysOn,
            ratio if ratio > 0.0 => Sampler::TraceIdRatioBased(ratio),
            _ => Sampler::AlwaysOff,
        };
        if self.parent_based { Sampler::ParentBased(Box::new(root)) } else { root }
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of traces that begin here", self.ratio)?;
        if self.parent_based { f.write_str(", others as the caller decided") } else { Ok(()) }
    }
}

impl Telemetry {
    /// Reads `LOG…` and the standard `OTEL_…` variables.
    pub fn read(env: &mut Reader) -> Self {
        let telemetry = Self {
            filter: env.or("LOG", "info,sqlx=warn,hyper=warn".to_owned()),
            format: env.optional("LOG_FORMAT"),
            mask_ip_addresses: env.or("LOG_MASK_IP_ADDRESSES", false),
            traces: traces(env),
        };
        if let Err(error) = EnvFilter::try_new(&telemetry.filter) {
            env.problem(format!("LOG is not a filter: {error} (example: LOG=info,sqlx=warn)"));
        }
        if !matches!(telemetry.format.as_deref(), None | Some("json" | "text")) {
            env.problem("LOG_FORMAT is neither `json` nor `text`");
        }
        telemetry
    }
}

fn traces(env: &mut Reader) -> Option<Traces> {
    let endpoint: Option<Url> = env.optional("OTEL_EXPORTER_OTLP_ENDPOINT");
    let headers = env.optional_secret("OTEL_EXPORTER_OTLP_HEADERS");
    let sampler = env.or("OTEL_TRACES_SAMPLER", "parentbased_always_on".to_owned());
    // `OTEL_TRACES_SAMPLER_ARG` (default 1): for the `traceidratio` samplers, the share of traces to keep, from 0 to 1.
    let argument = env.optional::<String>("OTEL_TRACES_SAMPLER_ARG");
    // `OTEL_EXPORTER_OTLP_PROTOCOL` (default `http/protobuf`): the only one spoken here; collectors take it on port 4318.
    let protocol = env.or("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned());
    // `OTEL_SDK_DISABLED` (default `false`): `true` switches traces off whatever else is set.
    let disabled = env.or("OTEL_SDK_DISABLED", false);
    let service_name = env.optional("OTEL_SERVICE_NAME");
    let sampling = Sampling::parse(&sampler, argument.as_deref()).unwrap_or_else(|problem| {
        env.problem(problem);
        Sampling { parent_based: true, ratio: 1.0 }
    });
    if protocol != "http/protobuf" {
        env.problem(format!(
            "OTEL_EXPORTER_OTLP_PROTOCOL is `{protocol}`: only `http/protobuf` is spoken here (collectors take it on port 4318)"
        ));
    }
    let endpoint = endpoint?;
    if !matches!(endpoint.scheme(), "http" | "https") {
        env.problem("OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL (example: http://otel-collector:4318)");
    }
    (!disabled).then_some(Traces { endpoint, headers, sampling, service_name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&'static str, &'static str)]) -> Result<Telemetry, String> {
        let mut env =
            Reader::from_lookup(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned()));
        let telemetry = Telemetry::read(&mut env);
        env.finish().map(|_| telemetry).map_err(|error| error.to_string())
    }

    #[test]
    fn traces_are_off_without_a_collector() {
        assert!(read(&[]).unwrap().traces.is_none());
        let disabled = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"), ("OTEL_SDK_DISABLED", "true")]);
        assert!(disabled.unwrap().traces.is_none());
        assert!(read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")]).unwrap().traces.is_some());
    }

    #[test]
    fn samplers_have_their_standard_names() {
        for (name, argument, parent_based, ratio) in [
            ("always_on", None, false, 1.0),
            ("always_off", None, false, 0.0),
            ("traceidratio", Some("0.25"), false, 0.25),
            ("parentbased_always_on", None, true, 1.0),
            ("parentbased_always_off", Some("ignored"), true, 0.0),
            ("parentbased_traceidratio", Some("0.1"), true, 0.1),
            ("parentbased_traceidratio", None, true, 1.0),
        ] {
            assert_eq!(Sampling::parse(name, argument).unwrap(), Sampling { parent_based, ratio }, "{name}");
        }
    }

    #[test]
    fn a_wrong_setting_says_what_would_be_right() {
        for (pairs, word) in [
            (&[("OTEL_TRACES_SAMPLER", "sometimes")] as &'static [_], "parentbased_traceidratio"),
            (&[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "10")], "0.1"),
            (&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "http/protobuf"),
            (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "otel:4317")], "http://otel-collector:4318"),
            (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "no url")], "OTEL_EXPORTER_OTLP_ENDPOINT"),
            (&[("LOG", "a=b=c")], "LOG=info"),
            (&[("LOG_FORMAT", "xml")], "json"),
        ] {
            let problem = read(pairs).unwrap_err();
            assert!(problem.contains(word), "{problem}");
        }
    }
}
