//! What a run measured.

use std::{fmt, time::Duration};

use hdrhistogram::Histogram;
use serde_json::json;

/// Latencies of all connections, and what one request was.
pub struct Report {
    latencies: Histogram<u64>,
    batch: usize,
    payload: usize,
    measured: Duration,
}

impl Report {
    /// An empty report.
    pub fn new(batch: usize, payload: usize, measured: Duration) -> Self {
        let latencies = Histogram::new(3).expect("three digits are allowed");
        Self {
            latencies,
            batch,
            payload,
            measured,
        }
    }

    /// Adds the latencies of one connection.
    pub fn add(&mut self, latencies: &Histogram<u64>) {
        self.latencies
            .add(latencies)
            .expect("histograms of one precision grow as needed");
    }

    fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.measured.as_secs_f64()
    }

    fn micros(&self, quantile: f64) -> u64 {
        self.latencies.value_at_quantile(quantile)
    }

    /// The report as one JSON object; latencies in microseconds.
    pub fn to_json(&self) -> String {
        json!({
            "payload_bytes": self.payload,
            "batch": self.batch,
            "requests": self.latencies.len(),
            "requests_per_second": self.per_second(),
            "items_per_second": self.per_second() * self.batch as f64,
            "latency_us": {
                "p50": self.micros(0.5),
                "p99": self.micros(0.99),
                "p999": self.micros(0.999),
                "max": self.latencies.max(),
            },
        })
        .to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} × {} B a request", self.batch, self.payload)?;
        writeln!(f, "requests/s  {:>12.0}", self.per_second())?;
        writeln!(
            f,
            "items/s     {:>12.0}",
            self.per_second() * self.batch as f64
        )?;
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
            writeln!(f, "{name:<10} {:>10} µs", self.micros(quantile))?;
        }
        write!(f, "max        {:>10} µs", self.latencies.max())
    }
}
