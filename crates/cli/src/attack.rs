//! `parclose attack`: the product attacks itself, and says which rule has noticed it.

use parclose_attack::{ALL, Answer, Attack, Ground, Notice, Outcome, PLANTED, Trial, try_one};
use parclose_types::Fault;
use parclose_types::nearest::nearest;
use serde_json::{Value, json};

use crate::args::{self, AttackRun, Global};
use crate::error::CliError;
use crate::progress::Progress;

/// Runs `parclose attack …`.
pub fn run(global: &Global, command: &args::Attack) -> Result<Value, CliError> {
    match command {
        args::Attack::List => Ok(list()),
        args::Attack::Run(options) => perform(global, options),
    }
}

fn list() -> Value {
    let attack = |attack: &Attack| json!({ "name": attack.name, "tries": attack.tries, "should_notice": notices(attack.notices) });
    json!({ "schema": "parclose.attacks/1", "attacks": ALL.iter().map(attack).collect::<Vec<_>>() })
}

fn notices(notices: &[Notice]) -> Vec<String> {
    notices.iter().map(|notice| format!("{} ({})", notice.rule, notice.code)).collect()
}

fn perform(global: &Global, options: &AttackRun) -> Result<Value, CliError> {
    let attacks = chosen(options)?;
    let mut progress = Progress::start(global.quiet);
    progress.step("founding a consortium of three members and four validators");
    let ground = founded(options)?;
    let mut trials = Vec::new();
    for attack in attacks {
        progress.step(attack.name);
        trials.push(try_one(&ground, attack));
    }
    progress.step("done");
    let missed: Vec<&str> =
        trials.iter().filter(|trial| !trial.outcome.is_noticed()).map(|trial| trial.attack.name).collect();
    let value = json!({
        "schema": "parclose.attack-run/1",
        "seed": options.seed,
        "noticed": trials.len() - missed.len(),
        "missed": missed,
        "kept": options.keep.as_ref().map(|path| path.display().to_string()),
        "attacks": trials.iter().map(result).collect::<Vec<_>>(),
    });
    if missed.is_empty() {
        return Ok(value);
    }
    let told: Vec<String> = trials.iter().filter_map(why).collect();
    Err(CliError::verification(format!("not noticed: {}", told.join("; "))).with_details(value))
}

fn founded(options: &AttackRun) -> Result<Ground, CliError> {
    let ground = match &options.keep {
        None => Ground::temporary(options.seed),
        Some(path) => {
            if std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
                return Err(CliError::usage(
                    format!("`{}` is not empty", path.display()),
                    "give another directory with --keep",
                ));
            }
            Ground::found(path, options.seed)
        }
    };
    ground.map_err(|failed| {
        let fix = "give a directory on a disk with space: --keep DIR, or TMPDIR";
        CliError::new("ATTACK_FAILED", "ATK-02", Fault::Operator, failed.to_string(), fix)
    })
}

fn chosen(options: &AttackRun) -> Result<Vec<Attack>, CliError> {
    let mut attacks = Vec::new();
    if options.all {
        attacks.extend(ALL.iter().copied());
    }
    for name in &options.names {
        attacks.push(*ALL.iter().find(|attack| attack.name == name).ok_or_else(|| unknown(name))?);
    }
    attacks.extend(options.planted.then_some(PLANTED));
    Ok(attacks)
}

fn unknown(name: &str) -> CliError {
    let meant = nearest(name, ALL.iter().map(|attack| attack.name));
    let fix = meant.map_or_else(
        || "see what there is: parclose attack list".to_owned(),
        |meant| format!("parclose attack run {meant}"),
    );
    CliError::new("NOT_FOUND", "CLI-03", Fault::Sender, format!("no attack is called `{name}`"), &fix)
}

fn result(trial: &Trial) -> Value {
    let attempt = |answer: &Answer| {
        let refused = answer.refused.as_ref();
        json!({
            "attempt": answer.what,
            "rule": refused.map(|refusal| &refusal.rule),
            "code": refused.map(|refusal| &refusal.code),
            "by": refused.map(|refusal| refusal.by),
            "says": refused.map(|refusal| &refusal.detail),
        })
    };
    let (outcome, attempts, why) = match &trial.outcome {
        Outcome::Noticed(answers) => ("noticed", answers.iter().map(attempt).collect(), Vec::new()),
        Outcome::Missed(what) => ("missed", Vec::new(), what.clone()),
        Outcome::Vacuous(what) => ("vacuous", Vec::new(), what.clone()),
        Outcome::NotPerformed(what) => ("not performed", Vec::new(), vec![what.clone()]),
    };
    json!({
        "name": trial.attack.name,
        "outcome": outcome,
        "tries": trial.attack.tries,
        "should_notice": notices(trial.attack.notices),
        "let_through_with_an_honest_hand": trial.honest,
        "why": why,
        "attempts": Value::Array(attempts),
    })
}

fn why(trial: &Trial) -> Option<String> {
    let what = match &trial.outcome {
        Outcome::Noticed(_) => return None,
        Outcome::Missed(what) => what.join(", "),
        Outcome::Vacuous(what) => format!("an honest hand is stopped, too: {}", what.join(", ")),
        Outcome::NotPerformed(what) => format!("not performed: {what}"),
    };
    Some(format!("{} ({what})", trial.attack.name))
}
