//! One step in the life of keys: taken in the keyring and in the model, and compared.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sealgate_keyring::{
    algorithm::{Algorithm, KeyType},
    error::Error,
    key::{Decrypt, Derivation, Encrypt, Imported, Material, NewKey, Settings},
    version::Version,
};

use crate::{
    installation::{Installation, NAMES, START, name},
    model::{Made, ModelKey, Twist},
};

/// A change to a key.
#[derive(Clone, Debug)]
pub enum Change {
    Create(NewKey),
    Rotate,
    Configure(Settings),
    Trim(i64),
    SoftDelete(bool),
    Delete,
    Import {
        new: NewKey,
        allow_rotation: bool,
    },
    ImportVersion,
    Disable(Version),
    Enable(Version),
    RestoreVersion(Version),
    Destroy(Version),
    /// Of one of the backups that were taken before.
    RestoreBackup {
        which: prop::sample::Index,
        replace: bool,
    },
}

#[derive(Clone, Debug)]
pub enum Step {
    Change {
        name: &'static str,
        change: Change,
    },
    Encrypt {
        name: &'static str,
        version: i64,
        plaintext: Vec<u8>,
        context: u8,
        associated_data: u8,
    },
    /// Of one of the ciphertexts that were made before.
    Decrypt {
        which: prop::sample::Index,
        twist: Twist,
    },
    Rewrap {
        which: prop::sample::Index,
        version: i64,
    },
    BackUp(&'static str),
    /// Time passes, and what is due is destroyed.
    Wait(i64),
    /// Time passes, and nobody looks what is due.
    WaitUnnoticed(i64),
    SealAndUnseal,
    Restart,
}

/// What must be true.
#[derive(Clone)]
pub struct Model {
    pub keys: BTreeMap<&'static str, ModelKey>,
    pub made: Vec<Made>,
    pub backups: Vec<(String, ModelKey)>,
    /// Seconds since 1970.
    pub now: i64,
    identities: u32,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
            made: Vec::new(),
            backups: Vec::new(),
            now: START,
            identities: 0,
        }
    }
}

/// Of keys of the type HMAC.
const HMAC_BYTES: u16 = 32;

const NOT_FOUND: &str = "key not found";

impl Model {
    /// Applies a change; `Ok` tells what the keyring answers beside the key.
    pub fn change(&mut self, name: &'static str, change: &Change) -> Result<bool, String> {
        let missing = || NOT_FOUND.to_owned();
        // Numbers may be left out, but none is given twice.
        self.identities += 1;
        let (identity, now) = (self.identities, self.now);
        let key = self.keys.get_mut(name);
        match change {
            Change::Create(new) => {
                let made = ModelKey::create(*new, identity)?;
                if key.is_some() {
                    return Ok(false);
                }
                self.keys.insert(name, made);
                Ok(true)
            }
            Change::Rotate => key
                .ok_or_else(missing)?
                .rotate(name, identity)
                .map(|()| true),
            Change::Configure(settings) => {
                key.ok_or_else(missing)?.configure(*settings)?;
                Ok(settings.min_decryption_version == Some(0))
            }
            Change::Trim(version) => key.ok_or_else(missing)?.trim(*version).map(|()| true),
            Change::SoftDelete(mark) => Ok(key.ok_or_else(missing)?.soft_delete(*mark)),
            Change::Delete => {
                key.ok_or_else(missing)?.delete()?;
                self.keys.remove(name);
                Ok(true)
            }
            Change::Import {
                new,
                allow_rotation,
            } => {
                let made = ModelKey::import(*new, *allow_rotation, identity)?;
                if key.is_some() {
                    return Err(format!("key {name:?} already exists"));
                }
                self.keys.insert(name, made);
                Ok(true)
            }
            Change::ImportVersion => key
                .ok_or_else(missing)?
                .import_version(identity)
                .map(|()| true),
            Change::Disable(version) => key.ok_or_else(missing)?.disable(number(*version), now),
            Change::Enable(version) => key.ok_or_else(missing)?.enable(number(*version), now),
            Change::RestoreVersion(version) => key
                .ok_or_else(missing)?
                .restore_version(number(*version), now),
            Change::Destroy(version) => key.ok_or_else(missing)?.destroy(number(*version), now),
            Change::RestoreBackup { which, replace } => {
                let Some((_, backup)) = pick(&self.backups, which) else {
                    return Ok(false);
                };
                if key.is_some() && !replace {
                    return Err(format!("key {name:?} already exists"));
                }
                self.keys.insert(name, backup);
                Ok(true)
            }
        }
    }

