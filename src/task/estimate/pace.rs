//! The pace of a task's own progress, read in several shapes.

use jiff::Timestamp;

use crate::task::history::History;

/// How the time of a climb grows towards the end: the time for the next percent is in proportion to
/// (percent left) ^ −slowing. None is even; at one half, twice as slow when a quarter is left.
const SLOWINGS: [(f64, f64); 6] = [
    (-0.6, 0.02),
    (-0.3, 0.04),
    (0.0, 0.80),
    (0.3, 0.06),
    (0.5, 0.05),
    (0.7, 0.03),
];

/// Climbs are gathered until they are this high, so that neither the rounding to whole percent nor the grain of
/// the sampling counts as unevenness.
const CLIMB: f64 = 0.05;

/// A climb this many times slower than both of its neighbours was a pause, not the pace.
const PAUSE: f64 = 5.0;

/// The figures of a task that leaps higher than this, in the mean, tell nothing of its end.
const LEAPING: f64 = 0.08;

/// One stretch on which progress rose, as shares of the whole, and the seconds that it took.
#[derive(Clone, Copy)]
struct Climb {
    from: f64,
    to: f64,
    took: f64,
}

impl Climb {
    fn per_share(self) -> f64 {
        self.took / (self.to - self.from)
    }
}

/// One reading of the pace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// How far it is believed; all together make 1.
    pub weight: f64,
    /// Seconds left.
    pub left: f64,
    /// Standard deviation of the seconds left, as a share of them.
    pub spread: f64,
}

/// What the progress so far says about the time left.
#[derive(Debug)]
pub(super) struct Pace {
    /// Progress, 0 to 1.
    pub done: f64,
    /// Every shape's reading.
    pub shapes: [Shape; SLOWINGS.len()],
    /// Seconds that the present pause has outlasted the pace.
    pub overdue: f64,
}

impl Pace {
    /// Reads a history. `None` without a figure, before anything rose, and where it rises in leaps.
    pub(super) fn of(history: &History, now: Timestamp) -> Option<Self> {
        let done = f64::from(history.percent()?) / 100.0;
        let mut climbs = climbs(history);
        if leap(history) > LEAPING {
            return None;
        }
        cut_pause(&mut climbs);
        let last = climbs.last()?;
        let pause = history.pause(now).as_secs_f64();
        // The next percent was due after this long; a sampled figure may be late by as much again.
        let due = (last.per_share() * 0.01).max(last.took.min(mean_step(history)));
        let elapsed = history.elapsed(now).as_secs_f64();
        // Continuous in time, so that an estimate without news does not jump.
        let overdue = (pause - (PAUSE * due).max(0.02 * elapsed)).max(0.0);
        let climbs = gathered(&climbs);
        let counted = pause.min(due);
        Some(Self {
            done,
            shapes: shapes(&climbs, done, counted),
            overdue,
        })
    }
}

/// Seconds between two changes, on average.
fn mean_step(history: &History) -> f64 {
    let first = history
        .points()
        .first()
        .map_or(0.0, |point| point.since_start().as_secs_f64());
    (history.last_move().as_secs_f64() - first) / f64::from(history.moves().max(1))
}

/// All stretches on which progress rose.
fn climbs(history: &History) -> Vec<Climb> {
    let mut climbs = Vec::with_capacity(history.points().len());
    let (mut before, mut since) = (0.0, 0.0);
    for point in history.points() {
        let Some(percent) = point.percent() else {
            continue;
        };
        let (at, share) = (
            point.since_start().as_secs_f64(),
            f64::from(percent) / 100.0,
        );
        if share > before {
            climbs.push(Climb {
                from: before,
                to: share,
                took: (at - since).max(1e-3),
            });
        }
        if (share - before).abs() > 1e-9 {
            (before, since) = (share, at);
        }
    }
    climbs
}

