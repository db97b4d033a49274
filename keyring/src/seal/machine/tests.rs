//! The machine against a model, over random sequences of what people do.

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    record::StoreId,
    seal::{Initialized, initialize, rekey},
    secret::Secret256,
    share::{SealParameters, ShareLabel, split},
};

const SHARES: u8 = 5;
const THRESHOLD: u8 = 3;

/// The current shares, and everything that is not one of them.
struct World {
    made: Initialized,
    old: Vec<Share>,
    foreign: Vec<Share>,
    forged: Vec<Share>,
    contrary: Vec<Share>,
}

impl World {
    fn new() -> Self {
        let parameters = SealParameters::new(SHARES.into(), THRESHOLD.into()).unwrap();
        let store = StoreId::new(Uuid::from_u128(1));
        let before = initialize(parameters, store).unwrap();
        let rekeyed = rekey(&before.root_key, parameters, store).unwrap();
        let share_set = rekeyed.configuration.share_set;
        let noise = Secret256::copy_of(&[1; 32]).unwrap();
        let four = SealParameters::new(5, 4).unwrap();
        Self {
            old: before.shares,
            foreign: initialize(parameters, StoreId::new(Uuid::from_u128(2)))
                .unwrap()
                .shares,
            forged: split(&noise, four, store, share_set).unwrap(),
            contrary: split(&noise, parameters, store, share_set).unwrap(),
            made: Initialized {
                configuration: rekeyed.configuration,
                root_key: before.root_key,
                shares: rekeyed.shares,
            },
        }
    }

    fn seal(&self) -> Seal {
        Seal::new(self.made.configuration.clone())
    }

    fn opens(&self, root_key: &RootKey) -> bool {
        root_key
            .secret()
            .matches(self.made.root_key.secret().expose())
    }
}

fn copy(share: &Share) -> Share {
    Share::parse(&share.expose_hex()).unwrap()
}

fn have(step: Result<Step, SealError>) -> u8 {
    match step.unwrap() {
        Step::Progress(progress) => progress.have,
        other => panic!("{other:?} is no progress"),
    }
}

#[test]
fn opens_with_the_threshold() {
    let world = World::new();
    let mut seal = world.seal();
    assert_eq!(
        seal.progress(),
        Progress {
            have: 0,
            need: 3,
            nonce: None
        }
    );
    assert_eq!(have(seal.provide(copy(&world.made.shares[4]))), 1);
    let nonce = seal.progress().nonce;
    assert!(nonce.is_some());
    assert_eq!(have(seal.provide(copy(&world.made.shares[0]))), 2);
    assert_eq!(
        have(seal.provide(copy(&world.made.shares[0]))),
        2,
        "given twice, counted once"
    );
    assert_eq!(seal.progress().nonce, nonce);
    match seal.provide(copy(&world.made.shares[2])).unwrap() {
        Step::Opened(root_key) => assert!(world.opens(&root_key)),
        other => panic!("{other:?}"),
    }
    assert!(!seal.is_sealed());
    assert_eq!(
        seal.progress(),
        Progress {
            have: 0,
            need: 3,
            nonce: None
        }
    );
    let again = seal.provide(copy(&world.foreign[2])).unwrap();
    assert!(matches!(again, Step::AlreadyUnsealed));
}

#[test]
fn one_share_opens_a_seal_of_one() {
    let parameters = SealParameters::new(1, 1).unwrap();
    let made = initialize(parameters, StoreId::new(Uuid::from_u128(1))).unwrap();
    let mut seal = Seal::new(made.configuration);
    let step = seal.provide(copy(&made.shares[0])).unwrap();
    assert!(matches!(step, Step::Opened(_)));
}

#[test]
fn a_set_with_a_wrong_share_starts_over() {
    let world = World::new();
    let mut seal = world.seal();
    assert_eq!(have(seal.provide(copy(&world.made.shares[0]))), 1);
    assert_eq!(have(seal.provide(copy(&world.contrary[1]))), 2);
    let error = seal.provide(copy(&world.made.shares[2])).unwrap_err();
    assert!(matches!(error, SealError::SharesDoNotFit { need: 3 }));
    assert!(
        error
            .to_string()
            .starts_with("the shares do not fit together"),
        "{error}"
    );
    assert!(
        error.to_string().ends_with("start over with share 1 of 3"),
        "{error}"
    );
    assert_eq!(seal.progress().have, 0);
}

