//! The log's places as the read model has them, and back: each crate has types of its own, so that
//! neither knows the other.

use ghev_readmodel::{LogId, Offset};

use crate::ProjectError;

pub(crate) const fn log_id(id: ghev_log::LogId) -> LogId {
    LogId::new(id.to_bytes())
}

pub(crate) const fn to_log(offset: Offset) -> ghev_log::Offset {
    ghev_log::Offset::new(offset.get())
}

pub(crate) fn to_model(offset: ghev_log::Offset) -> Result<Offset, ProjectError> {
    Offset::new(offset.get()).ok_or(ProjectError::OffsetTooLarge { offset })
}
