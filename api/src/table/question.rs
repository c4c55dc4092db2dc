//! A handler whose types are put away, so that all of them can stand in one table.

use crate::answer::{self, Offered};
use crate::handlers::Ask;
use crate::parameters::{Format, Input, Parameters};
use crate::problem::Problem;
use crate::views::View;

/// How much work a question may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cost {
    /// A few lookups, tens of microseconds: done at once.
    Lookup,
    /// As much as there is to scan: done on a query thread, under the deadline.
    Scan,
}

/// A handler.
pub(crate) trait Question: Send + Sync {
    /// Reads its parameters. Whatever is wrong with them is noted in `input`, and only then there
    /// is nothing.
    fn read(&self, input: &mut Input) -> Option<Box<dyn Asked>>;

    /// The formats of its answer.
    fn offered(&self) -> Offered;

    /// The same question, answered with a picture where its answer can be drawn.
    fn pictured(&self) -> Option<Box<dyn Question>>;
}

/// A handler with its parameters.
pub(crate) trait Asked: Send {
    fn cost(&self) -> Cost;
    fn format(&self) -> Option<Format>;
    fn depends_on_clock(&self) -> bool;
    fn answer(&self, ask: &Ask<'_>, format: Format) -> Result<Written, Problem>;
}

/// An answer, written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) body: Vec<u8>,
    pub(crate) next_page_token: Option<String>,
}

/// A handler with its types.
pub(super) struct Typed<P, V> {
    pub(super) offered: Offered,
    pub(super) cost: fn(&P) -> Cost,
    pub(super) handler: fn(&Ask<'_>, &P) -> Result<V, Problem>,
}

struct TypedAsked<P, V> {
    parameters: P,
    cost: fn(&P) -> Cost,
    handler: fn(&Ask<'_>, &P) -> Result<V, Problem>,
}

impl<P: Parameters, V: View> Question for Typed<P, V> {
    fn read(&self, input: &mut Input) -> Option<Box<dyn Asked>> {
        input.offer(self.offered.formats());
        let parameters = P::read(input)?;
        Some(Box::new(TypedAsked {
            parameters,
            cost: self.cost,
            handler: self.handler,
        }))
    }

    fn offered(&self) -> Offered {
        self.offered
    }

    fn pictured(&self) -> Option<Box<dyn Question>> {
        let Self { cost, handler, .. } = *self;
        let offered = Offered::Picture;
        V::PICTURED.then(|| {
            Box::new(Self {
                offered,
                cost,
                handler,
            }) as Box<dyn Question>
        })
    }
}

impl<P: Parameters, V: View> Asked for TypedAsked<P, V> {
    fn cost(&self) -> Cost {
        (self.cost)(&self.parameters)
    }

    fn format(&self) -> Option<Format> {
        self.parameters.format()
    }

    fn depends_on_clock(&self) -> bool {
        self.parameters.depends_on_clock()
    }

    fn answer(&self, ask: &Ask<'_>, format: Format) -> Result<Written, Problem> {
        let view = (self.handler)(ask, &self.parameters)?;
        let whose = self
            .parameters
            .whose()
            .unwrap_or_else(|| "everybody".to_owned());
        let body = answer::write(&view, format, &whose)
            .map_err(|error| Problem::internal(format!("an answer cannot be written: {error}")))?;
        Ok(Written {
            body,
            next_page_token: view.next_page_token().map(str::to_owned),
        })
    }
}
