//! `parclose import csv`: documents from CSV files become records, pipelined and idempotent.
//!
//! ```text
//!   files --survey--> where each document ends              sources.rs
//!     --reading--> Document | LeftOut                        one at a time
//!   Document --its record is there?--> compared              importer.rs, compare.rs
//!            --else--> submitted, many on their way          target.rs, window.rs
//!   everything --counted--> Account, rejects, the report     account.rs, rejects.rs, report.rs
//! ```
//!
//! The record id is a pseudo-random function of the document's key under the importer's own secret, so
//! a document that is there already is recognised. That is all there is to resuming: an import that was
//! killed has no state of its own to lose, and when it is run again it reads the files from the start,
//! finds what the ledger has, and goes on behind it.

mod account;
mod compare;
mod fields;
mod importer;
mod rejects;
mod report;
mod sources;
mod suggest;
mod target;
mod window;

use std::path::Path;

use parclose_documents::{Item, Mapping, Origin, Reading, Survey};
use parclose_node::bounded::read_text;
use parclose_types::limits::DEFINITION_BYTES_MAX;
use serde_json::Value;

use crate::args::{Global, Import, ImportCsv, OfChannel};
use crate::context::with_consortium;
use crate::error::CliError;
use crate::progress::Progress;
use importer::{Footprint, Importer};
use report::Run;

pub(crate) use fields::values_of;
pub use importer::Fate;
pub use sources::{FileSource, find_files};
pub use target::Target;
pub(crate) use target::slot_parties;

/// Runs `parclose import …`.
pub fn run(global: &Global, command: &Import) -> Result<Value, CliError> {
    let Import::Csv(options) = command;
    let files = find_files(&options.sources)?;
    let origins: Vec<&dyn Origin> = files.iter().map(|file| file as &dyn Origin).collect();
    let mut progress = Progress::start(global.quiet);
    if options.suggest {
        return suggest::run(&origins, &mut progress);
    }
    let (of, mapping) = wanted(options)?;
    let mut survey = Survey::take(&origins, &mapping, &mut |source, row| {
        progress.now_and_then(|| format!("looked through {source} up to row {row}"));
    })?;
    let documents = survey.documents();
    progress.step(&format!("{documents} documents in {} files", files.len()));
    if let Some(path) = &options.rejects {
        sources::is_no_source(path, &files)?;
    }
    let mut run = Run::begin(options.rejects.as_deref())?;
    let reading = survey.read(&origins, &mapping);
    if options.dry_run {
        rehearse(reading, &mut run)?;
    } else {
        let mut telling = Telling { run: &mut run, progress: &mut progress, documents };
        import(global, options, &of, reading, &mut telling)?;
    }
    run.finish(options.dry_run)
}

/// Into which channel, as whom, and by which mapping.
fn wanted(options: &ImportCsv) -> Result<(OfChannel, Mapping), CliError> {
    let (Some(path), Some(channel), Some(member)) = (&options.mapping, &options.channel, &options.member)
    else {
        let what = "an import needs a channel, a member and a mapping";
        return Err(CliError::usage(what, "parclose import csv --help"));
    };
    let file = path.display().to_string();
    let mapping = read_mapping(path)?.in_currency(options.currency.as_deref(), &file)?;
    Ok((OfChannel { channel: channel.clone(), member: member.clone() }, mapping))
}

/// Reads a mapping file.
pub fn read_mapping(path: &Path) -> Result<Mapping, CliError> {
    let text = read_text(path, DEFINITION_BYTES_MAX).map_err(|e| CliError::file(path, &e))?;
    Ok(Mapping::parse(&text, &path.display().to_string())?)
}

/// Reads and checks, and writes nothing.
fn rehearse(mut reading: Reading<'_>, run: &mut Run) -> Result<(), CliError> {
    for item in reading.by_ref() {
        match item? {
            Item::Document(document) => run.rehearsed(&document),
            Item::LeftOut(one) => run.left_out(&one)?,
        }
    }
    run.read(reading.into_report());
    Ok(())
}

/// Who hears what became of the documents.
struct Telling<'t> {
    run: &'t mut Run,
    progress: &'t mut Progress,
    documents: usize,
}

impl Telling<'_> {
    fn hear(&mut self, footprint: &Footprint, fate: &Fate) -> Result<(), CliError> {
        if let Some(already) = self.run.resumed_by(footprint, fate) {
            let (source, row) = footprint.end();
            let going_on = format!("{already} documents are there already; going on at {source}:{row}");
            self.progress.step(&going_on);
        }
        self.run.hear(footprint, fate)?;
        let (done, documents) = (self.run.heard(), self.documents);
        self.progress.now_and_then(|| {
            let (source, row) = footprint.end();
            format!("imported: {done} of {documents}, at {source}:{row}")
        });
        Ok(())
    }
}

fn import(
    global: &Global,
    options: &ImportCsv,
    of: &OfChannel,
    mut reading: Reading<'_>,
    telling: &mut Telling<'_>,
) -> Result<(), CliError> {
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let target = Target::resolve(consortium, of, &room, &options.record_type, &options.parties)?;
        let mut importer = Importer::new(&target, &room);
        for item in reading.by_ref() {
            match item? {
                Item::Document(document) => {
                    importer.push(document, &mut |footprint, fate| telling.hear(footprint, fate))?;
                }
                Item::LeftOut(one) => telling.run.left_out(&one)?,
            }
        }
        importer.finish(&mut |footprint, fate| telling.hear(footprint, fate))?;
        telling.run.read(reading.into_report());
        Ok(())
    })
}
