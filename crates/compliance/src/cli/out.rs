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
    if let Err(error) = or_left(written) {
        // A full disk behind `>` must not look like a clean check.
        eprintln!("error: the output cannot be written: {error}");
        std::process::exit(super::BROKEN);
    }
}

fn or_left(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
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

    struct Refusing(ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_a_reader_that_left_is_no_error() {
        assert!(or_left(Refusing(ErrorKind::BrokenPipe).write_fmt(format_args!("x"))).is_ok());
        assert!(or_left(Refusing(ErrorKind::StorageFull).write_fmt(format_args!("x"))).is_err());
        // Whoever writes JSON wraps the error of the pipe.
        let json = |kind| or_left(serde_json::to_writer(Refusing(kind), "x").map_err(io::Error::from));
        assert!(json(ErrorKind::BrokenPipe).is_ok() && json(ErrorKind::StorageFull).is_err());
    }
}
