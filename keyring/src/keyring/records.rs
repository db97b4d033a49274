//! Records that the keyring seals and stores for the gateway: token keys, policies and the like.

use std::sync::Arc;

use super::{Keyring, open::Open};
use crate::{
    error::Error,
    secret::SecretBytes,
    store::{Path, Revision, Stored, Txn},
};

/// A record of the gateway, opened, and the revision that wrote it.
#[derive(Debug)]
pub struct SealedRecord {
    /// The commit that wrote it; expected by the commit that replaces it.
    pub revision: Revision,
    /// What was sealed.
    pub content: SecretBytes,
}

/// Where the gateway's record `name` lies.
pub(super) fn gateway_path(name: &str) -> Result<Path, Error> {
    Path::new(format!("gateway/{name}")).ok_or_else(|| Error::BadRecordName(name.to_owned()))
}

impl Keyring {
    /// Reads the gateway's record `name`, linearizable.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::Store`], [`Error::Barrier`].
    pub async fn record(&self, name: &str) -> Result<Option<SealedRecord>, Error> {
        let path = gateway_path(name)?;
        let unsealed = self.unsealed()?;
        let Some(Stored { revision, bytes }) = self.shared.store.get(&path).await? else {
            return Ok(None);
        };
        let content = unsealed.open().barrier.open(&path, &bytes)?;
        Ok(Some(SealedRecord { revision, content }))
    }

    /// Writes the gateway's record `name` if it was last written at `expected`
    /// (`None`: if it does not exist).
    ///
    /// # Errors
    /// [`Error::Store`] with a conflict if it was written meanwhile; [`Error::Sealed`].
    pub async fn put_record(
        &self,
        name: &str,
        expected: Option<Revision>,
        content: SecretBytes,
    ) -> Result<Revision, Error> {
        let path = gateway_path(name)?;
        self.detached(move |keyring| async move {
            let _life = keyring.shared.life.read().await;
            let unsealed = keyring.unsealed()?;
            let put = vec![(path.clone(), content)];
            keyring
                .commit(unsealed.open(), vec![(path, expected)], put, Vec::new())
                .await
        })
        .await
    }

    /// Seals `put` and commits.
    pub(super) async fn commit(
        &self,
        open: &Open,
        expect: Vec<(Path, Option<Revision>)>,
        put: Vec<(Path, SecretBytes)>,
        delete: Vec<Path>,
    ) -> Result<Revision, Error> {
        let put = put
            .into_iter()
            .map(|(path, content)| {
                let sealed: Arc<[u8]> = open.barrier.seal(&path, content.expose())?.into();
                Ok((path, sealed))
            })
            .collect::<Result<_, Error>>()?;
        Ok(self
            .shared
            .store
            .commit(Txn {
                expect,
                put,
                delete,
            })
            .await?)
    }
}
