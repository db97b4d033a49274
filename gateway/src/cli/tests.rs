//! Reading of arguments, and exit codes.

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::output::Format;
use super::*;

fn parse(arguments: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(["sealgate"].into_iter().chain(arguments.split_whitespace()))
}

fn refused(arguments: &str) -> ErrorKind {
    parse(arguments).map(drop).expect_err(arguments).kind()
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_argument_is_explained() {
    fn walk(command: &clap::Command, path: &str) {
        let path = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "{path} has no help");
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{path}: {} has no help",
                argument.get_id()
            );
        }
        command
            .get_subcommands()
            .for_each(|command| walk(command, &path));
    }
    let mut command = Cli::command();
    command.build();
    command
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
        .for_each(|command| walk(command, "sealgate"));
    let help = command.render_long_help().to_string();
    assert!(help.contains("Exit codes:") && help.contains("SEALGATE_TOKEN"));
}

#[test]
fn every_command_is_read() {
    for arguments in [
        "status",
        "status --address http://127.0.0.1:1 --ca-cert ca.pem --token-file t --format json",
        "--format json status",
        "operator init",
        "operator init --key-shares 1 --key-threshold 1",
        "operator unseal",
        "operator unseal -",
        "operator unseal zimW8=",
        "operator unseal --reset",
        "operator seal",
        "key create k --type aes128-gcm96 --derived --convergent-encryption --mount t/u",
        "key create k --exportable --allow-plaintext-backup --auto-rotate-period 24h",
        "key read k",
        "key list --mount team",
        "key rotate k",
        "key config k --min-decryption-version 2 --min-encryption-version 0",
        "key config --deletion-allowed k",
        "key config --deletion-allowed=false --exportable=true k",
        "key trim k --min-available-version 2",
        "key delete k",
        "encrypt k --in a --out b --context c --associated-data d --key-version 2 --mount m",
        "decrypt k --in a --out b --context c --associated-data d --mount m",
        "rewrap k --in a --out b --context c --associated-data d --key-version 2 --mount m",
        "rewrap-file k --in a --out b",
        "rewrap-file k --in a --in-place --resume --keep-others --all --mount m",
        "rewrap-file k --in a --dry-run --context c --associated-data d",
        "rewrap-file k --in a --out b --dry-run --batch-size 1 --concurrency 64 --retries 0",
        "rewrap-file k --in a --out b --restart --column 1 --no-header --delimiter tab",
        "rewrap-file k --in a --out b --column a --column b --context-column c \
         --associated-data-column d",
        "rewrap-file k --in a --out b --field a.b --field c --context-field d \
         --associated-data-field e",
        "migrate --from https://vault.example:8200",
        "migrate --from http://h --from-token-file t --from-ca-cert c --from-mount a/b a b c",
        "migrate --from http://h --to-mount m --allow-backup --dry-run --format json",
        "completions bash",
        "server --dev",
        "server --dev --listen 127.0.0.1:0 --dev-root-token-id root",
        "server --config sealgate.toml",
    ] {
        parse(arguments).unwrap_or_else(|error| panic!("{arguments}: {error}"));
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (arguments, kind) in [
        ("status --token s.abc", ErrorKind::UnknownArgument),
        ("operator init --key-shares 256", ErrorKind::ValueValidation),
        (
            "operator init --key-threshold 0",
            ErrorKind::ValueValidation,
        ),
        (
            "operator unseal zimW8= --reset",
            ErrorKind::ArgumentConflict,
        ),
        (
            "key create k --convergent-encryption",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "key create k --auto-rotate-period soon",
            ErrorKind::ValueValidation,
        ),
        ("key config k", ErrorKind::MissingRequiredArgument),
        ("key config k --exportable=maybe", ErrorKind::InvalidValue),
        ("key trim k", ErrorKind::MissingRequiredArgument),
        ("encrypt", ErrorKind::MissingRequiredArgument),
        ("encrypt k --key-version 0", ErrorKind::ValueValidation),
        ("server", ErrorKind::MissingRequiredArgument),
        ("server --dev --config f", ErrorKind::ArgumentConflict),
        (
            "server --config f --listen 127.0.0.1:1",
            ErrorKind::ArgumentConflict,
        ),
        (
            "server --config f --dev-root-token-id t",
            ErrorKind::ArgumentConflict,
        ),
        ("rewrap-file k --in a", ErrorKind::MissingRequiredArgument),
        ("rewrap-file k --out a", ErrorKind::MissingRequiredArgument),
        (
            "rewrap-file k --in a --out b --in-place",
            ErrorKind::ArgumentConflict,
        ),
        (
            "rewrap-file k --in a --out b --resume --restart",
            ErrorKind::ArgumentConflict,
        ),
        (
            "rewrap-file k --in a --out b --column 1 --field c",
            ErrorKind::ArgumentConflict,
        ),
        (
            "rewrap-file k --in a --out b --column 1 --context c --context-column 2",
            ErrorKind::ArgumentConflict,
        ),
        (
            "rewrap-file k --in a --out b --no-header",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "rewrap-file k --in a --out b --context-field c",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "rewrap-file k --in a --out b --column 0",
            ErrorKind::ValueValidation,
        ),
        (
            "rewrap-file k --in a --out b --column 1 --delimiter :",
            ErrorKind::ValueValidation,
        ),
        (
            "rewrap-file k --in a --out b --field a..b",
            ErrorKind::ValueValidation,
        ),
        (
            "rewrap-file k --in a --out b --batch-size 0",
            ErrorKind::ValueValidation,
        ),
        ("migrate k", ErrorKind::MissingRequiredArgument),
        (
            "migrate --from http://h --from-token s.abc",
            ErrorKind::UnknownArgument,
        ),
        ("status --format xml", ErrorKind::InvalidValue),
    ] {
        assert_eq!(refused(arguments), kind, "{arguments}");
    }
}

#[test]
fn options_may_stand_anywhere() {
    for arguments in [
        "--format json key list",
        "key --format json list",
        "key list --format json",
    ] {
        assert_eq!(
            parse(arguments).unwrap().client.format,
            Format::Json,
            "{arguments}"
        );
    }
}

#[test]
fn the_dev_server_listens_on_loopback_by_default() {
    let Command::Server(server) = parse("server --dev").unwrap().command else {
        panic!("not the server");
    };
    assert_eq!(server.listen.to_string(), "127.0.0.1:8200");
    assert!(server.dev_root_token_id.is_none() && server.config.is_none());
}

#[test]
fn secrets_do_not_show_in_debug() {
    for arguments in [
        "operator unseal zimW8",
        "server --dev --dev-root-token-id zimW8",
    ] {
        assert!(!format!("{:?}", parse(arguments).unwrap()).contains("zimW8"));
    }
}

#[tokio::test]
async fn without_a_server_commands_fail() {
    for arguments in ["status", "key list", "operator seal"] {
        let Cli {
            mut client,
            command: Command::Client(command),
        } = parse(arguments).unwrap()
        else {
            panic!("not a client command");
        };
        // Nothing listens on the first port.
        client.address = Some("http://127.0.0.1:1".to_owned());
        let failure = perform(&client, command).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Failed);
        assert_eq!(failure.to_string(), "cannot connect to http://127.0.0.1:1");
    }
}
