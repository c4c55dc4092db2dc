//! Prints made-up events, a line each, for measuring what many of them cost: `events COUNT [REPOS
//! [PEOPLE]]`, by default a fifth and a tenth of the count. The same numbers give the same bytes.

use std::error::Error;
use std::io::{BufWriter, Write as _};

use ghev_sim::{EventGenerator, SimTime};

/// About as many as GitHub's public feed had in late 2025.
const EVENTS_PER_SECOND: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse());
    let count: usize = numbers.next().ok_or("how many events?")??;
    let repos = numbers.next().transpose()?.unwrap_or(count / 5);
    let people = numbers.next().transpose()?.unwrap_or(count / 10);
    let mut generator = EventGenerator::of_many(1, repos, people);
    let begin = SimTime::from_seconds(1_764_547_200);
    let mut output = BufWriter::new(std::io::stdout().lock());
    for index in 0..count {
        let second = i64::try_from(index / EVENTS_PER_SECOND)?;
        let event = generator.next_event(begin.plus_seconds(second));
        output.write_all(event.raw())?;
        output.write_all(b"\n")?;
    }
    Ok(output.flush()?)
}
