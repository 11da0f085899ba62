//! Tests of the built program in a pseudo-terminal.

mod adding_tasks;
mod away_report;
mod basic_session;
mod filter;
mod history;
mod hostile_text;
mod layouts;
mod marks;
mod rendering;
mod sizes;
mod terminal_restore;
mod unknown_size;
