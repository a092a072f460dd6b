//! A small CI: reads the workflow files at a commit, and really runs their `run:` steps.
//!
//! It is no sandbox of the operating system's kind: steps run as the user who started it. What they get is a
//! checkout that is thrown away, a home of their own, none of the sandbox's environment, and a time limit.

mod expressions;
mod files;
mod run;
mod runner;
