//! Questions of the read model: answered as before where the same has been asked of the same state, else here
//! and now, or where they can take their time.

use std::borrow::Cow;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, header};

use super::job::{Answered, Job, Outcome};
use super::kept::{Asking, Kept, State};
use super::respond::{Service, joined, preferred_encoding};
use super::response;
use crate::answer::{self, Encoding};
use crate::parameters::Input;
use crate::problem::{Code, Problem};
use crate::table::{Cost, Question};

/// What a request says about the form of its answer.
struct Wishes<'r> {
    /// Path and query.
    target: &'r str,
    accept: Option<Cow<'r, str>>,
    encoding: Encoding,
    if_none_match: Option<Cow<'r, str>>,
}

impl<'r> Wishes<'r> {
    fn of(request: &'r Parts) -> Self {
        let headers = &request.headers;
        let target = request.uri.path_and_query();
        Self {
            target: target.map_or("", |target| target.as_str()),
            accept: joined(headers, &header::ACCEPT),
            encoding: preferred_encoding(headers),
            if_none_match: joined(headers, &header::IF_NONE_MATCH),
        }
    }

    fn asking(&self) -> Asking<'_> {
        Asking {
            target: self.target,
            accept: self.accept.as_deref(),
            encoding: self.encoding,
        }
    }
}

impl Service {
    /// The answer that was given to the same request, where the read model has not changed since, and the
    /// endpoint that gave it: its way need not be found again. Where the state cannot be told or no token
    /// was shown there is none, and asking will show why.
    pub(crate) fn answer_again(&self, request: &Parts) -> Option<(usize, Response<Bytes>)> {
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return None;
        }
        let wishes = Wishes::of(request);
        let Kept { endpoint, answered } = self.kept.get(&wishes.asking())?;
        if !self.allows(&self.endpoints()[endpoint], request) {
            return None;
        }
        let deadline = Instant::now() + self.lookup_deadline;
        let state = self.readers.with(|reader| {
            reader.set_deadline(Some(deadline));
            reader.as_of().ok()
        });
        let (edition, as_of) = state?;
        if State::of(edition, &as_of) != answered.state {
            return None;
        }
        let known = answered.tag.zip(wishes.if_none_match.as_deref());
        let outcome = match known {
            Some((tag, known)) if tag.is_in(known) => Outcome::NotModified(tag),
            _ => Outcome::Answer(answered),
        };
        let response = response::of_outcome(outcome, &request.uri, &self.room);
        self.metrics().reused();
        Some((
            endpoint,
            response.unwrap_or_else(|problem| Self::problem(&problem)),
        ))
    }

    /// The answer to a question.
    pub(super) async fn answer(
        &self,
        endpoint: usize,
        question: &dyn Question,
        mut input: Input,
        request: &Parts,
    ) -> Result<Response<Bytes>, Problem> {
        let asked = question.read(&mut input);
        input.finish()?;
        let asked = asked.ok_or_else(|| Problem::internal("parameters vanished unexplained"))?;
        let wishes = Wishes::of(request);
        let accept = wishes.accept.as_deref();
        let format = answer::choose(question.offered(), asked.format(), accept)?;
        let cost = asked.cost();
        let job = Job {
            asked,
            format,
            encoding: wishes.encoding,
            now: (self.now)(),
            version: self.version,
            freshness: self.freshness.clone(),
            request: wishes.target.to_owned(),
            if_none_match: wishes.if_none_match.as_deref().map(str::to_owned),
        };
        let outcome = match cost {
            Cost::Lookup => self.look_up(job).await?,
            Cost::Scan => self.scan(job).await?,
        };
        if let Outcome::Answer(answered @ Answered { tag: Some(_), .. }) = &outcome {
            let answered = answered.clone();
            self.kept
                .keep(&wishes.asking(), Kept { endpoint, answered });
        }
        response::of_outcome(outcome, &request.uri, &self.room)
    }

    /// Runs a lookup here and now. One that is none after all, because the disk is slow or a
    /// repository is very busy, must not hold up the other requests of this worker: it starts anew
    /// where it can take its time.
    async fn look_up(&self, job: Job) -> Result<Outcome, Problem> {
        let deadline = Instant::now() + self.lookup_deadline;
        let looked_up = self.readers.with(|reader| {
            reader.set_deadline(Some(deadline));
            job.run(reader)
        });
        match looked_up {
            Err(problem) if problem.code == Code::QueryDeadline => self.scan(job).await,
            outcome => outcome,
        }
    }

    /// Runs a question where it can take its time. Apart: a lookup's way to its answer is short, and
    /// need not have room for the other's.
    async fn scan(&self, job: Job) -> Result<Outcome, Problem> {
        Box::pin(self.queries.run(move |reader| job.run(reader))).await
    }
}
