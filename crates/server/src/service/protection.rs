//! Protection claimed before the officer, by somebody who has a state's document and may have been known by it: from then on
//! their passage is confidential, as that of whoever asks for an officer instead of any choice.

use super::{Refused, Service};
use portunus_core::id::{EncounterId, UserId};

impl Service {
    /// Marks an encounter that waits for an officer as confidential, for good: nothing of it is ever given to another state or a
    /// carrier.
    ///
    /// # Errors
    /// [`Refused::WrongStage`] when it does not wait for an officer.
    pub fn protect(&self, id: EncounterId, officer: UserId) -> Result<(), Refused> {
        let _not_while_closing = self.while_boarding();
        let marked = self.store().mark_confidential(id)?;
        let marked = marked.ok_or(Refused::WrongStage("this case is not waiting for an officer"))?;
        self.announce();
        self.works_at(officer, marked.point);
        Ok(())
    }
}
