//! Which `permit` came nearest, and which of its parts failed first.

use cedar_policy as cedar;

use crate::denied::Denied;
use crate::parts::Parts;
use crate::statement::Effect;

/// Explains why nothing permitted a request: the permit with the most parts that hold, the first of
/// those in the file, and its first part that does not.
pub(crate) fn nearest(
    parts: &Parts,
    file: &str,
    request: &cedar::Request,
    entities: &cedar::Entities,
) -> Denied {
    let held = parts.held(Effect::Permit, request, entities);
    let failed = parts.nearest(&held).first().and_then(|permit| {
        let part = permit.first_unheld(&held)?;
        Some(Denied::NotPermitted {
            condition: part.text.clone(),
            id: permit.id.clone(),
            place: part.place.clone(),
        })
    });
    failed.unwrap_or_else(|| Denied::NothingPermitted { file: file.into() })
}
