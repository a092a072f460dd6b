//! Standard output whose reader may leave early, as `head` and a pager that is quit do.

use std::{
    fmt,
    io::{self, BufWriter, ErrorKind, Write},
};

/// Writes, and takes a reader that has gone as a quiet end of the output, not of the command: files still get
/// written, and the exit code still says what was found.
pub(super) fn write(text: fmt::Arguments<'_>) {
    settle(io::stdout().lock().write_fmt(text));
}

/// The same for what is long, and is made while it is written.
pub(super) fn stream(make: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let mut out = BufWriter::new(io::stdout().lock());
    settle(make(&mut out).and_then(|()| out.flush()));
}

fn settle(written: io::Result<()>) {
    if let Err(error) = written
        && !has_left(&error)
    {
        // A full disk behind `>` must not look like a clean check.
        eprintln!("error: the output cannot be written: {error}");
        std::process::exit(super::BROKEN);
    }
}

fn has_left(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

macro_rules! out {
    ($($text:tt)*) => { $crate::cli::out::write(format_args!($($text)*)) };
}

macro_rules! outln {
    ($($text:tt)*) => { $crate::cli::out::write(format_args!("{}\n", format_args!($($text)*))) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_that_left_is_no_error() {
        assert!(has_left(&ErrorKind::BrokenPipe.into()));
        assert!(!has_left(&ErrorKind::StorageFull.into()));
        // Whoever writes JSON wraps the error of the pipe.
        let wrapped = serde_json::Error::io(ErrorKind::BrokenPipe.into());
        assert!(has_left(&wrapped.into()));
    }
}
