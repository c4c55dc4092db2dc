//! The ways a parameter can be given.

use serde_json::Value as Json;

use super::Input;

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A segment of the path.
    Path,
    /// The query.
    Query,
}

/// A parameter as it is documented.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) repeatable: bool,
    pub(crate) description: &'static str,
    /// The JSON Schema of one value.
    pub(crate) schema: Json,
    /// A value that can be tried.
    pub(crate) example: Option<&'static str>,
}

/// What a single value can be.
pub(crate) trait Value: Sized {
    /// A value that can be tried.
    const EXAMPLE: Option<&'static str> = None;

    /// Its JSON Schema.
    fn schema() -> Json;

    /// Reads it, or says what it should have been.
    fn parse(text: &str) -> Result<Self, String>;
}

/// A field of a struct of parameters: one parameter, or several that belong together.
pub(crate) trait Field: Sized {
    fn describe(name: &'static str, description: &'static str, into: &mut Vec<Parameter>);
    fn read(name: &'static str, input: &mut Input) -> Option<Self>;
}

/// A segment of the path.
#[derive(Debug, Clone)]
pub(crate) struct InPath<T>(pub(crate) T);

impl<T: Value> Field for InPath<T> {
    fn describe(name: &'static str, description: &'static str, into: &mut Vec<Parameter>) {
        into.push(described::<T>(name, Place::Path, false, description));
    }

    fn read(name: &'static str, input: &mut Input) -> Option<Self> {
        let text = input.segment(name)?;
        parsed(name, &text, input).map(Self)
    }
}

/// In the query, at most once.
impl<T: Value> Field for Option<T> {
    fn describe(name: &'static str, description: &'static str, into: &mut Vec<Parameter>) {
        into.push(described::<T>(name, Place::Query, false, description));
    }

    fn read(name: &'static str, input: &mut Input) -> Option<Self> {
        let mut given = input.take(name).into_iter();
        match (given.next(), given.next()) {
            (None, _) => Some(None),
            (Some(text), None) => parsed(name, &text, input).map(Some),
            (Some(_), Some(_)) => {
                input.refuse(name, "is given more than once");
                None
            }
        }
    }
}

/// In the query, any number of times.
impl<T: Value> Field for Vec<T> {
    fn describe(name: &'static str, description: &'static str, into: &mut Vec<Parameter>) {
        into.push(described::<T>(name, Place::Query, true, description));
    }

    fn read(name: &'static str, input: &mut Input) -> Option<Self> {
        let given = input.take(name);
        let values: Vec<Option<T>> = given.iter().map(|text| parsed(name, text, input)).collect();
        values.into_iter().collect()
    }
}

fn described<T: Value>(
    name: &'static str,
    place: Place,
    repeatable: bool,
    description: &'static str,
) -> Parameter {
    let (schema, example) = (T::schema(), T::EXAMPLE);
    Parameter {
        name,
        place,
        repeatable,
        description,
        schema,
        example,
    }
}

fn parsed<T: Value>(name: &'static str, text: &str, input: &mut Input) -> Option<T> {
    match T::parse(text) {
        Ok(value) => Some(value),
        Err(reason) => {
            input.refuse_value(name, reason);
            None
        }
    }
}
