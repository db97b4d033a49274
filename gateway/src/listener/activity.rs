//! What one connection is doing: a state machine fed with events, without I/O.
//!
//! It answers three questions that hyper leaves open: until when may the client stay silent, is
//! a request head growing beyond its limit, and is what hyper writes its own bare error answer
//! (`431` without a word) rather than an answer of the router's.

use std::time::{Duration, Instant};

use crate::config::Limits;
use crate::limits::Refusal;

/// The first bytes of an HTTP/2 connection (RFC 9113, 3.4); no HTTP/1 method begins like this.
const HTTP2_PREFACE: &[u8] = b"PRI ";

/// One connection's state.
#[derive(Debug)]
pub(super) struct Activity {
    protocol: Protocol,
    /// Requests handed to the router that it has not answered yet.
    in_flight: usize,
    /// An answer was made of which nothing has been written yet.
    owes_answer: bool,
    /// An HTTP/1 request head of which some bytes have arrived.
    head: Option<Head>,
    /// Nothing has arrived yet.
    fresh: bool,
    /// When a byte moved last.
    moved: Instant,
    /// A request body was given up before its end, so that bytes may still be on their way.
    unread_body: bool,
    /// What the client must still be told before the connection closes.
    last_word: Option<Refusal>,
    header_timeout: Duration,
    idle_timeout: Duration,
    max_header_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// This many bytes of the HTTP/2 preface have arrived.
    Preface(usize),
    Http1,
    Http2,
}

#[derive(Debug)]
struct Head {
    since: Instant,
    bytes: usize,
}

/// Why a connection's time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    /// A request head is late.
    Head,
    /// Nothing happened for long.
    Idle,
}

impl Activity {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        Self {
            protocol: Protocol::Preface(0),
            in_flight: 0,
            owes_answer: false,
            head: None,
            fresh: true,
            moved: now,
            unread_body: false,
            last_word: None,
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            max_header_bytes: limits.max_header_bytes,
        }
    }

    /// Bytes arrived.
    pub(super) fn received(&mut self, bytes: &[u8], now: Instant) {
        if bytes.is_empty() {
            return;
        }
        self.moved = now;
        self.fresh = false;
        self.protocol = self.protocol.seeing(bytes);
        match self.protocol {
            Protocol::Http2 => self.head = None,
            // While a request is in flight, or its body is being drained after the answer, bytes
            // belong to its body.
            _ if self.in_flight > 0 || self.owes_answer => {}
            _ => {
                let head = self.head.get_or_insert(Head {
                    since: now,
                    bytes: 0,
                });
                head.bytes += bytes.len();
            }
        }
    }

    /// Bytes were taken by the operating system.
    pub(super) fn sent(&mut self, now: Instant) {
        self.moved = now;
        self.owes_answer = false;
    }

    /// The router got a request.
    pub(super) fn request_began(&mut self) {
        self.in_flight += 1;
        self.head = None;
    }

    /// The router answered a request, or gave it up.
    pub(super) fn request_ended(&mut self, now: Instant) {
        self.in_flight -= 1;
        self.owes_answer = true;
        self.moved = now;
    }

    /// A request's body was given up before its end.
    pub(super) fn body_abandoned(&mut self) {
        self.unread_body = true;
    }

    /// Whether more of a request head may be read. Once it may not, the connection is lost.
    pub(super) fn may_read(&mut self) -> bool {
        let full = self
            .head
            .as_ref()
            .is_some_and(|head| head.bytes > self.max_header_bytes);
        if full {
            self.last_word = Some(Refusal::HeadTooLarge {
                limit: self.max_header_bytes,
            });
        }
        !full
    }

    /// Whether `written` is hyper's own answer to a head it could not parse. It is then withheld,
    /// and a sentence takes its place.
    pub(super) fn withholds(&mut self, written: &[u8]) -> bool {
        let hypers = self.protocol == Protocol::Http1
            && self.head.is_some()
            && !self.owes_answer
            && self.in_flight == 0
            && written.ends_with(b"\r\n\r\n");
        let Some(status) = hypers.then(|| bare_status(written)).flatten() else {
            return false;
        };
        self.last_word = Some(match status {
            414 => Refusal::UriTooLong {
                limit: usize::from(u16::MAX) - 1,
            },
            431 => Refusal::TooManyHeaders,
            _ => Refusal::Malformed,
        });
        true
    }

    /// What the client must still be told before the connection closes.
    pub(super) fn last_word(&self) -> Option<Refusal> {
        self.last_word
    }

    /// Whether bytes of a request body may still be on their way.
    pub(super) fn has_unread_body(&self) -> bool {
        self.unread_body
    }

    /// When the client's patience is used up if nothing happens; `None` while the router works,
    /// which has its own limit.
    pub(super) fn deadline(&self) -> Option<(Instant, Expiry)> {
        match &self.head {
            _ if self.in_flight > 0 => None,
            Some(head) => Some((head.since + self.header_timeout, Expiry::Head)),
            None if self.fresh => Some((self.moved + self.header_timeout, Expiry::Idle)),
            None => Some((self.moved + self.idle_timeout, Expiry::Idle)),
        }
    }
}

