#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

mod api_keys;
mod bad_inputs;
mod budgets;
mod carriers;
mod decisions;
mod events;
mod live;
mod numbers;
mod openapi;
mod people;
mod projects;
mod roles;
mod scrubbing;
mod steps;
mod support;
mod system;
mod walk;
