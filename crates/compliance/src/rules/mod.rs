//! The rules, each in a file of its own. `docs/compliance/adding-a-rule.md` says how to add one.

pub use crate::rule::{Case, Category, Check, Rule};

macro_rules! rules {
    ($($name:ident),* $(,)?) => {
        static ALL: &[&Rule] = &[$(&$name::RULE),*];
    };
}

// What several rules need.
mod links;
mod sections;

mod api_docs_missing;
mod architecture_missing;
mod contributing_missing;
mod document_orphan;
mod document_required;
mod fence_command_missing;
mod fence_file_missing;
mod fence_language;
mod fence_syntax;
mod fence_unclosed;
mod heading_duplicate;
mod heading_empty;
mod heading_increment;
mod heading_single_title;
mod heading_space;
mod inline_path_missing;
mod licence_mismatch;
mod licence_missing;
mod link_anchor_missing;
mod link_case;
mod link_empty;
mod link_file_missing;
mod link_image_missing;
mod link_local_path;
mod link_outside_tree;
mod link_reference_undefined;
mod readme_description;
mod readme_install;
mod readme_missing;
mod readme_sections;
mod readme_title;
mod readme_usage;
mod section_empty;
mod security_missing;
mod tests_documented;

rules![
    api_docs_missing,
    architecture_missing,
    contributing_missing,
    document_orphan,
    document_required,
    fence_command_missing,
    fence_file_missing,
    fence_language,
    fence_syntax,
    fence_unclosed,
    heading_duplicate,
    heading_empty,
    heading_increment,
    heading_single_title,
    heading_space,
    inline_path_missing,
    licence_mismatch,
    licence_missing,
    link_anchor_missing,
    link_case,
    link_empty,
    link_file_missing,
    link_image_missing,
    link_local_path,
    link_outside_tree,
    link_reference_undefined,
    readme_description,
    readme_install,
    readme_missing,
    readme_sections,
    readme_title,
    readme_usage,
    section_empty,
    security_missing,
    tests_documented,
];

/// Every rule, in the order of its id.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied()
}

pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}
