//! Standard output whose reader may leave early, as `head` and a pager that is quit do.

use std::{
    fmt,
    io::{self, ErrorKind, Write},
};

/// Writes, and takes a reader that has gone as a quiet end of the output, not of the command: files still get
/// written, and the exit code still says what was found.
pub(super) fn write(text: fmt::Arguments<'_>) {
    match to(&mut io::stdout().lock(), text) {
        Ok(()) => {}
        // A full disk behind `>` must not look like a clean check.
        Err(error) => {
            eprintln!("error: the output cannot be written: {error}");
            std::process::exit(super::BROKEN);
        }
    }
}

fn to(output: &mut impl Write, text: fmt::Arguments<'_>) -> io::Result<()> {
    match output.write_fmt(text) {
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
        assert!(to(&mut Refusing(ErrorKind::BrokenPipe), format_args!("x")).is_ok());
        assert!(to(&mut Refusing(ErrorKind::StorageFull), format_args!("x")).is_err());
    }
}
