//! Serves the router on a socket: bounded connections, no patience with slow clients, and an end that
//! finishes what was begun.

use super::connections::{Connections, Place};
use super::kept::Kept;
use super::stream::ClientStream;
use super::tls::Tls;
use crate::app::App;
use crate::config::ServerConfig;
use crate::error::Error;
use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Version, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

type Request<B = Body> = axum::http::Request<B>;

const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// The age at which a connection is closed after the request in hand, so that none is kept for good.
const AGE_MAX: Duration = Duration::from_mins(10);
const HEADERS_MAX: usize = 64;
const BUFFER_MAX: usize = 64 * 1024;
/// The bytes that the system holds for a client that does not take them. The system makes room for twice as many; it
/// takes more only when a third is free, so that a client must take some kilobytes a second.
const SEND_BUFFER: u32 = 256 * 1024;
const BACKLOG: u32 = 1_024;

/// The sockets that are listened on.
#[derive(Debug)]
pub struct Listener {
    api: TcpListener,
    tls: Option<Arc<Tls>>,
    metrics: Option<TcpListener>,
}

impl Listener {
    /// Takes the addresses and reads the certificate.
    pub async fn bind(config: &ServerConfig) -> anyhow::Result<Self> {
        Ok(Self {
            api: listen(config.listen)?,
            tls: Tls::load(config).await?.map(Arc::new),
            metrics: config.metrics_listen.map(listen).transpose()?,
        })
    }

    /// Returns the address of the API.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.api.local_addr()?)
    }

    /// Returns the base URL of the API.
    pub fn url(&self) -> anyhow::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", self.address()?))
    }

    /// Returns the URL of the metrics, where they have an address of their own.
    pub fn metrics_url(&self) -> anyhow::Result<Option<String>> {
        let address = self.metrics.as_ref().map(TcpListener::local_addr).transpose()?;
        Ok(address.map(|address| format!("http://{address}/metrics")))
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        // what is accepted inherits it
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    bound().with_context(|| format!("listening on {address}"))
}

/// Serves on `listener` until `shutdown` resolves, then takes no more connections and finishes the
/// requests in flight, for 30 seconds at most.
pub async fn serve(app: App, listener: Listener, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let connections = Arc::new(Connections::new(app.config.server.connections_per_peer as usize));
    let (stop, stopped) = watch::channel(());
    let upkeep = listener.tls.clone().map(|tls| tokio::spawn(async move { tls.keep_fresh().await }));
    let api = Door { router: super::router(app.clone()), tls: listener.tls, connections };
    tokio::spawn(api.serve(listener.api, stopped.clone()));
    if let Some(metrics) = listener.metrics {
        let connections = Arc::new(Connections::new(app.config.server.connections_per_peer as usize));
        let door = Door { router: super::metrics_router(app.clone()), tls: None, connections };
        tokio::spawn(door.serve(metrics, stopped.clone()));
    }
    drop(stopped);
    shutdown.await;
    app.drain();
    let _ = stop.send(());
    if tokio::time::timeout(DRAIN_TIMEOUT, stop.closed()).await.is_err() {
        tracing::warn!("requests were still in flight at the end of the drain");
    }
    if let Some(upkeep) = upkeep {
        upkeep.abort();
    }
    Ok(())
}

/// What is behind a listening socket.
struct Door {
    router: Router,
    tls: Option<Arc<Tls>>,
    connections: Arc<Connections>,
}

impl Door {
    /// Accepts connections until it is to stop.
    async fn serve(self, listener: TcpListener, mut stopped: watch::Receiver<()>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stopped.changed() => return,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, stopped.clone()),
                // too many open files, or a connection that was gone before it came
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr, stopped: watch::Receiver<()>) {
        let Some(place) = self.connections.admit(peer.ip()) else {
            metrics::counter!("refrain_http_connections_refused_total").increment(1);
            return;
        };
        let _ = stream.set_nodelay(true);
        let (router, acceptor) = (self.router.clone(), self.tls.as_ref().map(|tls| tls.acceptor()));
        tokio::spawn(async move {
            let stream = ClientStream::new(stream, Arc::clone(&place.activity));
            let conversation = async {
                match acceptor {
                    None => converse(stream, router, peer, &place, stopped).await,
                    Some(acceptor) => {
                        let accepted = tokio::time::timeout(HEADER_TIMEOUT, acceptor.accept(stream)).await;
                        let Ok(Ok(stream)) = accepted else { return };
                        converse(stream, router, peer, &place, stopped).await;
                    }
                }
            };
            tokio::select! {
                () = conversation => {}
                () = place.evicted() => {}
            }
        });
    }
}

/// Answers the requests of a connection, until it ends, is old, or the server stops.
async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    router: Router,
    peer: SocketAddr,
    place: &Place,
    mut stopped: watch::Receiver<()>,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let busy = place.activity.begin();
        let answer = answer(router.clone(), request.map(Body::new), peer);
        async move { Ok::<_, Infallible>(answer.await.map(|body| Body::new(Kept::new(body, busy)))) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_MAX);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = tokio::time::sleep(AGE_MAX) => None,
        _ = stopped.changed() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Answers a request that came over a socket.
async fn answer(router: Router, mut request: Request, peer: SocketAddr) -> Response {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    // without it HTTP/1.1 does not say whom it asks, and with two it depends on who reads
    if hosts > 1 || (hosts == 0 && request.version() != Version::HTTP_10) {
        return Error::Invalid("host: expected the header once".into()).into_response();
    }
    // many that one client sends at once have their turn one by one, each behind those of all others
    tokio::task::yield_now().await;
    request.extensions_mut().insert(ConnectInfo(peer));
    match router.oneshot(request).await {
        Ok(response) => response,
    }
}
