//! Titles and placeholders of the sections.

use crate::{
    app::{Section, SectionKind},
    ui::{RenderContext, styled_line::StyledLine, theme::Role},
};

/// Returns the title of a section and its number of entries.
pub(super) fn heading<'a>(
    ctx: &RenderContext<'a>,
    section: &Section,
    columns: usize,
) -> StyledLine<'a> {
    let mut strip = StyledLine::new(ctx.appearance, u16::try_from(columns).unwrap_or(u16::MAX));
    strip.push(texts(section.kind).0, Role::Heading);
    if section.total > 0 {
        strip.gap(1).push(&section.total.to_string(), Role::Dim);
    }
    strip
}

/// Returns the title of a section and its placeholder while it is empty.
pub(super) fn texts(kind: SectionKind) -> (&'static str, &'static str) {
    match kind {
        SectionKind::Operations => ("OPERATIONS", "none"),
        SectionKind::Running => ("RUNNING LONGEST", "no running tasks"),
        SectionKind::Failures => ("FAILED LAST HOUR", "no failures"),
        SectionKind::Queued => ("QUEUED LONGEST", "no queued tasks"),
        SectionKind::Servers => ("VCENTERS", "none"),
        SectionKind::Users => ("STARTED BY", "none"),
    }
}
