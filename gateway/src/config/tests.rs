use std::collections::BTreeSet;

use super::source::SECTIONS;
use super::*;

const EXAMPLE: &str = include_str!("../../../sealgate.example.toml");

const PLAIN: &str = "[listener]\ntls_disable = true\n[store]\npath = \"/data\"\n";

/// Keys that have no default, with the section they are in.
const REQUIRED: [&str; 3] = [
    "listener.tls_cert_file",
    "listener.tls_key_file",
    "store.path",
];

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, std::iter::empty())
}

fn parse_with(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env: Vec<_> = env
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    Config::parse(text, env.into_iter())
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn refusal_with(env: &[(&str, &str)]) -> String {
    parse_with(PLAIN, env).unwrap_err().to_string()
}

#[test]
fn example_shows_the_defaults() {
    let config = parse(EXAMPLE).unwrap();
    let files = TlsFiles {
        cert_file: "/etc/sealgate/tls/tls.crt".into(),
        key_file: "/etc/sealgate/tls/tls.key".into(),
        min_version: TlsMinVersion::default(),
    };
    let expected = Config {
        listener: ListenerConfig::tls("127.0.0.1:8200".parse().unwrap(), files),
        store: StoreConfig::RocksDb {
            path: "/var/lib/sealgate".into(),
        },
        limits: Limits::default(),
        keys: KeysConfig::default(),
        log: LogConfig::default(),
        lifecycle: Lifecycle::default(),
    };
    assert_eq!(config, expected);
}

#[test]
fn example_has_every_key_and_each_may_be_left_out_if_it_has_a_default() {
    let table: toml::Table = EXAMPLE.parse().unwrap();
    let shown: BTreeSet<String> = table
        .iter()
        .flat_map(|(section, keys)| {
            keys.as_table()
                .unwrap()
                .keys()
                .map(move |key| format!("{section}.{key}"))
        })
        .collect();
    let known: BTreeSet<String> = SECTIONS
        .iter()
        .flat_map(|(section, keys)| keys.iter().map(move |key| format!("{section}.{key}")))
        .collect();
    assert_eq!(shown, known);

    for (section, keys) in SECTIONS {
        for key in *keys {
            let mut without = table.clone();
            without[*section].as_table_mut().unwrap().remove(*key);
            let parsed = parse(&without.to_string());
            if REQUIRED.contains(&format!("{section}.{key}").as_str()) {
                parsed.unwrap_err();
            } else {
                assert_eq!(parsed.unwrap(), parse(EXAMPLE).unwrap(), "{section}.{key}");
            }
        }
    }
}

#[test]
fn every_key_has_an_override_that_is_read() {
    for (section, keys) in SECTIONS {
        for key in *keys {
            let variable = format!("SEALGATE_{section}_{key}").to_ascii_uppercase();
            let error = parse_with(EXAMPLE, &[(&variable, "")])
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(&format!("the environment variable {variable} is \"\"")));
        }
    }
}

#[test]
fn overrides_win_over_the_file() {
    let config = parse_with(
        PLAIN,
        &[
            ("SEALGATE_LISTENER_ADDRESS", "[::1]:9000"),
            ("SEALGATE_LIMITS_MAX_BODY_BYTES", "1MiB"),
            ("SEALGATE_LIMITS_MAX_BATCH_ITEMS", "7"),
            ("SEALGATE_LIMITS_IDLE_TIMEOUT", "250ms"),
            ("SEALGATE_LOG_FORMAT", "json"),
            ("SEALGATE_STORE_PATH", "/elsewhere"),
        ],
    )
    .unwrap();
    assert_eq!(config.listener.address(), "[::1]:9000".parse().unwrap());
    assert_eq!(config.limits.max_body_bytes, 1 << 20);
    assert_eq!(config.limits.max_batch_items, 7);
    assert_eq!(config.limits.idle_timeout, Duration::from_millis(250));
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(
        config.store,
        StoreConfig::RocksDb {
            path: "/elsewhere".into()
        }
    );
}

#[test]
fn variables_of_clients_and_of_kubernetes_are_not_overrides() {
    parse_with(
        PLAIN,
        &[
            ("SEALGATE_ADDR", "https://sealgate:8200"),
            ("SEALGATE_TOKEN", "s.token"),
            ("SEALGATE_CACERT", "/ca.pem"),
            ("SEALGATE_SERVICE_HOST", "10.0.0.1"),
            ("SEALGATE_PORT", "tcp://10.0.0.1:8200"),
            ("SEALGATE_STORE_SERVICE_HOST", "10.0.0.2"),
            ("SEALGATE_STORE_PORT", "tcp://10.0.0.2:2379"),
            ("SEALGATE_STORE_PORT_2379_TCP_ADDR", "10.0.0.2"),
            ("LISTENER_ADDRESS", "nonsense"),
        ],
    )
    .unwrap();
    assert_eq!(
        refusal_with(&[("SEALGATE_STORE_PORT", "2379")]),
        "unknown environment variable SEALGATE_STORE_PORT; the overrides of this section are \
         SEALGATE_STORE_KIND, SEALGATE_STORE_PATH"
    );
}

