//! An entry of the table.

use std::borrow::Cow;

use schemars::{Schema, SchemaGenerator};

use super::question::{Cost, Question, Typed};
use crate::answer::{self, Offered};
use crate::dashboard::DashboardParameters;
use crate::document::{Document, Documents};
use crate::handlers::{Ask, StreamParameters};
use crate::live::EVENT_STREAM;
use crate::parameters::{Format, Input, Parameter, Parameters, Place};
use crate::problem::{Code, Problem};
use crate::views::{HealthView, View};

/// What belongs together in the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tag {
    /// Counts and intervals.
    Metrics,
    /// The same as SVG.
    Pictures,
    /// Events, one and many.
    Events,
    /// Repositories, organisations and actors.
    Identities,
    /// Status, gaps, health.
    Operations,
    /// Pages and documents for people and programs.
    Documents,
}

impl Tag {
    /// Every tag, in the order of the documentation.
    pub(crate) const ALL: &[Self] = &[
        Self::Metrics,
        Self::Pictures,
        Self::Events,
        Self::Identities,
        Self::Operations,
        Self::Documents,
    ];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Metrics => "Metrics",
            Self::Pictures => "Pictures",
            Self::Events => "Events",
            Self::Identities => "Identities",
            Self::Operations => "Operations",
            Self::Documents => "Documents",
        }
    }

    /// What it is about.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Metrics => {
                "How many events of each type, when they happen, and the time between pull requests."
            }
            Self::Pictures => {
                "Metrics as SVG, for a README or a page: light and dark, described for screen readers."
            }
            Self::Events => "The events themselves, page by page or one by one.",
            Self::Identities => "Who repositories, organisations and actors are.",
            Self::Operations => "How far the read model has come, what is missing, and health.",
            Self::Documents => "Pages for people, and descriptions for programs.",
        }
    }
}

/// Finds a document, by the parameter in its path where it has one.
type ShowDocument = for<'d> fn(&'d Documents, Option<&str>) -> Option<&'d Document>;

/// An endpoint. All of them are asked with GET, or HEAD.
pub(crate) struct Endpoint {
    /// The path, with parameters in braces.
    pub(crate) path: Cow<'static, str>,
    /// A name that is unique among endpoints, for generated clients.
    pub(crate) id: Cow<'static, str>,
    pub(crate) tag: Tag,
    /// What it answers, in a line.
    pub(crate) summary: Cow<'static, str>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) answer: Answer,
    /// Problems beside those that any endpoint may have.
    pub(crate) problems: &'static [Code],
    /// Whether its answer is of the moment, and never bears an entity tag.
    pub(crate) of_the_moment: bool,
    pub(crate) action: Action,
}