    /// Fails unless the keyring holds the keys that the model says.
    pub fn assert_is(&self, installation: &Installation) {
        assert_eq!(self.found(installation), self.keys);
        for (name, model) in &self.keys {
            let key = installation.key(name).unwrap();
            let versions = key
                .versions()
                .iter()
                .map(|version| i64::from(version.number().number()));
            assert!(versions.eq(model.kept()), "{name}");
        }
    }

    /// Whether the keyring holds the keys that the model says.
    pub fn is(&self, installation: &Installation) -> bool {
        self.found(installation) == self.keys
    }

    fn found(&self, installation: &Installation) -> BTreeMap<&'static str, ModelKey> {
        assert!(
            installation
                .mount()
                .key_names()
                .iter()
                .all(|name| NAMES.contains(&name.as_str()))
        );
        let found = NAMES.into_iter().filter_map(|name| {
            // An identity is the model's own word; the key bytes are compared elsewhere.
            let identities = self.keys.get(name).map(|key| key.identities.clone());
            let key = installation.key(name).ok()?;
            Some((name, ModelKey::of(&key, identities.unwrap_or_default())))
        });
        found.collect()
    }

    /// Fails unless every ciphertext decrypts, or not, as the model says.
    pub fn assert_all_decrypt(&self, installation: &Installation) {
        for made in &self.made {
            assert_eq!(
                decrypt(installation, made, Twist::Nothing),
                self.decrypt(made, Twist::Nothing)
            );
        }
    }

    fn key(&self, name: &str) -> Result<&ModelKey, String> {
        self.keys.get(name).ok_or_else(|| NOT_FOUND.to_owned())
    }

    fn decrypt(&self, made: &Made, twist: Twist) -> Result<Vec<u8>, String> {
        self.key(made.name)?.decrypt(made, twist)
    }

    /// Remembers a ciphertext. Equal ones come from convergent encryption of equal messages only.
    pub fn acknowledge(&mut self, made: Made) {
        let convergent = self.keys[made.name].derivation == Derivation::Convergent;
        let message = |made: &Made| {
            let Made {
                identity,
                plaintext,
                context,
                associated_data,
                ..
            } = made.clone();
            (identity, plaintext, context, associated_data)
        };
        for other in &self.made {
            let same = convergent && message(other) == message(&made);
            assert_eq!(other.text == made.text, same, "{other:?} {made:?}");
        }
        self.made.push(made);
    }
}

