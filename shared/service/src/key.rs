//! The key of the HTTP API: nothing is answered without it.

use carry_model::{Code, Fault};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A fault ([`Code::AccessRefused`]) unless the `Authorization` header is `Bearer KEY` with the right key. A key that
/// is not set lets nobody in. The comparison takes the same time whatever was sent.
pub fn check(authorization: Option<&str>, key: &SecretString) -> Result<(), Fault> {
    let refused = || Fault::new(Code::AccessRefused);
    let (scheme, sent) = authorization.and_then(|value| value.split_once(' ')).ok_or_else(refused)?;
    // Hashes are of one length, so nothing is told about the key's.
    let [sent, right] = [sent.trim(), key.expose_secret()].map(|key| blake3::hash(key.as_bytes()));
    let same = bool::from(sent.as_bytes().ct_eq(right.as_bytes()));
    if same && scheme.eq_ignore_ascii_case("bearer") && !key.expose_secret().is_empty() {
        Ok(())
    } else {
        Err(refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_lets_in() {
        let key = SecretString::from("k-1");
        assert!(check(Some("Bearer k-1"), &key).is_ok());
        assert!(check(Some("bearer k-1"), &key).is_ok());
        for wrong in [None, Some(""), Some("k-1"), Some("Basic k-1"), Some("Bearer k-2"), Some("Bearer ")] {
            assert_eq!(check(wrong, &key).unwrap_err().code, Code::AccessRefused, "{wrong:?}");
        }
        assert!(check(Some("Bearer "), &"".into()).is_err(), "no key is set");
    }
}
