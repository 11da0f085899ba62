//! Parses the paths of the API. The raw path is split before its segments are decoded, so that an encoded `/` stays
//! within its segment.

use axum::http::Uri;
use percent_encoding::percent_decode_str;

/// A parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/api/vcenter/system`.
    System,
    /// `/sdk/vim25/{release}/{Type}/{moId}/{member}`.
    Member(ObjectPath),
    /// Anything else.
    Unknown,
}

/// A property or method of a managed object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectPath {
    pub(crate) release: String,
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) member: String,
}

/// Returns the endpoint of a request without IDs: `Task/info`, `PropertyCollector/WaitForUpdatesEx`, `hello`.
pub(crate) fn endpoint_name(uri: &Uri) -> String {
    match parse(uri.path()) {
        Route::System => {
            let action = uri.query().and_then(|query| query.strip_prefix("action="));
            action.unwrap_or("system").to_owned()
        }
        Route::Member(ObjectPath { kind, member, .. }) => format!("{kind}/{member}"),
        Route::Unknown => "elsewhere".to_owned(),
    }
}

/// Parses a raw path.
pub(crate) fn parse(raw: &str) -> Route {
    if raw == "/api/vcenter/system" {
        return Route::System;
    }
    let Some(rest) = raw.strip_prefix("/sdk/vim25/") else {
        return Route::Unknown;
    };
    let segments: Option<Vec<String>> = rest.split('/').map(decode).collect();
    match segments.as_deref() {
        Some([release, kind, id, member])
            if [release, kind, id, member]
                .iter()
                .all(|segment| !segment.is_empty()) =>
        {
            Route::Member(ObjectPath {
                release: release.clone(),
                kind: kind.clone(),
                id: id.clone(),
                member: member.clone(),
            })
        }
        _ => Route::Unknown,
    }
}

fn decode(segment: &str) -> Option<String> {
    percent_decode_str(segment)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(raw: &str) -> Option<String> {
        match parse(raw) {
            Route::Member(member) => Some(member.id),
            _ => None,
        }
    }

    #[test]
    fn segments_are_decoded_after_splitting() {
        assert_eq!(
            id("/sdk/vim25/8.0.3.0/Task/task-1/info").as_deref(),
            Some("task-1")
        );
        assert_eq!(
            id("/sdk/vim25/8.0.3.0/ListView/session%5B52b1%5D52c7/view").as_deref(),
            Some("session[52b1]52c7")
        );
        assert_eq!(
            id("/sdk/vim25/8.0.3.0/ListView/session[52b1]52c7/view").as_deref(),
            Some("session[52b1]52c7")
        );
        assert_eq!(
            id("/sdk/vim25/8.0.3.0/Task/a%2Fb%3Fc/info").as_deref(),
            Some("a/b?c")
        );
    }

    #[test]
    fn paths_with_the_wrong_number_of_segments_are_unknown() {
        for raw in [
            "/",
            "/sdk",
            "/sdk/vim25/8.0.3.0/Task/task-1",
            "/sdk/vim25/8.0.3.0/Task/a/b/info",
            "/sdk/vim25//Task/t/info",
            "/sdk/vim25/8/Task/%FF/info",
        ] {
            assert_eq!(parse(raw), Route::Unknown, "{raw}");
        }
    }
}
