//! The OpenAPI document, made from the route table.

use serde_json::{Map, Value, json};

use crate::{
    pattern,
    routes::{self, Access, Area, FieldKind, Route, Verb},
};

/// The document for a server with these mounts (paths without a slash at the end).
pub fn document<'m>(mounts: impl Iterator<Item = &'m str>) -> Value {
    let mounts: Vec<&str> = mounts.collect();
    let mut paths = Map::new();
    for route in routes::table() {
        for pattern in pattern::without_brackets(route.pattern) {
            match route.area {
                Area::Root => {
                    let path = format!("/{pattern}");
                    add(&mut paths, path, route, &pattern, route.operation);
                }
                Area::Mount => {
                    for mount in &mounts {
                        let path = format!("/{mount}/{pattern}");
                        let operation = format!("{mount}-{}", route.operation).replace('/', "-");
                        add(&mut paths, path, route, &pattern, &operation);
                    }
                }
            }
        }
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Sealgate",
            "description": "Encryption as a service: the transit API of Vault and OpenBao",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0" },
        },
        "servers": [{ "url": "/v1" }],
        "security": [{ "token": [] }],
        "components": {
            "securitySchemes": {
                "token": { "type": "apiKey", "in": "header", "name": "X-Vault-Token" },
            },
            "schemas": {
                "Errors": {
                    "type": "object",
                    "required": ["errors"],
                    "properties": { "errors": { "type": "array", "items": { "type": "string" } } },
                },
            },
        },
        "paths": paths,
    })
}

fn add(
    paths: &mut Map<String, Value>,
    path: String,
    route: &Route,
    pattern: &str,
    operation: &str,
) {
    let names: Vec<&str> = pattern::parameters(pattern).collect();
    // A pattern with brackets is several paths, and each operation has a name of its own.
    let operation = match pattern::parameters(route.pattern).count() {
        all if all == names.len() => operation.to_owned(),
        _ => format!("{operation}-{}", names.len()),
    };
    let mut parameters: Vec<Value> = names
        .into_iter()
        .map(|name| {
            let schema = match name {
                "name" | "source" | "destination" => {
                    json!({ "type": "string", "pattern": "^\\w(([\\w.-]+)?\\w)?$" })
                }
                _ => json!({ "type": "string", "minLength": 1 }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    let method = match route.verb {
        Verb::Read => "get",
        Verb::Write => "post",
        Verb::Delete => "delete",
        Verb::Head => "head",
        // OpenAPI knows no LIST; this is its other form.
        Verb::List => {
            let schema = json!({ "type": "string", "enum": ["true"] });
            let list = json!({ "name": "list", "in": "query", "required": true, "schema": schema });
            parameters.push(list);
            "get"
        }
    };
    if route.verb == Verb::Read {
        for field in route.fields {
            let parameter = json!({
                "name": field.name,
                "in": "query",
                "description": field.description,
                "schema": { "type": "string" },
            });
            parameters.push(parameter);
        }
    }
    let mut described = json!({
        "operationId": operation,
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses(route),
    });
    if route.verb != Verb::Read && !route.fields.is_empty() {
        let content = json!({ "application/json": { "schema": body(route) } });
        described["requestBody"] = json!({ "content": content });
    }
    if route.access != Access::Token {
        described["security"] = json!([]);
    }
    // A path whose GET lists and one whose GET reads differ by the slash at the end.
    let item = paths.entry(path).or_insert_with(|| json!({}));
    item[method] = described;
}

fn responses(route: &Route) -> Value {
    let errors = json!({ "$ref": "#/components/schemas/Errors" });
    let refused = |description: &str| {
        json!({
            "description": description,
            "content": { "application/json": { "schema": errors } },
        })
    };
    let mut responses = json!({
        "200": { "description": "Done", "content": { "application/json": {} } },
        "204": { "description": "Done; there is nothing to say" },
        "400": { "description": "The request is wrong; the answer says what to change" },
        "404": refused("There is no such path, key or mount"),
        "405": refused("The path does not take this method"),
        "408": refused("The request took too long to arrive"),
        "413": refused("The body is larger than the limit"),
        "414": refused("The path is longer than the limit"),
        "429": refused("Too many requests at once; retry"),
        "431": refused("The headers are larger than the limit"),
        "503": { "description": "Sealed, not initialized, or the store is unavailable" },
    });
    if route.access == Access::Token {
        responses["403"] = refused("No token, or one that may not do this");
    }
    if route.pattern == "sys/health" {
        // The caller says which statuses stand for which state.
        responses["default"] =
            json!({ "description": "The state, under a status of the caller's choice" });
    }
    responses
}

fn body(route: &Route) -> Value {
    let mut properties = Map::new();
    for field in route.fields {
        let mut schema = match field.kind {
            FieldKind::String => json!({ "type": "string" }),
            FieldKind::Base64 => json!({ "type": "string", "format": "byte" }),
            FieldKind::Integer => json!({ "type": "integer" }),
            FieldKind::Boolean => json!({ "type": "boolean" }),
            FieldKind::Duration => {
                json!({ "oneOf": [{ "type": "integer" }, { "type": "string" }] })
            }
            FieldKind::Batch => json!({ "type": "array", "items": { "type": "object" } }),
            FieldKind::Strings => {
                json!({ "type": "array", "items": { "type": "string" } })
            }
            FieldKind::Object => json!({ "type": "object" }),
        };
        schema["description"] = json!(field.description);
        properties.insert(field.name.to_owned(), schema);
    }
    json!({ "type": "object", "properties": properties })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_every_route() {
        let document = document(["transit"].into_iter());
        let paths = document["paths"].as_object().unwrap();
        let operations: usize = paths
            .values()
            .map(|item| item.as_object().unwrap().len())
            .sum();
        let described: usize = routes::table()
            .map(|route| pattern::without_brackets(route.pattern).len())
            .sum();
        assert_eq!(operations, described);
        assert!(paths.contains_key("/transit/encrypt/{name}"));
    }
}
