//! Whole keys on their way to another mount or server.

use sealgate_wire::SecretText;
use sealgate_wire::transit::{BackupAnswer, RestoreRequest};

use crate::{Error, Transit};

impl Transit {
    /// The key with all its versions, in plaintext: whoever holds it can decrypt everything. The
    /// key's settings must allow both `exportable` and `allow_plaintext_backup`.
    pub async fn back_up_key(&self, name: &str) -> Result<SecretText, Error> {
        let answer = self.http().get(&self.of_key("backup", name)?).await?;
        answer.data::<BackupAnswer>().map(|answer| answer.backup)
    }

    /// Makes a key out of a backup. One that exists under this name is not replaced: that is an
    /// error.
    pub async fn restore_backup(&self, name: &str, backup: &SecretText) -> Result<(), Error> {
        let request = RestoreRequest {
            backup: Some(backup.clone()),
            force: None,
        };
        self.http()
            .post(&self.of_key("restore", name)?, &request)
            .await?
            .done()
    }
}
