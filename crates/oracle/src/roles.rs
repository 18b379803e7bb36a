//! The commands as each role (F20): what each member is answered holds no secret of others, errors hold none at all, and
//! what is forbidden cannot be told from what is not there.

use std::sync::Arc;

use parclose_cli::dev::{CHANNELS, MEMBERS};
use parclose_findings::{Budget, Item};
use parclose_types::hex;

use crate::canary::{Canaries, Value};
use crate::commands::{Answer, Desk};
use crate::content::{
    Secrets, TRADES, ids, receivable, receivable_operation, register_receivable, register_statement,
    statement, statement_operation,
};
use crate::ground::{Ground, home_of, members_of};
use crate::pages::see_served;
use crate::random::rng;
use crate::search::{Search, Watch};
use crate::surface::{Holder, Piece, Surface};
use crate::{Failed, add, log, run};

/// Receivables of each trade channel, and statements between the banks.
const RECORDS: usize = 6;

/// A command with places in it: `C` a channel, `M` who asks, `R` a record, `T` a transaction.
type Line = &'static [&'static str];

/// What is read of a channel.
const OF_A_CHANNEL: [Line; 9] = [
    &["channel", "show", "-c", "C", "--as", "M"],
    &["channel", "members", "-c", "C", "--as", "M"],
    &["channel", "visibility", "-c", "C", "--as", "M"],
    &["channel", "motions", "-c", "C", "--as", "M"],
    &["policy", "show", "-c", "C", "--as", "M"],
    &["tx", "list", "-c", "C", "--as", "M"],
    &["record", "list", "-c", "C", "--as", "M"],
    &["receivable", "list", "-c", "C", "--as", "M"],
    &["viewkey", "list", "-c", "C", "--as", "M"],
];

/// What is asked about one record or transaction, or done to it.
const OF_A_RECORD: [Line; 5] = [
    &["record", "show", "-c", "C", "--as", "M", "R"],
    &["tx", "show", "-c", "C", "--as", "M", "T"],
    &["receivable", "show", "-c", "C", "--as", "M", "R"],
    &["receivable", "reject", "-c", "C", "--as", "M", "R"],
    &["receivable", "accept", "-c", "C", "--as", "M", "R", "--recourse", "without"],
];

/// Runs the suite.
pub fn roles(budget: &Budget) -> Item {
    let mut item = Item::new(
        "F20",
        "no answer, error, log or page holds what its reader may not know, and what is forbidden is answered as what is not there",
        "parclose-review roles",
    );
    item.must_reach(&["answers", "refusals", "forbidden and absent", "secrets answered to their readers"]);
    run(item, budget, ask_all)
}

/// A record of a channel that others ask for, with the transaction that wrote it.
struct Wanted {
    channel: &'static str,
    record: String,
    transaction: String,
}

fn fill(line: Line, channel: &str, member: &str, wanted: &Wanted) -> Vec<String> {
    let word = |word: &&str| match *word {
        "C" => channel.to_owned(),
        "M" => member.to_owned(),
        "R" => wanted.record.clone(),
        "T" => wanted.transaction.clone(),
        other => other.to_owned(),
    };
    line.iter().map(word).collect()
}

fn ask(desk: &Desk, line: &[String]) -> Answer {
    desk.run(&line.iter().map(String::as_str).collect::<Vec<_>>())
}

fn ask_all(item: &mut Item, seed: u64) -> Result<(), Failed> {
    let level = log::listen();
    let ground = Ground::found()?;
    let mut canaries = Canaries::default();
    let mut wanted = write(&ground, &mut canaries, seed)?;
    let search = Search::new(canaries);
    let mut watch = Watch::new(&search, &item.replay);
    if let Some(level) = &level {
        let status = Arc::new(ground.consortium().status());
        see_served(status, level, ground.consortium().home().path(), &mut |piece| watch.look(&piece))?;
    } else {
        item.not_run("logs and pages", "this process has a log of its own already");
    }
    let folder = ground.close();
    let desk = Desk::at(&home_of(&folder));
    for wanted in &mut wanted {
        wanted.transaction = transaction_of(&desk, wanted)?;
    }
    let (mut own, mut turn) = (Vec::new(), 0_usize);
    for member in MEMBERS {
        for wanted in &wanted {
            let is_member = members_of(wanted.channel).contains(member);
            for line in OF_A_CHANNEL.iter().chain(&OF_A_RECORD) {
                // A command opens the whole home, which takes a while: lines that show no record take turns, and so does all
                // that a stranger asks for. Each line has its turn with several of them.
                turn = turn.wrapping_add(1);
                let is_due = turn.is_multiple_of(TURNS) || (is_member && shows_records(line));
                if !is_due {
                    continue;
                }
                if is_member {
                    if changes(line) {
                        continue;
                    }
                    let answer = ask(&desk, &fill(line, wanted.channel, member, wanted));
                    look(item, &mut watch, member, line, &answer);
                    own.push((*member, answer));
                } else {
                    compare(item, &mut watch, &desk, (member, line, wanted));
                }
            }
        }
    }
    strangers(item, &mut watch, &desk, &wanted);
    if level.is_some() {
        let logged = log::take();
        let holder = &Holder::Anybody;
        watch.look(&Piece { surface: Surface::Logs, holder, place: "the log", bytes: &logged });
    }
    add(item, "secrets answered to their readers", watch.at_home());
    controls(item, &search, &own)?;
    watch.report(item);
    item.executions = item.reached.get("answers").copied().unwrap_or_default();
    drop(folder);
    Ok(())
}

