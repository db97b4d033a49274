//! TLS: the server's settings, and a certificate that can be exchanged while connections run.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;
use zeroize::{Zeroize, Zeroizing};

use super::error::ListenError;
use crate::config::{TlsFiles, TlsMinVersion};

/// The server's current certificate and key. Clones share one value, so that a reload is seen by
/// the next handshake; running connections keep what they began with.
#[derive(Clone)]
pub struct Certificates(Arc<ArcSwap<CertifiedKey>>);

impl Certificates {
    /// Reads the files again and uses what they hold from now on.
    ///
    /// # Errors
    /// The new pair cannot be used; the old one stays in place.
    pub fn reload(&self, files: &TlsFiles) -> Result<(), ListenError> {
        self.0.store(Arc::new(load(files)?));
        Ok(())
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificates").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// The acceptor for `files`, and the handle that exchanges its certificate.
///
/// The provider's defaults are what we want: AEAD suites with forward secrecy only, and the
/// hybrid key exchange X25519MLKEM768 preferred.
pub(super) fn acceptor(files: &TlsFiles) -> Result<(TlsAcceptor, Certificates), ListenError> {
    let certificates = Certificates(Arc::new(ArcSwap::from_pointee(load(files)?)));
    let versions: &[_] = match files.min_version {
        TlsMinVersion::Tls12 => &[&TLS13, &TLS12],
        TlsMinVersion::Tls13 => &[&TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates.clone()));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), certificates))
}

fn load(files: &TlsFiles) -> Result<CertifiedKey, ListenError> {
    let (cert, key) = (files.cert_file.as_path(), files.key_file.as_path());
    let chain = CertificateDer::pem_slice_iter(&read(cert)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| ListenError::Pem {
            path: cert.to_owned(),
            source,
        })?;
    if chain.is_empty() {
        return Err(ListenError::NoCertificate {
            path: cert.to_owned(),
        });
    }
    let mut der = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|source| match source {
        pem::Error::NoItemsFound => ListenError::NoKey {
            path: key.to_owned(),
        },
        source => ListenError::Pem {
            path: key.to_owned(),
            source,
        },
    })?;
    let signing = any_supported_type(&der);
    der.zeroize();
    let signing = signing.map_err(|source| ListenError::UnusableKey {
        path: key.to_owned(),
        source,
    })?;
    let certified = CertifiedKey::new(chain, signing);
    certified
        .keys_match()
        .map_err(|source| ListenError::Mismatch {
            cert: cert.to_owned(),
            key: key.to_owned(),
            source,
        })?;
    Ok(certified)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ListenError> {
    fs::read(path)
        .map(Zeroizing::new)
        .map_err(|source| ListenError::Unreadable {
            path: path.to_owned(),
            source,
        })
}
