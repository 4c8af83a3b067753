//! What `cargo metadata` says about the workspace and everything that it links.

use serde_json::Value;

use crate::failure::Failure;
use crate::host::Host;
use crate::process;

/// Every package of the resolved graph for this platform.
#[derive(Debug, Default)]
pub struct Metadata {
    /// Members and foreign packages alike.
    pub packages: Vec<Package>,
}

/// One package.
#[derive(Debug, Default)]
pub struct Package {
    /// Its name on crates.io or in the workspace.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its SPDX expression, where it states one.
    pub license: Option<String>,
    /// Where it comes from; nothing for a path.
    pub source: Option<String>,
    /// A member's folder relative to the clone's root.
    pub member: Option<String>,
    /// Whether it lies in the clone, as a member of this workspace or of another one.
    pub own: bool,
    /// What its manifest depends on.
    pub dependencies: Vec<Dependency>,
    /// The names of its examples.
    pub examples: Vec<String>,
}

/// One line of a manifest's dependencies.
#[derive(Debug, Default)]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// What the crate calls it, if not by its name.
    pub rename: Option<String>,
    /// Whether only tests, examples and benches use it.
    pub dev: bool,
}

impl Metadata {
    /// Asks cargo about the clone's workspace. Downloads what the lock file names and is not there yet.
    pub fn load(host: &Host) -> Result<Self, Failure> {
        Self::load_workspace(host, "")
    }

    /// The same of a workspace in a folder of the clone.
    pub fn load_workspace(host: &Host, folder: &str) -> Result<Self, Failure> {
        let platform = process::ask("rustc", &["--print", "host-tuple"])
            .ok_or_else(|| Failure::new("rustc does not run").remedy("install Rust with rustup"))?;
        let text = process::capture(host.cargo().args([
            "metadata",
            "--quiet",
            "--locked",
            "--format-version",
            "1",
            "--filter-platform",
            &platform,
            "--manifest-path",
            &format!("{folder}Cargo.toml"),
        ]))?;
        Self::parse(&text, folder)
    }

    /// Reads the JSON that `cargo metadata` prints of the workspace in `folder`, which is empty or ends in `/`.
    pub fn parse(text: &str, folder: &str) -> Result<Self, Failure> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| Failure::new(format!("cargo metadata is not JSON: {error}")))?;
        let field = |name: &str| Failure::new(format!("cargo metadata has no `{name}`"));
        let root = value["workspace_root"].as_str().ok_or_else(|| field("workspace_root"))?;
        let root =
            if folder.is_empty() { root } else { root.strip_suffix(folder.trim_end_matches('/')).unwrap_or(root) };
        let root = root.trim_end_matches('/');
        let members = value["workspace_members"].as_array().ok_or_else(|| field("workspace_members"))?;
        let packages = value["packages"].as_array().ok_or_else(|| field("packages"))?;
        Ok(Self { packages: packages.iter().map(|package| Package::read(package, root, members)).collect() })
    }

    /// The workspace's own crates with their folders.
    pub fn members(&self) -> Vec<(&str, &Package)> {
        self.packages.iter().filter_map(|package| Some((package.member.as_deref()?, package))).collect()
    }
}

impl Package {
    fn read(value: &Value, root: &str, members: &[Value]) -> Self {
        let text = |name: &str| value[name].as_str().map(str::to_string);
        let list = |name: &str| value[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let folder = text("manifest_path").as_deref().and_then(|path| inside(root, path.strip_suffix("/Cargo.toml")?));
        Self {
            name: text("name").unwrap_or_default(),
            version: text("version").unwrap_or_default(),
            license: text("license"),
            source: text("source"),
            member: folder.clone().filter(|_| members.contains(&value["id"])),
            own: folder.is_some(),
            dependencies: list("dependencies")
                .iter()
                .map(|dependency| Dependency {
                    name: dependency["name"].as_str().unwrap_or_default().to_string(),
                    rename: dependency["rename"].as_str().map(str::to_string),
                    dev: dependency["kind"].as_str() == Some("dev"),
                })
                .collect(),
            examples: list("targets")
                .iter()
                .filter(|target| target["kind"][0].as_str() == Some("example"))
                .filter_map(|target| target["name"].as_str().map(str::to_string))
                .collect(),
        }
    }
}

fn inside(root: &str, path: &str) -> Option<String> {
    path.strip_prefix(root)?.strip_prefix('/').map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_from_foreign_packages() {
        let metadata = Metadata::parse(
            r#"{"workspace_root": "/r", "workspace_members": ["id-store"], "packages": [
                {"id": "id-store", "name": "liaise-store", "version": "0.1.0", "license": "MIT", "source": null,
                 "manifest_path": "/r/store/Cargo.toml",
                 "targets": [{"kind": ["lib"], "name": "liaise_store"}, {"kind": ["example"], "name": "vectors"}],
                 "dependencies": [{"name": "liaise-ledger", "path": "/r/ledger", "kind": null},
                                  {"name": "tempfile", "kind": "dev"}]},
                {"id": "id-x", "name": "x", "version": "1.0.0", "license": null,
                 "source": "registry+x", "manifest_path": "/elsewhere/x/Cargo.toml", "dependencies": []}]}"#,
            "",
        )
        .unwrap();
        let members = metadata.members();
        assert_eq!(members.len(), 1);
        let (folder, store) = members[0];
        assert_eq!((folder, store.name.as_str()), ("store", "liaise-store"));
        assert_eq!(store.examples, ["vectors"]);
        assert_eq!(store.dependencies[0].name, "liaise-ledger");
        assert!(!store.dependencies[0].dev && store.dependencies[1].dev);
        assert_eq!(metadata.packages[1].member, None);
        assert!(store.own && !metadata.packages[1].own);
    }

    #[test]
    fn a_second_workspaces_folders_are_the_clones() {
        let metadata = Metadata::parse(
            r#"{"workspace_root": "/r/contracts/solana", "workspace_members": ["id-tests"], "packages": [
                {"id": "id-tests", "name": "t", "manifest_path": "/r/contracts/solana/tests/Cargo.toml"},
                {"id": "id-summary", "name": "s", "manifest_path": "/r/summary/Cargo.toml"}]}"#,
            "contracts/solana/",
        )
        .unwrap();
        assert_eq!(metadata.members()[0].0, "contracts/solana/tests");
        assert!(metadata.packages[1].own && metadata.packages[1].member.is_none());
    }

    #[test]
    fn other_text_is_refused() {
        assert!(Metadata::parse("warning: x", "").is_err());
        assert!(Metadata::parse("{}", "").is_err());
    }
}
