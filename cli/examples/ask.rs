//! Asks a running service for the rhythm of a repository and walks its events, page by page.
//! docs/clients.md shows this file.
#![expect(
    clippy::print_stdout,
    reason = "printing is what an example of a client is for"
)]

use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let base = arguments.next().unwrap_or("http://localhost:5000".into());
    let repo = arguments.next().unwrap_or("rust-lang/rust".into());

    let interval = ask(&format!("{base}/v1/repos/{repo}/pull-request-interval"))?;
    match interval["mean_seconds"].as_f64() {
        Some(seconds) => println!("a pull request every {seconds:.0} seconds"),
        None => println!("too few pull requests: {}", interval["sample_size"]),
    }

    let first = format!("{base}/v1/events?repo={repo}&limit=1000");
    let (mut next, mut events) = (first.clone(), 0);
    loop {
        let page = ask(&next)?;
        events += page["events"].as_array().map_or(0, Vec::len);
        match page["next_page_token"].as_str() {
            Some(token) => next = format!("{first}&page_token={token}"),
            None => break,
        }
    }
    println!("{events} events");
    Ok(())
}

/// The answer, or what the service says is wrong.
fn ask(url: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut response = agent.get(url).call()?;
    let answer: Value = response.body_mut().read_json()?;
    if !response.status().is_success() {
        return Err(format!("{}: {}", answer["code"], answer["detail"]).into());
    }
    Ok(answer)
}
