//! TLS with a certificate that may be renewed under way.

use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::TlsFiles;
use crate::metrics::CERTIFICATE;

/// The certificate in use.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    config: ArcSwap<ServerConfig>,
    /// What the files held when they were read last.
    read: Mutex<(Vec<u8>, Vec<u8>)>,
}

impl Tls {
    /// Reads certificate and key; at start a bad one stops the process.
    pub fn load(files: TlsFiles) -> anyhow::Result<Self> {
        let pem = contents(&files)?;
        let config = build(&pem.0, &pem.1)?;
        Ok(Self(Arc::new(Inner { files, config: ArcSwap::from_pointee(config), read: Mutex::new(pem) })))
    }

    /// The client's handshake.
    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.0.config.load_full()).accept(stream).await
    }

    /// Reads the files again when they changed, or when `asked`. A bad pair keeps the one in use: certificate and key are written one after
    /// the other.
    pub fn look(&self, asked: bool) {
        let Ok(pem) = contents(&self.0.files) else { return };
        let mut read = self.0.read.lock().expect("no one panics while reading a certificate");
        if pem == *read && !asked {
            return;
        }
        match build(&pem.0, &pem.1) {
            Ok(config) => {
                self.0.config.store(Arc::new(config));
                tracing::info!("the new certificate is in use");
            }
            Err(error) => {
                let files = &self.0.files;
                tracing::error!(certificate = %files.certificate.display(), key = %files.key.display(), "the certificate in use stays: {error:#}");
            }
        }
        *read = pem;
    }
}

fn contents(files: &TlsFiles) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
    let read = |name: &str, path: &std::path::Path| {
        std::fs::read(path).with_context(|| format!("{name}: cannot read `{}`", path.display()))
    };
    Ok((read("API_GATEWAY_TLS_CERT", &files.certificate)?, read("API_GATEWAY_TLS_KEY", &files.key)?))
}

fn build(certificate: &[u8], key: &[u8]) -> anyhow::Result<ServerConfig> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| anyhow::anyhow!("API_GATEWAY_TLS_CERT is not PEM: {error}"))?;
    let leaf = chain.first().context("API_GATEWAY_TLS_CERT holds no certificate")?;
    let expiry = expiry(leaf)?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| anyhow::anyhow!("API_GATEWAY_TLS_KEY holds no private key in PEM"))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not fit each other")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    CERTIFICATE.set(expiry);
    Ok(config)
}

/// When a certificate ends, in Unix seconds.
fn expiry(certificate: &CertificateDer<'_>) -> anyhow::Result<i64> {
    use x509_parser::prelude::FromDer as _;
    let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(certificate)
        .map_err(|error| anyhow::anyhow!("API_GATEWAY_TLS_CERT cannot be understood: {error}"))?;
    Ok(parsed.validity().not_after.timestamp())
}
