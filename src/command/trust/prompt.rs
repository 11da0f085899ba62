//! The prompt to trust a certificate.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::{
    command::io_context::CommandIo,
    config::KnownHosts,
    text::sanitize,
    vim::{Address, CertificateProbe},
};

/// True if the command is interactive: standard input and standard error are terminals.
pub(super) fn is_possible(io: &CommandIo<'_>) -> bool {
    io.err.is_terminal() && (io.input)().1
}

/// Shows a certificate and prompts. Only a full `yes` accepts it.
pub(super) fn confirm(io: &mut CommandIo<'_>, server: &Address, probe: &CertificateProbe) -> bool {
    let answer = io.ask(&shown(server, probe));
    answer.is_ok_and(|answer| answer == "yes")
}

/// Prints that the certificate is trusted now, and how to remove it.
pub(super) fn report_saved(io: &mut CommandIo<'_>, known: &KnownHosts, host: &str) {
    let path = known.path.clone().unwrap_or_default();
    io.eprint(&format!(
        "the certificate is saved in {}; `vtask trust remove {host}` removes it.",
        path.display()
    ));
}

fn shown(server: &Address, probe: &CertificateProbe) -> String {
    let host = server.authority();
    let mut text = match &probe.rejection {
        Some(rejection) => format!(
            "The certificate of {host} is not trusted: {}.\n",
            sanitize(&rejection.reason())
        ),
        None => format!(
            "The certificate of {host} is signed by an authority that this machine trusts.\n"
        ),
    };
    text.push('\n');
    let certificate = &probe.certificate;
    // Writing to a string cannot fail.
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12}{}", sanitize(value));
    };
    match &certificate.details {
        None => row("Contents", "cannot be read"),
        Some(details) => {
            row("Subject", &details.subject);
            let issuer = if certificate.is_self_signed() {
                "itself"
            } else {
                &details.issuer
            };
            row("Signed by", issuer);
            if !details.names.is_empty() {
                row("Names", &details.names.join(", "));
            }
            let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
            row(
                "Valid",
                &format!("{} to {}", day(details.from), day(details.until)),
            );
        }
    }
    // Two lines fit into 80 columns and are easier to compare.
    let fingerprint = certificate.fingerprint.to_string();
    let (first, second) = fingerprint.split_at(fingerprint.len().div_ceil(2));
    row("SHA-256", first);
    row("", second);
    text.push_str(
        "\nCompare the SHA-256 with the server's own, over another channel.\n\
         Trust this certificate from now on? Type yes: ",
    );
    text
}
