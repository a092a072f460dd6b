//! The self-made certificate for `STARTTLS`. It is kept, so that a client that was told to trust it goes on doing so.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsAcceptor;

#[derive(Serialize, Deserialize)]
struct Kept {
    certificate_pem: String,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// The acceptor, and the certificate for clients to trust.
pub(super) fn acceptor(dir: &Path) -> anyhow::Result<(TlsAcceptor, String)> {
    let path = dir.join("certificate");
    let known = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let kept = if let Some(kept) = known {
        kept
    } else {
        let kept = make()?;
        std::fs::write(&path, serde_json::to_vec(&kept)?)?;
        kept
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(kept.key));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(kept.certificate)], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), kept.certificate_pem))
}

fn make() -> anyhow::Result<Kept> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "sandbox".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    Ok(Kept {
        certificate_pem: made.cert.pem(),
        certificate: made.cert.der().to_vec(),
        key: made.signing_key.serialize_der(),
    })
}
