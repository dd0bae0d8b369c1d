use super::*;

const RULES: OauthRules = OauthRules {
    authorize_path: "/authorize",
    token_path: "/token",
    revoke_path: "/revoke",
    tenant_parameter: Some("realmId"),
    all_tenants: false,
    code_s: 300,
    access_s: 3600,
    refresh_s: 8_640_000,
    rotate_after_s: 86_400,
    grace_s: 0,
    reuse_revokes: true,
};

fn oauth() -> Oauth {
    let app = App {
        id: "app".to_owned(),
        secret: "word".to_owned(),
        redirects: vec!["http://localhost/callback".to_owned()],
    };
    Oauth::new(RULES, app, 1)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn token_call(form: &[(&str, &str)]) -> Request {
    Request::new("POST", "/token")
        .header("authorization", &format!("Basic {}", STANDARD.encode("app:word")))
        .body(query_string(form))
}

fn refresh_call(token: &str) -> Request {
    token_call(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

fn bearer(access: &str) -> Request {
    Request::new("GET", "/x").bearer(access)
}

fn tenants() -> Vec<Tenant> {
    vec![Tenant { id: "9".to_owned(), name: "Nine".to_owned() }]
}

#[test]
fn a_consent_leads_back_with_a_code_that_works_once() {
    let mut oauth = oauth();
    let target = "/authorize?client_id=app&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A5123%2Fcallback&state=s1";
    let page = oauth.authorize(&Request::new("GET", target), &tenants(), false, at(0));
    assert_eq!(page.status, 200);
    let allowed = Request::new("GET", &format!("{target}&decision=allow&tenant=9"));
    let answer = oauth.authorize(&allowed, &tenants(), false, at(0));
    let location = answer.header_value("location").unwrap();
    let query = crate::http::pairs(location.split_once('?').unwrap().1.as_bytes());
    assert_eq!(query[1], ("state".to_owned(), "s1".to_owned()));
    assert_eq!(query[2], ("realmId".to_owned(), "9".to_owned()));
    let call = token_call(&[
        ("grant_type", "authorization_code"),
        ("code", &query[0].1),
        ("redirect_uri", "http://localhost:5123/callback"),
    ]);
    let issued = oauth.exchange(&call, at(10)).unwrap();
    assert_eq!(oauth.session(&bearer(&issued.access), Some("9"), at(10)).unwrap().tenants, ["9"]);
    assert_eq!(oauth.exchange(&call, at(11)).unwrap_err().status, 400);
}

#[test]
fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let target = "/authorize?client_id=app&response_type=code&redirect_uri=http%3A%2F%2Fevil.test%2Fcallback";
    assert_eq!(oauth().authorize(&Request::new("GET", target), &tenants(), true, at(0)).status, 400);
}

#[test]
fn access_runs_out_and_refresh_tokens_change_after_a_day() {
    let mut oauth = oauth();
    let first = oauth.grant(vec!["9".to_owned()], "", at(0));
    assert_eq!(oauth.session(&bearer(&first.access), None, at(3600)), Err(TokenProblem::Expired));
    assert_eq!(oauth.session(&bearer(&first.access), Some("8"), at(5)), Err(TokenProblem::OtherTenant));
    let second = oauth.exchange(&refresh_call(&first.refresh), at(3600)).unwrap();
    assert_eq!(second.refresh, first.refresh, "not a day old");
    let third = oauth.exchange(&refresh_call(&second.refresh), at(90_000)).unwrap();
    assert_ne!(third.refresh, first.refresh);
    assert_eq!(oauth.exchange(&refresh_call(&first.refresh), at(90_001)).unwrap_err().status, 400);
    let why = oauth.session(&bearer(&third.access), None, at(90_001));
    assert_eq!(why, Err(TokenProblem::Revoked), "an old token was used again");
}

#[test]
fn the_previous_token_is_taken_during_its_grace() {
    let mut oauth = oauth();
    *oauth.rules_mut() = OauthRules { rotate_after_s: 0, grace_s: 1800, ..RULES };
    let first = oauth.grant(vec![], "", at(0));
    let second = oauth.exchange(&refresh_call(&first.refresh), at(10)).unwrap();
    assert_ne!(second.refresh, first.refresh);
    assert!(oauth.exchange(&refresh_call(&first.refresh), at(1809)).is_ok());
    assert!(oauth.exchange(&refresh_call(&first.refresh), at(1810)).is_err());
}

#[test]
fn of_two_refreshes_at_once_the_second_ends_the_grant() {
    let mut oauth = oauth();
    let issued = oauth.grant(vec![], "", at(0));
    let call = refresh_call(&issued.refresh);
    assert!(oauth.begin(&call));
    assert!(!oauth.begin(&call));
    assert_eq!(oauth.raced(&call).status, 400);
    assert!(oauth.exchange(&call, at(1)).is_err());
    oauth.finish(&call);
    assert!(oauth.begin(&call));
}

#[test]
fn a_revoked_grant_is_over() {
    let mut oauth = oauth();
    let issued = oauth.grant(vec![], "", at(0));
    let call =
        Request { body: format!(r#"{{"token":"{}"}}"#, issued.refresh).into_bytes(), ..token_call(&[]) };
    assert_eq!(oauth.revoke(&call).status, 200);
    assert_eq!(oauth.session(&bearer(&issued.access), None, at(1)), Err(TokenProblem::Revoked));
    assert!(oauth.exchange(&refresh_call(&issued.refresh), at(1)).is_err());
}

#[test]
fn a_snapshot_keeps_grants() {
    let mut oauth = oauth();
    let issued = oauth.grant(vec!["9".to_owned()], "all", at(0));
    let mut other = self::oauth();
    other.restore(&oauth.snapshot()).unwrap();
    assert_eq!(other.session(&bearer(&issued.access), Some("9"), at(1)).unwrap().scope, "all");
}
