//! Bodies of answers that something is kept for until the client has taken them.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The bytes that are handed on at a time. A connection asks for more once it is rid of these, so that a large body is done
/// with when its client has taken it, and not when it is made.
const PART_MAX: usize = 64 * 1024;

/// A body that is handed on in parts, and a value that is dropped with the last of them.
pub(super) struct Kept<T> {
    body: Body,
    /// The part of a frame that is not handed on yet.
    rest: Bytes,
    _value: T,
}

impl<T> Kept<T> {
    /// Keeps `value` for as long as there is more of `body`.
    pub(super) fn new(body: Body, value: T) -> Self {
        Self { body, rest: Bytes::new(), _value: value }
    }
}

impl<T: Unpin> HttpBody for Kept<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context))
                .map(|frame| frame.map(Frame::into_data))
            {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(frame))) => return Poll::Ready(Some(Ok(frame))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let count = self.rest.len().min(PART_MAX);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(count)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (of_body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(rest));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
