//! A `sealgate server` process of its own, with its store in a temporary directory.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use sealgate_sdk::{Client, SecretText};
use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Plain,
    Tls,
}

pub struct Server {
    child: Child,
    directory: TempDir,
    transport: Transport,
    port: u16,
}

impl Server {
    pub async fn start(transport: Transport) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let config = directory.path().join("sealgate.toml");
        fs::write(&config, configuration(directory.path(), transport, port)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_sealgate"))
            .args(["server", "--config", config.to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            directory,
            transport,
            port,
        };
        let anybody = server.client("");
        for _ in 0..200 {
            if anybody.sys().seal_status().await.is_ok() {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not answer");
    }

    /// A client with connections of its own.
    pub fn client(&self, token: &str) -> Client {
        let scheme = if self.transport == Transport::Tls {
            "https"
        } else {
            "http"
        };
        let client = Client::builder()
            .address(format!("{scheme}://localhost:{}", self.port))
            .token(token.to_owned());
        match self.transport {
            Transport::Plain => client,
            Transport::Tls => client.ca_file(self.directory.path().join("tls.crt")),
        }
        .build()
        .unwrap()
    }

    pub async fn unseal(&self, shares: &[SecretText]) {
        let anybody = self.client("");
        for share in shares {
            anybody.sys().unseal(share).await.unwrap();
        }
        assert!(!anybody.sys().seal_status().await.unwrap().sealed);
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The store's files as they are now. Nothing may be writing.
    pub fn copy_of_store(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for file in fs::read_dir(self.store()).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_file() {
                fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
            }
        }
        copy
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("store")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(directory: &Path, transport: Transport, port: u16) -> String {
    let tls = match transport {
        Transport::Plain => "tls_disable = true".to_owned(),
        Transport::Tls => {
            let names = ["localhost".to_owned()];
            let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
            let (certificate, key) = (directory.join("tls.crt"), directory.join("tls.key"));
            fs::write(&certificate, cert.pem()).unwrap();
            fs::write(&key, signing_key.serialize_pem()).unwrap();
            format!("tls_cert_file = {certificate:?}\ntls_key_file = {key:?}")
        }
    };
    let store = directory.join("store");
    format!(
        "[listener]\naddress = \"127.0.0.1:{port}\"\n{tls}\n[store]\nkind = \"rocksdb\"\npath = {store:?}\n"
    )
}