/// One of so many gets its turn; the number of lines is no multiple of it, and so all of them do.
const TURNS: usize = 4;

fn shows_records(line: Line) -> bool {
    matches!(line, ["record" | "receivable", "list" | "show", ..] | ["tx", "show", ..])
}

fn changes(line: Line) -> bool {
    matches!(line, [_, "accept" | "reject", ..])
}

/// Looks at an answer as its reader: a refusal may hold nothing of anybody.
fn look(item: &mut Item, watch: &mut Watch<'_>, member: &str, line: Line, answer: &Answer) {
    item.reach("answers");
    let text = answer.text();
    let place = format!("{member}: {}", line.join(" "));
    let refused = answer.refusal().is_some();
    if refused {
        item.reach("refusals");
    }
    let (surface, holder) = if refused {
        (Surface::Errors, Holder::Anybody)
    } else {
        (Surface::Answers, Holder::Member(member.into()))
    };
    watch.look(&Piece { surface, holder: &holder, place: &place, bytes: text.as_bytes() });
}

/// Asks for what is forbidden and for what is not there.
fn compare(
    item: &mut Item,
    watch: &mut Watch<'_>,
    desk: &Desk,
    (member, line, wanted): (&str, Line, &Wanted),
) {
    let absent = "q".repeat(wanted.channel.len());
    let forbidden = ask(desk, &fill(line, wanted.channel, member, wanted));
    let missing = ask(desk, &fill(line, &absent, member, wanted));
    look(item, watch, member, line, &forbidden);
    look(item, watch, member, line, &missing);
    item.reach("forbidden and absent");
    if let Some(difference) = apart((&forbidden, wanted.channel), (&missing, &absent)) {
        item.find(format!("{member}: {}: {difference}", line.join(" ")), item.replay.clone());
    }
}

/// How two refusals differ, but for the name that was asked for.
fn apart((one, name): (&Answer, &str), (other, other_name): (&Answer, &str)) -> Option<String> {
    let (Some((one, exit)), Some((other, other_exit))) = (one.refusal(), other.refusal()) else {
        return Some("it is answered".into());
    };
    if exit != other_exit {
        return Some(format!("exit codes {exit} and {other_exit}"));
    }
    let (one, other) = (one.to_string().replace(name, "NAME"), other.to_string().replace(other_name, "NAME"));
    (one != other).then(|| format!("{one} and {other}"))
}

/// Records of other channels, asked for in one's own; and members that there are not.
fn strangers(item: &mut Item, watch: &mut Watch<'_>, desk: &Desk, wanted: &[Wanted]) {
    let nowhere =
        Wanted { channel: "banks", record: hex::encode(&[0xA5; 32]), transaction: hex::encode(&[0xA6; 32]) };
    for (member, channel, foreign) in
        [("bank-2", "banks", "trade-a"), ("supplier-b", "trade-b", "trade-a"), ("buyer", "trade-a", "banks")]
    {
        let Some(there) = wanted.iter().find(|wanted| wanted.channel == foreign) else { continue };
        for line in OF_A_RECORD {
            let elsewhere = ask(desk, &fill(line, channel, member, there));
            let absent = ask(desk, &fill(line, channel, member, &nowhere));
            look(item, watch, member, line, &elsewhere);
            look(item, watch, member, line, &absent);
            item.reach("forbidden and absent");
            let ids = (there.record.as_str(), nowhere.record.as_str());
            let same = |answer: &Answer, record: &str, transaction: &str| {
                answer.refusal().map(|(json, exit)| {
                    (json.to_string().replace(record, "ID").replace(transaction, "ID"), exit)
                })
            };
            let one = same(&elsewhere, ids.0, &there.transaction);
            if one.is_none() || one != same(&absent, ids.1, &nowhere.transaction) {
                item.find(format!("{member}: {} tells of {foreign}", line.join(" ")), item.replay.clone());
            }
        }
    }
    if let Some(there) = wanted.first() {
        for line in OF_A_CHANNEL {
            let answer = ask(desk, &fill(line, there.channel, "nobody", there));
            look(item, watch, "nobody", line, &answer);
            if answer.refusal().is_none() {
                item.find(format!("nobody: {} is answered", line.join(" ")), item.replay.clone());
            }
        }
    }
}

