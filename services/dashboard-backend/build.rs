//! The dashboard is embedded when it was built; without it a page says how to build it.

fn main() {
    println!("cargo:rerun-if-changed=ui/dist");
}