/// Makes the change in the keyring; what it answers beside the key.
pub async fn change(
    installation: &Installation,
    text: &'static str,
    change: &Change,
    backups: &[(String, ModelKey)],
) -> Result<bool, Error> {
    let (keyring, mount, name) = (&installation.keyring, installation.mount(), name(text));
    match change {
        Change::Create(new) => Ok(keyring.create_key(&mount, name, *new).await?.1),
        Change::Rotate => keyring.rotate_key(&mount, name).await.map(|_| true),
        Change::Configure(settings) => Ok(keyring
            .configure_key(&mount, name, *settings)
            .await?
            .1
            .is_some()),
        Change::Trim(version) => keyring.trim_key(&mount, name, *version).await.map(|_| true),
        Change::SoftDelete(mark) => Ok(keyring.set_soft_deleted(&mount, name, *mark).await?.1),
        Change::Delete => keyring.delete_key(&mount, name).await.map(|()| true),
        Change::Import {
            new,
            allow_rotation,
        } => {
            let imported = Imported {
                allow_rotation: *allow_rotation,
            };
            let bytes = material(new.key_type);
            let made = keyring.import_key(&mount, name, *new, imported, bytes);
            made.await.map(|_| true)
        }
        Change::ImportVersion => {
            let key_type = installation.key(text)?.policy().key_type;
            let made = keyring.import_key_version(&mount, name, material(key_type));
            made.await.map(|_| true)
        }
        Change::Disable(version) => Ok(keyring.disable_version(&mount, name, *version).await?.1),
        Change::Enable(version) => Ok(keyring.enable_version(&mount, name, *version).await?.1),
        Change::RestoreVersion(version) => keyring
            .restore_version(&mount, name, *version)
            .await
            .map(|_| true),
        Change::Destroy(version) => keyring
            .destroy_version(&mount, name, *version)
            .await
            .map(|_| true),
        Change::RestoreBackup { which, replace } => {
            let Some((backup, _)) = pick(backups, which) else {
                return Ok(false);
            };
            let restored = keyring.restore_backup(&mount, &backup, Some(name), *replace);
            restored.await.map(|_| true)
        }
    }
}

/// Takes one step in both worlds. A disagreement panics.
pub async fn take(installation: &mut Installation, model: &mut Model, step: &Step) {
    match step {
        Step::Change {
            name,
            change: asked,
        } => {
            let answer = change(installation, name, asked, &model.backups)
                .await
                .map_err(|error| error.to_string());
            assert_eq!(answer, model.change(name, asked));
        }
        Step::Encrypt {
            name,
            version,
            plaintext,
            context,
            associated_data,
        } => {
            let (context, associated_data) = (bytes(*context), bytes(*associated_data));
            let asked = Encrypt {
                version: *version,
                context: &context,
                associated_data: &associated_data,
                ..Encrypt::default()
            };
            let sealed = installation.encrypt(name, asked, plaintext).await;
            let sealed = sealed.map_err(|error| error.to_string());
            let expected = model
                .key(name)
                .and_then(|key| key.encrypt(name, *version, &context));
            let found = sealed
                .as_ref()
                .map(|sealed| i64::from(sealed.version.number()));
            assert_eq!(found, expected.as_ref().copied());
            if let Ok(sealed) = sealed {
                let (plaintext, text) = (plaintext.clone(), sealed.to_text());
                let version = i64::from(sealed.version.number());
                let identity = model.keys[name].identities[&version];
                model.acknowledge(Made {
                    name,
                    identity,
                    version,
                    plaintext,
                    context,
                    associated_data,
                    text,
                });
            }
        }
        Step::Decrypt { which, twist } => {
            if let Some(made) = pick(&model.made, which) {
                assert_eq!(
                    decrypt(installation, &made, *twist),
                    model.decrypt(&made, *twist)
                );
            }
        }
        Step::Rewrap { which, version } => {
            if let Some(made) = pick(&model.made, which) {
                rewrap(installation, model, made, *version).await;
            }
        }
        Step::BackUp(text) => {
            let mount = installation.mount();
            let taken = installation.keyring.back_up_key(&mount, name(text)).await;
            let expected = model.key(text).and_then(ModelKey::back_up);
            match (taken, expected) {
                (Ok(backup), Ok(key)) => model.backups.push((backup.to_string(), key)),
                (taken, expected) => assert_eq!(
                    taken.map_err(|error| error.to_string()).err(),
                    expected.err()
                ),
            }
        }
        Step::Wait(seconds) => {
            wait(installation, model, *seconds);
            installation.keyring.destroy_due_versions().await.unwrap();
            let now = model.now;
            model.keys.values_mut().for_each(|key| key.destroy_due(now));
        }
        Step::WaitUnnoticed(seconds) => wait(installation, model, *seconds),
        Step::SealAndUnseal => {
            installation.keyring.seal().await.unwrap();
            assert!(matches!(
                installation.keyring.unsealed(),
                Err(Error::Sealed)
            ));
            installation.unseal().await;
        }
        Step::Restart => installation.keyring = installation.restarted().await,
    }
    model.assert_is(installation);
}

