//! The published description of the Bot API, as a checker of values.

use std::collections::HashMap;

use serde_json::Value;

/// Types and methods by name.
pub(crate) struct BotApi {
    types: HashMap<String, Vec<Field>>,
    methods: HashMap<String, Vec<Field>>,
    unions: HashMap<String, Vec<String>>,
}

struct Field {
    name: String,
    kind: String,
    required: bool,
}

impl BotApi {
    pub(crate) fn read(schema: &[u8]) -> Self {
        let schema: Value = serde_json::from_slice(schema).unwrap();
        assert_eq!(schema["api"]["version"], "10.3");
        let mut api = Self { types: HashMap::new(), methods: HashMap::new(), unions: HashMap::new() };
        for child in schema["items"].as_array().unwrap().iter().flat_map(|group| group["children"].as_array().unwrap())
        {
            let name = child["name"].as_str().unwrap().to_owned();
            let fields: Vec<Field> = child["annotations"]
                .as_array()
                .unwrap()
                .iter()
                .map(|field| Field {
                    name: field["name"].as_str().unwrap().to_owned(),
                    kind: field["type"].as_str().unwrap().to_owned(),
                    required: field["required"].as_bool().unwrap_or(false),
                })
                .collect();
            if name.starts_with(char::is_lowercase) {
                api.methods.insert(name, fields);
            } else {
                api.types.insert(name, fields);
            }
        }
        // Types without fields of their own stand for one of those whose name begins with theirs.
        let empty: Vec<String> =
            api.types.iter().filter(|(_, fields)| fields.is_empty()).map(|(name, _)| name.clone()).collect();
        for name in empty {
            let kinds = api.types.iter().filter(|(other, fields)| other.starts_with(&name) && !fields.is_empty());
            api.unions.insert(name.clone(), kinds.map(|(other, _)| other.clone()).collect());
        }
        let message = ["Message", "InaccessibleMessage"].map(ToOwned::to_owned);
        api.unions.insert("MaybeInaccessibleMessage".to_owned(), message.to_vec());
        api
    }

    /// A call we made.
    pub(crate) fn check_call(&self, method: &str, params: &Value, problems: &mut Vec<String>) {
        let Some(fields) = self.methods.get(method) else {
            return problems.push(format!("there is no method {method}"));
        };
        self.check_fields(fields, params, method, problems);
    }

    /// A value that should be of this kind.
    pub(crate) fn check(&self, kind: &str, value: &Value, at: &str, problems: &mut Vec<String>) {
        if let Some(inner) = kind.strip_prefix("Array of ") {
            match value.as_array() {
                Some(items) => items
                    .iter()
                    .enumerate()
                    .for_each(|(number, item)| self.check(inner, item, &format!("{at}[{number}]"), problems)),
                None => problems.push(format!("{at}: not an array: {value}")),
            }
            return;
        }
        let alternatives: Vec<&str> = kind.split(" or ").collect();
        if alternatives.len() > 1 {
            return self.check_any(&alternatives, value, at, problems);
        }
        let fits = match kind {
            "Integer" => value.is_i64() || value.is_u64(),
            "Float" => value.is_number(),
            "String" => value.is_string(),
            "Boolean" => value.is_boolean(),
            "True" => *value == Value::Bool(true),
            name => {
                if let Some(kinds) = self.unions.get(name).filter(|kinds| !kinds.is_empty()) {
                    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
                    return self.check_any(&kinds, value, at, problems);
                }
                let Some(fields) = self.types.get(name) else {
                    return problems.push(format!("{at}: unknown type {name}"));
                };
                return self.check_fields(fields, value, at, problems);
            }
        };
        if !fits {
            problems.push(format!("{at}: not {kind}: {value}"));
        }
    }

    fn check_any(&self, kinds: &[&str], value: &Value, at: &str, problems: &mut Vec<String>) {
        let tries: Vec<Vec<String>> = kinds
            .iter()
            .map(|kind| {
                let mut found = Vec::new();
                self.check(kind, value, at, &mut found);
                found
            })
            .collect();
        if let Some(best) = tries.into_iter().min_by_key(Vec::len) {
            problems.extend(best);
        }
    }

    fn check_fields(&self, fields: &[Field], value: &Value, at: &str, problems: &mut Vec<String>) {
        let Some(object) = value.as_object() else { return problems.push(format!("{at}: not an object: {value}")) };
        for field in fields.iter().filter(|field| field.required && !object.contains_key(&field.name)) {
            problems.push(format!("{at}: `{}` is missing", field.name));
        }
        for (name, value) in object {
            match fields.iter().find(|field| field.name == *name) {
                Some(field) => self.check(&field.kind, value, &format!("{at}.{name}"), problems),
                None => problems.push(format!("{at}: there is no field `{name}`")),
            }
        }
    }
}
