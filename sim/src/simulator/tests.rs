//! Every answer the simulator knows, one test for each row of what GitHub was seen to do.

mod books;
mod faults;
mod feeds;
mod pages;
mod refusals;
mod validators;

use serde_json::Value;

use super::Simulator;
use crate::delivery::{Delivered, Finish};
use crate::exchange::{Request, Response, Transport};
use crate::generator::EventGenerator;
use crate::options::{LimitStatus, SimOptions};
use crate::time::SimTime;

const NOW: SimTime = SimTime::from_seconds(1_780_000_000);
const PAGE: &str = "/events?per_page=100";

/// A simulator with a full window.
fn full(options: SimOptions) -> Simulator {
    let mut simulator = Simulator::new(options, EventGenerator::new(9));
    simulator.release(NOW, 300);
    simulator
}

fn faulty(spec: &str) -> Simulator {
    full(SimOptions::new().faults(spec.parse().unwrap()))
}

fn get(simulator: &mut Simulator, path: &str) -> Response {
    simulator.respond(NOW, &Request::get(path))
}

fn json(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

fn ids(response: &Response) -> Vec<String> {
    let text = |event: &Value| event["id"].as_str().unwrap_or_default().to_owned();
    json(response)
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect()
}

fn number(response: &Response, header: &str) -> i64 {
    response.header(header).unwrap().parse().unwrap()
}

fn etag(response: &Response) -> String {
    response.header("etag").unwrap().to_owned()
}

fn message(response: &Response) -> String {
    json(response)["message"].as_str().unwrap().to_owned()
}
