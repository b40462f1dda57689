//! Who may look: whoever has the console's token, as the password of HTTP Basic or as a bearer token.
//!
//! A browser asks for it by itself and keeps it as long as it runs, so no cookie and no form is needed. Refuses
//! to tell names apart: roles are not known here.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{notice, words};
use crate::config::ConsoleSettings;

/// Lets a request through, or asks for the token.
pub(super) async fn watch(State(settings): State<ConsoleSettings>, request: Request, next: Next) -> Response {
    if token(request.headers()).is_some_and(|token| settings.opens(&token)) {
        return next.run(request).await;
    }
    let mut response = notice(StatusCode::UNAUTHORIZED, words::CLOSED, words::CLOSED_TEXT);
    let ask = HeaderValue::from_static("Basic realm=\"Voortraject-hub\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
    response
}

fn token(headers: &HeaderMap) -> Option<String> {
    let (scheme, value) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(value.trim()).ok()).flatten()?;
    String::from_utf8(pair).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_a_password_under_any_name_or_a_bearer_token() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            token(&headers)
        };
        assert_eq!(read(&format!("Basic {}", STANDARD.encode("ops:a:b"))), Some("a:b".to_owned()));
        assert_eq!(read("bearer a:b"), Some("a:b".to_owned()));
        for other in ["Basic ?", "Basic", "Digest a:b", &format!("Basic {}", STANDARD.encode("ops"))] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