#[test]
fn unknown_names_are_refused_with_what_is_known() {
    assert_eq!(
        refusal("[listner]\naddress = \"127.0.0.1:1\"\n"),
        "unknown section [listner]; the sections are [listener], [store], [limits], [keys], \
         [log], [lifecycle]"
    );
    assert_eq!(
        refusal("[store]\npaht = \"/data\"\n"),
        "unknown key store.paht; [store] knows kind, path"
    );
    assert_eq!(
        refusal("store = 3\n"),
        "store is a section: write [store] on a line of its own"
    );
    assert!(refusal("[store").starts_with("the configuration is not valid TOML: "));
}

#[test]
fn values_are_refused_with_what_would_be_accepted() {
    let cases = [
        (
            "[limits]\nmax_body_bytes = \"32 parsecs\"",
            "limits.max_body_bytes is \"32 parsecs\"",
        ),
        ("[limits]\nmax_body_bytes = -1", "from 1 KiB to 1 GiB"),
        (
            "[limits]\nmax_body_bytes = \"99999999999999999999GiB\"",
            "from 1 KiB to 1 GiB",
        ),
        ("[limits]\nmax_header_bytes = 0", "from 4 KiB to 1 MiB"),
        (
            "[limits]\nmax_batch_items = 0",
            "must be a number from 1 to 1000000",
        ),
        (
            "[limits]\nrequest_timeout = 30",
            "limits.request_timeout is 30, but must be a duration",
        ),
        ("[limits]\nrequest_timeout = \"s\"", "such as \"30s\""),
        ("[limits]\nrequest_timeout = \"ä\"", "such as \"30s\""),
        ("[limits]\nrequest_timeout = \"0s\"", "from 1ms to 86400s"),
        (
            "[log]\nlevel = \"loud\"",
            "log.level is \"loud\", but must be \"error\" or \"warn\"",
        ),
        ("[store]\nkind = \"paper\"", "must be \"rocksdb\""),
    ];
    for (text, expected) in cases {
        let text =
            format!("{PLAIN}{text}\n").replace("\n[store]\npath = \"/data\"\n[store]", "\n[store]");
        let error = refusal(&text);
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(
        refusal_with(&[("SEALGATE_LISTENER_ADDRESS", "localhost")]),
        "the environment variable SEALGATE_LISTENER_ADDRESS is \"localhost\", but must be an IP \
         address and a port, such as \"127.0.0.1:8200\" or \"[::1]:8200\""
    );
    assert!(refusal_with(&[("SEALGATE_LISTENER_TLS_DISABLE", "yes")]).contains("true or false"));
    assert!(refusal("[listener]\ntls_disable = true\n").contains("SEALGATE_STORE_PATH"));
}

#[test]
fn plain_http_stays_on_the_machine_unless_told_otherwise() {
    let listener = |lines: &str| {
        parse(&format!("[listener]\n{lines}\n[store]\npath = \"/data\"\n")).map(|c| c.listener)
    };
    for loopback in [
        "127.0.0.1:1",
        "127.9.9.9:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        listener(&format!("tls_disable = true\naddress = \"{loopback}\"")).unwrap();
    }
    for network in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1"] {
        let plain = format!("tls_disable = true\naddress = \"{network}\"");
        let error = listener(&plain).unwrap_err();
        assert!(
            matches!(error, ConfigError::PlainHttpOnNetwork { .. }),
            "{error}"
        );
        let aloud = listener(&format!("{plain}\nallow_plain_http_on_network = true")).unwrap();
        assert_eq!(aloud.transport(), &Transport::Plain);
    }
}

#[test]
fn tls_needs_both_files_and_no_contradiction() {
    let listener = |lines: &str| {
        parse(&format!("[listener]\n{lines}\n[store]\npath = \"/data\"\n")).map(|c| c.listener)
    };
    assert!(matches!(
        listener("").unwrap_err(),
        ConfigError::NoTransport
    ));
    let half = listener("tls_cert_file = \"c\"").unwrap_err();
    assert!(
        half.to_string().contains("without listener.tls_key_file"),
        "{half}"
    );
    let half = listener("tls_key_file = \"k\"").unwrap_err();
    assert!(
        half.to_string().contains("without listener.tls_cert_file"),
        "{half}"
    );
    let both = listener("tls_key_file = \"k\"\ntls_disable = true").unwrap_err();
    assert!(
        both.to_string()
            .contains("contradicts listener.tls_key_file"),
        "{both}"
    );
    let tls = listener(
        "address = \"0.0.0.0:8200\"\ntls_cert_file = \"c\"\ntls_key_file = \"k\"\n\
         tls_min_version = \"1.3\"",
    )
    .unwrap();
    let Transport::Tls(files) = tls.transport() else {
        panic!("not TLS")
    };
    assert_eq!(files.min_version, TlsMinVersion::Tls13);
}

proptest::proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,200}", value in ".{0,40}") {
        let _ = parse(&text);
        let _ = parse_with(PLAIN, &[("SEALGATE_LIMITS_REQUEST_TIMEOUT", &value)]);
        let _ = parse_with(PLAIN, &[("SEALGATE_LIMITS_MAX_BODY_BYTES", &value)]);
    }
}
