//! A client that does not read.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use ghev_readmodel::{EventFilter, LogId, ModelDir, Offset, Place, Writer};

use super::feed::BATCHES_KEPT;
use super::frame::Batch;
use super::{Feed, Frames, Patience, Wanted};
use crate::options::ApiOptions;
use crate::queries::QueryThreads;
use crate::readers::Readers;

const LOG: LogId = LogId::new([1; 16]);

fn place(offset: u64) -> Place {
    Place::new(Offset::new(offset).unwrap(), 0)
}

async fn text(frames: &mut Frames) -> Option<String> {
    let frame = frames.next().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

/// Nothing is kept for a client that does not read: it is told where it was, and left.
#[tokio::test]
async fn a_client_that_falls_behind_is_cut_with_a_last_event() {
    let model = tempfile::tempdir().unwrap();
    Writer::open(&ModelDir::new(model.path()), LOG).unwrap();
    let options = ApiOptions::new(model.path());
    let readers = Readers::new(model.path().to_path_buf(), None);
    let queries = Arc::new(QueryThreads::start(&options, &readers).unwrap());
    // The feed finds nothing by itself: what arrives is the test's.
    let feed = Feed::new(queries, Duration::from_secs(3600));
    let wanted = Wanted {
        feed: Arc::clone(&feed),
        filter: EventFilter::default(),
        from: (LOG, place(0)),
        patience: Patience {
            heartbeat: Duration::from_millis(1),
            retry: Duration::from_secs(2),
        },
    };
    let mut frames = wanted.frames();
    assert_eq!(
        text(&mut frames).await.unwrap(),
        "retry: 2000\nid: 01010101-0.0\n\n"
    );
    // The first sign of life says that it has caught up and follows.
    while feed.listeners() < 1 {
        text(&mut frames).await.unwrap();
    }
    text(&mut frames).await.unwrap();
    for offset in 0..=BATCHES_KEPT as u64 {
        feed.send(Batch::write(
            LOG,
            place(offset),
            place(offset + 1),
            Vec::new(),
        ));
    }
    let mut last = None;
    while let Some(text) = text(&mut frames).await {
        last = Some(text);
    }
    let last = last.unwrap();
    assert!(
        last.starts_with("event: end\nid: 01010101-0.0\ndata: "),
        "{last}"
    );
    assert!(last.contains("\"reason\":\"too_slow\""), "{last}");
}
