//! A server that also listens with TLS.

use std::{fs, net::TcpListener, path::Path};

use crate::{Program, Server};

impl Server {
    /// Starts one with this certificate and key, and tells the port on which it wants TLS. It asks
    /// its clients for no certificate. Only Redis is built with TLS.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start_with_tls(certificate_pem: &str, key_pem: &str) -> (Self, u16) {
        let write = |folder: &Path| {
            fs::write(folder.join("cert.pem"), certificate_pem).expect("written");
            fs::write(folder.join("key.pem"), key_pem).expect("written");
        };
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let settings = [
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            "{dir}/cert.pem",
            "--tls-key-file",
            "{dir}/key.pem",
            "--tls-ca-cert-file",
            "{dir}/cert.pem",
            "--tls-auth-clients",
            "no",
        ];
        (Self::start_in(Program::Redis, &settings, write), port)
    }
}