fn wait(installation: &Installation, model: &mut Model, seconds: i64) {
    installation.wait(seconds);
    model.now = installation.now();
}

/// A key from outside.
fn material(key_type: KeyType) -> Material {
    Material::generate(key_type, HMAC_BYTES.into()).unwrap()
}

fn number(version: Version) -> i64 {
    version.number().into()
}

async fn rewrap(installation: &Installation, model: &mut Model, made: Made, version: i64) {
    let asked = Encrypt {
        version,
        context: &made.context,
        associated_data: &made.associated_data,
        ..Encrypt::default()
    };
    let sealed = match installation.key(made.name) {
        Err(error) => Err(error),
        Ok(mut key) => {
            let (keyring, mount) = (&installation.keyring, installation.mount());
            keyring
                .encrypting(
                    &mount,
                    &mut key,
                    1,
                    |key| Ok(key.rewrap(&made.text, asked)?),
                )
                .await
        }
    };
    let sealed = sealed.map_err(|error: Error| error.to_string());
    let expected = model.decrypt(&made, Twist::Nothing).and_then(|_| {
        model
            .key(made.name)
            .and_then(|key| key.encrypt(made.name, version, &made.context))
    });
    let found = sealed
        .as_ref()
        .map(|sealed| i64::from(sealed.version.number()));
    assert_eq!(found, expected.as_ref().copied());
    if let (Ok(sealed), Ok(version)) = (sealed, expected) {
        let identity = model.keys[made.name].identities[&version];
        model.acknowledge(Made {
            identity,
            version,
            text: sealed.to_text(),
            ..made
        });
    }
}

pub fn decrypt(installation: &Installation, made: &Made, twist: Twist) -> Result<Vec<u8>, String> {
    let (mut context, mut associated_data) = (made.context.clone(), made.associated_data.clone());
    let mut text = made.text.clone();
    let (head, encoded) = made.text.rsplit_once(':').unwrap();
    match twist {
        Twist::Nothing => {}
        Twist::OtherContext => context.push(b'x'),
        Twist::NoContext => context.clear(),
        Twist::OtherAssociatedData => associated_data.push(b'x'),
        Twist::ChangedByte => {
            let other = if encoded.as_bytes()[7] == b'A' {
                'B'
            } else {
                'A'
            };
            text = format!("{head}:{}{other}{}", &encoded[..7], &encoded[8..]);
        }
        Twist::NotBase64 => text.push('!'),
        Twist::Version(version) => text = format!("vault:v{version}:{encoded}"),
    }
    let asked = Decrypt {
        context: &context,
        associated_data: &associated_data,
        ..Decrypt::default()
    };
    installation
        .key(made.name)
        .and_then(|key| Ok(key.decrypt(&text, asked)?.expose().to_vec()))
        .map_err(|error| error.to_string())
}

fn pick<T: Clone>(of: &[T], which: &prop::sample::Index) -> Option<T> {
    (!of.is_empty()).then(|| which.get(of).clone())
}

/// Contexts and associated data: none, or one of a few.
fn bytes(which: u8) -> Vec<u8> {
    vec![b'c'; which.into()]
}

fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

/// Versions around those that a key of a few steps has.
fn versions() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -1..6_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN), 1 => Just(1 << 32)]
}

fn existing() -> impl Strategy<Value = Version> {
    (1..6_u32).prop_map(|number| Version::new(number).unwrap())
}