impl Protocol {
    fn seeing(self, bytes: &[u8]) -> Self {
        let Self::Preface(seen) = self else {
            return self;
        };
        let rest = &HTTP2_PREFACE[seen..];
        if bytes.starts_with(rest) {
            Self::Http2
        } else if rest.starts_with(bytes) {
            Self::Preface(seen + bytes.len())
        } else {
            Self::Http1
        }
    }
}

/// The status of an HTTP/1 answer that has a head and nothing else.
fn bare_status(written: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(written).ok()?;
    let status = text
        .strip_prefix("HTTP/1.1 ")
        .or_else(|| text.strip_prefix("HTTP/1.0 "))?;
    let status: u16 = status.get(..3)?.parse().ok()?;
    ((400..500).contains(&status) && text.contains("\r\ncontent-length: 0\r\n")).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &[u8] =
        b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";

    fn fresh() -> (Activity, Instant, Limits) {
        let (limits, now) = (Limits::default(), Instant::now());
        (Activity::new(&limits, now), now, limits)
    }

    #[test]
    fn a_head_has_its_time_from_its_first_byte() {
        let (mut activity, start, limits) = fresh();
        assert_eq!(
            activity.deadline(),
            Some((start + limits.header_timeout, Expiry::Idle))
        );
        let first = start + Duration::from_secs(1);
        activity.received(b"GET / HT", first);
        activity.received(b"T", first + Duration::from_secs(5));
        assert_eq!(
            activity.deadline(),
            Some((first + limits.header_timeout, Expiry::Head))
        );
        activity.request_began();
        assert_eq!(activity.deadline(), None);
        let ended = first + Duration::from_secs(6);
        activity.request_ended(ended);
        activity.sent(ended);
        assert_eq!(
            activity.deadline(),
            Some((ended + limits.idle_timeout, Expiry::Idle))
        );
    }

    #[test]
    fn http2_has_no_heads_of_its_own_time() {
        let (mut activity, now, limits) = fresh();
        activity.received(b"PR", now);
        assert!(matches!(activity.deadline(), Some((_, Expiry::Head))));
        activity.received(b"I * HTTP/2.0", now);
        assert_eq!(
            activity.deadline(),
            Some((now + limits.idle_timeout, Expiry::Idle))
        );
        assert!(!activity.withholds(BARE));
        activity.received(&vec![0; limits.max_header_bytes * 2], now);
        assert!(activity.may_read());
    }

    #[test]
    fn a_head_beyond_its_limit_is_read_no_further() {
        let (mut activity, now, limits) = fresh();
        activity.received(&vec![b'a'; limits.max_header_bytes], now);
        assert!(activity.may_read());
        activity.received(b"a", now);
        assert!(!activity.may_read());
        assert!(matches!(
            activity.last_word(),
            Some(Refusal::HeadTooLarge { .. })
        ));
    }

    #[test]
    fn only_hypers_own_answers_are_withheld() {
        let (mut activity, now, _) = fresh();
        activity.received(b"POST / HTTP/1.1\r\n\r\nbody", now);
        activity.request_began();
        activity.request_ended(now);
        activity.received(b"rest of the body", now);
        assert!(!activity.withholds(BARE), "the router's answer");
        activity.sent(now);
        assert!(!activity.withholds(BARE), "no head has arrived");
        activity.received(b"nonsense", now);
        assert!(!activity.withholds(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        assert!(!activity.withholds(b"HTTP/1.1 431 x\r\ncontent-length: 2\r\n\r\nno"));
        assert!(activity.withholds(BARE));
    }
}
