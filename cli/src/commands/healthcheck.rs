//! `ghev healthcheck`: for container runtimes, whose images have no curl. Asks the api over HTTP,
//! and the other two through the files they are there for.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use ghev_readmodel::{ModelDir, Reader};

use super::DataDir;
use crate::args::Service;
use crate::error::CommandError;
use crate::exit::Exit;

/// A container runtime gives up after a few seconds itself; this names the reason before it does.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How the answer of a healthy service begins.
const OK: &[u8] = b"HTTP/1.1 200";

/// How a service that speaks TLS answers one that does not
/// (<https://www.rfc-editor.org/rfc/rfc8446#section-5.1>): it lives.
const TLS_ALERT: &[u8] = &[21, 3];

/// Exit 0 where the service does its work; the error says what it does not.
pub(crate) fn run(
    dirs: &DataDir,
    service: Service,
    listen: SocketAddr,
) -> Result<Exit, CommandError> {
    match service {
        Service::Api => ask(reachable(listen))?,
        Service::Injector => drop(ghev_log::stat(&dirs.log)?),
        Service::Projector => {
            Reader::new(ModelDir::new(&dirs.model)).snapshot()?;
        }
    }
    Ok(Exit::Done)
}

/// Where to reach what listens on `listen`: a wildcard address is no destination.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr) -> Result<(), CommandError> {
    let unhealthy = |reason: String| CommandError::Unhealthy { address, reason };
    let exchange = || -> std::io::Result<Vec<u8>> {
        let mut connection = TcpStream::connect_timeout(&address, TIMEOUT)?;
        connection.set_read_timeout(Some(TIMEOUT))?;
        connection.set_write_timeout(Some(TIMEOUT))?;
        let request =
            format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes())?;
        let mut beginning = Vec::new();
        connection
            .take(OK.len() as u64)
            .read_to_end(&mut beginning)?;
        Ok(beginning)
    };
    let beginning = exchange().map_err(|error| unhealthy(error.to_string()))?;
    if beginning == OK || beginning.starts_with(TLS_ALERT) {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&beginning).into_owned();
        Err(unhealthy(format!("it answered {said:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_address_is_reached_through_loopback() {
        let reached = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:5000"), "127.0.0.1:5000");
        assert_eq!(reached("[::]:5000"), "[::1]:5000");
        assert_eq!(reached("192.0.2.1:80"), "192.0.2.1:80");
    }
}
