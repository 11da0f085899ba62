//! Scrapes the exporter like Prometheus, and adds up its counters over restarts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use color_eyre::Result;
use hdrhistogram::Histogram;

const COUNTER: &str = "vtask_tasks_finished_total{";

/// Finished tasks by vCenter, operation and outcome.
pub(crate) type Counts = BTreeMap<[String; 3], u64>;

/// Results of the scrapes.
pub(crate) struct ScrapeResults {
    /// Times of successful scrapes in microseconds.
    pub(crate) times: Histogram<u64>,
    pub(crate) failed: u64,
    pub(crate) series: usize,
    pub(crate) bytes: usize,
    /// Counts of earlier processes.
    before: Counts,
    /// Counts of the present process.
    now: Counts,
    /// Sum of `vtask_api_requests_total`.
    pub(crate) requests: u64,
    /// Number of vCenters that are connected.
    pub(crate) up: usize,
}

impl ScrapeResults {
    /// Returns the increase of all counters.
    pub(crate) fn total(&self) -> Counts {
        let mut total = self.before.clone();
        for (labels, count) in &self.now {
            *total.entry(labels.clone()).or_default() += count;
        }
        total
    }

    /// Continues with a new process, whose counters begin with zero.
    pub(crate) fn handle_restart(&mut self) {
        self.before = self.total();
        self.now.clear();
    }

    fn read(&mut self, page: &str) {
        let series = page.lines().filter(|line| !line.starts_with('#'));
        let value = |line: &str| {
            line.rsplit(' ')
                .next()
                .and_then(|value| value.parse::<u64>().ok())
        };
        let sum = |metric: &str| {
            let lines = page.lines().filter(|line| line.starts_with(metric));
            lines.filter_map(value).sum::<u64>()
        };
        self.series = series.count();
        self.bytes = page.len();
        self.requests = sum("vtask_api_requests_total{");
        self.up = usize::try_from(sum("vtask_link_up{")).unwrap_or_default();
        let counters = page.lines().filter(|line| line.starts_with(COUNTER));
        for line in counters {
            let label = |name: &str| {
                let start = format!("{name}=\"");
                let text = line.split_once(&start).map_or("", |(_, text)| text);
                text.split('"').next().unwrap_or_default().to_owned()
            };
            let labels = ["vcenter", "operation", "outcome"].map(label);
            self.now.insert(labels, value(line).unwrap_or_default());
        }
    }
}

/// A background task that scrapes at an interval.
#[derive(Clone)]
pub(crate) struct Scraper {
    results: Arc<Mutex<ScrapeResults>>,
    client: reqwest::Client,
    url: String,
}

impl Scraper {
    pub(crate) fn start(url: &str, interval: Duration) -> Result<Self> {
        // Fails if there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let empty = ScrapeResults {
            times: Histogram::new(3)?,
            failed: 0,
            series: 0,
            bytes: 0,
            before: Counts::new(),
            now: Counts::new(),
            requests: 0,
            up: 0,
        };
        let started = Self {
            results: Arc::new(Mutex::new(empty)),
            client: reqwest::Client::builder().no_proxy().build()?,
            url: url.to_owned(),
        };
        let running = started.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(interval);
            loop {
                ticks.tick().await;
                running.scrape().await;
            }
        });
        Ok(started)
    }

    async fn scrape(&self) {
        let began = Instant::now();
        let page = async {
            let response = self
                .client
                .get(&self.url)
                .send()
                .await?
                .error_for_status()?;
            response.text().await
        };
        let page = page.await;
        let mut results = self.lock();
        if let Ok(page) = page {
            let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            // The histogram grows as needed.
            let _ = results.times.record(micros);
            results.read(&page);
        } else {
            results.failed += 1;
            results.up = 0;
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, ScrapeResults> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
