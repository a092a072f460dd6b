//! The public API beside its own description: schemathesis asks every operation of the gateway's `/openapi.json`, rightly and wrongly, and
//! holds each answer against what is written there.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::json;

use super::Facts;
use crate::demo::Api;
use crate::http;
use crate::install;
use crate::say::say;
use crate::shell::{run_logged, timed};
use crate::stack::Stack;

/// What is left out, each with its reason: what never ends, and what would end the session that asks.
const LEFT_OUT: [&str; 3] = ["stream_events", "logout", "end_sessions"];
/// A server error, a status, a media type or a body that is not described, a method that is not refused as it should be.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      response_headers_conformance,missing_required_header,unsupported_method,ignored_auth,use_after_free";
/// How long it may ask. A budget, not a count: a slow machine asks less, and asks every operation all the same.
const SECONDS: u64 = 120;
/// The same questions in every run, as far as the answers are.
const SEED: &str = "20250301";

/// One project, so that there is something to ask for, and then everything.
pub(super) fn run(stack: &mut Stack, facts: &mut Facts) -> anyhow::Result<()> {
    let Some(mut schemathesis) = install::schemathesis(&stack.layout)? else {
        say!("    ⚠ SKIPPED schemathesis: there is no Python with pip");
        return Ok(());
    };
    raise_limits(stack)?;
    let mut api = Api::sign_in(stack)?;
    api.call("POST", "/api/v1/demo", Some(&json!({"readme": "python-cli"})))?;
    let gateway = stack.ports.url("api-gateway");
    let document = http::call("GET", &format!("{gateway}/openapi.json"), &[], None)?;
    let paths = document["paths"].as_object().context("there are no paths")?.values();
    let operations =
        paths.filter_map(|item| item.as_object()).flatten().filter(|(_, one)| one["responses"].is_object()).count();
    facts.check("the description has every public operation", operations > 50, || format!("{operations} only"));
    let folder = stack.layout.state.join("schemathesis");
    std::fs::create_dir_all(&folder)?;
    // Not on the command line: everybody on the machine may read that.
    std::fs::write(folder.join("schemathesis.toml"), "[headers]\nAuthorization = \"Bearer ${ACCESS_TOKEN}\"\n")?;
    schemathesis.current_dir(&folder).env("ACCESS_TOKEN", api.token()).env("NO_COLOR", "1");
    schemathesis.args(["run", &format!("{gateway}/openapi.json"), "--checks", CHECKS, "--seed", SEED, "--no-color"]);
    // One worker: several at once break Python's own parser of Python (SystemError in `ast.parse`).
    schemathesis.args(["--max-time", &SECONDS.to_string(), "--max-examples", "20", "--workers", "1"]);
    schemathesis.args(["--request-timeout", "20", "--continue-on-failure", "--no-shrink", "--warnings", "off"]);
    schemathesis.args(["--generation-database", "none", "--suppress-health-check", "filter_too_much"]);
    // Credentials made up beside the real ones are two, which the gateway refuses before it looks at anything else.
    schemathesis.args(["--generation-with-security-parameters", "false"]);
    for operation in LEFT_OUT {
        schemathesis.args(["--exclude-operation-id", operation]);
    }
    let log = stack.layout.logs().join("schemathesis.log");
    let outcome = timed("schemathesis", || run_logged("schemathesis", &mut schemathesis, &log));
    let text = std::fs::read_to_string(&log)?;
    let asked = tested(&text);
    facts.check("every operation was asked but those that are left out", asked + LEFT_OUT.len() == operations, || {
        format!("{asked} of {operations}")
    });
    facts.check("every answer is as it is described", outcome.is_ok(), || log.display().to_string());
    Ok(())
}

/// So that it is told of mistakes and not of haste: the gateway's own routes with limits that nobody reaches.
fn raise_limits(stack: &mut Stack) -> anyhow::Result<()> {
    let routes = std::fs::read_to_string(stack.layout.root.join("services/api-gateway/routes.toml"))?;
    let mut raised = String::new();
    for line in routes.lines() {
        match line.split_once(" = { per_minute") {
            Some((class, _)) => writeln!(raised, "{class} = {{ per_minute = 600000, burst = 100000 }}")?,
            None => writeln!(raised, "{line}")?,
        }
    }
    std::fs::write(stack.layout.routes(), raised)?;
    stack.kill("api-gateway")?;
    stack.revive("api-gateway")
}

/// How many operations it says that it asked.
fn tested(text: &str) -> usize {
    let count = |line: &str| line.split_once("Tested: ")?.1.split_whitespace().next()?.parse().ok();
    text.lines().rev().find_map(count).unwrap_or(0)
}
