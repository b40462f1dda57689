//! A topic that may be written and not read back: that nobody believes its delivery is told, until it is mended.
//!
//! Over a log in memory; which right is whose on a real Kafka is `sasl.rs`'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hub::deliver::halt::{Halt, HaltCode, Part};
use hub::deliver::log::Log;
use hub::deliver::record::TopicState;
use hub::deliver::recording::Recording;
use hub::deliver::{DeliverError, run_on};
use schemas::recipient::Recipient;
use tests::outbox::Rows;
use tests::place::until;
use tokio_util::sync::CancellationToken;

/// A log in which one topic may be written and, at first, not read.
#[derive(Clone)]
struct Unread {
    log: Recording,
    topic: Recipient,
    may: Arc<AtomicBool>,
}

impl Log for Unread {
    type Writer = <Recording as Log>::Writer;
    type LogReader = <Recording as Log>::LogReader;

    async fn open(&self) -> Result<(), DeliverError> {
        self.log.open().await
    }

    fn writer(&self, to: &Recipient) -> Self::Writer {
        self.log.writer(to)
    }

    async fn survey(&self, recipients: &[Recipient]) -> Result<Vec<TopicState>, DeliverError> {
        self.log.survey(recipients).await
    }

    async fn reader(&self, of: &Recipient) -> Result<Self::LogReader, DeliverError> {
        if *of == self.topic && !self.may.load(Ordering::SeqCst) {
            return Err(Halt::Refused("cannot read topics".to_owned()).into());
        }
        self.log.reader(of).await
    }
}

#[tokio::test]
async fn an_auditor_without_the_right_to_read_is_told_until_it_has_it() {
    let rows = Rows::new(&["atlas", "bon"]).unwrap();
    rows.add(6, 1).unwrap();
    let [atlas, bon] = ["atlas", "bon"].map(|name| Recipient::parse(name).unwrap());
    let log = Unread { log: Recording::default(), topic: bon.clone(), may: Arc::default() };
    let kafka = serde_json::from_value(serde_json::json!({"brokers": "-"})).unwrap();
    let (parts, stop) = (rows.parts(kafka, "one"), CancellationToken::new());
    let health = Arc::clone(&parts.health);
    let running = tokio::spawn(run_on(parts, log.clone(), stop.clone()));
    let halt = (Part::Auditor, bon.clone(), HaltCode::TopicRefused);
    until("that it may not read is told", || health.halts() == std::slice::from_ref(&halt)).await;
    until("the other topic is read back", || rows.closed(&atlas) == rows.last(&atlas)).await;
    log.may.store(true, Ordering::SeqCst);
    until("it reads, and is told no more", || rows.all_closed() && health.halts().is_empty()).await;
    stop.cancel();
    running.await.unwrap();
}
