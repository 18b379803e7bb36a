use parclose_node::backup;

use super::live::{Live, ROOM};
use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "tampered-archive",
    tries: "as whoever keeps a member's archive: flips a bit, cuts it off, gives it to another member, and has it restored over a room that is there",
    notices: &[
        by("BAK-03", "BACKUP_DAMAGED"),
        by("BAK-04", "BACKUP_DAMAGED"),
        by("BAK-02", "BACKUP_OTHER_KEY"),
        by("BAK-12", "CHANNEL_EXISTS"),
    ],
    rooms: &[],
    act,
};

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let live = Live::found(stage)?;
    let archive = stage.folder.join("archive");
    let (ann, bob) = (live.directory("ann")?, live.directory("bob")?);
    let recipient = backup::recipient(&ann.key_file(), ann.unlock())?;
    let (room, card) = (live.consortium.room("ann", ROOM)?, ann.channel(ROOM)?);
    let network = live.consortium.root().network();
    backup::create(&room, &card, network, ann.path(), (&recipient, &archive), &mut stage.rng)?;
    let key = backup::opening_key(&ann.key_file(), ann.unlock())?;
    let bytes = std::fs::read(&archive)?;
    let mut opened = 0;
    let mut opens = |what: &str, bytes: &[u8], key: &UnwrapKey| -> Result<Answer, Failed> {
        opened += 1;
        let (file, database) =
            (stage.folder.join(format!("{opened}")), stage.folder.join(format!("{opened}-db")));
        std::fs::write(&file, bytes)?;
        Ok(Answer::of(what, "the program that opens it", backup::extract(&file, key, &database)))
    };
    let answers = if hand.is_adverse() {
        let mut flipped = bytes.clone();
        let middle = flipped.len() - 4096;
        flipped[middle] ^= 1;
        let other = backup::opening_key(&bob.key_file(), bob.unlock())?;
        let root = live.consortium.root().as_ref();
        let over = backup::restore(&archive, &key, &ann, root, live.consortium.cache());
        vec![
            opens("one bit flipped", &flipped, &key)?,
            opens("the last bytes cut off", &bytes[..bytes.len() - 7], &key)?,
            opens("bob's key for ann's archive", &bytes, &other)?,
            Answer::of("restored over a room that is there", "the program that restores it", over),
        ]
    } else {
        vec![opens("the archive as it is", &bytes, &key)?]
    };
    drop(room);
    drop(live.consortium.close());
    Ok(answers)
}