#[test]
fn a_share_beyond_the_set_is_forged() {
    let world = World::new();
    let more = SealParameters::new(6, 3).unwrap();
    let configuration = &world.made.configuration;
    let noise = Secret256::copy_of(&[1; 32]).unwrap();
    let mut shares = split(
        &noise,
        more,
        configuration.store_id,
        configuration.share_set,
    )
    .unwrap();
    let sixth = shares.pop().unwrap();
    assert_eq!(
        *sixth.label(),
        ShareLabel::new(configuration.store_id, configuration.share_set, 3)
    );
    let error = world.seal().provide(sixth).unwrap_err();
    assert!(matches!(error, SealError::Forged { number: 6 }));
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Good(usize),
    Contrary(usize),
    Old(usize),
    Foreign(usize),
    Forged(usize),
    Reset,
    Seal,
}

fn act() -> impl Strategy<Value = Act> {
    let any = 0..usize::from(SHARES);
    prop_oneof![
        8 => any.clone().prop_map(Act::Good),
        1 => any.clone().prop_map(Act::Contrary),
        1 => any.clone().prop_map(Act::Old),
        1 => any.clone().prop_map(Act::Foreign),
        1 => any.prop_map(Act::Forged),
        1 => Just(Act::Reset),
        1 => Just(Act::Seal),
    ]
}

/// What the machine must hold: which shares, right or wrong, by number.
#[derive(Default)]
struct Model {
    unsealed: bool,
    good: BTreeSet<usize>,
    contrary: BTreeSet<usize>,
}

impl Model {
    fn have(&self) -> usize {
        self.good.len() + self.contrary.len()
    }

    /// What `provide` must answer to a share that belongs to the set by its label.
    fn provide(&mut self, number: usize, good: bool) -> Expected {
        if self.unsealed {
            return Expected::Already;
        }
        let (same, other) = if good {
            (&mut self.good, &mut self.contrary)
        } else {
            (&mut self.contrary, &mut self.good)
        };
        if other.contains(&number) {
            return Expected::Contradiction;
        }
        same.insert(number);
        if self.have() < THRESHOLD.into() {
            return Expected::Progress;
        }
        let opened = self.contrary.is_empty();
        *self = Self {
            unsealed: opened,
            ..Self::default()
        };
        if opened {
            Expected::Opened
        } else {
            Expected::DoNotFit
        }
    }
}

#[derive(Debug, PartialEq)]
enum Expected {
    Progress,
    Opened,
    Already,
    Contradiction,
    DoNotFit,
    Foreign,
    Other,
    Forged,
}

fn outcome(world: &World, step: Result<Step, SealError>) -> Expected {
    match step {
        Ok(Step::Progress(_)) => Expected::Progress,
        Ok(Step::Opened(root_key)) => {
            assert!(world.opens(&root_key));
            Expected::Opened
        }
        Ok(Step::AlreadyUnsealed) => Expected::Already,
        Err(SealError::Contradiction { .. }) => Expected::Contradiction,
        Err(SealError::SharesDoNotFit { .. }) => Expected::DoNotFit,
        Err(SealError::ForeignShare) => Expected::Foreign,
        Err(SealError::OtherShareSet) => Expected::Other,
        Err(SealError::Forged { .. }) => Expected::Forged,
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #[test]
    fn does_what_the_model_does(acts in proptest::collection::vec(act(), 1..40)) {
        let world = World::new();
        let mut seal = world.seal();
        let mut model = Model::default();
        for act in acts {
            let refused = |refusal, model: &Model| if model.unsealed { Expected::Already } else { refusal };
            let (share, expected) = match act {
                Act::Good(at) => (&world.made.shares[at], model.provide(at, true)),
                Act::Contrary(at) => (&world.contrary[at], model.provide(at, false)),
                Act::Old(at) => (&world.old[at], refused(Expected::Other, &model)),
                Act::Foreign(at) => (&world.foreign[at], refused(Expected::Foreign, &model)),
                Act::Forged(at) => (&world.forged[at], refused(Expected::Forged, &model)),
                Act::Reset => {
                    seal.reset();
                    model = Model { unsealed: model.unsealed, ..Model::default() };
                    continue;
                }
                Act::Seal => {
                    seal.seal();
                    model = Model::default();
                    continue;
                }
            };
            prop_assert_eq!(outcome(&world, seal.provide(copy(share))), expected);
            prop_assert_eq!(usize::from(seal.progress().have), model.have());
            prop_assert_eq!(seal.progress().nonce.is_some(), model.have() > 0);
            prop_assert_eq!(seal.is_sealed(), !model.unsealed);
        }
    }
}
