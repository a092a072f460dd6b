//! What the person at the terminal reads.

/// Prints a line. Everything this tool says goes to standard output; what it runs goes to log files.
macro_rules! say {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        // A closed pipe is no reason to stop what is being done.
        let _ = writeln!(out, $($arg)*);
        let _ = out.flush();
    }};
}

pub(crate) use say;
