use std::sync::LazyLock;

use regex::Regex;

use super::{Ecosystem, Manifest};
use crate::text::paths;

pub(super) fn read(path: &str, text: &str) -> Manifest {
    static REFERENCE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"<PackageReference\s+Include="([^"]+)""#).expect("the pattern is right"));
    static ELEMENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"<(PackageId|Version|PackageLicenseExpression|OutputType|AssemblyName)>\s*([^<]+?)\s*<")
            .expect("the pattern is right")
    });
    static SDK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"Sdk="([^"]+)""#).expect("the pattern is right"));
    let mut manifest = Manifest::new(path, Ecosystem::Dotnet);
    manifest.name = Some(paths::stem(path).to_owned());
    for element in ELEMENT.captures_iter(text) {
        let value = element[2].to_owned();
        match &element[1] {
            "PackageId" => manifest.name = Some(value),
            "Version" => manifest.version = Some(value),
            "PackageLicenseExpression" => manifest.license = Some(value),
            "AssemblyName" => manifest.programs.push(value),
            _ if value.eq_ignore_ascii_case("exe") => manifest.programs.push(paths::stem(path).to_owned()),
            _ => {}
        }
    }
    for found in REFERENCE.captures_iter(text) {
        let development = ["xunit", "NUnit", "MSTest", "Microsoft.NET.Test.Sdk", "coverlet"]
            .iter()
            .any(|name| found[1].starts_with(name));
        manifest.depend(&found[1], development);
    }
    if let Some(sdk) = SDK.captures(text) {
        manifest.depend(&sdk[1], false);
    }
    manifest
}

#[cfg(test)]
mod tests {
    #[test]
    fn packages_and_the_sdk_are_read() {
        let manifest = super::read(
            "src/Shop/Shop.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><PackageReference Include=\"Npgsql\" Version=\"8\" /></ItemGroup></Project>",
        );
        assert_eq!(manifest.name.as_deref(), Some("Shop"));
        assert!(manifest.depends_on("Npgsql") && manifest.depends_on("Microsoft.NET.Sdk.Web"));
    }
}
