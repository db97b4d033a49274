//! The paths of the system: its seal, its health, its mounts.

mod health;
mod init;
mod internal_ui;
mod leader;
mod metrics;
mod mount_facts;
mod mounts;
mod seal_status;
mod specs;
mod tune;
mod unseal;

pub use mount_facts::MountFacts;

use crate::routes::{Access, Area, Field, FieldKind, Handler, Route, Verb};

const fn route(
    operation: &'static str,
    verb: Verb,
    pattern: &'static str,
    access: Access,
    summary: &'static str,
    fields: &'static [Field],
    handler: Handler,
) -> Route {
    Route {
        operation,
        summary,
        verb,
        area: Area::Root,
        pattern,
        access,
        fields,
        handler,
    }
}

const fn field(name: &'static str, kind: FieldKind, description: &'static str) -> Field {
    Field {
        name,
        kind,
        description,
    }
}

const SECRET_SHARES: Field = field(
    "secret_shares",
    FieldKind::Integer,
    "How many shares to make, 1 to 255",
);
const SECRET_THRESHOLD: Field = field(
    "secret_threshold",
    FieldKind::Integer,
    "How many shares unseal",
);
const KEY: Field = field("key", FieldKind::String, "A share, as base64 or hex");
const RESET: Field = field(
    "reset",
    FieldKind::Boolean,
    "Forget the shares given so far",
);
const TYPE: Field = field("type", FieldKind::String, "The mount's type: transit");
const DESCRIPTION: Field = field("description", FieldKind::String, "What the mount is for");
const CONFIG: Field = field("config", FieldKind::Object, "Settings, as in tune");
const OPTIONS: Field = field("options", FieldKind::Object, "Options that are read back");
const LOCAL: Field = field("local", FieldKind::Boolean, "Read back; has no effect here");
const SEAL_WRAP: Field = field(
    "seal_wrap",
    FieldKind::Boolean,
    "Read back; all is sealed here",
);
const EXTERNAL_ENTROPY: Field = field(
    "external_entropy_access",
    FieldKind::Boolean,
    "Read back; has no effect here",
);
const DEFAULT_LEASE_TTL: Field = field(
    "default_lease_ttl",
    FieldKind::Duration,
    "Read back; nothing here has a lease",
);
const MAX_LEASE_TTL: Field = field(
    "max_lease_ttl",
    FieldKind::Duration,
    "Read back; nothing here has a lease",
);
const LISTING_VISIBILITY: Field = field(
    "listing_visibility",
    FieldKind::String,
    "unauth: shown to callers without a token; hidden: not",
);
const REQUEST_KEYS: Field = field(
    "audit_non_hmac_request_keys",
    FieldKind::Strings,
    "Read back; has no effect here",
);
const RESPONSE_KEYS: Field = field(
    "audit_non_hmac_response_keys",
    FieldKind::Strings,
    "Read back; has no effect here",
);
const REQUEST_HEADERS: Field = field(
    "passthrough_request_headers",
    FieldKind::Strings,
    "Read back; has no effect here",
);
const RESPONSE_HEADERS: Field = field(
    "allowed_response_headers",
    FieldKind::Strings,
    "Read back; has no effect here",
);