fn new_keys() -> impl Strategy<Value = NewKey> {
    use Derivation::{Convergent, None, PerContext};
    let derivations = prop::sample::select(&[None, PerContext, Convergent][..]);
    // RSA is left out: generating its keys takes too long for random histories.
    let types: Vec<KeyType> = KeyType::ALL
        .into_iter()
        .filter(|key_type| !matches!(key_type.algorithm(), Algorithm::Rsa(_)))
        .collect();
    let types = prop::sample::select(types);
    let seconds = prop_oneof![9 => Just(0), 1 => Just(3599), 1 => Just(3600)];
    (types, derivations, any::<(bool, bool)>(), seconds).prop_map(
        |(key_type, derivation, (exportable, allow_plaintext_backup), auto_rotate_seconds)| {
            NewKey {
                key_type,
                hmac_bytes: if key_type == KeyType::Hmac {
                    HMAC_BYTES
                } else {
                    0
                },
                derivation,
                exportable,
                allow_plaintext_backup,
                auto_rotate_seconds,
            }
        },
    )
}

fn settings() -> impl Strategy<Value = Settings> {
    let version = || prop::option::of(versions());
    let seconds = prop::option::weighted(0.2, prop::sample::select(&[0, 1, 3600, u64::MAX][..]));
    let lag = prop::option::weighted(0.3, versions());
    let waits = &[0, 10, 10, 100, 24 * 3600, u64::MAX][..];
    let wait = prop::option::weighted(0.4, prop::sample::select(waits));
    let flags = any::<[Option<bool>; 3]>();
    (version(), version(), flags, seconds, lag, wait).prop_map(
        |(
            min_decryption_version,
            min_encryption_version,
            flags,
            auto_rotate_seconds,
            min_decryption_lag,
            destroy_wait_seconds,
        )| Settings {
            min_decryption_version,
            min_encryption_version,
            deletion_allowed: flags[0],
            exportable: flags[1],
            allow_plaintext_backup: flags[2],
            auto_rotate_seconds,
            min_decryption_lag,
            destroy_wait_seconds,
            ..Settings::default()
        },
    )
}

pub fn changes() -> impl Strategy<Value = (&'static str, Change)> {
    let change = prop_oneof![
        4 => new_keys().prop_map(Change::Create),
        8 => Just(Change::Rotate),
        6 => settings().prop_map(Change::Configure),
        3 => versions().prop_map(Change::Trim),
        2 => any::<bool>().prop_map(Change::SoftDelete),
        2 => Just(Change::Delete),
        1 => (new_keys(), any::<bool>())
            .prop_map(|(new, allow_rotation)| Change::Import { new, allow_rotation }),
        1 => Just(Change::ImportVersion),
        5 => existing().prop_map(Change::Disable),
        3 => existing().prop_map(Change::Enable),
        2 => existing().prop_map(Change::RestoreVersion),
        5 => existing().prop_map(Change::Destroy),
        2 => (any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(which, replace)| Change::RestoreBackup { which, replace }),
    ];
    (names(), change)
}

fn waits() -> impl Strategy<Value = i64> {
    prop::sample::select(&[1, 9, 10, 11, 100, 24 * 3600][..])
}

pub fn steps() -> impl Strategy<Value = Step> {
    let which = any::<prop::sample::Index>;
    let twists = prop_oneof![
        Just(Twist::Nothing),
        Just(Twist::OtherContext),
        Just(Twist::NoContext),
        Just(Twist::OtherAssociatedData),
        Just(Twist::ChangedByte),
        Just(Twist::NotBase64),
        versions().prop_map(Twist::Version),
    ];
    let asked = prop_oneof![3 => Just(0), 2 => versions()];
    prop_oneof![
        12 => changes().prop_map(|(name, change)| Step::Change { name, change }),
        10 => (names(), asked, prop::collection::vec(0..2_u8, 0..3), 0..3_u8, 0..3_u8).prop_map(
            |(name, version, plaintext, context, associated_data)| {
                Step::Encrypt { name, version, plaintext, context, associated_data }
            }
        ),
        8 => (which(), twists).prop_map(|(which, twist)| Step::Decrypt { which, twist }),
        4 => (which(), versions()).prop_map(|(which, version)| Step::Rewrap { which, version }),
        2 => names().prop_map(Step::BackUp),
        2 => waits().prop_map(Step::Wait),
        1 => waits().prop_map(Step::WaitUnnoticed),
        1 => Just(Step::SealAndUnseal),
        1 => Just(Step::Restart),
    ]
}
