use std::collections::HashMap;

use secrecy::ExposeSecret;

use super::*;
use crate::vim::ConnectOptions;

fn environment(pairs: &[(&str, &str)]) -> impl Environment + use<> {
    let pairs: HashMap<String, String> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    move |name: &str| pairs.get(name).cloned()
}

async fn resolve(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<ConnectOptions, ConfigError> {
    resolve_connection(args, environment).await?.finish()
}

fn account(options: &ConnectOptions) -> (String, String) {
    match &options.credentials {
        Credentials::Password { user, password, .. } => {
            (user.clone(), password.expose_secret().to_owned())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn govc_variables_are_accepted() {
    let environment = environment(&[
        ("GOVC_URL", "https://ops:pw@vc01.lab/sdk"),
        ("GOVC_INSECURE", "true"),
    ]);
    let options = resolve(&ConnectionArgs::default(), &environment)
        .await
        .unwrap();
    assert_eq!(options.address.name(), "vc01.lab");
    assert_eq!(account(&options), ("ops".to_owned(), "pw".to_owned()));
    assert!(options.trust.is_insecure());
}

#[tokio::test]
async fn flags_win_over_the_environment() {
    let environment = environment(&[
        ("GOVC_URL", "https://ops:pw@vc01.lab/sdk"),
        ("VTASK_PASSWORD", "mine"),
    ]);
    let args = ConnectionArgs {
        url: Some("vc02.lab".into()),
        username: Some("kim".to_owned()),
        ..ConnectionArgs::default()
    };
    let options = resolve(&args, &environment).await.unwrap();
    assert_eq!(options.address.name(), "vc02.lab");
    assert_eq!(account(&options), ("kim".to_owned(), "mine".to_owned()));
}

#[tokio::test]
async fn ready_sessions_need_no_account_and_exclude_each_other() {
    let url = ("VTASK_URL_UNUSED", "");
    let args = ConnectionArgs {
        url: Some("vc01.lab".into()),
        ..ConnectionArgs::default()
    };
    let session = environment(&[url, ("VTASK_SESSION", "abc")]);
    let options = resolve(&args, &session).await.unwrap();
    assert!(matches!(options.credentials, Credentials::Session(_)));
    assert!(
        !format!("{options:?}").contains("abc"),
        "secrets never show"
    );
    let both = environment(&[("VTASK_SESSION", "abc"), ("VTASK_AUTHORIZATION", "Basic x")]);
    assert!(resolve(&args, &both).await.is_err());
}

#[tokio::test]
async fn credentials_over_plain_http_need_permission() {
    let environment = environment(&[("VTASK_PASSWORD", "pw")]);
    let mut args = ConnectionArgs {
        url: Some("http://vc01.lab".into()),
        username: Some("ops".to_owned()),
        ..ConnectionArgs::default()
    };
    let refused = resolve(&args, &environment).await.unwrap_err();
    assert!(refused.0.contains("plain http"), "{refused}");
    args.allow_plain_http = true;
    assert!(resolve(&args, &environment).await.is_ok());
}

#[tokio::test]
async fn missing_keys_are_reported() {
    let nothing = environment(&[]);
    let error = resolve(&ConnectionArgs::default(), &nothing)
        .await
        .unwrap_err();
    assert!(error.0.contains("--url"), "{error}");
    let args = ConnectionArgs {
        url: Some("vc01.lab".into()),
        ..ConnectionArgs::default()
    };
    let error = resolve(&args, &nothing).await.unwrap_err();
    assert!(error.0.contains("--username"), "{error}");
    let args = ConnectionArgs {
        password_file: Some("/nonexistent/password".into()),
        username: Some("ops".to_owned()),
        ..args
    };
    let error = resolve(&args, &nothing).await.unwrap_err();
    assert!(error.0.contains("/nonexistent/password"), "{error}");
}
