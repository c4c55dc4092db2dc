//! From a request to its answer, whatever carries both: methods, formats, encodings, entity tags,
//! problems. Knows nothing about sockets or routers.
//!
//! - `respond`: the way of a request. - `job`: a question on its way to a thread that has a reader.
//! - `first_page`: the page for people. - `kept`: answers for whoever asks the same.
//! - `question`: what asks the read model. - `response`: headers.
//! - `room`: memory of long answers.

mod first_page;
mod job;
mod kept;
mod question;
mod respond;
mod response;
mod room;

pub(crate) use kept::State;
pub(crate) use respond::Service;