/// Every operation below `sys/`.
pub const ROUTES: &[Route] = &[
    route(
        "system-read-health",
        Verb::Read,
        "sys/health",
        Access::Public,
        "Says by its status code whether the server can work",
        &[],
        |app, call| Box::pin(health::read(app, call)),
    ),
    route(
        "system-probe-health",
        Verb::Head,
        "sys/health",
        Access::Public,
        "Says by its status code whether the server can work",
        &[],
        |app, call| Box::pin(health::read(app, call)),
    ),
    route(
        "system-read-seal-status",
        Verb::Read,
        "sys/seal-status",
        Access::Public,
        "Shows whether the server is sealed, and how far it is unsealed",
        &[],
        |app, _| Box::pin(seal_status::read(app)),
    ),
    route(
        "system-read-leader",
        Verb::Read,
        "sys/leader",
        Access::Public,
        "Shows that there is no leader: all replicas are equal",
        &[],
        |_, _| Box::pin(leader::read()),
    ),
    route(
        "system-read-init",
        Verb::Read,
        "sys/init",
        Access::Public,
        "Shows whether the server was ever initialized",
        &[],
        |app, _| Box::pin(init::read(app)),
    ),
    route(
        "system-initialize",
        Verb::Write,
        "sys/init",
        Access::Public,
        "Makes the keyring, its shares and the root token",
        &[SECRET_SHARES, SECRET_THRESHOLD],
        |app, call| Box::pin(init::write(app, call)),
    ),
    route(
        "system-unseal",
        Verb::Write,
        "sys/unseal",
        Access::Public,
        "Takes one share",
        &[KEY, RESET],
        |app, call| Box::pin(unseal::unseal(app, call)),
    ),
    route(
        "system-seal",
        Verb::Write,
        "sys/seal",
        Access::TokenUnlessSealed,
        "Throws away every key; shares open the server again",
        &[],
        |app, _| Box::pin(unseal::seal(app)),
    ),
    route(
        "system-list-mounts",
        Verb::Read,
        "sys/mounts",
        Access::Token,
        "Shows every mount",
        &[],
        |app, _| Box::pin(mounts::list(app)),
    ),
    route(
        "system-read-mount-settings",
        Verb::Read,
        "sys/mounts/{path}/tune",
        Access::Token,
        "Shows the settings of a mount",
        &[],
        |app, call| Box::pin(tune::read(app, call)),
    ),
    route(
        "system-tune-mount",
        Verb::Write,
        "sys/mounts/{path}/tune",
        Access::Token,
        "Changes the settings of a mount",
        &[
            DESCRIPTION,
            DEFAULT_LEASE_TTL,
            MAX_LEASE_TTL,
            LISTING_VISIBILITY,
            OPTIONS,
            REQUEST_KEYS,
            RESPONSE_KEYS,
            REQUEST_HEADERS,
            RESPONSE_HEADERS,
        ],
        |app, call| Box::pin(tune::write(app, call)),
    ),
    route(
        "system-read-mount",
        Verb::Read,
        "sys/mounts/{path}",
        Access::Token,
        "Shows one mount",
        &[],
        |app, call| Box::pin(mounts::read(app, call)),
    ),
    route(
        "system-create-mount",
        Verb::Write,
        "sys/mounts/{path}",
        Access::Token,
        "Adds a mount with keys of its own",
        &[
            TYPE,
            DESCRIPTION,
            CONFIG,
            OPTIONS,
            LOCAL,
            SEAL_WRAP,
            EXTERNAL_ENTROPY,
        ],
        |app, call| Box::pin(mounts::create(app, call)),
    ),
    route(
        "system-delete-mount",
        Verb::Delete,
        "sys/mounts/{path}",
        Access::Token,
        "Removes a mount and destroys all its keys",
        &[],
        |app, call| Box::pin(mounts::delete(app, call)),
    ),
    route(
        "system-list-visible-mounts",
        Verb::Read,
        "sys/internal/ui/mounts",
        Access::Open,
        "Shows the mounts that the caller may know of",
        &[],
        |app, call| Box::pin(internal_ui::list(app, call)),
    ),
    route(
        "system-find-mount",
        Verb::Read,
        "sys/internal/ui/mounts/{path}",
        Access::Token,
        "Shows the mount that a path lies in",
        &[],
        |app, call| Box::pin(internal_ui::read(app, call)),
    ),
    route(
        "system-read-metrics",
        Verb::Read,
        "sys/metrics",
        Access::Token,
        "Shows how keys are used, for Prometheus",
        &[field("format", FieldKind::String, "prometheus")],
        |app, call| Box::pin(metrics::read(app, call)),
    ),
    route(
        "system-read-specification",
        Verb::Read,
        "sys/internal/specs/openapi",
        Access::Open,
        "Shows this API as an OpenAPI document",
        &[],
        |app, _| Box::pin(specs::read(app)),
    ),
];
