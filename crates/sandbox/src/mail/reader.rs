//! Lines and mail bodies off a connection, bounded.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// RFC 5321 asks for 512; extensions and long addresses need more.
const MAX_LINE_BYTES: usize = 4096;

/// A command, without its line end. None when the client has gone.
pub(super) async fn line(from: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<String>> {
    let mut bytes = Vec::new();
    if until_newline(from, &mut bytes, MAX_LINE_BYTES).await? == 0 {
        return Ok(None);
    }
    while matches!(bytes.last(), Some(b'\r' | b'\n')) {
        bytes.pop();
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// What a `DATA` command brings, up to the lone dot. None when there is more than `limit`; it is read to the end
/// all the same, so that the conversation can go on.
pub(super) async fn data(from: &mut (impl AsyncBufRead + Unpin), limit: usize) -> Result<Option<Vec<u8>>> {
    let mut mail = Vec::new();
    let mut too_big = false;
    // Only CR LF ends a line: a lone LF before a dot must not end the mail early.
    let mut at_line_start = true;
    loop {
        let mut piece = Vec::new();
        if until_newline(from, &mut piece, limit.max(MAX_LINE_BYTES)).await? == 0 {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the client left in the middle of a mail"));
        }
        let ended = piece.ends_with(b"\r\n");
        if at_line_start {
            if piece == b".\r\n" {
                return Ok((!too_big).then_some(mail));
            }
            if piece.starts_with(b".") {
                piece.remove(0);
            }
        }
        at_line_start = ended;
        if mail.len() + piece.len() > limit {
            too_big = true;
            mail.clear();
        } else if !too_big {
            mail.extend_from_slice(&piece);
        }
    }
}

async fn until_newline(from: &mut (impl AsyncBufRead + Unpin), to: &mut Vec<u8>, limit: usize) -> Result<usize> {
    let start = to.len();
    loop {
        let available = from.fill_buf().await?;
        if available.is_empty() {
            return Ok(to.len() - start);
        }
        let end = available.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let taken = end.unwrap_or(available.len());
        to.extend_from_slice(&available[..taken]);
        from.consume(taken);
        if end.is_some() {
            return Ok(to.len() - start);
        }
        if to.len() - start > limit {
            return Err(Error::new(ErrorKind::InvalidData, "a line without an end"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dots_are_unstuffed_and_a_bare_newline_does_not_end_the_mail() {
        let sent: &[u8] = b"one\r\n..two\r\nx\n.\r\n.three\r\n.\r\nQUIT\r\n";
        let mut reader = sent;
        let mail = data(&mut reader, 1000).await.expect("complete").expect("small");
        assert_eq!(mail, b"one\r\n.two\r\nx\n.\r\nthree\r\n");
        assert_eq!(line(&mut reader).await.expect("readable").as_deref(), Some("QUIT"));
    }

    #[tokio::test]
    async fn a_mail_over_the_limit_is_read_to_its_end() {
        let sent = [b"y".repeat(50), b"\r\n.\r\nNOOP\r\n".to_vec()].concat();
        let mut reader = sent.as_slice();
        assert_eq!(data(&mut reader, 10).await.expect("complete"), None);
        assert_eq!(line(&mut reader).await.expect("readable").as_deref(), Some("NOOP"));
    }
}
