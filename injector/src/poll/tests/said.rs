//! What is said aloud: each thing once, however often it happens.

use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::*;

/// Hears warnings and errors of this thread.
#[derive(Clone, Default)]
struct Ears(Arc<Mutex<Vec<String>>>);

impl Subscriber for Ears {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{value:?} "));
            }
        }
        let mut text = Text(event.metadata().level().to_string() + " ");
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

async fn said(replies: Vec<Reply>) -> Vec<String> {
    let ears = Ears::default();
    // A second one: where there is one alone, tracing asks that of whichever thread first says a
    // thing whether anybody wants to hear it, and other tests' threads have none.
    let _another = tracing::Dispatch::new(ears.clone());
    let _hearing = tracing::subscriber::set_default(ears.clone());
    let bench = Bench::new();
    let with_token =
        |options: &mut InjectOptions| options.token = Some("ghp_secret".parse().unwrap());
    bench.run(replies, with_token).await;
    let said = ears.0.lock().unwrap().clone();
    assert!(
        said.iter().all(|line| !line.contains("ghp_secret")),
        "{said:?}"
    );
    said
}

#[tokio::test]
async fn the_end_of_the_api_version_is_warned_about_once() {
    let ending = || page(0..1).header("sunset", "Fri, 10 Mar 2028 00:00:00 GMT");
    let said = said(vec![
        ending(),
        ending(),
        page(0..1).header("deprecation", "true"),
    ])
    .await;
    let warned = said.iter().filter(|line| line.contains("10 Mar 2028"));
    assert_eq!(warned.count(), 1, "{said:?}");
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_an_error_said_once() {
    let refused = Reply::new(401, r#"{"message":"Bad credentials"}"#);
    let said = said(vec![refused, page(0..1), page(0..2)]).await;
    let errors: Vec<_> = said
        .iter()
        .filter(|line| line.starts_with("ERROR"))
        .collect();
    assert_eq!(errors.len(), 1, "{said:?}");
    assert!(errors[0].contains("Bad credentials") && errors[0].contains("not used any more"));
}
