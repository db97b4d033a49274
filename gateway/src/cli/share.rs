//! Where an unseal share comes from.

use std::io::{self, BufRead, IsTerminal};

use sealgate_sdk::SecretText;

use super::failure::Failure;

/// Far longer than any share.
const LIMIT: u64 = 4096;

/// Takes the share from the argument, from standard input if that is `-`, or else from the
/// terminal, without echo.
pub(super) fn read(argument: Option<SecretText>) -> Result<SecretText, Failure> {
    match argument {
        Some(dash) if dash.expose() == "-" => first_line(io::stdin().lock()),
        Some(share) => Ok(trimmed(&share)),
        None if io::stdin().is_terminal() => rpassword::prompt_password("Share (not shown): ")
            .map(|share| trimmed(&SecretText::new(share)))
            .map_err(|source| Failure::Read {
                what: "the share".to_owned(),
                source,
            })
            .and_then(given),
        None => Err(Failure::NoShare),
    }
}

fn first_line(input: impl BufRead) -> Result<SecretText, Failure> {
    let mut line = String::new();
    let read = input.take(LIMIT).read_line(&mut line);
    let line = SecretText::new(line);
    read.map_err(|source| Failure::Read {
        what: "standard input".to_owned(),
        source,
    })?;
    given(trimmed(&line))
}

fn given(share: SecretText) -> Result<SecretText, Failure> {
    if share.is_empty() {
        Err(Failure::NoShare)
    } else {
        Ok(share)
    }
}

fn trimmed(text: &SecretText) -> SecretText {
    SecretText::new(text.expose().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_one_share() {
        assert_eq!(
            first_line(&b"  zimW8=\r\nrest"[..]).unwrap().expose(),
            "zimW8="
        );
        assert_eq!(first_line(&b"zimW8="[..]).unwrap().expose(), "zimW8=");
    }

    #[test]
    fn no_share_is_an_error() {
        for input in [&b""[..], b"\n", b"  \nzimW8="] {
            assert!(matches!(first_line(input), Err(Failure::NoShare)));
        }
        assert!(matches!(
            first_line(&b"\xff\xfe\n"[..]),
            Err(Failure::Read { .. })
        ));
    }

    #[test]
    fn input_without_end_is_cut() {
        assert_eq!(
            first_line(io::BufReader::new(io::repeat(b'a')))
                .unwrap()
                .expose()
                .len(),
            4096
        );
    }
}
