//! The rules, each in a file of its own. `docs/compliance/adding-a-rule.md` says how to add one.

pub use crate::rule::{Case, Category, Check, Rule};

macro_rules! rules {
    ($($name:ident),* $(,)?) => {
        static ALL: &[&Rule] = &[$(&$name::RULE),*];
    };
}

// What several rules need.
mod agents;
mod changelog;
mod decisions;
pub(crate) mod sections;

mod agent_residue;
mod agents_commands;
mod agents_missing;
mod agents_size;
mod api_docs_missing;
mod architecture_missing;
mod changelog_format;
mod changelog_missing;
mod changelog_order;
mod changelog_section;
mod changelog_unreleased;
mod changelog_version;
mod comment_unclosed;
mod contributing_missing;
mod cursor_rule_activation;
mod cursor_rule_front_matter;
mod cursor_rule_globs;
mod cursor_rule_size;
mod cursor_rules_legacy;
mod cursor_rules_missing;
mod decision_format;
mod decision_number;
mod decision_status;
mod definition_twice;
mod definition_unused;
mod document_orphan;
mod document_required;
mod fence_command_missing;
mod fence_file_missing;
mod fence_language;
mod fence_syntax;
mod fence_unclosed;
mod file_encoding;
mod file_name_portable;
mod file_too_large;
mod file_unreadable;
mod final_newline;
mod flag_undocumented;
mod flag_unknown;
mod front_matter_unclosed;
mod heading_duplicate;
mod heading_empty;
mod heading_increment;
mod heading_single_title;
mod heading_space;
mod image_alt_missing;
mod inline_path_missing;
mod key_undocumented;
mod key_unknown;
mod licence_mismatch;
mod licence_missing;
mod line_length;
mod link_anchor_missing;
mod link_case;
mod link_empty;
mod link_file_missing;
mod link_image_missing;
mod link_local_path;
mod link_outside_tree;
mod link_reference_undefined;
mod merge_conflict;
mod placeholder_address;
mod placeholder_text;
mod placeholder_variable;
mod placeholder_word;
mod readme_description;
mod readme_install;
mod readme_missing;
mod readme_sections;
mod readme_title;
mod readme_usage;
mod route_undocumented;
mod route_unknown;
mod section_empty;
mod security_missing;
mod table_columns;
mod tests_documented;
mod trailing_space;
mod variable_undocumented;
mod variable_unknown;
mod waiver_expired;
mod waiver_invalid;
mod waiver_unused;

rules![
    agent_residue,
    agents_commands,
    agents_missing,
    agents_size,
    api_docs_missing,
    architecture_missing,
    changelog_format,
    changelog_missing,
    changelog_order,
    changelog_section,
    changelog_unreleased,
    changelog_version,
    comment_unclosed,
    contributing_missing,
    cursor_rule_activation,
    cursor_rule_front_matter,
    cursor_rule_globs,
    cursor_rule_size,
    cursor_rules_legacy,
    cursor_rules_missing,
    decision_format,
    decision_number,
    decision_status,
    definition_twice,
    definition_unused,
    document_orphan,
    document_required,
    fence_command_missing,
    fence_file_missing,
    fence_language,
    fence_syntax,
    fence_unclosed,
    file_encoding,
    file_name_portable,
    file_too_large,
    file_unreadable,
    final_newline,
    flag_undocumented,
    flag_unknown,
    front_matter_unclosed,
    heading_duplicate,
    heading_empty,
    heading_increment,
    heading_single_title,
    heading_space,
    image_alt_missing,
    inline_path_missing,
    key_undocumented,
    key_unknown,
    licence_mismatch,
    licence_missing,
    line_length,
    link_anchor_missing,
    link_case,
    link_empty,
    link_file_missing,
    link_image_missing,
    link_local_path,
    link_outside_tree,
    link_reference_undefined,
    merge_conflict,
    placeholder_address,
    placeholder_text,
    placeholder_variable,
    placeholder_word,
    readme_description,
    readme_install,
    readme_missing,
    readme_sections,
    readme_title,
    readme_usage,
    route_undocumented,
    route_unknown,
    section_empty,
    security_missing,
    table_columns,
    tests_documented,
    trailing_space,
    variable_undocumented,
    variable_unknown,
    waiver_expired,
    waiver_invalid,
    waiver_unused,
];

/// Every rule, in the order of its id.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied()
}

pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}
