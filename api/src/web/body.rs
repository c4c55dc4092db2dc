//! What an answer is sent as: whole, or as it comes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use crate::live::{Frames, Wanted};

/// The body of an answer.
pub(super) enum AnswerBody {
    /// It is there already.
    Whole(Full<Bytes>),
    /// It comes bit by bit, and is not kept.
    Live(Frames),
}

/// An answer as it is sent: live where it brings along what is wanted of a feed.
pub(super) fn of(mut response: Response<Bytes>) -> Response<AnswerBody> {
    let wanted = response.extensions_mut().remove::<Wanted>();
    response.map(|whole| match wanted {
        Some(wanted) => AnswerBody::Live(wanted.frames()),
        None => AnswerBody::Whole(Full::new(whole)),
    })
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context),
            Self::Live(frames) => frames.as_mut().poll_next(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Live(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Live(_) => SizeHint::default(),
        }
    }
}
