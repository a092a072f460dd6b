//! What a log line costs, and how much of that is scrubbing: `cargo run --release -p common --example log_line`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, run by hand")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use common::config::Reader;
use common::http::{in_context, new_context};
use common::scrub;
use common::telemetry::{Telemetry, dispatch};

const ROUNDS: u32 = 200_000;

fn measure(name: &str, mut work: impl FnMut()) {
    for _ in 0..ROUNDS / 10 {
        work();
    }
    // The best of several: the machine does other things too.
    let best = (0..5).map(|_| {
        let begin = Instant::now();
        (0..ROUNDS).for_each(|_| work());
        begin.elapsed()
    });
    println!("{name:<48} {:>7.0} ns", best.min().unwrap_or(Duration::ZERO).as_secs_f64() * 1e9 / f64::from(ROUNDS));
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // As many secrets as a service has.
    for number in 0..8 {
        scrub::register(&format!("a-registered-secret-of-48-characters-number-{number:04}"));
    }
    let values = ["answered", "GET", "/api/v1/projects/{id}/decisions", "0199d6ff-0000-7000-8000-000000000000"];
    measure("scrub the values of a line with nothing to hide", || {
        for value in values {
            black_box(scrub::scrub(black_box(value)));
        }
    });
    let error = "cannot reach `github`: error sending request: connection refused (os error 111) after 3 tries";
    measure("scrub an error of 90 bytes with nothing to hide", || drop(black_box(scrub::scrub(black_box(error)))));
    let secret = "401 for Bearer abcdef1234567890 of ada@example.org at https://x:y@git.example.org";
    measure("scrub a text with three things to hide", || drop(black_box(scrub::scrub(black_box(secret)))));
    let telemetry = Telemetry::read(&mut Reader::from_lookup(|name| (name == "LOG_FORMAT").then(|| "json".to_owned())));
    let (dispatch, _) = dispatch("bench", &telemetry, std::io::sink).unwrap();
    let _guard = tracing::dispatcher::set_default(&dispatch);
    in_context(new_context(), async {
        measure("the whole line of an answered request", || {
            tracing::info!(http.method = %"GET", http.route = values[2], http.status = 200, duration_ms = 12, "answered");
        });
        measure("a line that is filtered out", || tracing::debug!(value = values[2], "nobody listens"));
    })
    .await;
}
