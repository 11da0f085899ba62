//! Titles of the sections.

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
    strip.push(name(section.kind), Role::Heading);
    if section.total > 0 {
        strip.gap(1).push(&section.total.to_string(), Role::Dim);
    }
    strip
}

fn name(part: SectionKind) -> &'static str {
    match part {
        SectionKind::Operations => "OPERATIONS",
        SectionKind::Running => "RUNNING LONGEST",
        SectionKind::Failures => "FAILED LAST HOUR",
        SectionKind::Queued => "QUEUED LONGEST",
        SectionKind::Endpoints => "VCENTERS",
        SectionKind::Users => "STARTED BY",
    }
}
