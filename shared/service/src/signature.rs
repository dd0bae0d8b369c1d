//! Messages that prove who sent them: `t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of "t.body">`.
//!
//! The same scheme as payment providers use: the time is signed too, so that a message that was overheard cannot be
//! sent again later.

use std::fmt::Write;

use carry_model::{Code, Fault, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header that carries it.
pub const HEADER: &str = "carry-signature";

/// How old a message may be, or how far ahead its sender's clock, in seconds.
pub const TOLERANCE_S: i64 = 300;

/// Signatures looked at; a sender that changes its secret signs with the old and the new one.
const SIGNATURES_MAX: usize = 4;

fn mac(secret: &SecretString, time_s: i64, body: &[u8]) -> Result<Hmac<Sha256>, Fault> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    let mut mac =
        mac.map_err(|_| Fault::new(Code::ConfigInvalid).detail("The webhook's secret is empty."))?;
    mac.update(time_s.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Ok(mac)
}

/// Signs a message, as its sender does.
pub fn sign(secret: &SecretString, now: Timestamp, body: &[u8]) -> Result<String, Fault> {
    let mut header = format!("t={},v1=", now.as_second());
    for byte in mac(secret, now.as_second(), body)?.finalize().into_bytes() {
        write!(header, "{byte:02x}").map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
    }
    Ok(header)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let pairs = digits?;
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    pairs.chunks(2).map(byte).collect()
}

/// A fault ([`Code::SignatureRefused`]) unless one of the header's signatures is right and the message is new.
///
/// The comparison takes the same time wherever the signatures differ.
pub fn verify(secret: &SecretString, header: &str, body: &[u8], now: Timestamp) -> Result<(), Fault> {
    let refused = |why: &str| Fault::new(Code::SignatureRefused).detail(why);
    if secret.expose_secret().is_empty() {
        return Err(refused("No secret is set, so no message is taken."));
    }
    let parts: Vec<_> = header.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let time = parts.iter().find(|(name, _)| *name == "t").and_then(|(_, time)| time.parse::<i64>().ok());
    let time = time.ok_or_else(|| refused("It carries no signature."))?;
    if now.as_second().abs_diff(time) > TOLERANCE_S.unsigned_abs() {
        return Err(refused("It is too old, or a clock is wrong."));
    }
    let mac = mac(secret, time, body)?;
    let signatures = parts.iter().filter(|(name, _)| *name == "v1").take(SIGNATURES_MAX);
    let right =
        signatures.filter_map(|(_, hex)| bytes(hex)).any(|bytes| mac.clone().verify_slice(&bytes).is_ok());
    if right { Ok(()) } else { Err(refused("Its signature is another's.")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn only_what_was_signed_with_the_secret_just_now_is_taken() {
        let secret = SecretString::from("whsec_1");
        let body = br#"{"id":"evt_1"}"#;
        let header = sign(&secret, at(1_000_000), body).unwrap();
        assert!(verify(&secret, &header, body, at(1_000_000)).is_ok());
        assert!(verify(&secret, &header, body, at(1_000_300)).is_ok());
        assert!(verify(&secret, &header, body, at(999_700)).is_ok());
        assert!(verify(&secret, &header, body, at(1_000_301)).is_err(), "too old");
        assert!(verify(&secret, &header, br#"{"id":"evt_2"}"#, at(1_000_000)).is_err(), "another body");
        assert!(verify(&"whsec_2".into(), &header, body, at(1_000_000)).is_err(), "another secret");
        assert!(verify(&"".into(), &header, body, at(1_000_000)).is_err(), "no secret");
        let later = header.replace("t=1000000", "t=1000100");
        assert!(verify(&secret, &later, body, at(1_000_100)).is_err(), "the time is signed too");
        for broken in ["", "v1=00", "t=1000000", "t=1000000,v1=", "t=1000000,v1=zz", "t=x,v1=00"] {
            assert_eq!(
                verify(&secret, broken, body, at(1_000_000)).unwrap_err().code,
                Code::SignatureRefused
            );
        }
    }

    #[test]
    fn a_sender_may_sign_with_two_secrets() {
        let body = b"x";
        let [old, new] = ["old", "new"].map(|secret| sign(&secret.into(), at(5), body).unwrap());
        let both = format!("{old},{}", new.split_once(',').unwrap().1);
        assert!(verify(&"old".into(), &both, body, at(5)).is_ok());
        assert!(verify(&"new".into(), &both, body, at(5)).is_ok());
    }

    /// The example of RFC 4231, test case 2, with the time taken in.
    #[test]
    fn it_is_hmac_sha256() {
        let header = sign(&"Jefe".into(), at(0), b"").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"0.");
        let wanted: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(header, format!("t=0,v1={wanted}"));
    }
}