/// Shortens the one climb that contains a pause to the pace of its neighbours. Several pauses are no exception but
/// the rule, and stay.
fn cut_pause(climbs: &mut [Climb]) {
    let total: f64 = climbs.iter().map(|climb| climb.took).sum();
    let mut found = None;
    // Two points make no pace; from five on an exception can be told from the rule.
    if climbs.len() < 5 {
        return;
    }
    for index in 1..climbs.len() {
        let before = climbs[index - 1].per_share();
        let after = climbs
            .get(index + 1)
            .map_or(before, |next| next.per_share());
        let usual = before.max(after);
        let climb = climbs[index];
        if climb.per_share() > PAUSE * usual && climb.took > 0.05 * total {
            if found.is_some() {
                return;
            }
            found = Some((index, usual * (climb.to - climb.from)));
        }
    }
    if let Some((index, took)) = found {
        climbs[index].took = took;
    }
}

/// How high progress leaps at once, in the mean over what it climbed: hardly anything for a task that counts
/// through, much for one that knows only 2 %, 19 % and 95 %. What thinning may have joined is no leap.
pub(super) fn leap(history: &History) -> f64 {
    let climbs = climbs(history);
    // What had been done before the task was first seen was no leap.
    let unseen = history
        .points()
        .first()
        .is_some_and(|point| point.percent() != Some(0));
    let seen = climbs.get(usize::from(unseen)..).unwrap_or_default();
    let (squares, climbed) = seen.iter().fold((0.0, 0.0), |(squares, climbed), climb| {
        let height = climb.to - climb.from;
        (squares + height * height, climbed + height)
    });
    if climbed > 0.0 {
        (squares / climbed - CLIMB).max(0.0)
    } else {
        0.0
    }
}

fn gathered(climbs: &[Climb]) -> Vec<Climb> {
    let mut gathered: Vec<Climb> = Vec::with_capacity(climbs.len());
    for climb in climbs {
        match gathered.last_mut() {
            Some(last) if last.to - last.from < CLIMB && last.to <= climb.from + 1e-9 => {
                last.to = climb.to;
                last.took += climb.took;
            }
            _ => gathered.push(*climb),
        }
    }
    gathered
}

/// Fits every shape. `counted`: seconds since the last change that belong to the next percent.
fn shapes(climbs: &[Climb], done: f64, counted: f64) -> [Shape; SLOWINGS.len()] {
    let count = f64::from(u32::try_from(climbs.len()).unwrap_or(u32::MAX));
    let fits = SLOWINGS.map(|(slowing, prior)| {
        // In the coordinate `work` the pace of this shape is even.
        let power = 1.0 - slowing;
        let work = |share: f64| 1.0 - (1.0 - share).max(0.0).powf(power);
        let length = |climb: &Climb| (work(climb.to) - work(climb.from)).max(1e-6);
        let (took, worked) = climbs.iter().fold((0.0, 0.0), |(took, worked), climb| {
            (took + climb.took, worked + length(climb))
        });
        let whole = took / worked;
        // How unevenly time passed for equal work, in shares of the whole, with a doubt that fades with evidence.
        let uneven: f64 = climbs
            .iter()
            .map(|climb| (climb.took / whole - length(climb)).powi(2) / length(climb))
            .sum();
        let variance = (uneven + DOUBT) / (count + 1.0);
        // Which shape is right is told by the logarithms: one long climb shall not decide it.
        let bent: f64 = climbs
            .iter()
            .map(|climb| (climb.took / whole / length(climb)).ln())
            .map(|log| log * log)
            .sum();
        let fit = -0.5 * count * (bent / count + GRAIN).ln();
        let ahead = 1.0 - work(done);
        let left = (ahead * whole - counted).max(0.0);
        let spread = (ALIKE * variance * (ahead + ahead * ahead / worked)).sqrt() / ahead.max(0.01);
        (prior.ln() + EVIDENCE * fit, left, spread)
    });
    let best = fits
        .iter()
        .map(|(fit, ..)| *fit)
        .fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = fits.iter().map(|(fit, ..)| (fit - best).exp()).sum();
    fits.map(|(fit, left, spread)| Shape {
        weight: (fit - best).exp() / total,
        left,
        spread,
    })
}

/// Variance that is assumed before anything was seen, as if from one climb.
const DOUBT: f64 = 0.005;

/// Neighbouring climbs are alike, so that each tells less than an independent one would.
const EVIDENCE: f64 = 0.5;

/// Variance that rounding and sampling bring into the logarithms.
const GRAIN: f64 = 0.003;

/// … and so that a slow stretch ahead is slower as a whole than independent climbs would make it.
const ALIKE: f64 = 3.5;