/// What an endpoint answers with.
pub(crate) enum Answer {
    /// A view, in these formats.
    View {
        /// Adds its schema and those it uses.
        schema: fn(&mut SchemaGenerator) -> Schema,
        /// The name of its schema.
        name: String,
        offered: Offered,
    },
    /// Something else, of this media type.
    Other(&'static str),
}

/// How an endpoint comes to its answer.
pub(crate) enum Action {
    /// It asks the read model.
    Question(Box<dyn Question>),
    /// It shows one of the documents.
    Document(ShowDocument),
    /// It sends events as they arrive.
    Stream,
    /// It shows the first page.
    Dashboard,
    /// It says that the process is alive.
    Health,
    /// It tells the service's counters.
    Metrics,
}

impl Endpoint {
    /// An endpoint that asks the read model.
    pub(crate) fn question<P: Parameters, V: View>(
        (path, id): (&'static str, &'static str),
        tag: Tag,
        summary: &'static str,
        cost: fn(&P) -> Cost,
        handler: fn(&Ask<'_>, &P) -> Result<V, Problem>,
    ) -> Self {
        let mut parameters = Vec::new();
        P::describe(&mut parameters);
        Self {
            path: path.into(),
            id: id.into(),
            tag,
            summary: summary.into(),
            parameters,
            answer: Answer::of::<V>(),
            problems: &[],
            of_the_moment: P::OF_THE_MOMENT,
            action: Action::Question(Box::new(Typed {
                offered: Offered::by::<V>(),
                cost,
                handler,
            })),
        }
    }

    /// The same endpoint with a picture for an answer, where it can be drawn.
    pub(super) fn pictured(&self) -> Option<Self> {
        let Action::Question(question) = &self.action else {
            return None;
        };
        let question = question.pictured()?;
        // There is one format only.
        let chosen = |parameter: &&Parameter| parameter.name != "format";
        Some(Self {
            path: format!("{}.svg", self.path).into(),
            id: format!("{}_svg", self.id).into(),
            tag: Tag::Pictures,
            summary: format!("{}, as a picture", self.summary).into(),
            parameters: self.parameters.iter().filter(chosen).cloned().collect(),
            answer: Answer::Other(answer::media_type(Format::Svg)),
            problems: self.problems,
            of_the_moment: self.of_the_moment,
            action: Action::Question(question),
        })
    }

    /// An endpoint that shows a document.
    pub(super) fn document(
        (path, id): (&'static str, &'static str),
        media_type: &'static str,
        summary: &'static str,
        document: ShowDocument,
    ) -> Self {
        Self::other(
            (path, id),
            Tag::Documents,
            media_type,
            summary,
            Action::Document(document),
        )
    }

    /// The endpoint that shows the first page.
    pub(super) fn dashboard(media_type: &'static str) -> Self {
        let (path, summary) = (("/", "dashboard"), "Dashboard");
        let mut dashboard =
            Self::other(path, Tag::Documents, media_type, summary, Action::Dashboard);
        DashboardParameters::describe(&mut dashboard.parameters);
        dashboard
    }

    /// An endpoint of any other kind.
    pub(super) fn other(
        (path, id): (&'static str, &'static str),
        tag: Tag,
        media_type: &'static str,
        summary: &'static str,
        action: Action,
    ) -> Self {
        let (parameters, problems) = (Vec::new(), &[]);
        let answer = Answer::Other(media_type);
        Self {
            path: path.into(),
            id: id.into(),
            tag,
            summary: summary.into(),
            parameters,
            answer,
            problems,
            of_the_moment: !matches!(action, Action::Document(_)),
            action,
        }
    }

    /// The endpoint that sends events as they arrive.
    pub(super) fn stream(path: (&'static str, &'static str), summary: &'static str) -> Self {
        let mut stream = Self::other(path, Tag::Events, EVENT_STREAM, summary, Action::Stream);
        StreamParameters::describe(&mut stream.parameters);
        stream
    }

    /// The endpoint that says that the process is alive.
    pub(super) fn health() -> Self {
        let path = ("/healthz", "healthz");
        let summary = "Whether the process is alive";
        let health = Self::other(path, Tag::Operations, "", summary, Action::Health);
        Self {
            answer: Answer::of::<HealthView>(),
            ..health
        }
        .or(&[Code::NotAcceptable])
    }

    /// With these problems beside those that any endpoint may have.
    pub(super) fn or(self, problems: &'static [Code]) -> Self {
        Self { problems, ..self }
    }

    /// With this parameter in its path, which is no question's.
    pub(super) fn with_parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The names of the parameters in its path.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &'static str> + '_ {
        let in_path = self
            .parameters
            .iter()
            .filter(|parameter| parameter.place == Place::Path);
        in_path.map(|parameter| parameter.name)
    }

    /// Refuses whatever parameters a request to an endpoint without any has.
    pub(crate) fn refuse_parameters(query: Option<&str>) -> Result<(), Problem> {
        Input::new(std::iter::empty(), query).finish()
    }
}

impl Answer {
    /// A view.
    pub(super) fn of<V: View>() -> Self {
        Self::View {
            schema: |generator| generator.subschema_for::<V>(),
            name: V::schema_name().into_owned(),
            offered: Offered::by::<V>(),
        }
    }
}
