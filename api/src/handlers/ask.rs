//! What every question is asked with.

use ghev_event::Timestamp;
use ghev_readmodel::{ReadError, Scope, Snapshot, TimeAxis, Window};

use crate::freshness::Freshness;
use crate::parameters::{Relative, TimeSpan};
use crate::views::StateView;

/// What every question is asked with beside its parameters.
#[derive(Debug)]
pub(crate) struct Ask<'s> {
    /// The state of the read model.
    pub(crate) snapshot: &'s Snapshot<'s>,
    /// The current time.
    pub(crate) now: Timestamp,
    /// The version that answers.
    pub(crate) version: &'static str,
    /// What freshness is judged by.
    pub(crate) freshness: &'s Freshness,
}

impl Ask<'_> {
    /// The window of a question that is no page of a walk.
    pub(super) fn window(&self, span: TimeSpan, by: impl Into<TimeAxis>) -> Window {
        span.window(Relative { now: self.now }, by.into())
    }

    /// What an answer ends with: the state it is of, and how complete that is for a scope in a window.
    pub(super) fn state(&self, scope: &Scope, window: &Window) -> Result<StateView, ReadError> {
        let coverage = self.snapshot.coverage(scope, window)?;
        Ok(StateView::new(self.snapshot.as_of(), coverage))
    }

    /// The same for an answer of all there is.
    pub(super) fn whole_state(&self) -> Result<StateView, ReadError> {
        self.state(&Scope::All, &Window::EVERYTHING)
    }
}
