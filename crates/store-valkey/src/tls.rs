//! TLS for fred. The other client takes the certificates as they are.

use std::sync::Arc;

use baton_store::StoreError;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};

/// A configuration for fred: these roots, or the web's if none are given.
pub(crate) fn client_config(ca_pem: Option<&[u8]>) -> Result<ClientConfig, StoreError> {
    let roots = match ca_pem {
        Some(pem) => roots_from(pem)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::refused(format!("TLS cannot be set up: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn roots_from(pem: &[u8]) -> Result<RootCertStore, StoreError> {
    let wrong = |error: &dyn std::fmt::Display| {
        StoreError::refused(format!("CA file of the store is no PEM certificate: {error}"))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() {
        return Err(wrong(&"it holds none"));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_that_is_none_is_refused_with_a_reason() {
        for pem in [b"".as_slice(), b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n"] {
            let error = client_config(Some(pem)).unwrap_err().to_string();
            assert!(error.contains("is no PEM certificate"), "{error}");
        }
    }
}
