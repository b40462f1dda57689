//! Who only holds connections: nobody else is kept out by them, and each of them ends.
//!
//! Real sockets, with a short time in the settings. What waits, waits for the hub to do something.

use std::io::ErrorKind;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use reqwest::Method;
use tests::people::visa_lines;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::api::Door;

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

async fn door(connections: usize, idle_milliseconds: u64) -> Door {
    Door::with(|config| {
        config.hub.limits.connections = connections.try_into().unwrap();
        config.hub.limits.idle_milliseconds = idle_milliseconds.try_into().unwrap();
    })
    .await
}

async fn connect(door: &Door, says: &str) -> TcpStream {
    let mut stream = TcpStream::connect(door.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(says.as_bytes()).await.unwrap();
    stream
}

/// Waits until the hub ends a connection; what it says before does not matter.
async fn ended(stream: &mut TcpStream, what: &str) {
    let mut all = vec![];
    let end = timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    let end = end.unwrap_or_else(|_| panic!("{what} is still open"));
    assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset), "{what}");
}

/// What somebody who wants to hold a place sends.
const HOLDERS: [(&str, &str); 4] = [
    ("who says nothing", ""),
    ("who is slow with a line", "GET /li"),
    ("who is slow with headers", "POST /v1/sources/visa/messages HTTP/1.1\r\nHost: hub\r\nX-A: "),
    ("who stays after an answer", "GET /livez HTTP/1.1\r\nHost: hub\r\n\r\n"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_ask_nothing_keep_nobody_out() {
    // Nothing ends by its time here.
    let door = door(20, 3_600_000).await;
    let mut holders = vec![];
    for n in 0..100 {
        for (what, says) in HOLDERS {
            holders.push((what, connect(&door, says).await));
        }
        if n % 20 == 19 {
            let line = visa_lines(n).remove(0);
            let posted =
                door.post("/v1/sources/visa/messages", "posts", "application/json", line.to_string());
            let posted = timeout(PATIENCE, posted).await.expect("a post is answered");
            assert_eq!(posted.status(), 201, "{}", posted.text().await.unwrap());
            let alive = timeout(PATIENCE, door.get("/livez", "")).await.expect("a probe is answered");
            assert_eq!(alive.status(), 200);
        }
    }
    // As many end as there is no place for; which of them, hangs on who was being answered just then.
    let mut ends: FuturesUnordered<_> =
        holders.iter_mut().map(|(what, stream)| ended(stream, what)).collect();
    assert_eq!(ends.by_ref().take(380).count().await, 380);
    assert!(timeout(Duration::from_millis(1), ends.count()).await.is_err(), "no more of them end than must");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_a_connection_loses_it_after_a_time() {
    let door = door(512, 200).await;
    let mut holders = vec![];
    for (what, says) in HOLDERS {
        holders.push((what, connect(&door, says).await));
    }
    // A byte now and then is no head.
    let (mut read, mut write) = connect(&door, "GET /livez HTTP/1.1\r\nX-A: ").await.into_split();
    let trickle = tokio::spawn(async move {
        while write.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    for (what, stream) in &mut holders {
        ended(stream, what).await;
    }
    let mut all = vec![];
    let end = timeout(PATIENCE, read.read_to_end(&mut all)).await.expect("who trickles is ended");
    drop(end);
    timeout(PATIENCE, trickle).await.expect("and can send no more").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_no_answer_loses_the_connection() {
    let door = door(512, 200).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(door.base.trim_start_matches("http://").parse().unwrap()).await.unwrap();
    let asked = "GET /problems/busy HTTP/1.1\r\nHost: hub\r\n\r\n".repeat(1000);
    let sent = timeout(PATIENCE, async { while stream.write_all(asked.as_bytes()).await.is_ok() {} });
    sent.await.expect("who asks and never reads is ended");
}

/// Begins a batch that is at work for as long as its sender likes.
async fn at_work(door: &Door, number: usize) -> TcpStream {
    let line = visa_lines(number).remove(0).to_string() + "\n";
    let head = format!(
        "POST /v1/sources/visa/batches HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer posts\r\n\
         Expect: 100-continue\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        line.len() + 2
    );
    let mut stream = connect(door, &head).await;
    let mut answer = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("it wants the body").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(line.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_are_at_work_the_hub_still_says_how_it_is() {
    let door = door(3, 300).await;
    let mut working = vec![];
    for n in 0..3 {
        working.push(at_work(&door, n).await);
    }
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(door.get(path, "").await.status(), 200, "{path}");
    }
    let told = door.call(Method::POST, "/v1/sources/visa/messages", "posts").send().await.unwrap();
    assert_eq!((told.status().as_u16(), &told.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    // Strangers in number change nothing of that.
    let mut strangers = vec![];
    for n in 0..100 {
        strangers.push(connect(&door, HOLDERS[n % 4].1).await);
    }
    assert_eq!(door.get("/livez", "").await.status(), 200);
    // Longer than the time of those who ask nothing: who works is not one of them.
    for mut stranger in strangers {
        ended(&mut stranger, "a stranger").await;
    }
    for stream in &mut working {
        stream.write_all(b"\n\n").await.unwrap();
        let mut rest = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut rest)).await.expect("it is answered").unwrap();
        assert!(rest.contains("\"accepted\"") && rest.ends_with("0\r\n\r\n"), "{rest}");
    }
}
