//! The holder's end: takes connections and hands over one offer after another. Knows nothing
//! about what is appended when.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ghev_log::Offset;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{Answer, OFFER_MAX_BYTES, Takes, socket};
use crate::Clock;

/// More imports at once than anybody means to run; further ones wait for their turn.
const CONNECTIONS_MAX: usize = 16;

/// What a record takes beside its bytes, so that no number of empty ones is free.
const RECORD_COST_BYTES: usize = 32;

/// A moment for others to close their files.
const ACCEPT_AGAIN_WAIT: Duration = Duration::from_secs(1);

/// Records that are to begin at an offset, and who waits for what becomes of them. Dropped without
/// an answer, the connection ends.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) at: Offset,
    pub(crate) records: Vec<Vec<u8>>,
    answer: oneshot::Sender<Answer>,
}

impl Offer {
    /// Says what became of it. An import that has gone does not hear it.
    pub(crate) fn answer(self, answer: Answer) {
        self.answer.send(answer).ok();
    }
}

/// The offers of all imports. Drop it while the log is still held: the next holder's socket has
/// the same name.
#[derive(Debug)]
pub(crate) struct Inbox {
    offers: mpsc::Receiver<Offer>,
    /// Held so that no offer is waited for, and none ever comes, where there is no socket.
    _open: mpsc::Sender<Offer>,
    /// Aborted when dropped.
    _accepting: JoinSet<()>,
    bound: Option<PathBuf>,
}

impl Inbox {
    /// Takes offers for the log in `dir`, which the caller holds. Where there can be no socket, on
    /// some filesystems, the caller goes on without.
    pub(crate) fn open(dir: &Path, takes: Takes, clock: Arc<dyn Clock>) -> Self {
        let (sender, offers) = mpsc::channel(1);
        let mut accepting = JoinSet::new();
        let listener = socket::remove(dir)
            .and_then(|()| socket::with_name(dir, |name| UnixListener::bind(name)));
        let bound = match listener {
            Ok(listener) => {
                accepting.spawn(accept(listener, takes, sender.clone(), clock));
                Some(dir.to_path_buf())
            }
            Err(error) => {
                tracing::warn!(socket = %socket::path(dir).display(), %error,
                    "no socket: nobody else can append through this process");
                None
            }
        };
        Self {
            offers,
            _open: sender,
            _accepting: accepting,
            bound,
        }
    }

    /// The next offer, whenever it comes. Nothing is lost where this is given up.
    pub(crate) async fn next(&mut self) -> Offer {
        match self.offers.recv().await {
            Some(offer) => offer,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        if let Some(dir) = &self.bound {
            // One that stays refuses connections, and the next holder replaces it.
            socket::remove(dir).ok();
        }
    }
}

async fn accept(
    listener: UnixListener,
    takes: Takes,
    offers: mpsc::Sender<Offer>,
    clock: Arc<dyn Clock>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, takes, offers.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "another process could not connect");
                    clock.wait(ACCEPT_AGAIN_WAIT).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(mut stream: UnixStream, takes: Takes, offers: mpsc::Sender<Offer>) {
    tracing::debug!("another process connected");
    match converse(&mut stream, takes, &offers).await {
        Ok(()) => tracing::debug!("it disconnected"),
        Err(error) => tracing::warn!(%error, "what another process offered was cut off"),
    }
}

async fn converse(
    stream: &mut UnixStream,
    takes: Takes,
    offers: &mpsc::Sender<Offer>,
) -> io::Result<()> {
    stream.write_all(takes.greeting()).await?;
    while let Some((at, records)) = read_offer(stream).await? {
        let (answer, answered) = oneshot::channel();
        let offer = Offer {
            at,
            records,
            answer,
        };
        let (Ok(()), Ok(answer)) = (offers.send(offer).await, answered.await) else {
            // The holder ends.
            return Ok(());
        };
        stream.write_all(&answer.encode()).await?;
    }
    Ok(())
}

/// The next offer whole, or `None` where the import has hung up.
async fn read_offer(from: &mut UnixStream) -> io::Result<Option<(Offset, Vec<Vec<u8>>)>> {
    let mut at = [0; 8];
    if from.read(&mut at[..1]).await? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut at[1..]).await?;
    let count = from.read_u32_le().await?;
    let (mut records, mut bytes) = (Vec::new(), 0usize);
    for _ in 0..count {
        let length = usize::try_from(from.read_u32_le().await?).unwrap_or(usize::MAX);
        bytes = bytes
            .saturating_add(length)
            .saturating_add(RECORD_COST_BYTES);
        if bytes > OFFER_MAX_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("it offered more than {OFFER_MAX_BYTES} bytes at once"),
            ));
        }
        let mut record = vec![0; length];
        from.read_exact(&mut record).await?;
        records.push(record);
    }
    Ok(Some((Offset::new(u64::from_le_bytes(at)), records)))
}
