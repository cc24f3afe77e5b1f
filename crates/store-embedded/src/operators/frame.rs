//! Frames: a length, a kind, and as many bytes.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Reads a frame: its kind, and what it holds. It takes no more room than has come, whatever its
/// length says.
pub(super) async fn read<R: AsyncRead + Unpin>(
    from: &mut R,
    bytes_max: usize,
) -> io::Result<(u8, Vec<u8>)> {
    let length = from.read_u32_le().await?;
    if usize::try_from(length).map_or(true, |length| length == 0 || length > bytes_max) {
        let wrong = format!("a frame of {length} bytes; expected 1 to {bytes_max}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, wrong));
    }
    let kind = from.read_u8().await?;
    let (rest, mut body) = (u64::from(length - 1), Vec::new());
    from.take(rest).read_to_end(&mut body).await?;
    if body.len() as u64 != rest {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((kind, body))
}

/// Writes a frame.
pub(super) async fn write<W: AsyncWrite + Unpin>(
    to: &mut W,
    kind: u8,
    body: &[u8],
) -> io::Result<()> {
    let length = u32::try_from(body.len() + 1).map_err(io::Error::other)?;
    let head = length.to_le_bytes();
    to.write_all(&[head[0], head[1], head[2], head[3], kind]).await?;
    to.write_all(body).await?;
    to.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_frame_reads_as_it_was_written() {
        for body in [&b""[..], b"x", &[7; 70_000]] {
            let mut bytes = Vec::new();
            write(&mut bytes, 3, body).await.unwrap();
            assert_eq!(read(&mut &bytes[..], 80_000).await.unwrap(), (3, body.to_vec()));
            let cut = &bytes[..bytes.len() - 1];
            assert!(read(&mut &cut[..], 80_000).await.is_err(), "{} bytes", cut.len());
        }
    }

    #[tokio::test]
    async fn a_frame_that_says_it_is_too_long_is_not_waited_for() {
        for length in [0_u32, 101, u32::MAX] {
            let error = read(&mut &length.to_le_bytes()[..], 100).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{length}: {error}");
        }
    }
}
