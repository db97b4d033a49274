//! Any sequence of steps, on a store that works.

use std::sync::Arc;

use proptest::prelude::*;
use sealgate_keyring::store::MemoryStore;

use crate::{
    installation::Installation,
    step::{Model, steps, take},
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 2000, ..Default::default() })]

    #[test]
    fn keys_live_as_the_model_says(steps in prop::collection::vec(steps(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut installation = Installation::create(Arc::new(MemoryStore::new())).await;
            let mut model = Model::default();
            for step in &steps {
                take(&mut installation, &mut model, step).await;
            }
            installation.assert_memory_is_store().await;
            model.assert_all_decrypt(&installation);
        });
    }
}