fn transaction_of(desk: &Desk, wanted: &Wanted) -> Result<String, Failed> {
    let member = members_of(wanted.channel).first().copied().ok_or("a channel without members")?;
    let listed = desk.done(&["tx", "list", "-c", wanted.channel, "--as", member, "--limit", "1000"])?;
    let rows = listed["transactions"].as_array().ok_or("transactions are listed")?;
    let record = rows.iter().rev().find(|row| row["act"].is_null()).ok_or("no transaction of a record")?;
    Ok(record["tx"].as_str().ok_or("a transaction has a digest")?.to_owned())
}

fn write(ground: &Ground, canaries: &mut Canaries, seed: u64) -> Result<Vec<Wanted>, Failed> {
    let mut rng = rng(seed, "roles");
    let mut wanted = Vec::new();
    for trade in &TRADES {
        let seat = (trade.supplier, trade.channel);
        let (channel, ids) = ground.within(seat, |room| (room.id(), ids(room)))?;
        let master = ground.master(trade.supplier)?;
        let mut operations = Vec::new();
        for _ in 0..RECORDS {
            let secrets = receivable(&mut rng);
            register_receivable(canaries, trade, &secrets);
            operations.push(receivable_operation(&secrets, trade, (&channel, &master), &ids)?);
        }
        let record = operations.first().map(|operation| operation.record.to_string()).unwrap_or_default();
        wanted.push(Wanted { channel: trade.channel, record, transaction: String::new() });
        ground.write(seat, vec![operations])?;
    }
    let seat = ("bank-1", "banks");
    let (channel, ids) = ground.within(seat, |room| (room.id(), ids(room)))?;
    let master = ground.master("bank-1")?;
    let mut operations = Vec::new();
    for _ in 0..RECORDS {
        let secrets: Secrets = statement(&mut rng);
        register_statement(canaries, &secrets);
        operations.push(statement_operation(&secrets, (&channel, &master), &ids)?);
    }
    let record = operations.first().map(|operation| operation.record.to_string()).unwrap_or_default();
    wanted.push(Wanted { channel: "banks", record, transaction: String::new() });
    ground.write(seat, vec![operations])?;
    ground.consortium().quiesce();
    debug_assert_eq!(wanted.len(), CHANNELS.len());
    Ok(wanted)
}

/// Planted faults: an answer that goes to the wrong reader, a refusal that says more, a value in an error.
fn controls(item: &mut Item, search: &Search, own: &[(&str, Answer)]) -> Result<(), Failed> {
    let leaks = |answer: &Answer, reader: &str| {
        let holder = Holder::Member(reader.into());
        let text = answer.text();
        let piece =
            Piece { surface: Surface::Answers, holder: &holder, place: "planted", bytes: text.as_bytes() };
        search.leaks(&piece).len()
    };
    let to = |reader: &str| own.iter().any(|(of, answer)| *of == "supplier-a" && leaks(answer, reader) > 0);
    item.control("an answer to a supplier is given to another", to("supplier-b"));
    item.control("a field is answered to a member outside its audience", to("bank-1"));
    let refused = |text: &str| Answer::Refused {
        json: serde_json::json!({ "code": "CHANNEL_NOT_FOUND", "message": text }),
        prose: text.into(),
        exit: 4,
    };
    let says_more = apart((&refused("no channel"), "a"), (&refused("no channel for you"), "b")).is_some();
    item.control("a refusal that says more", says_more);
    let same = apart((&refused("no channel `a`"), "`a`"), (&refused("no channel `b`"), "`b`")).is_none();
    item.control("refusals that say the same are the same", same);
    let secret = search.canaries().all().iter().find_map(|canary| match &canary.value {
        Value::Text(text) => Some(text.clone()),
        Value::Amount(_) | Value::Key(_) => None,
    });
    let secret = secret.ok_or("nothing is secret")?;
    let mut watch = Watch::new(search, "");
    let mut scratch = Item::default();
    look(&mut scratch, &mut watch, "buyer", OF_A_CHANNEL[0], &refused(&format!("`{secret}` is taken")));
    item.control("an error that repeats a value", watch.leaks() > 0);
    Ok(())
}
