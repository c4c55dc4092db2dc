//! The declaration of an endpoint's parameters: one struct, read off and documented by the same
//! list of fields.

use super::{Format, Input, Parameter};

/// What an endpoint can be asked with.
pub(crate) trait Parameters: Sized + Send + 'static {
    /// Whether the answer is of the moment, whatever is asked: it is never the same one later.
    const OF_THE_MOMENT: bool = false;

    /// Every parameter, in the order of the documentation.
    fn describe(into: &mut Vec<Parameter>);

    /// Reads them; whatever is wrong is noted in `input`, and then there may be nothing.
    fn read(input: &mut Input) -> Option<Self>;

    /// The format asked for by name, where that is possible.
    fn format(&self) -> Option<Format> {
        None
    }

    /// Whose events are asked for, in words; nothing where they are everybody's.
    fn whose(&self) -> Option<String> {
        None
    }

    /// Whether the same request means something else later.
    fn depends_on_clock(&self) -> bool {
        Self::OF_THE_MOMENT
    }
}

/// Whose events, and what of them.
impl<S: Parameters, P: Parameters> Parameters for (S, P) {
    const OF_THE_MOMENT: bool = P::OF_THE_MOMENT;

    fn describe(into: &mut Vec<Parameter>) {
        S::describe(into);
        P::describe(into);
    }

    fn read(input: &mut Input) -> Option<Self> {
        let (scope, parameters) = (S::read(input), P::read(input));
        Some((scope?, parameters?))
    }

    fn format(&self) -> Option<Format> {
        self.1.format()
    }

    fn whose(&self) -> Option<String> {
        self.0.whose()
    }

    fn depends_on_clock(&self) -> bool {
        self.1.depends_on_clock()
    }
}

/// Declares a struct of parameters: `field = "name": Type` with the documentation above it. The
/// type says how the parameter is given (see `Field`). What stands in braces after the struct goes
/// into the implementation of [`Parameters`].
macro_rules! parameters {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[doc = $doc:literal])* $field:ident = $key:literal: $type:ty),* $(,)?
        }
        $({ $($more:tt)* })?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $vis struct $name {
            $($(#[doc = $doc])* pub(crate) $field: $type),*
        }

        impl $crate::parameters::Parameters for $name {
            fn describe(into: &mut Vec<$crate::parameters::Parameter>) {
                let _ = &into;
                $(<$type as $crate::parameters::Field>::describe(
                    $key,
                    concat!($($doc),*).trim(),
                    into,
                );)*
            }

            fn read(input: &mut $crate::parameters::Input) -> Option<Self> {
                // A struct may have no field that uses it.
                let _ = &input;
                // Every one is read before any is missed, so that all errors are told at once.
                $(let $field = <$type as $crate::parameters::Field>::read($key, input);)*
                Some(Self { $($field: $field?),* })
            }

            $($($more)*)?
        }
    };
}

pub(crate) use parameters;
