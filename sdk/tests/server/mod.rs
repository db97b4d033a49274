//! A disposable real server: Sealgate if `SEALGATE_BIN` names its binary, else the OpenBao that
//! `BAO_BIN` names. The tests know only the API that both speak.

#![allow(dead_code, reason = "every test file uses another part")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use sealgate_sdk::{Client, ClientBuilder, Error};
use tempfile::TempDir;

const START: Duration = Duration::from_secs(30);

/// A running server. It is killed when dropped.
pub struct Server {
    process: Child,
    directory: TempDir,
    address: String,
    ca_file: Option<PathBuf>,
}

enum Peer {
    Sealgate(PathBuf),
    OpenBao(PathBuf),
}

impl Server {
    /// Initialised, unsealed, `transit/` mounted, root token `root`.
    pub async fn dev() -> Self {
        let directory = TempDir::new().unwrap();
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let command = match peer() {
            Peer::Sealgate(binary) => {
                let mut command = Command::new(binary);
                command.args(["server", "--dev", "--listen", &listen]);
                command.args(["--dev-root-token-id", "root"]);
                command
            }
            Peer::OpenBao(binary) => {
                let mut command = Command::new(binary);
                command.args(["server", "-dev", "-dev-no-store-token"]);
                command.arg("-dev-root-token-id=root");
                command.arg(format!("-dev-listen-address={listen}"));
                command
            }
        };
        let server = Self::start(command, directory, format!("http://{listen}"), None).await;
        let client = server.client();
        // A dev server listens a moment before it has opened its keyring.
        wait_for("an unsealed dev server", async || {
            matches!(client.sys().mounts().await, Ok(mounts) if mounts.contains_key("cubbyhole/")
                || mounts.contains_key("transit/"))
        })
        .await;
        if !client
            .sys()
            .mounts()
            .await
            .unwrap()
            .contains_key("transit/")
        {
            client.sys().mount_transit("transit").await.unwrap();
        }
        server
    }

    /// Without keys: not even initialised.
    pub async fn fresh() -> Self {
        Self::configured(None).await
    }

    /// As [`fresh`](Self::fresh), over TLS, with a certificate for `127.0.0.1` that only
    /// [`ca_file`](Self::ca_file) vouches for.
    pub async fn fresh_with_tls() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Self::configured(Some((certificate.pem(), key.serialize_pem()))).await
    }

    async fn configured(tls: Option<(String, String)>) -> Self {
        let directory = TempDir::new().unwrap();
        let root = directory.path();
        let port = free_port();
        let (scheme, ca_file) = match &tls {
            None => ("http", None),
            Some((certificate, key)) => {
                fs::write(root.join("cert.pem"), certificate).unwrap();
                fs::write(root.join("key.pem"), key).unwrap();
                ("https", Some(root.join("cert.pem")))
            }
        };
        fs::create_dir(root.join("store")).unwrap();
        let peer = peer();
        let config = peer.config(root, port, tls.is_some());
        let file = root.join(if matches!(peer, Peer::Sealgate(_)) {
            "s.toml"
        } else {
            "b.hcl"
        });
        fs::write(&file, config).unwrap();
        let command = match peer {
            Peer::Sealgate(binary) => {
                let mut command = Command::new(binary);
                command.arg("server").arg("--config").arg(&file);
                command
            }
            Peer::OpenBao(binary) => {
                let mut command = Command::new(binary);
                command
                    .arg("server")
                    .arg(format!("-config={}", file.display()));
                command
            }
        };
        Self::start(
            command,
            directory,
            format!("{scheme}://127.0.0.1:{port}"),
            ca_file,
        )
        .await
    }

    async fn start(
        mut command: Command,
        directory: TempDir,
        address: String,
        ca_file: Option<PathBuf>,
    ) -> Self {
        let log = fs::File::create(directory.path().join("log")).unwrap();
        let process = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let mut server = Self {
            process,
            directory,
            address,
            ca_file,
        };
        let client = server.client();
        let started = Instant::now();
        while let Err(error) = client.sys().seal_status().await {
            let ended = server.process.try_wait().unwrap();
            let log = || fs::read_to_string(server.directory.path().join("log")).unwrap();
            assert!(ended.is_none(), "the server ended: {}", log());
            assert!(started.elapsed() < START, "no server: {error:?}\n{}", log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server
    }

    /// A client with the root token of a dev server.
    pub fn client(&self) -> Client {
        self.builder().token("root".to_owned()).build().unwrap()
    }

    /// A client without a token, to be set up further.
    pub fn builder(&self) -> ClientBuilder {
        let builder = Client::builder().address(&self.address);
        match &self.ca_file {
            Some(path) => builder.ca_file(path),
            None => builder,
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Peer {
    fn config(&self, root: &Path, port: u16, tls: bool) -> String {
        let (certificate, key) = (root.join("cert.pem"), root.join("key.pem"));
        let store = root.join("store");
        match self {
            Self::Sealgate(_) => format!(
                "[listener]\naddress = \"127.0.0.1:{port}\"\n{}\n\
                 [store]\nkind = \"rocksdb\"\npath = {store:?}\n",
                if tls {
                    format!("tls_cert_file = {certificate:?}\ntls_key_file = {key:?}\n")
                } else {
                    "tls_disable = true\n".to_owned()
                }
            ),
            Self::OpenBao(_) => format!(
                "storage \"raft\" {{\n path = {store:?}\n node_id = \"one\"\n}}\n\
                 listener \"tcp\" {{\n address = \"127.0.0.1:{port}\"\n{}}}\n\
                 api_addr = \"http://127.0.0.1:{port}\"\n\
                 cluster_addr = \"http://127.0.0.1:{}\"\n",
                if tls {
                    format!(" tls_cert_file = {certificate:?}\n tls_key_file = {key:?}\n")
                } else {
                    " tls_disable = true\n".to_owned()
                },
                port + 1,
            ),
        }
    }
}

fn peer() -> Peer {
    if let Some(binary) = env::var_os("SEALGATE_BIN") {
        return Peer::Sealgate(binary.into());
    }
    let binary = env::var_os("BAO_BIN")
        .expect("set SEALGATE_BIN or BAO_BIN to the server that these tests are to run against");
    Peer::OpenBao(binary.into())
}

/// A port that is free, as is the next one, which OpenBao takes for its cluster.
fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

/// Asks again until it is so.
pub async fn wait_for(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !so().await {
        assert!(started.elapsed() < START, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Status and words of a refusal.
pub fn refusal<T>(result: Result<T, Error>) -> (u16, String) {
    match result {
        Err(Error::Refused { status, errors }) => (status, errors.join("; ")),
        Err(error) => panic!("not a refusal: {error:?}"),
        Ok(_) => panic!("not refused"),
    }
}
